//! One driver test: topics of its own, a handler that does what its records say, and a record of what it ran.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use pipeline::call::{
    Admission, CallConfig, CallDriver, Decoded, Done, Handle, Handler, Job, Limits, Name, Progress,
    RawLimits, Share,
};
use pipeline::kafka::testing::{Topics, committed, config, produce, unique};
use pipeline::kafka::{Admin, Committed, Error, Group, Instance, Partition};
use pipeline::{Clock, Outgoing, Record, Refused, StartPolicy, WallClock};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Semaphore;

pub(super) const INCARNATION: &str = "8b7d2e0a-6f1f-4f0e-9a65-3f6f6d6b6c11";

/// One run as the handler saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) name: String,
    pub(super) rerun: bool,
    pub(super) at: Instant,
}

/// Does what a record's value says: `name lane app action`, or `cancel name`.
pub(super) struct Script {
    answers: Arc<str>,
    pub(super) runs: Mutex<Vec<Run>>,
    /// Lanes that run now, to see overlaps.
    lanes: Mutex<BTreeMap<String, usize>>,
    /// Permits for records whose action is `gate`.
    pub(super) gate: Semaphore,
    pub(super) owned: Mutex<(usize, usize)>,
    /// Where each run is told, for those who start this as a process.
    told: Option<File>,
}

/// Milliseconds since the epoch.
pub(super) fn now() -> i64 {
    WallClock.now()
}

fn words(record: &Record) -> Vec<String> {
    let text = String::from_utf8(record.value.clone().unwrap_or_default()).unwrap();
    text.split(' ').map(str::to_owned).collect()
}

struct InLane<'a>(&'a Script, String);

impl Drop for InLane<'_> {
    fn drop(&mut self) {
        *self.0.lanes.lock().unwrap().get_mut(&self.1).unwrap() -= 1;
    }
}

impl Script {
    fn answer(&self, record: &Record, how: &str, size: usize) -> Done {
        let name = words(record)[0].clone();
        let mut value = format!("{name} {how}").into_bytes();
        value.resize(value.len().max(size), b' ');
        let output = Outgoing {
            topic: Arc::clone(&self.answers),
            partition: record.partition,
            key: None,
            headers: Vec::new(),
            value: Some(value),
        };
        Done { outputs: vec![output] }
    }

    pub(super) fn runs_of(&self, name: &str) -> Vec<bool> {
        self.runs.lock().unwrap().iter().filter(|run| run.name == name).map(|run| run.rerun).collect()
    }
}

impl Handler for Script {
    fn cancels(&self, record: &Record) -> Result<Option<Name>, Refused> {
        let words = words(record);
        Ok((words[0] == "cancel").then(|| Name::from(words[1].as_bytes())))
    }

    fn admit(&self, record: &Record) -> Result<Admission, Refused> {
        let words = words(record);
        match words[3].as_str() {
            "undecodable" => return Err(Refused::DeadLetter { reason: "undecodable" }),
            "too_new" => return Err(Refused::Pause { reason: "version" }),
            "bomb" => panic!("planned"),
            _ => {}
        }
        Ok(Admission {
            lane: Arc::from(words[1].as_bytes()),
            shares: vec![Share { kind: "app", name: words[2].as_str().into() }],
            hard_deadline: if words[3] == "hang" {
                Duration::from_millis(300)
            } else {
                Duration::from_secs(60)
            },
            commit_start: words[3].ends_with("once"),
            name: Some(words[0].as_bytes().into()),
            decoded: Decoded::default(),
        })
    }

    async fn run(&self, job: Job) -> Done {
        let words = words(&job.record);
        let run = Run { name: words[0].clone(), rerun: job.rerun, at: Instant::now() };
        self.runs.lock().unwrap().push(run);
        if let Some(mut told) = self.told.as_ref() {
            // In one piece, since others tell something at the same time.
            told.write_all(format!("{} {} {}\n", words[0], job.rerun, now()).as_bytes()).unwrap();
        }
        let lane = words[1].clone();
        {
            let mut lanes = self.lanes.lock().unwrap();
            let running = lanes.entry(lane.clone()).or_default();
            *running += 1;
            assert_eq!(*running, 1, "two calls of lane {lane} overlap");
        }
        let _in_lane = InLane(self, lane);
        match words[3].as_str() {
            "listen" => {
                job.cancellation.happened().await;
                return self.answer(&job.record, "cut", 0);
            }
            "gate" | "gate-once" => self.gate.acquire().await.unwrap().forget(),
            "hang" | "poison" => std::future::pending().await,
            "panic" => panic!("planned"),
            "large" => return self.answer(&job.record, "large", 2_000_000),
            "short" => tokio::time::sleep(Duration::from_millis(20)).await,
            "long" => tokio::time::sleep(Duration::from_secs(5)).await,
            "abort" => std::process::abort(),
            _ => {}
        }
        self.answer(&job.record, "done", 0)
    }

    fn overdue(&self, record: &Record, rerun: bool) -> Done {
        self.answer(record, if rerun { "overdue-rerun" } else { "overdue" }, 0)
    }

    fn crowded(&self, record: &Record, _rerun: bool) -> Done {
        assert_ne!(words(record)[3], "crowded-bomb", "planned");
        self.answer(record, "crowded", 0)
    }

    fn cancelled(&self, record: &Record, rerun: bool) -> Done {
        self.answer(record, if rerun { "cancelled-rerun" } else { "cancelled" }, 0)
    }

    fn oversize(&self, record: &Record, _ended: &Done) -> Done {
        self.answer(record, "oversize", 0)
    }

    fn dead(&self, record: &Record, reason: &'static str, rerun: bool) -> Done {
        self.answer(record, &format!("dead:{reason}{}", if rerun { "-rerun" } else { "" }), 0)
    }

    fn ownership(&self, owned: &[i32], all: usize) {
        *self.owned.lock().unwrap() = (owned.len(), all);
    }
}

pub(super) struct Rig {
    pub(super) deployment: String,
    pub(super) requests: Arc<str>,
    pub(super) answers: Arc<str>,
    pub(super) dead_letters: Arc<str>,
    pub(super) limits: RawLimits,
    pub(super) script: Arc<Script>,
    pub(super) runtime: Runtime,
    _topics: Option<Topics>,
}

impl Rig {
    pub(super) fn new(name: &str, partitions: i32) -> Self {
        let mut rig = Self::of(unique(name), None);
        let topics = [&rig.requests, &rig.answers, &rig.dead_letters].map(|topic| (&**topic, false));
        rig._topics = Some(Topics::create(partitions, &topics));
        rig
    }

    /// One whose topics are somebody else's, and that tells its runs.
    pub(super) fn of(deployment: String, told: Option<File>) -> Self {
        let topic = |kind: &str| Arc::<str>::from(format!("{deployment}-{kind}"));
        let (requests, answers, dead_letters) = (topic("requests"), topic("answers"), topic("dead"));
        let script = Arc::new(Script {
            answers: Arc::clone(&answers),
            runs: Mutex::default(),
            lanes: Mutex::default(),
            gate: Semaphore::new(0),
            owned: Mutex::default(),
            told,
        });
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let limits = RawLimits::default();
        Self { deployment, requests, answers, dead_letters, limits, script, runtime, _topics: None }
    }

    pub(super) fn instance(&self, ordinal: u32) -> Instance {
        Instance::new(&self.deployment, "call", ordinal).unwrap()
    }

    pub(super) fn start(&self, ordinal: u32) -> Handle {
        let config = || CallConfig {
            kafka: config(),
            instance: self.instance(ordinal),
            topic: Arc::clone(&self.requests),
            dead_letters: Arc::clone(&self.dead_letters),
            start: StartPolicy::Earliest,
            limits: Limits::new("call", self.limits.clone()).unwrap(),
        };
        let runtime = self.runtime.handle();
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            let (script, incarnation) = (Arc::clone(&self.script), INCARNATION.into());
            match CallDriver::spawn(config(), script, runtime.clone(), incarnation) {
                // A broker on a busy machine; a supervisor would start the driver again as well.
                Err(Error::Unreachable(_)) if Instant::now() < deadline => {}
                started => return started.unwrap(),
            }
        }
    }

    /// Writes requests, each `name lane app action`, to a partition.
    pub(super) fn ask(&self, partition: i32, requests: &[&str]) {
        let records: Vec<Outgoing> = requests
            .iter()
            .map(|request| Outgoing {
                topic: Arc::clone(&self.requests),
                partition,
                key: None,
                headers: Vec::new(),
                value: Some(request.as_bytes().to_vec()),
            })
            .collect();
        produce(&records);
    }

    /// Outcomes that a read_committed reader sees, in the order of their partition.
    pub(super) fn outcomes(&self) -> Vec<String> {
        committed(&self.answers)
            .into_iter()
            .map(|record| String::from_utf8(record.value.unwrap()).unwrap().trim_end().to_owned())
            .collect()
    }

    pub(super) fn sorted_outcomes(&self) -> Vec<String> {
        let mut outcomes = self.outcomes();
        outcomes.sort();
        outcomes
    }

    /// Waits until so many records are committed as admitted and not done: run again, they are marked from then on.
    pub(super) fn covered(&self, count: usize) {
        let group = Group::open(&config(), &self.instance(0).group_id()).unwrap();
        let all = Admin::new(&config()).unwrap().partitions().unwrap()[&*self.requests];
        let named = |index| Partition { topic: Arc::clone(&self.requests), index };
        let partitions: Vec<Partition> = (0..i32::try_from(all).unwrap()).map(named).collect();
        let incomplete = |committed: Committed| {
            let (offset, metadata) = (committed.next?, committed.metadata?);
            Some(Progress::open(INCARNATION, offset, &metadata).unwrap().incomplete.len())
        };
        until(&format!("{count} are covered"), || {
            let committed = group.committed(&partitions).unwrap();
            committed.into_iter().filter_map(incomplete).sum::<usize>() == count
        });
    }

    pub(super) fn ran(&self, name: &str) {
        until(&format!("{name} runs"), || !self.script.runs_of(name).is_empty());
    }
}

/// Waits for something that other processes bring about.
pub(super) fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(40);
    while !holds() {
        assert!(Instant::now() < deadline, "does not come true: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

pub(super) fn committed_count(handle: &Handle) -> u64 {
    handle.health().status.committed
}
