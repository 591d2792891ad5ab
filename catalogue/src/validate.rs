//! From raw sections to a bundle: every problem is found in one go, with the line where it stands.

mod bots;
mod day;
mod dialogue;
mod experiments;
mod filter;
mod labels;
mod media;
mod models;
mod output;
mod people;
mod personal;
mod prices;
mod reviewers;
mod routes;
mod targets;
mod tiers;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use common::{Problem, Problems, Secret};
use schemas::Millis;
use schemas::answer::DeliveryClass;
use schemas::ids::{AppKey, TargetName};
use toml::Spanned;

use crate::app::{AnswerPolicy, App, ByHand, Cancel, Canned, LanePolicy, NoAcknowledgement, RecordPolicy};
use crate::bundle::Bundle;
use crate::filter::Contents;
use crate::models::Models;
use crate::raw::{Files, RawApp, RawCanned, RawCatalogue};
use crate::reviewer::Reviewer;
use crate::target::{OutputCap, Provider, Target};

pub use day::shown as shown_day;
pub(crate) use models::model;
pub use prices::{ShippedPrice, shipped_prices, table as price_table};

/// Most bytes of everything that is stored of a conversation.
const STATE_BYTES: u32 = 32 * 1_024;

/// Checks every section and every reference between them.
///
/// # Errors
/// Every [`Problem`] that was found.
pub fn validate(raw: &RawCatalogue) -> Result<Bundle, Vec<Problem>> {
    let (bundle, problems) = check(raw);
    if problems.is_empty() { Ok(bundle) } else { Err(problems) }
}

/// What is allowed and probably not meant, at that time: targets without a price, prices of nothing, prices that end, models that are
/// unknown, retired or soon to be.
pub fn warnings(raw: &RawCatalogue, bundle: &Bundle, now: Millis) -> Vec<Problem> {
    let mut found = prices::warnings(raw, bundle, now);
    found.extend(models::warnings(raw, bundle, now));
    found
}

/// Texts of every content that the bundle of these sections names, by the files that it was made of.
pub(crate) fn contents(raw: &RawCatalogue) -> Contents {
    let mut contents = filter::contents(&raw.filter);
    tiers::add_contents(raw, &mut contents);
    contents
}

/// Checks as [`validate`] does, and makes a bundle in any case: of every app and target whose name can be used, with defaults for
/// what is wrong in it. Other sections can be checked against its names, so that their problems are told in the same run.
pub fn check(raw: &RawCatalogue) -> (Bundle, Vec<Problem>) {
    let mut problems = Problems::default();
    let models = Models::checked(&raw.model, &mut problems);
    let mut targets = targets::targets(&raw.target, &models, &mut problems);
    let prices = prices::prices(raw, &targets, &mut problems);
    let known = filter::filter(&raw.filter, &mut problems);
    let keys = personal::hash_keys(raw, &mut problems);
    let reviewers = reviewers::reviewers(&raw.reviewer, &targets, &mut problems);
    let mut apps = BTreeMap::new();
    for raw_app in &raw.app {
        let place = format!("app {:?}", raw_app.key.get_ref());
        let key = problems.take_at(&place, &raw_app.key, AppKey::new(raw_app.key.get_ref().clone()));
        let around = Around {
            targets: &targets,
            reviewers: &reviewers,
            known: &known,
            keys: &keys,
            files: &raw.files,
        };
        let mut app = app(raw_app, &around, &place, &mut problems);
        let names = routes::Names { targets: &targets, models: &models, known: &known };
        let scope = routes::Scope { key: raw_app.key.get_ref(), app: &app };
        app.routes = routes::own(&raw_app.route, scope, names, &mut problems);
        if key.is_some_and(|key| apps.insert(key, app).is_some()) {
            problems.add_at(&place, &raw_app.key, "it is configured twice");
        }
    }
    let names = routes::Names { targets: &targets, models: &models, known: &known };
    let routes = routes::shared(&raw.route, &apps, names, &mut problems);
    routes::switch_thinking(&routes, &apps, &mut targets, &models);
    let bundle = Bundle::new(apps, targets, prices, known.filter).routed_by(routes);
    let bundle = bundle.reviewed_by(reviewers).keyed(keys.into_values().collect());
    (bundle, problems.into_vec())
}

fn provider(place: &str, at: &Spanned<String>, problems: &mut Problems) -> Option<Provider> {
    problems.word(place, at, &Provider::ALL.map(|p| (p.label(), p)))
}

fn output_cap(place: &str, at: &Spanned<String>, problems: &mut Problems) -> Option<OutputCap> {
    let caps =
        [("max_tokens", OutputCap::MaxTokens), ("max_completion_tokens", OutputCap::MaxCompletionTokens)];
    problems.word(place, at, &caps)
}

/// What an app may name.
struct Around<'a> {
    targets: &'a BTreeMap<TargetName, Target>,
    reviewers: &'a BTreeMap<TargetName, Reviewer>,
    known: &'a filter::Known,
    keys: &'a BTreeMap<String, Secret>,
    files: &'a Files,
}

/// What an app says in words; the default where a word is wrong.
struct Words {
    answer: AnswerPolicy,
    no_acknowledgement: NoAcknowledgement,
    record: RecordPolicy,
    lane: LanePolicy,
    delivery: DeliveryClass,
    by_hand: ByHand,
    cancel: Cancel,
}

fn words(raw: &RawApp, place: &str, problems: &mut Problems) -> Words {
    let answer = [("intercept", AnswerPolicy::Intercept), ("pass", AnswerPolicy::Pass)];
    let unacknowledged = [("pass", NoAcknowledgement::Pass), ("reject", NoAcknowledgement::Reject)];
    let record = [("ai", RecordPolicy::Ai), ("hits", RecordPolicy::Hits), ("all", RecordPolicy::All)];
    let lane = [("sender", LanePolicy::Sender), ("conversation", LanePolicy::Conversation)];
    let delivery = [("resend", DeliveryClass::Resend), ("drop", DeliveryClass::Drop)];
    let by_hand = [("remember", ByHand::Remember), ("take_over", ByHand::TakeOver)];
    let cancel = [("cut", Cancel::Cut), ("run_on", Cancel::RunOn)];
    Words {
        answer: problems.word(place, &raw.answer, &answer).unwrap_or(AnswerPolicy::Intercept),
        no_acknowledgement: problems
            .word(place, &raw.no_acknowledgement, &unacknowledged)
            .unwrap_or(NoAcknowledgement::Pass),
        record: problems.word(place, &raw.record, &record).unwrap_or(RecordPolicy::Hits),
        lane: problems.word(place, &raw.lane, &lane).unwrap_or(LanePolicy::Sender),
        delivery: problems.word(place, &raw.delivery, &delivery).unwrap_or(DeliveryClass::Resend),
        by_hand: problems.word(place, &raw.by_hand, &by_hand).unwrap_or(ByHand::Remember),
        cancel: problems.word(place, &raw.cancel, &cancel).unwrap_or(Cancel::Cut),
    }
}

fn app(raw: &RawApp, around: &Around<'_>, place: &str, problems: &mut Problems) -> App {
    let words = words(raw, place, problems);
    limits(raw, place, problems);
    let asked = Asked { names: &raw.chain, tokens: raw.max_output_tokens };
    let bots = bots::bots(raw, place, problems);
    let review = reviewers::policy(raw, around.reviewers, around.targets, place, problems);
    let people = people::people(raw, review.as_ref(), place, problems);
    App {
        bots,
        answer: words.answer,
        no_acknowledgement: words.no_acknowledgement,
        record: words.record,
        lane: words.lane,
        chain: chain(asked, raw, around.targets, place, problems),
        allowed_regions: raw.allowed_regions.clone(),
        system_prompt: raw.system_prompt.clone(),
        history_turns: raw.history_turns,
        max_output_tokens: raw.max_output_tokens,
        temperature_milli: raw.temperature_milli,
        fallback_after_block: raw.fallback_after_block,
        hedge_after_ms: hedge_after(raw, place, problems),
        answer_within_ms: millis(raw.answer_within),
        lost_after_ms: millis(raw.lost_after),
        merge_window_ms: millis(raw.merge_window),
        duplicate_horizon_ms: millis(raw.duplicate_horizon),
        forget_after_ms: millis(raw.forget_after),
        max_waiting_messages: raw.max_waiting_messages,
        max_waiting_bytes: raw.max_waiting_bytes,
        state_bytes: Some(STATE_BYTES),
        by_hand: words.by_hand,
        cancel: words.cancel,
        retract_on_recall: raw.retract_on_recall,
        keep_answers: raw.keep_answers,
        part_bytes: raw.part_bytes,
        max_answer_parts: raw.max_answer_parts,
        delivery: words.delivery,
        send_within_ms: millis(raw.send_within),
        canned: canned(&raw.canned),
        label: raw.label.get_ref().clone(),
        labels: Some(labels::labels(raw, place, problems)),
        output: output::output(raw, &around.known.ids, place, problems),
        people,
        filter: filter::used(&raw.filter, &around.known.filter, place, problems),
        personal_data: personal::personal_data(raw, around.keys, place, problems),
        injection: personal::injection(raw, place, problems),
        prompt_leak: personal::prompt_leak(raw, place, problems),
        review,
        mention: dialogue::mention(raw, place, problems),
        while_answering: dialogue::while_answering(raw, words.cancel, place, problems),
        session: dialogue::session(raw, around.targets, place, problems),
        commands: dialogue::commands(raw, place, problems),
        staff: dialogue::staff(raw, place, problems),
        notice: dialogue::notice(raw, place, problems),
        routes: Vec::new(),
        experiments: experiments::experiments(raw, place, problems),
        complexity: experiments::thresholds(raw, place, problems),
        time_zone: experiments::zone(raw, place, problems),
        tiers: tiers::tiers(raw, around.targets, place, problems),
        tier_table: tiers::table(raw, around.files, place, problems),
        media: media::media(raw, place, problems),
    }
}

fn canned(raw: &RawCanned) -> Canned {
    Canned {
        blocked: raw.blocked.clone(),
        blocked_texts: raw.blocked_texts.clone(),
        failed: raw.failed.clone(),
        expired: raw.expired.clone(),
        unfinished: raw.unfinished.clone(),
        unanswerable: raw.unanswerable.clone(),
        too_many: raw.too_many.clone(),
        cut: raw.cut.clone(),
    }
}

/// After how many milliseconds a second attempt starts.
fn hedge_after(raw: &RawApp, place: &str, problems: &mut Problems) -> Option<u32> {
    let at = raw.hedge_after.as_ref()?;
    let after = at.get_ref().0;
    let milliseconds = u32::try_from(after.as_millis()).unwrap_or(u32::MAX);
    let why = match () {
        () if milliseconds == 0 => "hedge_after must be more than zero",
        () if after >= raw.answer_within => "hedge_after must be shorter than answer_within",
        () if raw.chain.len() < 2 => "hedge_after: the chain has no second target",
        () => return Some(milliseconds),
    };
    problems.add_at(place, at, why);
    None
}

fn limits(raw: &RawApp, place: &str, problems: &mut Problems) {
    let mut rule = |holds: bool, what: &str| {
        if !holds {
            problems.add(place, what);
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
    rule(
        json_size(&raw.canned.cut) < raw.part_bytes as usize / 2,
        "label and canned.cut must be shorter than half of part_bytes",
    );
    rule(json_size(&raw.canned.cut) <= 1_024, "canned.cut may have at most 1024 bytes");
    rule((1..=1_000).contains(&raw.max_answer_parts), "max_answer_parts must be from 1 to 1000");
    rule((1..=200).contains(&raw.max_waiting_messages), "max_waiting_messages must be from 1 to 200");
    rule(
        (1_024..=256 * 1_024).contains(&raw.max_waiting_bytes),
        "max_waiting_bytes must be from 1024 to 262144",
    );
    rule(raw.history_turns <= 1_000, "history_turns may be at most 1000");
    rule(raw.temperature_milli.is_none_or(|t| t <= 2_000), "temperature_milli may be at most 2000");
}

/// Names of targets, and what an answer of theirs may take.
struct Asked<'a> {
    names: &'a [Spanned<String>],
    tokens: u32,
}

fn chain(
    Asked { names, tokens }: Asked<'_>,
    raw: &RawApp,
    targets: &BTreeMap<TargetName, Target>,
    place: &str,
    problems: &mut Problems,
) -> Vec<TargetName> {
    let mut chain = Vec::new();
    let mut seen = BTreeSet::new();
    for at in names {
        let Some(name) = problems.take_at(place, at, TargetName::new(at.get_ref().clone())) else { continue };
        match targets.get(&name) {
            None => problems.add_at(
                place,
                at,
                format!("its chain names the target {:?}, which is not configured", name.as_str()),
            ),
            Some(target) if !raw.allowed_regions.contains(&target.region) => {
                let what = format!(
                    "its chain can reach {name} in region {:?}, which is not in allowed_regions",
                    target.region
                );
                problems.add_at(place, at, what);
            }
            Some(target) if tokens >= target.context_tokens => {
                let what = format!("max_output_tokens leaves no room for a prompt in the window of {name}");
                problems.add_at(place, at, what);
            }
            Some(_) if !seen.insert(name.clone()) => {
                problems.add_at(place, at, format!("its chain names {name} twice"));
            }
            Some(_) => chain.push(name),
        }
    }
    if names.is_empty() {
        problems.add_at(place, &raw.key, "its chain names no target");
    }
    chain
}

/// Bytes of a text as JSON, without the quotes.
fn json_size(text: &str) -> usize {
    serde_json::Value::from(text).to_string().len().saturating_sub(2)
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
