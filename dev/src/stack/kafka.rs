//! Apache Kafka: fetched, started node by node, asked whether it answers.

use super::fetch::Pinned;
use super::metadata::live_brokers;
use super::node::{address, bootstrap, controllers, layout, node, port, start};
use super::plan::{KafkaSource, Plan};
use super::ports::ensure_free;
use super::service::Service;
use crate::console::say;
use anyhow::{Context, Result, ensure};
use std::fs;
use std::path::PathBuf;
use std::process::Command;

const ANOTHER_PORT: &str = "choose another with --kafka-port or HUIYIN_KAFKA_PORT";

/// Checks that the data fits the plan and that no node meets a taken port. A given broker needs neither.
///
/// # Errors
/// One line that says what to change.
pub(crate) fn check_ports(plan: &Plan) -> Result<()> {
    if matches!(plan.kafka, KafkaSource::Given(_)) {
        return Ok(());
    }
    let wanted = controllers(plan);
    if let Ok(made_for) = fs::read_to_string(layout(plan)) {
        ensure!(
            made_for.trim() == wanted,
            "kafka's data was made for the controllers {} and not {wanted}: use the same port and number of brokers, or run dev/stack reset",
            made_for.trim()
        );
    }
    for id in 1..=plan.brokers {
        if node(plan, id).running().is_none() {
            ensure_free(port(plan, id), ANOTHER_PORT)?;
            ensure_free(port(plan, id) + 1, ANOTHER_PORT)?;
        }
    }
    Ok(())
}

/// Brings every node up; those that run stay as they are.
///
/// # Errors
/// When the jars cannot be had, storage cannot be formatted, or a node does not answer.
pub(crate) fn up(plan: &Plan) -> Result<()> {
    let libs = match &plan.kafka {
        KafkaSource::Given(address) => {
            live_brokers(address)?;
            say(&format!("kafka: the given broker at {address} answers"));
            return Ok(());
        }
        KafkaSource::Home(home) => home.join("libs"),
        KafkaSource::Maven => fetched_libs(plan)?,
    };
    let mut started = Vec::new();
    for id in 1..=plan.brokers {
        if let Some(mark) = node(plan, id).running() {
            say(&format!("{}: already up (process {})", node(plan, id).name, mark.pid));
        } else {
            started.push((id, start(plan, &libs, id)?));
        }
    }
    for (id, child) in &mut started {
        let node = node(plan, *id);
        let ready = node.wait_ready(child, || {
            let live = live_brokers(&address(plan, *id))?;
            ensure!(live >= plan.brokers.into(), "only {live} of {} brokers are live", plan.brokers);
            Ok(())
        });
        ready.with_context(|| {
            let log = node.dir.join("server.log");
            format!("{} tells why; data that a newer Kafka made needs dev/stack reset", log.display())
        })?;
    }
    say(&format!("kafka: {}", bootstrap(plan)));
    Ok(())
}

/// Tells of each node whether it runs and answers; true when all do.
///
/// # Errors
/// When the state directory cannot be read.
pub(crate) fn status(plan: &Plan) -> Result<bool> {
    if let KafkaSource::Given(address) = &plan.kafka {
        let answers = live_brokers(address);
        say(&format!(
            "kafka: {}",
            answers
                .as_ref()
                .map_or_else(|error| format!("{error:#}"), |live| format!("{live} live at {address}"))
        ));
        return Ok(answers.is_ok());
    }
    let nodes = nodes(plan)?;
    if nodes.is_empty() {
        say("kafka: down");
    }
    let mut all_up = !nodes.is_empty();
    for node in nodes {
        let state = node.running().map(|mark| (live_brokers(&format!("127.0.0.1:{}", mark.port)), mark));
        all_up &= matches!(state, Some((Ok(_), _)));
        say(&match state {
            Some((Ok(_), mark)) => {
                format!("{}: up at 127.0.0.1:{} (process {})", node.name, mark.port, mark.pid)
            }
            Some((Err(error), mark)) => format!("{}: process {} runs, but {error:#}", node.name, mark.pid),
            None => format!("{}: down", node.name),
        });
    }
    Ok(all_up)
}

/// Every node that was ever started here, whatever the plan's number is now.
///
/// # Errors
/// When the state directory cannot be read.
pub(crate) fn nodes(plan: &Plan) -> Result<Vec<Service>> {
    let Ok(entries) = fs::read_dir(plan.local.join("kafka")) else { return Ok(Vec::new()) };
    let mut ids = Vec::new();
    for entry in entries {
        let name = entry?.file_name();
        ids.extend(name.to_str().and_then(|name| name.strip_prefix("node-")?.parse::<u16>().ok()));
    }
    ids.sort_unstable();
    Ok(ids.into_iter().map(|id| node(plan, id)).collect())
}

/// Removes topics, groups and logs; the jars stay.
///
/// # Errors
/// When a file cannot be removed.
pub(crate) fn remove_data(plan: &Plan) -> Result<()> {
    for node in nodes(plan)? {
        fs::remove_dir_all(&node.dir).with_context(|| format!("removing {}", node.dir.display()))?;
    }
    fs::remove_file(layout(plan)).ok();
    Ok(())
}

/// The jars of `dev/kafka/pom.xml`.
fn fetched_libs(plan: &Plan) -> Result<PathBuf> {
    let dir = plan.packages.join("kafka");
    let libs = dir.join("libs");
    let pom = plan.root.join("dev/kafka/pom.xml");
    let pinned = Pinned { what: "kafka", pins: pom.clone(), dir: &dir, target: &libs };
    pinned.ensure(|scratch| {
        let mut maven = Command::new("mvn");
        maven
            .args(["--batch-mode", "dependency:copy-dependencies", "--file"])
            .arg(&pom)
            .arg(format!("-DoutputDirectory={}", libs.display()))
            .arg(format!("-Dmaven.repo.local={}", scratch.display()));
        Ok(maven)
    })?;
    Ok(libs)
}
