//! The line on a deployment of its own, each step in its own process.

use super::cost::{Cost, ROLES, used};
use super::scene::Scene;
use crate::turns::{Log, Turns};
use crate::usage;
use anyhow::{Context, Result};
use dev::console::say;
use dev::rig::home::{Home, free_ports};
use dev::rig::instance::{Instance, run as command};
use dev::rig::stand_ins::StandIns;
use dev::stack::Service;
use schemas::event::Event;
use std::cell::RefCell;
use std::path::PathBuf;
use std::thread::sleep;
use std::time::{Duration, Instant};

const ANSWERED_WITHIN: Duration = Duration::from_secs(240);

/// Dropping it stops the processes; the next one removes its topics and tables.
pub(super) struct Line<'a> {
    pub(super) scene: &'a Scene,
    pub(super) stand_ins: StandIns,
    instances: RefCell<Vec<Instance>>,
    configs: Vec<(PathBuf, u16)>,
    home: Home,
}

impl<'a> Line<'a> {
    /// Makes topics and tables. With a backlog, it is written and the line is not started yet.
    ///
    /// # Errors
    /// When a command fails or a process does not get ready.
    pub(super) fn start(scene: &'a Scene, partitions: i32, backlog: u64) -> Result<Self> {
        let Scene { net, patience, stack } = scene;
        let home = crate::home::new(stack, net)?;
        let [ingest] = free_ports()?;
        let admins: [u16; ROLES.len()] = free_ports()?;
        let values = [("seed", home.seed.to_string()), ("ingest_port", ingest.to_string())];
        let stand_ins = StandIns::start(&home, &values, net, patience)?;
        let configure = |(role, admin): (&&str, &u16)| {
            let values = [
                ("deployment", home.name.clone()),
                ("partitions", partitions.to_string()),
                ("topic_prefix", home.prefix()),
                ("database", home.database()),
                ("kafka", stack.kafka()),
                ("clickhouse", stack.clickhouse()),
                ("admin_port", admin.to_string()),
                ("ingest_port", ingest.to_string()),
                ("easemob", stand_ins.easemob_url.clone()),
                ("model", stand_ins.model_url.clone()),
            ];
            Ok((home.configure("growth.toml", &format!("{role}.toml"), &values)?, *admin))
        };
        let configs = ROLES.iter().zip(&admins).map(configure).collect::<Result<Vec<_>>>()?;
        for arguments in [&["topics", "create"] as &[&str], &["migrate"], &["config", "apply"]] {
            command(&configs[0].0, arguments)?;
        }
        let line = Self { scene, stand_ins, instances: RefCell::default(), configs, home };
        match backlog {
            0 => line.begin()?,
            _ => line.write_backlog(partitions, backlog)?,
        }
        Ok(line)
    }

    fn write_backlog(&self, partitions: i32, backlog: u64) -> Result<()> {
        say(&format!("writing {backlog} messages"));
        let turns = Turns::new(backlog)?;
        let log = Log::new(&self.scene.stack.kafka(), &self.home.prefix(), partitions)?;
        for number in 0..backlog {
            if let Event::Message(message) = turns.message(number)? {
                let conversation = message.conversation.clone();
                log.write(&Event::Message(message), &conversation)?;
            }
        }
        log.finish()
    }

    /// Starts every step and waits until all are ready.
    ///
    /// # Errors
    /// When one does not get ready.
    pub(super) fn begin(&self) -> Result<()> {
        let mut instances = self.instances.borrow_mut();
        for (role, (config, admin)) in ROLES.iter().zip(&self.configs) {
            instances.push(Instance::start(&self.home, role, role, config.clone(), *admin)?);
        }
        instances.iter_mut().try_for_each(|one| one.wait_ready(&self.scene.net, &self.scene.patience))
    }

    /// Every process of the line, then the broker.
    fn processes(&self) -> Result<Vec<Option<u32>>> {
        let instances = self.instances.borrow();
        let mut all: Vec<Option<u32>> =
            (0..ROLES.len()).map(|role| instances.get(role).map(|one| one.process.id())).collect();
        let dir = self.scene.stack.plan().local.join("kafka/node-1");
        // A broker that is not ours has no pid file: its cost is not known.
        all.push(Service { name: "node-1".to_owned(), dir }.running().map(|mark| mark.pid));
        Ok(all)
    }

    /// Runs `work` and returns what each of the messages cost that it says were answered.
    ///
    /// # Errors
    /// When it fails or a process has ended.
    pub(super) fn measure(&self, work: impl FnOnce() -> Result<u64>) -> Result<Cost> {
        let (before, begun) = (used(&self.processes()?)?, Instant::now());
        let messages = work()? as f64;
        let (after, took) = (used(&self.processes()?)?, begun.elapsed());
        let per_message = |(after, before): (&Duration, &Duration)| {
            after.saturating_sub(*before).as_secs_f64() * 1_000.0 / messages
        };
        let mut roles: Vec<f64> = after.iter().zip(&before).map(per_message).collect();
        let broker = roles.pop().unwrap_or(f64::NAN);
        let memory: u64 = self
            .processes()?
            .iter()
            .take(ROLES.len())
            .filter_map(|process| process.and_then(usage::peak_memory))
            .sum();
        Ok(Cost {
            roles,
            broker,
            rate: messages / took.as_secs_f64(),
            latency: (f64::NAN, f64::NAN),
            memory: memory as f64 / 1e6,
            idle: f64::NAN,
        })
    }

    /// Milliseconds of processor time of the line per second without load.
    ///
    /// # Errors
    /// When a process has ended.
    pub(super) fn idle(&self, length: Duration) -> Result<f64> {
        let line =
            || Ok::<_, anyhow::Error>(used(&self.processes()?)?.iter().take(ROLES.len()).sum::<Duration>());
        let before = line()?;
        sleep(length);
        Ok((line()? - before).as_secs_f64() * 1_000.0 / length.as_secs_f64())
    }

    /// Runs a statement and returns what it gave.
    fn ask(&self, sql: &str) -> Result<String> {
        let sql = sql.replace("{db}", &self.home.database());
        self.scene.net.post_text(&self.scene.stack.clickhouse(), &sql)
    }

    /// The engine's clock.
    ///
    /// # Errors
    /// When it does not answer.
    pub(super) fn now(&self) -> Result<String> {
        Ok(self.ask("SELECT now64(3)")?.trim().to_owned())
    }

    /// Answers that were sent and stored.
    ///
    /// # Errors
    /// When the engine does not answer.
    pub(super) fn answered(&self) -> Result<u64> {
        let text = self.ask("SELECT count() FROM {db}.replies WHERE result = 'sent'")?;
        text.trim().parse().with_context(|| format!("reading the count {text}"))
    }

    /// How often each result of a send was stored.
    fn results(&self) -> Result<String> {
        let text = self.ask("SELECT result, count() FROM {db}.replies GROUP BY result ORDER BY result")?;
        Ok(text.trim().replace('\t', " ").replace('\n', ", "))
    }

    /// Waits until so many answers are sent and stored.
    ///
    /// # Errors
    /// When a process ends or they do not come.
    pub(super) fn wait_answered(&self, wanted: u64) -> Result<()> {
        let mut last = 0;
        let done = self.scene.patience.until("all answers to be stored", ANSWERED_WITHIN, || {
            self.instances.borrow_mut().iter_mut().try_for_each(|one| one.process.check())?;
            last = self.answered()?;
            sleep(Duration::from_millis(200));
            Ok((last >= wanted).then_some(()))
        });
        done.with_context(|| format!("{last} of {wanted} answers: {}", self.results().unwrap_or_default()))
    }

    /// Latency of the messages since a moment of the engine's clock: the median, and what one of a hundred exceeds.
    ///
    /// # Errors
    /// When the engine does not answer.
    pub(super) fn latency(&self, since: &str) -> Result<(f64, f64)> {
        let text = self.ask(&format!(
            "SELECT quantileExact(0.5)(ms), quantileExact(0.99)(ms) FROM (SELECT \
             toUnixTimestamp64Milli(r.at) - toUnixTimestamp64Milli(assumeNotNull(m.received_at)) AS ms \
             FROM {{db}}.replies AS r INNER JOIN {{db}}.messages AS m ON r.message = m.message \
             WHERE m.received_at >= toDateTime64('{since}', 3, timezone()))"
        ))?;
        let (median, tail) = text.trim().split_once('\t').context("reading latencies")?;
        Ok((median.parse()?, tail.parse()?))
    }
}
