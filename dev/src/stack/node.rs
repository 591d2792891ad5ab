//! One node of Kafka, broker and controller: its address, its settings, its storage, its process.

use super::fetch::tail;
use super::plan::Plan;
use super::service::Service;
use super::template::render;
use anyhow::{Context, Result, ensure};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

const CLUSTER_ID: &str = "huiyinLocalStackClustA";

/// Starts a node, formatting its storage the first time.
///
/// # Errors
/// When its directory cannot be written, or java is missing or refuses.
pub(crate) fn start(plan: &Plan, libs: &Path, id: u16) -> Result<Child> {
    let node = node(plan, id);
    fs::create_dir_all(&node.dir).with_context(|| format!("making {}", node.dir.display()))?;
    let config = node.dir.join("server.properties");
    let template = fs::read_to_string(plan.root.join("dev/kafka/server.properties"))
        .context("reading the broker's template")?;
    fs::write(&config, render(&template, &settings(plan, id))?)?;
    if !node.dir.join("data/meta.properties").exists() {
        format_storage(plan, libs, &node, &config)?;
    }
    let heap = if plan.brokers == 1 { "-Xmx512m" } else { "-Xmx400m" };
    node.start(java(plan, libs, &node).args([heap, "kafka.Kafka"]).arg(&config), port(plan, id))
}

fn format_storage(plan: &Plan, libs: &Path, node: &Service, config: &Path) -> Result<()> {
    let log = node.dir.join("format.log");
    let output = File::create(&log)?;
    let voters: Vec<String> = (1..=plan.brokers)
        .map(|id| format!("{id}@127.0.0.1:{}:huiyinLocalStackNode{id}A", port(plan, id) + 1))
        .collect();
    let status = java(plan, libs, node)
        .args([
            "kafka.tools.StorageTool",
            "format",
            "--cluster-id",
            CLUSTER_ID,
            "--initial-controllers",
            &voters.join(","),
        ])
        .arg("--config")
        .arg(config)
        .stdout(output.try_clone()?)
        .stderr(output)
        .status()
        .context("starting java")?;
    ensure!(status.success(), "{}'s storage could not be formatted ({status}); {}", node.name, tail(&log));
    Ok(fs::write(layout(plan), controllers(plan))?)
}

fn java(plan: &Plan, libs: &Path, node: &Service) -> Command {
    let mut java = Command::new("java");
    // Without perf data nothing is written outside the node's directory.
    java.args(["-XX:-UsePerfData", "-XX:+UseG1GC", "-XX:MaxGCPauseMillis=20"])
        .arg(format!("-Djava.io.tmpdir={}", node.dir.display()))
        .arg(format!("-Dlog4j2.configurationFile={}", plan.root.join("dev/kafka/log4j2.xml").display()))
        .arg(format!("-Dhuiyin.log={}", node.dir.join("server.log").display()))
        .arg("-cp")
        .arg(libs.join("*"));
    java
}

fn settings(plan: &Plan, id: u16) -> Vec<(&'static str, String)> {
    vec![
        ("node_id", id.to_string()),
        ("port", port(plan, id).to_string()),
        ("controller_port", (port(plan, id) + 1).to_string()),
        ("controllers", controllers(plan)),
        ("data_dir", node(plan, id).dir.join("data").display().to_string()),
        ("replicas", plan.brokers.to_string()),
        ("min_in_sync", plan.brokers.div_ceil(2).to_string()),
    ]
}

/// The service of the node with this id.
pub(crate) fn node(plan: &Plan, id: u16) -> Service {
    let name = format!("node-{id}");
    Service { dir: plan.local.join("kafka").join(&name), name: format!("kafka {name}") }
}

/// The file that names the controllers for which the data was made. Their set is part of the data and cannot move to other ports.
pub(crate) fn layout(plan: &Plan) -> PathBuf {
    plan.local.join("kafka/controllers")
}

/// The client port; the controller's is the next.
pub(crate) fn port(plan: &Plan, id: u16) -> u16 {
    plan.kafka_port + 2 * (id - 1)
}

/// A node's address for clients.
pub(crate) fn address(plan: &Plan, id: u16) -> String {
    format!("127.0.0.1:{}", port(plan, id))
}

/// What a client is told: every node's address.
pub(crate) fn bootstrap(plan: &Plan) -> String {
    (1..=plan.brokers).map(|id| address(plan, id)).collect::<Vec<_>>().join(",")
}

/// Every controller's address.
pub(crate) fn controllers(plan: &Plan) -> String {
    (1..=plan.brokers).map(|id| format!("127.0.0.1:{}", port(plan, id) + 1)).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stack::plan::Options;

    fn plan(brokers: u16) -> Plan {
        Plan::resolve(
            &Options { brokers: Some(brokers), kafka_port: Some(20000), clickhouse_port: None },
            |_| None,
        )
        .unwrap()
    }

    fn rendered(plan: &Plan, id: u16) -> String {
        let template = fs::read_to_string(plan.root.join("dev/kafka/server.properties")).unwrap();
        render(&template, &settings(plan, id)).unwrap()
    }

    fn value<'a>(properties: &'a str, key: &str) -> &'a str {
        let line = properties.lines().find(|line| line.split_once('=').is_some_and(|(name, _)| name == key));
        line.unwrap().split_once('=').unwrap().1
    }

    #[test]
    fn one_node_keeps_one_copy_and_listens_on_the_planned_ports() {
        let properties = rendered(&plan(1), 1);
        assert_eq!(
            value(&properties, "listeners"),
            "PLAINTEXT://127.0.0.1:20000,CONTROLLER://127.0.0.1:20001"
        );
        assert_eq!(value(&properties, "controller.quorum.bootstrap.servers"), "127.0.0.1:20001");
        assert_eq!(value(&properties, "offsets.topic.replication.factor"), "1");
        assert_eq!(value(&properties, "transaction.state.log.min.isr"), "1");
    }

    #[test]
    fn three_nodes_vote_together_and_keep_two_copies_in_sync() {
        let plan = plan(3);
        let properties = rendered(&plan, 3);
        assert_eq!(value(&properties, "node.id"), "3");
        assert_eq!(value(&properties, "advertised.listeners"), "PLAINTEXT://127.0.0.1:20004");
        assert_eq!(
            value(&properties, "controller.quorum.bootstrap.servers"),
            "127.0.0.1:20001,127.0.0.1:20003,127.0.0.1:20005"
        );
        assert_eq!(value(&properties, "min.insync.replicas"), "2");
        assert_eq!(bootstrap(&plan), "127.0.0.1:20000,127.0.0.1:20002,127.0.0.1:20004");
    }

    #[test]
    fn what_the_guarantees_rest_on_is_set_for_every_broker() {
        let properties = rendered(&plan(1), 1);
        assert_eq!(value(&properties, "auto.create.topics.enable"), "false");
        assert_eq!(value(&properties, "offset.metadata.max.bytes"), "4096");
        assert_eq!(value(&properties, "transaction.abort.timed.out.transaction.cleanup.interval.ms"), "1000");
    }
}
