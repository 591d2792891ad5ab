//! `huiyin replay judge` with a model that a test plays.

mod server;

use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use server::{Reply, Server};

const EXAMPLE: &str = include_str!("../../../replay/examples/results.jsonl");

/// A folder with a configuration whose judge is at a server, and with the example's results, not judged.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new(server: &Server) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        let configuration = format!(
            r#"
            [deployment]
            name = "test"
            instance = "0"
            partitions = 1
            replication = 1
            [kafka]
            bootstrap = "127.0.0.1:1"
            [call]
            chain = {{ backoff_base = "5ms", backoff_cap = "20ms", min_useful = "50ms" }}
            health = {{ pause_base = "20ms", breaker_failures_in_a_row = 1000, breaker_min_lanes = 1000 }}
            [[call.target]]
            name = "arbiter"
            base_url = "{}"
            api_key = "sk-sim"
            stream = false
            [[target]]
            name = "arbiter"
            provider = "openai"
            model = "m-1"
            region = "cn"
            timeout = "1s"
            [[price]]
            provider = "openai"
            model = "m-1"
            currency = "CNY"
            from = "2020-01-01"
            input = "0"
            cached = "0"
            output = "1000"
            [replay.judge]
            target = "arbiter"
            max_output_tokens = 10
            at_once = 2
            "#,
            server.base
        );
        std::fs::write(folder.path("huiyin.toml"), configuration).unwrap();
        let lines = EXAMPLE.lines().map(|line| {
            let mut line: Value = serde_json::from_str(line).unwrap();
            line.as_object_mut().unwrap().shift_remove("judged");
            line.to_string() + "\n"
        });
        std::fs::write(folder.path("results.jsonl"), lines.collect::<String>()).unwrap();
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_huiyin"));
        command.args(["replay", "judge", "--results", "results.jsonl"]).args(arguments);
        command.current_dir(self.0.path());
        command
    }

    fn judge(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// The turns of the results.
    fn turns(&self, name: &str) -> Vec<Value> {
        let text = std::fs::read_to_string(self.path(name)).unwrap();
        let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines.filter(|line| line["record"] == "turn").collect()
    }

    /// How many turns have a word for which somebody was asked, and how many of them are ties.
    fn asked(&self, name: &str) -> (usize, usize) {
        let turns = self.turns(name);
        let asked =
            turns.iter().map(|turn| &turn["judged"]).filter(|judged| judged["baseline_first"].is_object());
        let asked: Vec<_> = asked.filter(|judged| judged["equal"] != true).collect();
        let ties = asked
            .iter()
            .filter(|judged| judged["baseline_first"]["better"] != judged["candidate_first"]["better"]);
        (asked.len(), ties.count())
    }
}

fn told(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// The longer answer is better.
fn longer(user: &Value) -> Reply {
    let length = |name: &str| user[name].as_str().unwrap().chars().count();
    let better = if length("answer_1") > length("answer_2") { 1 } else { 2 };
    Reply::say(&format!("{{\"better\": {better}, \"by\": 2, \"why\": \"longer\"}}"))
}

#[test]
fn both_orders_are_asked_and_nothing_that_was_asked_names_a_side() {
    let server = Server::start(longer);
    let folder = Folder::new(&server);
    let text = told(&folder.judge(&["--budget", "none", "--out", "judged.jsonl"]));
    assert!(text.contains("all of them") && text.contains("CNY"), "{text}");
    let (asked, ties) = folder.asked("judged.jsonl");
    assert!(asked > 20 && ties == 0, "{asked} {ties}");
    assert_eq!(folder.asked("results.jsonl").0, 0, "the file itself stays");
    assert!(!folder.path("results.jsonl.judged").exists());
    let bodies = server.bodies();
    assert_eq!(bodies.len(), 2 * asked);
    for body in &bodies {
        let request: Value = serde_json::from_str(body).unwrap();
        assert_eq!(
            (&request["temperature"], &request["max_completion_tokens"]),
            (&0.0.into(), &10.into()),
            "{request}"
        );
        let [system, user] = &request["messages"].as_array().unwrap()[..] else { panic!("{request}") };
        let text = format!("{}{}", system["content"], user["content"]).to_lowercase();
        for name in ["baseline", "candidate", "production", "cheaper", "recorded", "arbiter"] {
            assert!(!text.contains(name), "{name} in {text}");
        }
        assert!(!body.contains("acme#"), "{body}");
    }
    let pair = |body: &String| {
        let request: Value = serde_json::from_str(body).unwrap();
        let user: Value = serde_json::from_str(request["messages"][1]["content"].as_str().unwrap()).unwrap();
        (user["answer_1"].to_string(), user["answer_2"].to_string())
    };
    let pairs: Vec<_> = bodies.iter().map(pair).collect();
    assert!(pairs.iter().all(|(one, two)| pairs.contains(&(two.clone(), one.clone()))));
}

#[test]
fn a_judge_that_always_prefers_what_stands_first_makes_ties_only() {
    let server = Server::start(|_| Reply::say("{\"better\": 1, \"by\": 3}"));
    let folder = Folder::new(&server);
    told(&folder.judge(&["--budget", "none"]));
    let (asked, ties) = folder.asked("results.jsonl");
    assert!(asked > 20 && ties == asked, "{ties} of {asked}");
}

#[test]
fn the_budget_ends_judging_with_what_is_judged_and_a_larger_one_goes_on() {
    let server = Server::start(longer);
    let folder = Folder::new(&server);
    let refused = folder.judge(&[]);
    let why = String::from_utf8_lossy(&refused.stderr);
    assert!(refused.status.code() == Some(2) && why.contains("--budget"), "{why}");
    let refused = folder.judge(&["--budget", "5USD"]);
    let why = String::from_utf8_lossy(&refused.stderr);
    assert!(why.contains("\"arbiter\"") && why.contains("CNY"), "{why}");
    assert!(server.bodies().is_empty());
    // A reply has 8 tokens, 0.008 CNY; three attempts of 10 are set apart.
    let text = told(&folder.judge(&["--budget", "0.2CNY"]));
    assert!(text.contains("then the budget was spent"), "{text}");
    let (first, calls) = (folder.asked("results.jsonl").0, server.bodies().len());
    assert!((5..=13).contains(&first), "{first}");
    assert!(calls as f64 * 0.008 <= 0.2, "{calls} calls");
    let text = told(&folder.judge(&["--budget", "50CNY"]));
    assert!(text.contains("all of them"), "{text}");
    let all = folder.asked("results.jsonl").0;
    // A turn of which one order alone was paid is asked about again.
    assert!(server.bodies().len() - calls == 2 * (all - first) && all > first, "{all}");
    let again = server.bodies().len();
    told(&folder.judge(&["--budget", "50CNY"]));
    assert_eq!(server.bodies().len(), again, "nothing is left to be asked");
}

#[test]
fn judging_ends_when_it_is_clear() {
    let server = Server::start(longer);
    let folder = Folder::new(&server);
    let text = told(&folder.judge(&["--budget", "none", "--stop-when-clear", "0.99"]));
    assert!(text.contains("then it was clear"), "{text}");
}

#[test]
fn rude_replies_are_asked_for_again_and_then_count_as_none() {
    let server = Server::start(|user| match user["question"].as_str().unwrap() {
        question if question.contains("退款") => Reply::say("both are fine"),
        question if question.contains("发票") => Reply::say(""),
        question if question.contains("parcel") => Reply::status(500, "{}"),
        question if question.contains("快递") => Reply { delay: Duration::from_secs(4), ..longer(user) },
        _ => longer(user),
    });
    let folder = Folder::new(&server);
    server.refuse_first(3);
    let text = told(&folder.judge(&["--budget", "none"]));
    for reason in ["unreadable", "empty", "server_error", "timeout"] {
        assert!(text.contains(reason), "{reason} is not in {text}");
    }
    let turns = folder.turns("results.jsonl");
    let of = |word: &str| {
        let turns =
            turns.iter().filter(|turn| turn["question"].as_str().is_some_and(|asked| asked.contains(word)));
        turns.filter(|turn| turn["judged"].is_object() && turn["judged"]["equal"] != true).count()
    };
    assert_eq!([of("退款"), of("发票"), of("parcel"), of("快递")], [0; 4]);
    assert!(of("续费") > 0, "a 429 is waited for");
}

#[test]
fn a_run_that_is_killed_asks_about_nothing_twice() {
    let server = Server::start(|user| Reply { delay: Duration::from_millis(100), ..longer(user) });
    let folder = Folder::new(&server);
    let mut child: Child =
        folder.command(&["--budget", "none"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let kept = || std::fs::read_to_string(folder.path("results.jsonl.judged")).unwrap_or_default();
    let until = Instant::now() + Duration::from_secs(30);
    while kept().lines().filter(|line| !line.contains("\"equal\":true")).count() < 5 {
        assert!(Instant::now() < until, "nothing is kept");
        std::thread::sleep(Duration::from_millis(10));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let kept = kept().lines().filter(|line| !line.contains("\"equal\":true") && line.ends_with('}')).count();
    std::thread::sleep(Duration::from_millis(300));
    let before = server.bodies().len();
    told(&folder.judge(&["--budget", "none"]));
    let all = folder.asked("results.jsonl").0;
    assert_eq!(server.bodies().len() - before, 2 * (all - kept));
    assert!(!folder.path("results.jsonl.judged").exists());
}
