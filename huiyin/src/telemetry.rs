//! Log lines and the meter.

use std::io::IsTerminal;

use anyhow::Context;
use call::gen_ai::metrics as gen_ai;
use common::{Kind, Metric};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
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

/// Installs the meter; the handle renders it.
pub(crate) fn meter() -> anyhow::Result<PrometheusHandle> {
    let handle = exporter()?.install_recorder().context("install meter")?;
    describe();
    Ok(handle)
}

/// Durations have buckets from half a millisecond to two minutes; those that have a convention, the ones of that.
fn exporter() -> anyhow::Result<PrometheusBuilder> {
    const SECONDS: [f64; 17] = [
        0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0,
        120.0,
    ];
    let durations = Matcher::Suffix("_seconds".to_owned());
    let of = |name: &str| Matcher::Full(name.to_owned());
    PrometheusBuilder::new()
        .set_buckets_for_metric(durations, &SECONDS)
        .and_then(|builder| builder.set_buckets_for_metric(of(gen_ai::DURATION), &gen_ai::DURATION_BUCKETS))
        .and_then(|builder| {
            builder.set_buckets_for_metric(of(gen_ai::FIRST_CHUNK), &gen_ai::DURATION_BUCKETS)
        })
        .and_then(|builder| {
            builder.set_buckets_for_metric(of(gen_ai::OUTPUT_CHUNK), &gen_ai::DURATION_BUCKETS)
        })
        .and_then(|builder| builder.set_buckets_for_metric(of(gen_ai::TOKENS), &gen_ai::TOKEN_BUCKETS))
        .context("set buckets")
}

/// Gives every metric of every crate its meaning.
fn describe() {
    for Metric { name, kind, meaning, .. } in metrics() {
        match kind {
            Kind::Counter => metrics::describe_counter!(*name, *meaning),
            Kind::Gauge => metrics::describe_gauge!(*name, *meaning),
            Kind::Histogram => metrics::describe_histogram!(*name, *meaning),
        }
    }
}

/// Every metric of every crate.
pub(crate) fn metrics() -> impl Iterator<Item = &'static Metric> {
    let steps = [
        account::metrics::METRICS,
        call::metrics::METRICS,
        gen_ai::METRICS,
        conversation::metrics::METRICS,
        crate::metrics::METRICS,
        deliver::metrics::METRICS,
        ingest::metrics::METRICS,
        outbound::metrics::METRICS,
        replay::mirror::metrics::METRICS,
    ];
    pipeline::metrics::all().chain(steps.into_iter().flatten())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_is_shown_with_its_meaning_and_as_what_it_is() {
        let meter = exporter().unwrap().build_recorder();
        metrics::with_local_recorder(&meter, || {
            describe();
            for metric in super::metrics() {
                match metric.kind {
                    Kind::Counter => metrics::counter!(metric.name).increment(1),
                    Kind::Gauge => metrics::gauge!(metric.name).set(1.0),
                    Kind::Histogram => metrics::histogram!(metric.name).record(1.0),
                }
            }
        });
        let shown = meter.handle().render();
        for Metric { name, kind, meaning, .. } in super::metrics() {
            for line in [format!("# HELP {name} {meaning}"), format!("# TYPE {name} {}", kind.label())] {
                assert!(shown.lines().any(|shown| shown == line), "{line} is not in\n{shown}");
            }
        }
    }
}
