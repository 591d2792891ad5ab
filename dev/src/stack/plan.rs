//! What is to run, on which ports and in which directory.

use anyhow::{Context, Result, ensure};
use clap::Args;
use std::path::{Path, PathBuf};

/// Flags of `dev stack`; each port may also come from the environment.
#[derive(Args, Default)]
pub struct Options {
    /// Kafka nodes, each broker and controller: 1, or 3 for failure tests
    #[arg(long, global = true)]
    pub brokers: Option<u16>,
    /// Port of the first broker [HUIYIN_KAFKA_PORT, 19092]; each node takes two, the second for its controller
    #[arg(long, global = true)]
    pub kafka_port: Option<u16>,
    /// Port of ClickHouse's HTTP interface [HUIYIN_CLICKHOUSE_PORT, 18123]
    #[arg(long, global = true)]
    pub clickhouse_port: Option<u16>,
}

/// Where the broker comes from.
#[derive(Debug, PartialEq, Eq)]
pub enum KafkaSource {
    /// `HUIYIN_KAFKA_BOOTSTRAP`: it runs already and is not ours to start or stop.
    Given(String),
    /// `KAFKA_HOME`: an installation whose jars are used.
    Home(PathBuf),
    /// Jars that Maven resolves from `dev/kafka/pom.xml`.
    Maven,
}

/// The validated options.
#[derive(Debug)]
pub struct Plan {
    /// The repository.
    pub root: PathBuf,
    /// Everything that we write: `.local` of the repository, or `HUIYIN_LOCAL`.
    pub local: PathBuf,
    /// Where fetched packages are kept: `local`, unless several stacks share them.
    pub packages: PathBuf,
    /// Where the broker comes from.
    pub kafka: KafkaSource,
    /// How many brokers.
    pub brokers: u16,
    /// Port of the first broker.
    pub kafka_port: u16,
    /// Port of ClickHouse's HTTP interface.
    pub clickhouse_port: u16,
}

impl Plan {
    /// The environment and the defaults alone.
    ///
    /// # Errors
    /// As [`Plan::resolve`].
    pub fn of_environment() -> Result<Self> {
        Self::resolve(&Options::default(), |name| std::env::var(name).ok())
    }

    /// Flags win over the environment, which wins over the defaults.
    ///
    /// # Errors
    /// A value of the environment is no port, two services have one port, a port is beyond the range, or the number of brokers is
    /// neither 1 nor 3.
    pub fn resolve(options: &Options, env: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_path_buf).unwrap_or_default();
        let local = match filled(&env, "HUIYIN_LOCAL") {
            Some(local) => {
                std::path::absolute(&local).with_context(|| format!("reading HUIYIN_LOCAL={local}"))?
            }
            None => root.join(".local"),
        };
        let plan = Self {
            packages: local.clone(),
            local,
            root,
            kafka: match (filled(&env, "HUIYIN_KAFKA_BOOTSTRAP"), filled(&env, "KAFKA_HOME")) {
                (Some(address), _) => KafkaSource::Given(address),
                (None, Some(home)) => KafkaSource::Home(home.into()),
                (None, None) => KafkaSource::Maven,
            },
            brokers: options.brokers.unwrap_or(1),
            kafka_port: port(options.kafka_port, &env, "HUIYIN_KAFKA_PORT", 19092)?,
            clickhouse_port: port(options.clickhouse_port, &env, "HUIYIN_CLICKHOUSE_PORT", 18123)?,
        };
        ensure!(matches!(plan.brokers, 1 | 3), "--brokers is 1 or 3, not {}", plan.brokers);
        ensure!(
            plan.kafka_port <= u16::MAX - 2 * plan.brokers,
            "port {} leaves no room for its nodes",
            plan.kafka_port
        );
        let of_kafka = plan.kafka_port..plan.kafka_port + 2 * plan.brokers;
        ensure!(
            !of_kafka.contains(&plan.clickhouse_port),
            "port {} is asked for twice",
            plan.clickhouse_port
        );
        Ok(plan)
    }
}

/// Ports between two stacks of one environment.
const APART: u16 = 20;

impl Plan {
    /// A second stack beside the one of the environment: its own data and ports, the same packages, three brokers.
    ///
    /// # Errors
    /// As [`Plan::resolve`], and where the brokers are not ours to start.
    pub fn beside(name: &str) -> Result<Self> {
        let plan = Self::of_environment()?;
        ensure!(
            !matches!(plan.kafka, KafkaSource::Given(_)),
            "HUIYIN_KAFKA_BOOTSTRAP names brokers that are not ours to kill: unset it"
        );
        Ok(Self {
            local: plan.local.join(name),
            brokers: 3,
            kafka_port: plan.kafka_port + APART,
            clickhouse_port: plan.clickhouse_port + APART,
            ..plan
        })
    }
}

fn filled(env: impl Fn(&str) -> Option<String>, name: &str) -> Option<String> {
    env(name).filter(|value| !value.is_empty())
}

fn port(flag: Option<u16>, env: impl Fn(&str) -> Option<String>, name: &str, default: u16) -> Result<u16> {
    let port = match (flag, filled(env, name)) {
        (Some(port), _) => port,
        (None, Some(text)) => text.parse().with_context(|| format!("reading {name}={text} as a port"))?,
        (None, None) => default,
    };
    ensure!(port >= 1024, "port {port} is below 1024");
    Ok(port)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(options: &Options, env: &[(&str, &str)]) -> Result<Plan> {
        Plan::resolve(options, |name| {
            env.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn a_flag_wins_over_the_environment_which_wins_over_the_default() {
        let env = [("HUIYIN_KAFKA_PORT", "20000"), ("HUIYIN_CLICKHOUSE_PORT", "")];
        let options = Options { kafka_port: Some(30000), ..Options::default() };
        assert_eq!(resolve(&options, &env).unwrap().kafka_port, 30000);
        let plan = resolve(&Options::default(), &env).unwrap();
        assert_eq!((plan.kafka_port, plan.clickhouse_port, plan.brokers), (20000, 18123, 1));
    }

    #[test]
    fn state_is_kept_in_the_repository_unless_moved() {
        let plan = resolve(&Options::default(), &[]).unwrap();
        assert_eq!(plan.local, plan.root.join(".local"));
        assert!(plan.root.join("dev/kafka/pom.xml").exists());
        assert_eq!(
            resolve(&Options::default(), &[("HUIYIN_LOCAL", "/var/x")]).unwrap().local,
            Path::new("/var/x")
        );
    }

    #[test]
    fn a_given_broker_wins_over_an_installation() {
        let both = [("KAFKA_HOME", "/opt/kafka"), ("HUIYIN_KAFKA_BOOTSTRAP", "10.0.0.1:9092")];
        assert_eq!(
            resolve(&Options::default(), &both).unwrap().kafka,
            KafkaSource::Given("10.0.0.1:9092".into())
        );
        assert_eq!(
            resolve(&Options::default(), &both[..1]).unwrap().kafka,
            KafkaSource::Home("/opt/kafka".into())
        );
    }

    #[test]
    fn what_cannot_work_is_refused_with_its_name() {
        let refused =
            |options: &Options, env: &[(&str, &str)]| format!("{:#}", resolve(options, env).unwrap_err());
        let none = Options::default();
        assert!(refused(&none, &[("HUIYIN_KAFKA_PORT", "kafka")]).contains("HUIYIN_KAFKA_PORT=kafka"));
        assert!(refused(&none, &[("HUIYIN_CLICKHOUSE_PORT", "19093")]).contains("19093 is asked for twice"));
        assert!(refused(&Options { brokers: Some(2), ..Options::default() }, &[]).contains("1 or 3"));
        assert!(refused(&Options { kafka_port: Some(65534), ..Options::default() }, &[]).contains("no room"));
        assert!(refused(&Options { kafka_port: Some(80), ..Options::default() }, &[]).contains("below 1024"));
    }
}
