//! The driver in a process of its own, which is killed, or kills itself.

use std::env;
use std::fs::{self, OpenOptions};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use pipeline::kafka::testing::committed;

use super::rig::{Rig, now, until};

const DEPLOYMENT: &str = "HUIYIN_TEST_CALL_DEPLOYMENT";
const TOLD: &str = "HUIYIN_TEST_CALL_TOLD";
const CALLS: usize = 1_000;
const PARTITIONS: i32 = 8;

#[test]
#[ignore = "it is the process that other tests start"]
fn child() {
    let (Ok(deployment), Ok(told)) = (env::var(DEPLOYMENT), env::var(TOLD)) else { return };
    let told = OpenOptions::new().create(true).append(true).open(told).unwrap();
    let mut rig = Rig::of(deployment, Some(told));
    rig.limits.share_percent = 100;
    let handle = rig.start(0);
    while handle.health().failure.is_none() {
        thread::sleep(Duration::from_millis(100));
    }
}

/// The child as often as it is started, and what it tells.
struct Process {
    rig: Rig,
    told: PathBuf,
    child: Option<Child>,
}

/// One run of a record.
struct Told {
    name: String,
    rerun: bool,
    at: i64,
}

impl Process {
    fn new(name: &str) -> Self {
        let rig = Rig::new(name, PARTITIONS);
        let told = env::temp_dir().join(format!("{}.told", rig.deployment));
        Self { rig, told, child: None }
    }

    fn start(&mut self) {
        let child = Command::new(env::current_exe().unwrap())
            .args(["--exact", "call::process::child", "--ignored", "--nocapture"])
            .env(DEPLOYMENT, &self.rig.deployment)
            .env(TOLD, &self.told)
            .stdout(Stdio::null())
            .spawn();
        self.child = Some(child.unwrap());
    }

    fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// Whether it ended by itself.
    fn has_ended(&mut self) -> bool {
        let ended = self.child.as_mut().is_some_and(|child| child.try_wait().unwrap().is_some());
        if ended {
            self.child = None;
        }
        ended
    }

    fn told(&self) -> Vec<Told> {
        let text = fs::read_to_string(&self.told).unwrap_or_default();
        // The last line may be half written.
        let lines = text.split_inclusive('\n').filter(|line| line.ends_with('\n'));
        let told = lines.map(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            Told { name: words[0].into(), rerun: words[1] == "true", at: words[2].parse().unwrap() }
        });
        told.collect()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
        drop(fs::remove_file(&self.told));
    }
}

fn ask_all(rig: &Rig, requests: impl Fn(usize) -> String, count: usize) {
    for partition in 0..PARTITIONS {
        let here = |n: &usize| n % 8 == usize::try_from(partition).unwrap();
        let requests: Vec<String> = (0..count).filter(here).map(&requests).collect();
        rig.ask(partition, &requests.iter().map(String::as_str).collect::<Vec<_>>());
    }
}

#[test]
fn after_a_kill_amid_a_thousand_long_calls_all_run_again_at_once_and_nobody_new_waits() {
    let mut process = Process::new("recovery");
    ask_all(&process.rig, |n| format!("c{n} lane{n} x long"), CALLS);
    process.start();
    until("all run", || process.told().len() == CALLS);
    process.rig.covered(CALLS);
    process.kill();
    let (started, mut asked) = (now(), Vec::new());
    process.start();
    until("all run again", || {
        let name = format!("n{}", asked.len());
        asked.push(now());
        process.rig.ask(i32::try_from(asked.len()).unwrap() % PARTITIONS, &[&format!("{name} {name} x now")]);
        process.told().iter().filter(|told| told.rerun).count() == CALLS
    });
    until("the new ones run", || process.told().len() == 2 * CALLS + asked.len());
    let told = process.told();
    let reruns = || told.iter().filter(|told| told.rerun).map(|told| told.at - started);
    // What joining the group and settling what the kill left open take is the machine's and the broker's affair.
    let (first, last) = (reruns().min().unwrap(), reruns().max().unwrap());
    let waits = told.iter().filter_map(|told| {
        let number: usize = told.name.strip_prefix('n')?.parse().unwrap();
        Some(told.at - asked[number])
    });
    let longest = waits.max().unwrap();
    println!(
        "calls repeated {first} to {last} ms after the start; a new request waited {longest} ms at most"
    );
    assert!(last - first <= 1_000, "the first call was repeated after {first} ms, the last after {last} ms");
    assert!(longest - first <= 1_500, "a new request waited {longest} ms, a repeated one {first} ms");
    until("all have their outcome", || process.rig.outcomes().len() == CALLS + asked.len());
    assert!(committed(&process.rig.dead_letters).is_empty());
}

#[test]
fn a_record_that_aborts_its_process_again_and_again_is_given_up_and_no_neighbour_is() {
    let mut process = Process::new("abort");
    let neighbour = |n| format!("c{n} lane{n} x {}", if n % 4 == 0 { "long" } else { "short" });
    ask_all(&process.rig, neighbour, 24);
    process.rig.ask(3, &["killer killer x abort"]);
    ask_all(&process.rig, |n| format!("d{n} other{n} x short"), 8);
    let mut ends = || {
        process.start();
        let mut ended = false;
        until("it ends itself, or all have their outcome", || {
            ended = process.has_ended();
            ended || process.rig.outcomes().len() == 33
        });
        ended
    };
    let ends = (0..6).take_while(|_| ends()).count();
    // Three, unless the machine lets it end so late that anything else may have been the cause: see the quarantine.
    assert!((3..=5).contains(&ends), "it ended {ends} times");
    assert!(!process.has_ended());
    let outcomes = process.rig.sorted_outcomes();
    assert_eq!(outcomes.iter().filter(|outcome| outcome.ends_with(" done")).count(), 32, "{outcomes:?}");
    assert!(outcomes.contains(&"killer dead:crash-rerun".to_owned()));
    assert_eq!(committed(&process.rig.dead_letters).len(), 1);
    assert_eq!(process.told().iter().filter(|told| told.name == "killer").count(), ends);
}
