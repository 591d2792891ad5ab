//! The line of one scene: a deployment of its own, one process with every role but account, and the stand-ins.

use super::app::{Addresses, App, of_line, of_stand_ins};
use super::load::{self, Order, Place, Played, Stream};
use super::scene::Scene;
use super::traffic::{Traffic, of_model, traffic};
use anyhow::{Context, Result};
use dev::rig::home::{Home, free_ports};
use dev::rig::instance::{Instance, run};
use dev::rig::meter::Meter;
use dev::rig::stand_ins::StandIns;
use dev::rig::topics::Topics;
use serde_json::{Value, json};
use std::thread::sleep;
use std::time::{Duration, Instant};

const LOOK: Duration = Duration::from_millis(250);
/// When the line reports that it has nothing to do and nothing has come for so long, nothing more will come.
const IDLE: Duration = Duration::from_secs(5);
/// Messages of each app before the first scene: connections stand, and Easemob's tokens are there.
const FIRST: u32 = 5;
const FIRST_WITHIN: Duration = Duration::from_secs(30);

/// Dropping it stops the processes; the next one removes its topics.
pub(super) struct Line<'a> {
    pub(super) scene: &'a Scene,
    pub(super) stand_ins: StandIns,
    pub(super) apps: Vec<App>,
    huiyin: Instance,
    home: Home,
}

impl<'a> Line<'a> {
    /// Starts it and lets every app answer a few people.
    ///
    /// # Errors
    /// When something does not start, or the first people are not answered.
    pub(super) fn start(scene: &'a Scene, apps: Vec<App>) -> Result<Self> {
        let Scene { net, patience, stack } = scene;
        let home = crate::home::new(stack, net)?;
        let [ingest, admin] = free_ports()?;
        let (easemob, models) = of_stand_ins(&apps, ingest);
        let values = [("seed", home.seed.to_string()), ("apps", easemob), ("models", models)];
        let config = home.configure("limits-simulators.toml", "simulators.toml", &values)?;
        let stand_ins = StandIns::start_with(&home, &config, net, patience)?;
        let addresses = Addresses { easemob: &stand_ins.easemob_url, model: &stand_ins.model_url };
        let values = [
            ("deployment", home.name.clone()),
            ("topic_prefix", home.prefix()),
            ("kafka", stack.kafka()),
            ("admin_port", admin.to_string()),
            ("ingest_port", ingest.to_string()),
            ("apps", of_line(&apps, &addresses)),
        ];
        let config = home.configure("limits.toml", "huiyin.toml", &values)?;
        for arguments in [["topics", "create"], ["config", "apply"]] {
            run(&config, &arguments)?;
        }
        let mut huiyin = Instance::start(&home, "huiyin", "ingest,decide,call,deliver", config, admin)?;
        huiyin.wait_ready(net, patience)?;
        let mut line = Self { scene, stand_ins, apps, huiyin, home };
        line.warm_up()?;
        Ok(line)
    }

    fn warm_up(&mut self) -> Result<()> {
        let first = |app: &App| Stream {
            app: app.key(),
            place: Place::Private,
            per_second: FIRST,
            length: Duration::from_secs(1),
            conversations: FIRST.into(),
        };
        let streams: Vec<Stream> = self.apps.iter().map(first).collect();
        load::play(self.scene, &self.stand_ins.easemob, &streams, &[])?;
        let wanted = streams.iter().map(Stream::count).sum();
        let answered = self.wait_answered(wanted, FIRST_WITHIN)?;
        anyhow::ensure!(answered >= wanted, "{answered} of the first {wanted} people were answered");
        self.forget()
    }

    /// Plays streams, and waits until so many answers came or it is clear that no more will.
    ///
    /// # Errors
    /// As [`load::play`], and when the line ends.
    pub(super) fn play(
        &mut self,
        streams: &[Stream],
        orders: &[Order],
        drain: Duration,
    ) -> Result<(Played, i64)> {
        let played = load::play(self.scene, &self.stand_ins.easemob, streams, orders)?;
        self.wait_answered(streams.iter().map(Stream::count).sum(), drain)?;
        Ok((played, load::now_ms()))
    }

    /// Resets the stand-ins; their limits stay.
    ///
    /// # Errors
    /// When one does not answer.
    pub(super) fn forget(&self) -> Result<()> {
        for base in [&self.stand_ins.easemob_url, &self.stand_ins.model_url] {
            let url = format!("{base}/control/reset");
            self.scene.net.post::<Value>(&url, &json!({})).context("resetting a stand-in")?;
        }
        Ok(())
    }

    /// Traffic of an app's Easemob, by the last part of the path.
    ///
    /// # Errors
    /// When the stand-in does not answer.
    pub(super) fn easemob_traffic(&self, app: &str) -> Result<std::collections::BTreeMap<String, Traffic>> {
        let all = traffic(&self.scene.net, &self.stand_ins.easemob.url("traffic?calls=true"), "apps")?;
        Ok(all.into_iter().find(|(key, _)| key == app).map(|(_, by_path)| by_path).unwrap_or_default())
    }

    /// Traffic of an app's model.
    ///
    /// # Errors
    /// When the stand-in does not answer.
    pub(super) fn model_traffic(&self, app: &App) -> Result<Traffic> {
        of_model(&self.scene.net, &self.stand_ins.model_url, &app.model_name())
    }

    /// What the line's topics hold.
    ///
    /// # Errors
    /// When the address of Kafka cannot be used.
    pub(super) fn topics(&self) -> Result<Topics> {
        Topics::new(&self.scene.stack.kafka(), &self.home.prefix(), self.scene.patience.clone())
    }

    /// Waits until Easemob has accepted so many sends, for at most `bound`, and returns how many it accepted.
    fn wait_answered(&mut self, wanted: u64, bound: Duration) -> Result<u64> {
        let begun = Instant::now();
        let (mut last, mut moved) = (0, begun);
        loop {
            self.scene.patience.check()?;
            self.huiyin.process.check()?;
            let answered = self.accepted()?;
            if answered != last || self.is_busy() {
                (last, moved) = (answered, Instant::now());
            }
            if answered >= wanted || begun.elapsed() > bound || moved.elapsed() > IDLE {
                return Ok(answered);
            }
            sleep(LOOK);
        }
    }

    fn accepted(&self) -> Result<u64> {
        let all = traffic(&self.scene.net, &self.stand_ins.easemob.url("traffic"), "apps")?;
        let sends = all.values().flatten().filter(|(path, _)| path.as_str() != "token");
        Ok(sends.map(|(_, traffic)| traffic.accepted).sum())
    }

    /// Whether calls or sends run or wait; true as well when the line does not report it.
    fn is_busy(&self) -> bool {
        let text = self.huiyin.metrics(&self.scene.net);
        let meter = Meter::read(&text);
        !text.contains("huiyin_pipeline_calls_running_count")
            || meter.running_calls() + meter.running_sends() > 0
    }
}

impl Drop for Line<'_> {
    fn drop(&mut self) {
        // It is killed, since an orderly end would wait for what waits at a limit.
        if let Err(error) = self.huiyin.process.kill() {
            dev::console::complain(&format!("ending a scene: {error:#}"));
        }
    }
}
