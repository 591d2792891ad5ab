//! The list of targets.

use std::collections::BTreeMap;

use catalogue::model_traits::{Caching, Thinking};
use catalogue::{Models, Target, shown_day};
use schemas::Millis;
use serde::Serialize;

use super::Found;
use super::health::{self, Health, KeyHealth};
use super::price::Shown;
use crate::check::now;
use crate::config::Config;
use crate::table::aligned;

/// One target, as it is told.
#[derive(Serialize)]
struct Listed {
    name: String,
    provider: &'static str,
    model: String,
    /// The table of models has it.
    known: bool,
    region: String,
    context_tokens: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_output_tokens: Option<u32>,
    temperature: bool,
    thinking: Thinking,
    caching: Caching,
    #[serde(skip_serializing_if = "Option::is_none")]
    retires: Option<String>,
    /// Which prices hold: `shipped` where the file has none of its own, or `own` only.
    prices: String,
    /// The one that holds now; null if its calls have no cost.
    price: Option<Shown>,
    key: Key,
    /// How many keys it has: limits are those of each, and calls take turns.
    keys: usize,
    limits: Limits,
    /// What a running process tells; absent if none answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    health: Option<Health>,
}

#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
enum Key {
    Set,
    NotSet,
    /// There is no `[[call.target]]` of its name.
    NoEntry,
}

/// The limits of a key that the file sets, summed over all instances.
#[derive(Default, Serialize)]
struct Limits {
    #[serde(skip_serializing_if = "Option::is_none")]
    requests_per_second: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    requests_per_minute: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tokens_per_minute: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    input_tokens_per_minute: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_tokens_per_minute: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_concurrent: Option<u32>,
}

impl Limits {
    fn line(&self) -> String {
        let parts = [
            self.requests_per_second.map(|limit| format!("{limit}/s")),
            self.requests_per_minute.map(|limit| format!("{limit}/min")),
            self.tokens_per_minute.map(|limit| format!("{limit} tokens/min")),
            self.input_tokens_per_minute.map(|limit| format!("{limit} input/min")),
            self.output_tokens_per_minute.map(|limit| format!("{limit} output/min")),
            self.max_concurrent.map(|limit| format!("{limit} at once")),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        if parts.is_empty() { "-".to_owned() } else { parts.join(", ") }
    }
}

pub(super) async fn list(config: &Config, json: bool) -> anyhow::Result<Found> {
    let health = health::of_process(config.admin).await;
    let (mut told, process) = match health {
        Ok(told) => (told, format!("health: as the process at {} has seen it", config.admin)),
        Err(error) => {
            (BTreeMap::new(), format!("health: no process tells it at {}: {error:#}", config.admin))
        }
    };
    let listed = listed(config, now(), &mut told);
    let text = if json {
        serde_json::to_string(&listed)? + "\n"
    } else {
        let warnings: String =
            config.warnings(now()).iter().map(|line| format!("warning: {line}\n")).collect();
        format!("{}{process}\n{warnings}", table(&listed))
    };
    Ok(Found { text, ok: true })
}

fn listed(config: &Config, now: Millis, health: &mut BTreeMap<String, Health>) -> Vec<Listed> {
    let (sections, models) = (config.sections(), Models::with(&config.sections().model));
    let listed = config.bundle.targets.iter().map(|(name, target)| {
        let model = models.of(target.provider, &target.model);
        let raw = sections.target.iter().find(|raw| raw.name.get_ref() == name.as_str());
        let (key, keys, limits) = entry(config, name.as_str());
        Listed {
            name: name.to_string(),
            provider: target.provider.label(),
            model: target.model.clone(),
            known: model.is_some(),
            region: target.region.clone(),
            context_tokens: target.context_tokens,
            max_output_tokens: target.traits.max_output_tokens,
            temperature: target.temperature,
            thinking: target.traits.thinking,
            caching: target.traits.caching,
            retires: model.and_then(|model| model.retires).map(shown_day),
            prices: raw.map_or_else(String::new, |raw| raw.prices.get_ref().clone()),
            price: price(config, target, now),
            key,
            keys,
            limits,
            health: health.remove(name.as_str()),
        }
    });
    listed.collect()
}

fn price(config: &Config, target: &Target, now: Millis) -> Option<Shown> {
    let price = config.bundle.price(target, now)?;
    let written = config.sections().price.iter().find(|raw| {
        let is_scope = raw.model.get_ref() == &price.model && raw.region == price.region;
        let is_hours = raw.hours.is_some() == price.hours.is_some();
        is_scope && is_hours && raw.from.get_ref() == &shown_day(price.from)
    });
    Some(Shown::of(price, target, written.and_then(|raw| raw.source.clone())))
}

fn entry(config: &Config, name: &str) -> (Key, usize, Limits) {
    let entries = config.call.iter().flat_map(|call| &call.target);
    let Some(entry) = entries.into_iter().find(|entry| entry.name.get_ref() == name) else {
        return (Key::NoEntry, 0, Limits::default());
    };
    let limits = Limits {
        requests_per_second: entry.requests_per_second,
        requests_per_minute: entry.requests_per_minute,
        tokens_per_minute: entry.tokens_per_minute,
        input_tokens_per_minute: entry.input_tokens_per_minute,
        output_tokens_per_minute: entry.output_tokens_per_minute,
        max_concurrent: entry.max_concurrent,
    };
    let keys = usize::from(!entry.api_key.is_empty()) + entry.api_keys.len();
    (if keys == 0 { Key::NotSet } else { Key::Set }, keys, limits)
}

fn table(listed: &[Listed]) -> String {
    let header = [
        "target",
        "provider",
        "model",
        "region",
        "window",
        "price per million in/out",
        "retires",
        "key",
        "limits",
        "health",
    ];
    let unknown = |known: bool| if known { "" } else { " (unknown)" };
    let rows: Vec<[String; 10]> = listed
        .iter()
        .map(|one| {
            [
                one.name.clone(),
                one.provider.to_owned(),
                format!("{}{}", one.model, unknown(one.known || one.provider == "local")),
                one.region.clone(),
                one.context_tokens.to_string(),
                one.price.as_ref().map_or_else(|| "none".to_owned(), Shown::line),
                one.retires.clone().unwrap_or_else(|| "-".to_owned()),
                match one.key {
                    Key::Set if one.keys > 1 => format!("{} set", one.keys),
                    Key::Set => "set".to_owned(),
                    Key::NotSet => "not set".to_owned(),
                    Key::NoEntry => "no [[call.target]]".to_owned(),
                },
                one.limits.line(),
                one.health.as_ref().map_or_else(|| "-".to_owned(), Health::line),
            ]
        })
        .collect();
    let keys = listed.iter().filter_map(|one| Some((one, one.health.as_ref()?))).flat_map(|(one, health)| {
        let line = |(number, key): (&u16, &KeyHealth)| format!("{} key {number}: {}\n", one.name, key.line());
        health.keys.iter().filter(|_| one.keys > 1).map(line).collect::<Vec<_>>()
    });
    let keys: String = keys.collect();
    aligned(header, &rows) + &keys
}
