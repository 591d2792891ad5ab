//! `huiyin test` and `huiyin explain` on what rules know from elsewhere: tiers, how targets are, and pictures.

use std::process::{Command, Output};

use serde_json::{Value, json};
use tempfile::TempDir;

const CONFIG: &str = r#"
[deployment]
name = "outside"
instance = "0"
partitions = 1
replication = 1
[kafka]
bootstrap = "127.0.0.1:9092"
[[app]]
key = "acme#support"
bot = [{ id = "bot" }]
chain = ["main", "spare"]
allowed_regions = ["cn"]
label = "AI"
session = { pin = true }
tier_table = "users.tsv"
[app.media]
hosts = ["files.acme.example"]
max_bytes = 1000
[[app.tier]]
name = "gold"
users = ["alice"]
[[app.tier]]
name = "silver"
[[app.route]]
name = "pictures"
when = { message = ["image"] }
then = { chain = ["eyes"], vision = true }
[[app.route]]
name = "unseen"
when = { message = ["image"] }
then = { say = "no such picture" }
[[app.route]]
name = "deep"
when = { tier = ["gold"], keywords = ["think"] }
then = { chain = ["deep", "main"], avoid_open = true, pin = false }
[[app.route]]
name = "crowded"
when = { targets = { waiting = { targets = ["main"], from = "8s" } } }
then = { chain = ["spare"] }
[[target]]
name = "main"
provider = "local"
model = "m"
region = "cn"
[[target]]
name = "spare"
provider = "local"
model = "s"
region = "cn"
[[target]]
name = "deep"
provider = "local"
model = "d"
region = "cn"
[[target]]
name = "eyes"
provider = "local"
model = "sees"
region = "cn"
[[model]]
provider = "local"
model = "sees"
vision = true
[[price]]
provider = "local"
model = "sees"
currency = "CNY"
from = "2020-01-01"
input = "1000"
output = "0"
"#;

/// A folder with the configuration and its table of tiers.
struct Desk(TempDir);

impl Desk {
    fn new() -> Self {
        let desk = Self(tempfile::tempdir().unwrap());
        desk.write("huiyin.toml", CONFIG);
        desk.write("users.tsv", "carol\tsilver\n");
        desk
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.0.path().join(name), text).unwrap();
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_huiyin"));
        command.args(["--config", "huiyin.toml"]).args(arguments);
        command.current_dir(self.0.path()).env_clear().output().unwrap()
    }

    /// What is said of these cases, and the exit code.
    fn test(&self, cases: &str) -> (Option<i32>, String) {
        self.write("cases.toml", cases);
        let output = self.run(&["test", "cases.toml"]);
        (output.status.code(), text(&output.stdout) + &text(&output.stderr))
    }

    fn explain(&self, arguments: &[&str]) -> String {
        let output = self.run(&[&["explain"], arguments].concat());
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", text(&output.stderr));
        text(&output.stdout)
    }

    fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.explain(&[arguments, &["--json"]].concat())).unwrap()
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Every case is as expected.
fn holds(cases: &str) {
    let (code, told) = Desk::new().test(cases);
    assert_eq!(code, Some(0), "{told}");
}

/// The cases are not as expected, and these parts of what is said tell it.
fn differs(cases: &str, parts: &[&str]) {
    let (code, told) = Desk::new().test(cases);
    assert_eq!(code, Some(1), "{told}");
    for part in parts {
        assert!(told.contains(part), "{part}\nis not in\n{told}");
    }
}

fn has(told: &str, parts: &[&str]) {
    for part in parts {
        assert!(told.contains(part), "{part}\nis not in\n{told}");
    }
}

#[test]
fn a_case_has_the_tiers_of_lists_of_tables_and_of_claims() {
    holds(
        r#"
        [[case]]
        name = "listed; the list goes before a claim"
        user = "alice"
        [[case.step]]
        say = "think"
        tier = "silver"
        expect = { tier = "gold", route = "deep" }
        [[case]]
        name = "in the table"
        user = "carol"
        [[case.step]]
        say = "think"
        expect = { tier = "silver", route = "chain" }
        [[case]]
        name = "claimed, of that message alone, before the table"
        user = "carol"
        [[case.step]]
        say = "think"
        tier = "gold"
        answer = "yes"
        expect = { tier = "gold", route = "deep", skipped = { pictures = "message" } }
        [[case.step]]
        say = "think"
        expect = { tier = "silver", route = "chain" }
        [[case]]
        name = "none"
        [[case.step]]
        say = "think"
        expect = { tier = "" }
        "#,
    );
    differs(
        "[[case]]\nname = \"n\"\nuser = \"carol\"\n[[case.step]]\nsay = \"think\"\nexpect.tier = \"gold\"\n",
        &[
            "     step 1, line 4: say \"think\"\n       tier (line 6)\n         expected \"gold\"\n         got      \"silver\"\n",
            "deep      no: tier is silver\n",
        ],
    );
}

#[test]
fn a_case_has_targets_as_call_tells_of_them() {
    holds(
        r#"
        [[case]]
        name = "one that is open is avoided, until it is called again"
        user = "alice"
        [[case.step]]
        targets = { deep = "open" }
        [[case.step]]
        say = "think"
        answer = "so"
        expect = { route = "deep", avoided = ["deep"], chain = ["main"], pin = "" }
        [[case.step]]
        targets = {}
        [[case.step]]
        say = "think"
        answer = "so"
        expect = { route = "deep", avoided = [], chain = ["deep", "main"] }
        [[case]]
        name = "what this app meets concerns it alone"
        user = "alice"
        [[case.step]]
        targets = { deep = { apps = { "acme#support" = "open" } } }
        [[case.step]]
        say = "think"
        answer = "so"
        expect = { route = "deep", avoided = ["deep"], chain = ["main"] }
        [[case.step]]
        targets = { main = { waiting = "2s", apps = { "acme#support" = { waiting = "8s" } } } }
        [[case.step]]
        say = "hello"
        expect = { route = "crowded", chain = ["spare"] }
        [[case]]
        name = "calls wait; what was told long ago is not known any more"
        [[case.step]]
        targets = { main = { waiting = "8s" }, spare = "cooling" }
        [[case.step]]
        say = "hello"
        answer = "hi"
        expect = { route = "crowded", chain = ["spare"] }
        [[case.step]]
        after = "11m"
        say = "hello"
        expect = { skipped = { crowded = "targets" } }
        [[case]]
        name = "waits are told as powers of two of seconds"
        [[case.step]]
        targets = { main = { state = "ok", waiting = "7s" } }
        [[case.step]]
        say = "hello"
        expect = { skipped = { crowded = "targets" } }
        "#,
    );
}

#[test]
fn a_case_has_the_target_that_its_session_stays_on() {
    holds(
        r#"
        [[case]]
        name = "a session stays where it was answered, unless a rule says otherwise"
        user = "alice"
        [[case.step]]
        say = "hello"
        answer = "hi"
        target = "spare"
        [[case.step]]
        say = "hello"
        answer = "hi"
        expect = { pin = "spare", chain = ["spare", "main"] }
        [[case.step]]
        say = "think"
        expect = { pin = { target = "spare", left = "rule" }, chain = ["deep", "main"] }
        "#,
    );
    let step = "[[case]]\nname = \"n\"\nuser = \"alice\"\n[[case.step]]\ntargets = { deep = { state = \"open\", waiting = \"9s\" } }\n";
    differs(
        &format!(
            "{step}expect.requests = 1\n[[case.step]]\nsay = \"think\"\nexpect = {{ avoided = [], pin = \"main\" }}\n"
        ),
        &[
            "     step 1, line 4: targets: deep open, waiting 8s\n       requests (line 6)\n         expected 1\n",
            "       avoided (line 9)\n         expected []\n         got      [\"deep\"]\n",
            "       pin (line 9)\n         expected \"main\"\n         got      \"\"\n",
        ],
    );
}

#[test]
fn a_case_has_pictures_that_a_model_is_shown() {
    holds(
        r#"
        [[case]]
        name = "one of which nothing is said but that it is one"
        [[case.step]]
        say = "a.jpg"
        kind = "image"
        expect = { route = "pictures", images = 1, prompt = ["user: [image] a.jpg"] }
        [[case]]
        name = "by its address"
        [[case.step]]
        kind = "image"
        body = { type = "img", url = "https://files.acme.example/x", filename = "x.jpg", file_length = 1000 }
        expect = { route = "pictures", images = 1, prompt_lacks = ["https"] }
        [[case]]
        name = "too large, elsewhere"
        [[case.step]]
        body = { type = "img", url = "https://files.acme.example/x", filename = "x.jpg", file_length = 1001 }
        expect = { route = "unseen", images = 0, reasons = ["image_size"], skipped = { pictures = "vision" } }
        [[case.step]]
        body = { type = "img", url = "https://evil.example/x", filename = "x.jpg", file_length = 1 }
        expect = { route = "unseen", images = 0, reasons = ["image_host"], says = ["no such picture"] }
        "#,
    );
    differs(
        "[[case]]\nname = \"n\"\n[[case.step]]\nsay = \"a.jpg\"\nkind = \"image\"\nexpect.images = 2\n",
        &["       images (line 6)\n         expected 2\n         got      1\n"],
    );
}

#[test]
fn names_and_words_that_there_are_not_are_mistakes_of_the_file() {
    for (step, told) in [
        ("say = \"x\"\ntier = \"platinum\"", "cases.toml:5: the configuration has no tier \"platinum\""),
        (
            "say = \"x\"\nexpect.tier = \"platinum\"",
            "cases.toml:5: the configuration has no tier \"platinum\"",
        ),
        ("targets = { other = \"open\" }", "cases.toml:4: the configuration has no target \"other\""),
        (
            "targets = { main = { apps = { \"acme#other\" = \"open\" } } }",
            "cases.toml:4: the configuration has no app \"acme#other\"",
        ),
        (
            "say = \"x\"\nexpect.avoided = [\"other\"]",
            "cases.toml:5: the configuration has no target \"other\"",
        ),
        ("say = \"x\"\nexpect.pin = \"other\"", "cases.toml:5: the configuration has no target \"other\""),
        ("targets = { main = \"shut\" }", "cases.toml:4: a target is \"open\", \"cooling\" or \"ok\""),
        ("targets = { main = { wait = \"8s\" } }", "cases.toml:4: a target is \"open\""),
        ("say = \"x\"\nexpect.pin = { goal = \"main\" }", "cases.toml:5: pin is the name of a target"),
        ("say = \"x\"\ntargets = {}", "cases.toml:3: a step has exactly one of"),
    ] {
        let (code, said) = Desk::new().test(&format!("[[case]]\nname = \"n\"\n[[case.step]]\n{step}\n"));
        assert_eq!(code, Some(2), "{step}\n{said}");
        has(&said, &[told]);
    }
}

#[test]
fn explain_tells_the_tier_and_by_what() {
    let desk = Desk::new();
    has(&desk.explain(&["think", "--from", "alice"]), &["tier        gold, by list\n", "route       deep\n"]);
    has(&desk.explain(&["think", "--from", "Carol"]), &["tier        silver, by table\n"]);
    has(&desk.explain(&["think", "--from", "carol", "--tier", "gold"]), &["tier        gold, by claim\n"]);
    assert!(!desk.explain(&["think"]).contains("\ntier "));
    let told = desk.json(&["think", "--tier", "gold"]);
    assert_eq!(told["tier"], json!({ "name": "gold", "by": "claim" }));
    let wrong = desk.run(&["explain", "think", "--tier", "platinum"]);
    assert_ne!(wrong.status.code(), Some(0));
    has(&text(&wrong.stderr), &["the app acme#support has no tier \"platinum\""]);
}

#[test]
fn explain_tells_how_targets_are_what_is_avoided_and_where_the_session_stays() {
    let desk = Desk::new();
    let told = desk.explain(&["think", "--from", "alice", "--open", "deep", "--waiting", "main=9s"]);
    has(&told, &["targets     deep is open; main is waiting 8s\n", "avoided     deep\n", "  1  main "]);
    let told = desk.explain(&["hello", "--waiting", "main=9s", "--cooling", "spare"]);
    has(&told, &["route       crowded\n", "targets     main is waiting 8s\n"]);
    let stays = desk.explain(&["hello", "--from", "alice", "--before", "hello"]);
    has(&stays, &["pin         main\n"]);
    let left = desk.explain(&["think", "--from", "alice", "--before", "hello"]);
    has(&left, &["pin         main, left for this turn: rule\n"]);
    let told = desk.json(&["think", "--from", "alice", "--open", "deep", "--before", "hello"]);
    assert_eq!((&told["conditions"]["deep"]["state"], &told["avoided"]), (&json!("open"), &json!(["deep"])));
    assert_eq!(told["pin"], json!({ "target": "main", "left": "rule" }));
    for (arguments, told) in [
        (["--open", "other"], "read --open: the configuration has no target \"other\""),
        (["--waiting", "main"], "read --waiting \"main\": it is not target=time"),
        (["--waiting", "main=soon"], "read --waiting \"main=soon\""),
        (["--waiting", "other=1s"], "read --waiting: the configuration has no target \"other\""),
    ] {
        let wrong = desk.run(&[&["explain", "x"], &arguments[..]].concat());
        assert_ne!(wrong.status.code(), Some(0));
        has(&text(&wrong.stderr), &[told]);
    }
    let both = desk.run(&["explain", "x", "--open", "deep", "--cooling", "deep"]);
    has(&text(&both.stderr), &["the target deep is open and cooling"]);
}

#[test]
fn explain_tells_how_many_pictures_are_shown_and_never_where_they_are() {
    let desk = Desk::new();
    let told = desk.explain(&["a.jpg", "--kind", "image"]);
    has(
        &told,
        &[
            "route       pictures\n",
            ", and 1 picture\n",
            "[image] a.jpg\n             (1 picture shown with it)\n",
        ],
    );
    // A picture is taken for 2,560 tokens there, at 1000 CNY for a million.
    has(&told, &["2.57 to 2.57 CNY"]);
    let machines = desk.json(&["a.jpg", "--kind", "image"]);
    assert_eq!((&machines["images"], &machines["prompt"][0]["images"]), (&json!(1), &json!(1)));
    for said in [told, machines.to_string()] {
        assert!(!said.contains("files.acme.example"), "{said}");
    }
    assert_eq!(desk.json(&["hello"])["images"], Value::Null);
}
