//! Log lines and the meter.

use std::io::IsTerminal;

use anyhow::Context;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use pipeline::metrics::Metric;
use tracing_subscriber::EnvFilter;

use crate::config::LogFormat;

/// Starts to write log lines to standard error.
pub(crate) fn log(format: LogFormat, filter: &str) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(filter).context("read log.filter")?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = match format {
        LogFormat::Text => lines.with_ansi(std::io::stderr().is_terminal()).try_init(),
        LogFormat::Json => lines.json().try_init(),
    };
    started.map_err(|error| anyhow::anyhow!("start log: {error}"))
}

/// Installs the meter; the handle renders it. Durations have buckets from half a millisecond to two minutes.
pub(crate) fn meter() -> anyhow::Result<PrometheusHandle> {
    const SECONDS: [f64; 17] = [
        0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0,
        120.0,
    ];
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(metrics_exporter_prometheus::Matcher::Suffix("_seconds".to_owned()), &SECONDS)
        .context("set buckets")?
        .install_recorder()
        .context("install meter")?;
    describe();
    Ok(handle)
}

/// Gives every metric of every crate its meaning. The exporter keeps one text per name, whatever the kind.
fn describe() {
    for Metric { name, meaning, .. } in metrics() {
        metrics::describe_counter!(name, meaning);
    }
}

/// Every metric of every crate.
pub(crate) fn metrics() -> impl Iterator<Item = Metric> {
    let pipeline = pipeline::metrics::all().chain(account::metrics::METRICS).chain(crate::metrics::METRICS);
    let outbound =
        outbound::metrics::METRICS.iter().chain(call::metrics::METRICS).chain(deliver::metrics::METRICS);
    let of_outbound = |m: &outbound::metrics::Metric| (m.name, m.meaning, m.labels);
    let of_ingest = |m: &ingest::metrics::Metric| (m.name, m.meaning, m.labels);
    let of_conversation = |m: &common::Metric| (m.name, m.meaning, m.labels);
    let conversation = conversation::metrics::METRICS.iter().map(of_conversation);
    let others =
        outbound.map(of_outbound).chain(ingest::metrics::METRICS.iter().map(of_ingest)).chain(conversation);
    pipeline.copied().chain(others.map(|(name, meaning, labels)| Metric { name, meaning, labels }))
}
