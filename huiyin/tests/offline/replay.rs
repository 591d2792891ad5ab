//! `huiyin replay report` and `huiyin replay gate` on a file of results.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use serde_json::Value;

const EXAMPLE: &str = include_str!("../../../replay/examples/results.jsonl");

struct Folder(tempfile::TempDir);

impl Folder {
    /// A folder with the example's results.
    fn new() -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        folder.file("results.jsonl", EXAMPLE);
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn file(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_huiyin"));
        command.arg("replay").args(arguments).current_dir(self.0.path()).output().unwrap()
    }
}

fn text(output: &Output) -> String {
    let told = String::from_utf8(output.stdout.clone()).unwrap();
    assert!(!told.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    told
}

fn gate(folder: &Folder, conditions: &[&str]) -> (String, Option<i32>) {
    let mut arguments = vec!["gate", "--results", "results.jsonl"];
    conditions.iter().for_each(|condition| arguments.extend(["--fail-if", condition]));
    let output = folder.run(&arguments);
    (text(&output), output.status.code())
}

#[test]
fn a_gate_s_exit_code_tells_pass_fail_and_cannot_tell_apart() {
    let folder = Folder::new();
    let (told, code) = gate(&folder, &["cost>+5%"]);
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains("cost>+5% (CNY)  pass") && told.ends_with("Gate: pass\n"), "{told}");
    let (told, code) = gate(&folder, &["cost>+5%", "verdict_changed>0", "worst_case<-2"]);
    assert_eq!(code, Some(1), "{told}");
    assert!(told.ends_with("Gate: fail\n"), "{told}");
    let (told, code) = gate(&folder, &["win_rate<0.48"]);
    assert_eq!(code, Some(3), "{told}");
    let needs: u64 = told.lines().nth(1).unwrap().split_whitespace().last().unwrap().parse().unwrap();
    assert!(needs > 23 && told.ends_with("Gate: cannot tell\n"), "{told}");
}

#[test]
fn the_step_of_ci_in_the_documents_is_as_it_is_run() {
    let folder = Folder::new();
    for document in [include_str!("../../../docs/replay.md"), include_str!("../../../docs/replay.zh.md")] {
        let mut blocks = document.split("```sh\n");
        let step = blocks.find(|block| block.starts_with("huiyin replay gate")).unwrap();
        let step = step.split("```").next().unwrap();
        let arguments: Vec<&str> = step
            .split_whitespace()
            .filter(|word| *word != "\\")
            .map(|word| word.trim_matches('\''))
            .collect();
        assert_eq!(arguments[..2], ["huiyin", "replay"]);
        assert_eq!(arguments.iter().filter(|word| **word == "--fail-if").count(), 5);
        let output = folder.run(&arguments[2..]);
        // The example has changed verdicts.
        assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(text(&output).lines().count(), 7);
    }
}

#[test]
fn wrong_usage_has_an_exit_code_of_its_own_and_says_what_is_wrong() {
    let folder = Folder::new();
    folder.file("broken.jsonl", &EXAMPLE.replacen("\"record\":\"turn\"", "\"record\":\"torn\"", 1));
    for (arguments, told) in [
        (&["gate", "--results", "results.jsonl"][..], "--fail-if"),
        (&["gate", "--results", "results.jsonl", "--fail-if", "cost>5"], "as in cost>+5%"),
        (&["gate", "--results", "results.jsonl", "--fail-if", "price>5%"], "there is no metric \"price\""),
        (&["gate", "--results", "away.jsonl", "--fail-if", "cost>5%"], "read away.jsonl"),
        (&["gate", "--results", "broken.jsonl", "--fail-if", "cost>5%"], "read broken.jsonl: line 2: "),
        (&["report", "--results", "results.jsonl", "--human-sample", "away.csv"], "read away.csv"),
        (
            &["report", "--results", "results.jsonl", "--out", "no/folder/page.html"],
            "write no/folder/page.html",
        ),
    ] {
        let output = folder.run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(error.contains(told), "{arguments:?}: {error}");
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn a_report_is_a_table_json_or_a_page_and_says_what_people_said_of_the_judge() {
    let folder = Folder::new();
    let judged = EXAMPLE.lines().filter(|line| line.contains("\"judged\"") && !line.contains("cold_start"));
    let mut sample = "turn,better\n".to_owned();
    for line in judged.take(30) {
        let turn: Value = serde_json::from_str(line).unwrap();
        let better = &turn["judged"]["baseline_first"]["better"];
        sample += &format!("{},{}\n", turn["turn"].as_str().unwrap(), better.as_str().unwrap());
    }
    folder.file("people.csv", &sample);
    let report =
        ["report", "--results", "results.jsonl", "--human-sample", "people.csv", "--fail-if", "cost>+5%"];
    let table = text(&folder.run(&report));
    for part in ["Replay cheaper: production → cheaper.toml", "Cohen's kappa is", "Gate: pass"] {
        assert!(table.contains(part), "{part} is not in {table}");
    }
    let told: Value =
        serde_json::from_str(&text(&folder.run(&[&report[..], &["--format", "json"]].concat()))).unwrap();
    assert_eq!((&told["agreement"]["turns"], &told["gate"]["ruling"]), (&30.into(), &"pass".into()));
    let chinese = text(&folder.run(&[&report[..], &["--lang", "zh"]].concat()));
    assert!(chinese.contains("重放 cheaper") && chinese.contains("门禁: 通过"), "{chinese}");
    let page = ["--format", "html", "--out", "page.html", "--against-results", "results.jsonl"];
    let output = folder.run(&[&report[..], &page].concat());
    assert_eq!((output.status.code(), output.stdout.len()), (Some(0), 0));
    let page = std::fs::read_to_string(folder.path("page.html")).unwrap();
    assert!(page.starts_with("<!doctype html>") && page.contains("Against cheaper.toml"));
}

/// A Chromium of this machine: `HUIYIN_CHROMIUM`, or one on the PATH.
fn chromium() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("HUIYIN_CHROMIUM") {
        return Some(named.into());
    }
    let path = std::env::var_os("PATH")?;
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let names = ["chromium", "chromium-browser", "google-chrome"];
    names
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)))
        .find(|file| file.is_file())
}

/// What a browser says when it is asked for something of a page; it is ended when it takes too long.
fn browse(browser: &Path, folder: &Folder, arguments: &[&str]) -> String {
    let page = format!("file://{}", folder.path("page.html").display());
    let out = std::fs::File::create(folder.path("said")).unwrap();
    let profile = format!("--user-data-dir={}", folder.path("profile").display());
    let quiet =
        ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"];
    let mut child = Command::new(browser)
        .args(quiet)
        .arg(profile)
        .args(arguments)
        .arg(page)
        .current_dir(folder.0.path())
        .stdout(out)
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if begun.elapsed() > Duration::from_secs(120) {
            child.kill().unwrap();
            panic!("the browser did not end");
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    std::fs::read_to_string(folder.path("said")).unwrap()
}

#[test]
fn a_browser_shows_the_page_in_both_languages_and_fetches_nothing_whatever_answers_say() {
    let Some(browser) = chromium() else {
        eprintln!(
            "the page was not looked at: there is no Chromium on the PATH, and HUIYIN_CHROMIUM names none"
        );
        return;
    };
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    let bait = format!(
        "<img src='http://{address}/a'><script>document.title='taken'</script><style>@import 'http://{address}/b'</style>"
    );
    let folder = Folder::new();
    folder.file(
        "results.jsonl",
        &EXAMPLE.replace("抱歉", &format!("抱歉{bait}")).replace("org#shop\"", &format!("{bait}\"")),
    );
    for (lang, title) in [("en", "In short"), ("zh", "结论")] {
        let made = folder.run(&[
            "report",
            "--results",
            "results.jsonl",
            "--format",
            "html",
            "--lang",
            lang,
            "--out",
            "page.html",
        ]);
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let page = browse(&browser, &folder, &["--dump-dom"]);
        assert!(page.contains(title) && page.contains("cheaper</title>"), "{page}");
        // As the browser understands the page: what was said is text in it.
        assert!(page.contains("&lt;script&gt;") && !page.contains("<script") && !page.contains("<img"));
        browse(&browser, &folder, &["--screenshot=page.png", "--window-size=1040,4000"]);
        let picture = std::fs::metadata(folder.path("page.png")).unwrap().len();
        assert!(picture > 100_000, "the picture has {picture} bytes");
    }
    assert!(listener.accept().is_err(), "the page fetched something");
}
