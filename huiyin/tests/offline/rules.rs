//! `huiyin test` and `huiyin explain`, on the ten rules of docs/routing.md.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Runs the command at the root of the repository, without any variable of the environment.
fn run(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_huiyin"));
    command.args(["--config", "docs/routing/rules.toml"]).args(arguments);
    command.current_dir(root()).env_clear().output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn each_of_the_ten_rules_does_what_its_cases_say() {
    let output = run(&["test", "docs/routing/cases.toml", "--json"]);
    let told = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{told}{}", text(&output.stderr));
    let told: Value = serde_json::from_str(&told).unwrap();
    let names: Vec<&str> =
        told["cases"].as_array().unwrap().iter().map(|case| case["name"].as_str().unwrap()).collect();
    for number in 1..=10 {
        assert!(
            names.iter().any(|name| name.starts_with(&format!("{number}. "))),
            "no case plays rule {number}"
        );
    }
}

#[test]
fn the_pages_and_the_file_have_the_same_ten_rules_in_the_same_order() {
    let read = |name: &str| std::fs::read_to_string(root().join(name)).unwrap();
    let file = read("docs/routing/rules.toml");
    for (page, heading) in [("docs/routing.md", "## Ten rules"), ("docs/routing.zh.md", "## 十条规则")] {
        let page = read(page);
        let section = page.split(heading).nth(1).unwrap().split("\n## ").next().unwrap();
        let rules: Vec<&str> =
            section.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
        assert_eq!(rules.len(), 10);
        let places: Vec<usize> =
            rules.iter().map(|rule| file.find(rule).unwrap_or_else(|| panic!("{rule}"))).collect();
        assert!(places.is_sorted(), "{heading}: {places:?}");
    }
    assert_eq!(file.matches("route]]").count(), 10, "and no others");
}

#[test]
fn a_case_that_fails_a_file_that_is_wrong_and_a_configuration_that_is_wrong_differ_in_the_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    let file = |text: &str| {
        let path = folder.path().join("cases.toml");
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let case = "[[case]]\nname = \"n\"\n[[case.step]]\nsay = \"证明根号2是无理数\"\n";
    let failing = run(&["test", &file(&format!("{case}expect.route = \"gold\"\n"))]);
    assert_eq!(failing.status.code(), Some(1));
    let told = text(&failing.stdout);
    assert!(told.contains("expected \"gold\"") && told.contains("=> hard "), "{told}");
    let wrong = run(&["test", &file(&format!("{case}expcet.route = \"gold\"\n"))]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(text(&wrong.stderr).contains("cases.toml:5: unknown field `expcet`"), "{}", text(&wrong.stderr));
    let config = folder.path().join("huiyin.toml");
    std::fs::write(&config, "[deployment]\nname = 5\n").unwrap();
    let cases = file(case);
    let mut command = Command::new(env!("CARGO_BIN_EXE_huiyin"));
    let unread = command.args(["--config", config.to_str().unwrap(), "test", &cases]).output().unwrap();
    assert_eq!(unread.status.code(), Some(2), "{}", text(&unread.stderr));
    assert!(text(&unread.stderr).contains("huiyin.toml:2: "), "{}", text(&unread.stderr));
}

#[test]
fn explain_reads_standard_input_and_needs_nothing_but_the_file() {
    use std::io::Write;
    use std::process::Stdio;
    let mut command = Command::new(env!("CARGO_BIN_EXE_huiyin"));
    command
        .args(["--config", "docs/routing/rules.toml", "explain", "--json"])
        .current_dir(root())
        .env_clear();
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all("我要投诉\n".as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&told["route"], &told["verdict"]["rules"][0]), (&"complaint".into(), &"complaints".into()));
    assert_eq!(told["prompt"].as_array().unwrap().last().unwrap()["text"], "我要投诉");
}
