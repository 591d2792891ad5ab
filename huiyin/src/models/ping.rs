//! `huiyin models ping`: a real call to each target.

use std::sync::Arc;

use anyhow::{Context, bail};
use call::Pinged;
use catalogue::Target;
use pipeline::WallClock;
use schemas::ids::TargetName;
use serde::Serialize;

use super::Found;
use crate::config::Config;
use crate::table::aligned;

/// What came of one target.
#[derive(Serialize)]
struct Told {
    target: String,
    /// Which of its keys, counted from 1; absent where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<usize>,
    provider: &'static str,
    model: String,
    ok: bool,
    /// Class of the failure, or the local reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'static str>,
    /// The provider's own code.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    /// What went wrong, in our words.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// What is to be mended.
    #[serde(skip_serializing_if = "Option::is_none")]
    mend: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    took_ms: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    input: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<u64>,
    /// The provider's id of the call, for its support.
    #[serde(skip_serializing_if = "Option::is_none")]
    provider_request: Option<String>,
}

pub(super) async fn run(config: &Config, name: Option<&str>, json: bool) -> anyhow::Result<Found> {
    let Some(raw) = &config.call else { bail!("ping targets: section [call] is missing") };
    let settings = call::validate(raw, &config.bundle).map_err(|found| config.bad(found))?;
    if let Some(name) = name
        && !config.bundle.targets.keys().any(|known| known.as_str() == name)
    {
        let known: Vec<&str> = config.bundle.targets.keys().map(TargetName::as_str).collect();
        bail!("ping {name:?}: it is none of the targets {}", known.join(", "));
    }
    let mut told = Vec::new();
    for (target_name, target) in &config.bundle.targets {
        if name.is_some_and(|name| name != target_name.as_str()) {
            continue;
        }
        let keys = settings.keys(target_name);
        for number in 1..=keys {
            let settings = settings.clone().with_key(target_name, number);
            let pinged = call::ping(settings, &config.bundle, target_name, Arc::new(WallClock)).await;
            let pinged = pinged.with_context(|| format!("ping {target_name}"))?;
            let told_of = Told::of(target_name, target, pinged);
            told.push(Told { key: (keys > 1).then_some(number), ..told_of });
        }
    }
    let ok = told.iter().all(|told| told.ok);
    let text = if json { serde_json::to_string(&told)? + "\n" } else { table(&told) };
    Ok(Found { text, ok })
}

impl Told {
    fn of(name: &TargetName, target: &Target, pinged: Pinged) -> Self {
        let mend = pinged.advice(target);
        let attempt = pinged.attempt;
        let usage = attempt.as_ref().and_then(|attempt| attempt.usage.clone());
        let failed = pinged.failed.filter(|_| mend.is_some());
        let of_failure = |text: Option<String>| text.filter(|_| failed.is_some());
        Self {
            target: name.to_string(),
            key: None,
            provider: target.provider.label(),
            model: target.model.clone(),
            ok: mend.is_none(),
            error: failed,
            code: of_failure(attempt.as_ref().and_then(|attempt| attempt.code.clone())),
            status: attempt.as_ref().and_then(|attempt| attempt.status),
            detail: of_failure(attempt.as_ref().and_then(|attempt| attempt.detail.clone())),
            mend,
            took_ms: attempt.as_ref().map(|attempt| attempt.duration_ms),
            input: usage.as_ref().map(|usage| usage.input),
            output: usage.map(|usage| usage.output),
            provider_request: attempt.and_then(|attempt| attempt.provider_request),
        }
    }

    fn found(&self) -> String {
        let Self { error, code, status, mend, took_ms, .. } = self;
        match (error, mend) {
            (Some(error), Some(mend)) => {
                let status = status.map(|status| format!(" {status}")).unwrap_or_default();
                let code = code.as_ref().map(|code| format!(" {code}")).unwrap_or_default();
                format!("{error}{status}{code}: {mend}")
            }
            _ => format!("ok in {} ms", took_ms.unwrap_or_default()),
        }
    }
}

fn table(told: &[Told]) -> String {
    let key = |told: &Told| told.key.map_or_else(|| "-".to_owned(), |number| number.to_string());
    let row = |told: &Told| {
        [told.target.clone(), key(told), told.provider.to_owned(), told.model.clone(), told.found()]
    };
    let rows: Vec<[String; 5]> = told.iter().map(row).collect();
    aligned(["target", "key", "provider", "model", "found"], &rows)
}
