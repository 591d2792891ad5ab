//! From raw sections to a bundle: every problem is found in one go, with the line where it stands.

mod bots;
mod prices;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::time::Duration;

use common::Problem;
use safety::{Action, WordRule};
use schemas::answer::DeliveryClass;
use schemas::ids::{AppKey, TargetName};
use toml::Spanned;

use crate::app::{AnswerPolicy, App, ByHand, Canned, LanePolicy, NoAcknowledgement, RecordPolicy};
use crate::bundle::Bundle;
use crate::filter::Filter;
use crate::raw::{RawApp, RawCatalogue, RawTarget};
use crate::target::{OutputCap, Provider, Target};

pub use prices::warnings;

/// Collects problems while going on.
#[derive(Default)]
struct Problems(Vec<Problem>);

impl Problems {
    fn add(&mut self, place: &str, span: Option<Range<usize>>, what: impl Into<String>) {
        self.0.push(Problem { place: place.to_owned(), span: span.filter(|s| s.end > 0), what: what.into() });
    }

    fn take<T, E: std::fmt::Display>(
        &mut self,
        place: &str,
        at: &Spanned<String>,
        value: Result<T, E>,
    ) -> Option<T> {
        value.map_err(|error| self.add(place, Some(at.span()), error.to_string())).ok()
    }

    /// One of a closed list of words.
    fn word<T: Copy>(&mut self, place: &str, at: &Spanned<String>, words: &[(&str, T)]) -> Option<T> {
        let found = words.iter().find(|(word, _)| word == at.get_ref()).map(|(_, value)| *value);
        if found.is_none() {
            let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            self.add(place, Some(at.span()), format!("{:?} is none of {}", at.get_ref(), known.join(", ")));
        }
        found
    }
}

/// Checks every section and every reference between them.
///
/// # Errors
/// Every [`Problem`] that was found.
pub fn validate(raw: &RawCatalogue) -> Result<Bundle, Vec<Problem>> {
    let mut problems = Problems::default();
    let targets = targets(&raw.target, &mut problems);
    let prices = prices::prices(&raw.price, &targets, &mut problems);
    let filter = filter(raw, &mut problems);
    let mut apps = BTreeMap::new();
    for raw_app in &raw.app {
        let place = format!("app {:?}", raw_app.key.get_ref());
        let Some(key) = problems.take(&place, &raw_app.key, AppKey::new(raw_app.key.get_ref().clone()))
        else {
            continue;
        };
        let Some(app) = app(raw_app, &targets, &mut problems) else { continue };
        if apps.insert(key, app).is_some() {
            problems.add(&place, Some(raw_app.key.span()), "it is configured twice");
        }
    }
    if problems.0.is_empty() { Ok(Bundle::new(apps, targets, prices, filter)) } else { Err(problems.0) }
}

fn targets(raw: &[RawTarget], problems: &mut Problems) -> BTreeMap<TargetName, Target> {
    let mut targets = BTreeMap::new();
    for raw in raw {
        let place = format!("target {:?}", raw.name.get_ref());
        let name = problems.take(&place, &raw.name, TargetName::new(raw.name.get_ref().clone()));
        let provider = provider(&place, &raw.provider, problems);
        let caps =
            [("max_tokens", OutputCap::MaxTokens), ("max_completion_tokens", OutputCap::MaxCompletionTokens)];
        let cap = raw.output_cap.as_ref().map(|cap| problems.word(&place, cap, &caps));
        if raw.timeout.is_zero() || raw.context_tokens == 0 || raw.model.is_empty() || raw.region.is_empty() {
            problems.add(
                &place,
                Some(raw.name.span()),
                "timeout, context_tokens, model and region may not be empty",
            );
        }
        let (Some(name), Some(provider), Some(cap)) =
            (name, provider, cap.map_or(Some(None), |c| c.map(Some)))
        else {
            continue;
        };
        let own =
            if provider == Provider::Openai { OutputCap::MaxCompletionTokens } else { OutputCap::MaxTokens };
        let target = Target {
            provider,
            model: raw.model.clone(),
            region: raw.region.clone(),
            context_tokens: raw.context_tokens,
            timeout_ms: u64::try_from(raw.timeout.as_millis()).unwrap_or(u64::MAX),
            output_cap: cap.unwrap_or(own),
            temperature: raw.temperature,
        };
        if targets.insert(name, target).is_some() {
            problems.add(&place, Some(raw.name.span()), "it is configured twice");
        }
    }
    targets
}

fn provider(place: &str, at: &Spanned<String>, problems: &mut Problems) -> Option<Provider> {
    problems.word(place, at, &Provider::ALL.map(|p| (p.label(), p)))
}

fn filter(raw: &RawCatalogue, problems: &mut Problems) -> Filter {
    let actions = [
        ("mask", Action::Mask),
        ("replace", Action::Replace),
        ("hold", Action::Hold),
        ("block", Action::Block),
    ];
    let mut rules = BTreeMap::new();
    for word in &raw.filter.word {
        let place = format!("filter.word {:?}", word.id.get_ref());
        let Some(action) = problems.word(&place, &word.action, &actions) else { continue };
        if word.words.is_empty() || word.words.iter().any(|w| w.trim().is_empty()) {
            problems.add(&place, Some(word.id.span()), "it needs words, none of them empty");
        }
        let rule = WordRule { id: word.id.get_ref().clone(), words: word.words.clone(), action };
        if rules.insert(rule.id.clone(), rule).is_some() {
            problems.add(&place, Some(word.id.span()), "it is configured twice");
        }
    }
    Filter { rules: rules.into_values().collect() }
}

fn app(raw: &RawApp, targets: &BTreeMap<TargetName, Target>, problems: &mut Problems) -> Option<App> {
    let place = format!("app {:?}", raw.key.get_ref());
    let answer = [("intercept", AnswerPolicy::Intercept), ("pass", AnswerPolicy::Pass)];
    let unacknowledged = [("pass", NoAcknowledgement::Pass), ("reject", NoAcknowledgement::Reject)];
    let record = [("ai", RecordPolicy::Ai), ("hits", RecordPolicy::Hits), ("all", RecordPolicy::All)];
    let lane = [("sender", LanePolicy::Sender), ("conversation", LanePolicy::Conversation)];
    let delivery = [("resend", DeliveryClass::Resend), ("drop", DeliveryClass::Drop)];
    let (answer, unacknowledged) = (
        problems.word(&place, &raw.answer, &answer),
        problems.word(&place, &raw.no_acknowledgement, &unacknowledged),
    );
    let (record, lane) =
        (problems.word(&place, &raw.record, &record), problems.word(&place, &raw.lane, &lane));
    let delivery = problems.word(&place, &raw.delivery, &delivery);
    let by_hand = [("remember", ByHand::Remember), ("take_over", ByHand::TakeOver)];
    let by_hand = problems.word(&place, &raw.by_hand, &by_hand);
    limits(raw, &place, problems);
    let (bots, chain) = (bots::bots(raw, &place, problems), chain(raw, targets, &place, problems));
    Some(App {
        bots,
        answer: answer?,
        no_acknowledgement: unacknowledged?,
        record: record?,
        lane: lane?,
        chain,
        allowed_regions: raw.allowed_regions.clone(),
        system_prompt: raw.system_prompt.clone(),
        history_turns: raw.history_turns,
        max_output_tokens: raw.max_output_tokens,
        temperature_milli: raw.temperature_milli,
        answer_within_ms: millis(raw.answer_within),
        lost_after_ms: millis(raw.lost_after),
        merge_window_ms: millis(raw.merge_window),
        duplicate_horizon_ms: millis(raw.duplicate_horizon),
        forget_after_ms: millis(raw.forget_after),
        max_waiting_messages: raw.max_waiting_messages,
        max_waiting_bytes: raw.max_waiting_bytes,
        by_hand: by_hand?,
        part_bytes: raw.part_bytes,
        max_answer_parts: raw.max_answer_parts,
        delivery: delivery?,
        send_within_ms: millis(raw.send_within),
        canned: Canned {
            blocked: raw.canned.blocked.clone(),
            failed: raw.canned.failed.clone(),
            expired: raw.canned.expired.clone(),
            unfinished: raw.canned.unfinished.clone(),
            unanswerable: raw.canned.unanswerable.clone(),
            too_many: raw.canned.too_many.clone(),
            cut: raw.canned.cut.clone(),
        },
        label: raw.label.clone(),
    })
}

fn limits(raw: &RawApp, place: &str, problems: &mut Problems) {
    let span = Some(raw.key.span());
    let mut rule = |holds: bool, what: &str| {
        if !holds {
            problems.add(place, span.clone(), what);
        }
    };
    rule(!raw.answer_within.is_zero(), "answer_within may not be zero");
    rule(raw.lost_after >= raw.answer_within * 2, "lost_after must be at least twice answer_within");
    rule(raw.merge_window < raw.answer_within, "merge_window must be shorter than answer_within");
    rule(raw.duplicate_horizon >= Duration::from_secs(60), "duplicate_horizon must be at least one minute");
    rule(raw.forget_after > raw.lost_after, "forget_after must be longer than lost_after");
    rule(raw.forget_after > raw.duplicate_horizon, "forget_after must be longer than duplicate_horizon");
    rule(
        (256..=4_600).contains(&raw.part_bytes),
        "part_bytes must be from 256 to 4600: Easemob takes 5 KB with ext",
    );
    rule(raw.max_output_tokens > 0, "max_output_tokens may not be zero");
    let endings = raw.label.len() + raw.canned.cut.len();
    rule(
        endings < raw.part_bytes as usize / 2,
        "label and canned.cut must be shorter than half of part_bytes",
    );
    rule((1..=1_000).contains(&raw.max_answer_parts), "max_answer_parts must be from 1 to 1000");
    rule((1..=200).contains(&raw.max_waiting_messages), "max_waiting_messages must be from 1 to 200");
    rule(
        (1_024..=256 * 1_024).contains(&raw.max_waiting_bytes),
        "max_waiting_bytes must be from 1024 to 262144",
    );
    rule(raw.history_turns <= 1_000, "history_turns may be at most 1000");
    rule(raw.temperature_milli.is_none_or(|t| t <= 2_000), "temperature_milli may be at most 2000");
}

fn chain(
    raw: &RawApp,
    targets: &BTreeMap<TargetName, Target>,
    place: &str,
    problems: &mut Problems,
) -> Vec<TargetName> {
    let mut chain = Vec::new();
    let mut seen = BTreeSet::new();
    for at in &raw.chain {
        let Some(name) = problems.take(place, at, TargetName::new(at.get_ref().clone())) else { continue };
        match targets.get(&name) {
            None => problems.add(
                place,
                Some(at.span()),
                format!("its chain names the target {:?}, which is not configured", name.as_str()),
            ),
            Some(target) if !raw.allowed_regions.contains(&target.region) => {
                let what = format!(
                    "its chain can reach {name} in region {:?}, which is not in allowed_regions",
                    target.region
                );
                problems.add(place, Some(at.span()), what);
            }
            Some(target) if raw.max_output_tokens >= target.context_tokens => {
                let what = format!("max_output_tokens leaves no room for a prompt in the window of {name}");
                problems.add(place, Some(at.span()), what);
            }
            Some(_) if !seen.insert(name.clone()) => {
                problems.add(place, Some(at.span()), format!("its chain names {name} twice"));
            }
            Some(_) => chain.push(name),
        }
    }
    if raw.chain.is_empty() {
        problems.add(place, Some(raw.key.span()), "its chain names no target");
    }
    chain
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
