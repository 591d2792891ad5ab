//! How targets are, as the options of the command line have it.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, bail};
use catalogue::Bundle;
use clap::Args;
use schemas::conditions::{Standing, TargetConditions};
use schemas::ids::TargetName;

use crate::rehearse::targets::condition;

/// What call has told of its targets when the message comes.
#[derive(Debug, Args)]
pub(super) struct Told {
    /// A target whose breaker is open; several are given one by one
    #[arg(long, value_name = "TARGET")]
    open: Vec<String>,
    /// A target that is left alone for a time
    #[arg(long, value_name = "TARGET")]
    cooling: Vec<String>,
    /// How long calls wait at a target, such as main=8s
    #[arg(long, value_name = "TARGET=TIME")]
    waiting: Vec<String>,
}

impl Told {
    /// The targets of which something is told.
    ///
    /// # Errors
    /// When the configuration does not have one of them, one is open and cooling, or a time cannot be read.
    pub(super) fn read(&self, bundle: &Bundle) -> anyhow::Result<BTreeMap<TargetName, TargetConditions>> {
        let mut told: BTreeMap<TargetName, (Standing, Duration)> = BTreeMap::new();
        let states =
            [("--open", &self.open, Standing::Open), ("--cooling", &self.cooling, Standing::Cooling)];
        for (option, names, state) in states {
            for name in names {
                let before = told.insert(known(bundle, option, name)?, (state, Duration::ZERO));
                if before.is_some_and(|(before, _)| before != state) {
                    bail!("read {option}: the target {name} is open and cooling");
                }
            }
        }
        for waiting in &self.waiting {
            let Some((name, time)) = waiting.split_once('=') else {
                bail!("read --waiting {waiting:?}: it is not target=time")
            };
            let time =
                humantime::parse_duration(time).with_context(|| format!("read --waiting {waiting:?}"))?;
            told.entry(known(bundle, "--waiting", name)?).or_default().1 = time;
        }
        let for_all = |(state, wait)| TargetConditions {
            for_all: condition(state, wait),
            ..TargetConditions::default()
        };
        Ok(told.into_iter().map(|(name, told)| (name, for_all(told))).collect())
    }
}

fn known(bundle: &Bundle, option: &str, name: &str) -> anyhow::Result<TargetName> {
    let found = bundle.targets.keys().find(|target| target.as_str() == name).cloned();
    found.with_context(|| format!("read {option}: the configuration has no target {name:?}"))
}
