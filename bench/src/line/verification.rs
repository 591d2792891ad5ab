//! Brokers that do not check transactions, so that the share of this check in a hop can be measured.
//!
//! Since Kafka 3.6 a broker asks the transaction's coordinator before it appends the first batch that a transaction
//! brings to a partition (`transaction.partition.verification.enable`, KIP-890). It keeps a request that was delayed
//! from leaving a transaction open for good.

use anyhow::{Context, Result};
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, AlterConfig, ResourceSpecifier};
use rdkafka::client::DefaultClientContext;
use std::time::Duration;
use tokio::runtime::Handle;

const SWITCH: &str = "transaction.partition.verification.enable";
const REQUEST: Duration = Duration::from_secs(10);

/// Brokers of ours that do not verify. Dropping it takes all settings back that were made on running brokers.
pub(super) struct Unverified<'a> {
    runtime: &'a Handle,
    admin: AdminClient<DefaultClientContext>,
    brokers: Vec<i32>,
}

impl<'a> Unverified<'a> {
    /// Switches it off.
    ///
    /// # Errors
    /// When the brokers do not answer or refuse.
    pub(super) fn begin(runtime: &'a Handle, kafka: &str) -> Result<Self> {
        let admin: AdminClient<_> = ClientConfig::new().set("bootstrap.servers", kafka).create()?;
        let metadata = admin.inner().fetch_metadata(None, REQUEST).context("asking for the brokers")?;
        let brokers = metadata.brokers().iter().map(|broker| broker.id()).collect();
        let unverified = Self { runtime, admin, brokers };
        unverified.set(&[(SWITCH, "false")])?;
        Ok(unverified)
    }

    fn set(&self, entries: &[(&str, &str)]) -> Result<()> {
        let config = |broker: &i32| {
            let config = AlterConfig::new(ResourceSpecifier::Broker(*broker));
            entries.iter().fold(config, |config, (name, value)| config.set(name, value))
        };
        let configs: Vec<AlterConfig<'_>> = self.brokers.iter().map(config).collect();
        let options = AdminOptions::new().request_timeout(Some(REQUEST));
        let altered = self.runtime.block_on(self.admin.alter_configs(&configs, &options));
        for result in altered.context("setting the brokers up")? {
            result.map_err(|(_, error)| error).with_context(|| format!("setting {SWITCH}"))?;
        }
        Ok(())
    }
}

impl Drop for Unverified<'_> {
    fn drop(&mut self) {
        if let Err(error) = self.set(&[]) {
            dev::console::say(&format!("the brokers go on without {SWITCH}: {error:#}"));
        }
    }
}
