//! What a route asks for.

mod targets;

use std::collections::{BTreeMap, BTreeSet};

use common::Action;
use safety::{Reason, Rule, searchable};
use schemas::Millis;
use schemas::conversation::ChatKind;
use schemas::event::MessageKind;
use schemas::ids::{BadId, GroupId, UserId};
use toml::Spanned;

use super::Checking;
use crate::complexity::Class;
use crate::hours::Hours;
use crate::raw::{RawAges, RawAsked, RawConditions, RawSafety, RawSpan};
use crate::route::{Again, Condition, Findings, NO_TIER, Span, Spoken};
use crate::validate::millis;
use crate::zone::Weekday;

/// Whoever has no tier, where no tier has this name.
const WITHOUT_TIER: &str = "none";
/// Longest time for which questions are remembered, in milliseconds.
const LONGEST_MEMORY: Millis = 24 * 60 * 60_000;
/// The largest score.
const MOST_POINTS: u64 = 1_000;

/// The conditions, cheap ones first.
pub(super) fn conditions(raw: &RawConditions, checking: &mut Checking<'_, '_>) -> Vec<Condition> {
    let places = [chat(raw, checking), message(raw, checking), bots(raw, checking), groups(raw, checking)];
    let places = places.into_iter().chain([tiers(raw, checking)]);
    let around = [ext(raw, checking), hours(raw, checking), weekdays(raw, checking), arms(raw, checking)];
    let past = [
        raw.age.as_ref().map(|ages| Condition::Age(age(ages, checking))),
        raw.safety.as_ref().map(|safety| Condition::Safety(findings(safety, checking))),
        raw.history_turns.as_ref().map(|raw| Condition::HistoryTurns(span(raw, u64::MAX, checking))),
        raw.history_tokens.as_ref().map(|raw| Condition::HistoryTokens(span(raw, u64::MAX, checking))),
    ];
    let text = [
        language(raw, checking),
        keywords(raw, checking),
        regex(raw, checking),
        raw.asked.as_ref().map(|asked| Condition::Asked(again(asked, checking))),
        complexity(raw, checking),
        raw.score.as_ref().map(|raw| Condition::Score(span(raw, MOST_POINTS, checking))),
    ];
    let world = [targets::targets(raw, checking)];
    places.chain(around).chain(past).chain(world).chain(text).flatten().collect()
}

/// What words of a list stand for. An empty list is told at the rule.
fn listed<T>(
    key: &str,
    raw: Option<&Vec<Spanned<String>>>,
    checking: &mut Checking<'_, '_>,
    mut read: impl FnMut(&Spanned<String>, &mut Checking<'_, '_>) -> Option<T>,
) -> Option<Vec<T>> {
    let raw = raw?;
    if raw.is_empty() {
        let (place, what) = (checking.place, format!("route {:?}: {key} names nothing", checking.rule));
        checking.problems.add(place, what);
    }
    Some(raw.iter().filter_map(|at| read(at, checking)).collect())
}

fn chat(raw: &RawConditions, checking: &mut Checking<'_, '_>) -> Option<Condition> {
    let words = [ChatKind::Chat, ChatKind::Group, ChatKind::Chatroom].map(|kind| (kind.label(), kind));
    let kinds = listed("chat", raw.chat.as_ref(), checking, |at, checking| checking.word(at, &words))?;
    Some(Condition::Chat(kinds.into_iter().collect()))
}

fn message(raw: &RawConditions, checking: &mut Checking<'_, '_>) -> Option<Condition> {
    use MessageKind::{Audio, Combined, Command, Custom, File, Image, Location, Other, Text, Video};
    let kinds = [Text, Image, Audio, Video, File, Location, Command, Custom, Combined, Other];
    let words = kinds.map(|kind| (kind.label(), kind));
    let kinds = listed("message", raw.message.as_ref(), checking, |at, checking| checking.word(at, &words))?;
    Some(Condition::Message(kinds))
}

fn bots(raw: &RawConditions, checking: &mut Checking<'_, '_>) -> Option<Condition> {
    let bots = listed("bot", raw.bot.as_ref(), checking, |at, checking| {
        let id = id(at, UserId::new(at.get_ref().clone()), checking)?;
        if !checking.scopes.iter().any(|scope| scope.app.bots.contains_key(&id)) {
            checking.wrong(at, format!("the bot {:?} is not configured", at.get_ref()));
        }
        Some(id)
    })?;
    Some(Condition::Bot(bots.into_iter().collect()))
}

fn groups(raw: &RawConditions, checking: &mut Checking<'_, '_>) -> Option<Condition> {
    let groups = listed("group", raw.group.as_ref(), checking, |at, checking| {
        id(at, GroupId::new(at.get_ref().clone()), checking)
    })?;
    Some(Condition::Group(groups.into_iter().collect()))
}

fn tiers(raw: &RawConditions, checking: &mut Checking<'_, '_>) -> Option<Condition> {
    let tiers = listed("tier", raw.tier.as_ref(), checking, |at, checking| {
        let name = at.get_ref();
        if checking.scopes.iter().any(|scope| scope.app.tier(name).is_some()) {
            return Some(name.clone());
        }
        if name == WITHOUT_TIER && checking.scopes.iter().any(|scope| !scope.app.tiers.is_empty()) {
            return Some(NO_TIER.to_owned());
        }
        checking.wrong(at, format!("the tier {name:?} is not configured"));
        Some(name.clone())
    })?;
    Some(Condition::Tier(tiers.into_iter().collect()))
}

fn id<T>(at: &Spanned<String>, read: Result<T, BadId>, checking: &mut Checking<'_, '_>) -> Option<T> {
    read.map_err(|error| checking.wrong(at, error)).ok()
}

fn ext(raw: &RawConditions, checking: &mut Checking<'_, '_>) -> Option<Condition> {
    let at = raw.ext.as_ref()?;
    let named = at.get_ref();
    if named.is_empty() || named.keys().any(|name| name.is_empty() || name.len() > 64) {
        checking.wrong(at, "ext names at least one field, by 1 to 64 bytes");
    }
    if named.values().flatten().any(|value| value.len() > crate::route::LONGEST_TAG) {
        checking.wrong(at, "values of ext have at most 128 bytes");
    }
    Some(Condition::Ext(sets(named)))
}

/// Lists as sets.
fn sets(lists: &BTreeMap<String, Vec<String>>) -> BTreeMap<String, BTreeSet<String>> {
    lists.iter().map(|(name, values)| (name.clone(), values.iter().cloned().collect())).collect()
}

fn hours(raw: &RawConditions, checking: &mut Checking<'_, '_>) -> Option<Condition> {
    let hours = listed("hours", raw.hours.as_ref(), checking, |at, checking| {
        needs_zone(at, checking);
        // They are read on the clocks of the app's zone, which is applied before.
        Hours::read(at.get_ref(), "+00:00").map_err(|what| checking.wrong(at, what)).ok()
    })?;
    Some(Condition::Hours(hours))
}

fn weekdays(raw: &RawConditions, checking: &mut Checking<'_, '_>) -> Option<Condition> {
    let words = Weekday::ALL.map(|day| (day.label(), day));
    let days = listed("weekdays", raw.weekdays.as_ref(), checking, |at, checking| {
        needs_zone(at, checking);
        checking.word(at, &words)
    })?;
    Some(Condition::Weekdays(days.into_iter().collect()))
}

fn needs_zone(at: &Spanned<String>, checking: &mut Checking<'_, '_>) {
    if let Some(scope) = checking.scopes.iter().find(|scope| scope.app.time_zone.is_none()) {
        let what = format!("hours and days need time_zone, which app {:?} does not have", scope.key);
        checking.wrong(at, what);
    }
}

fn arms(raw: &RawConditions, checking: &mut Checking<'_, '_>) -> Option<Condition> {
    let at = raw.arm.as_ref()?;
    let named = sets(at.get_ref());
    if named.is_empty() || named.values().any(BTreeSet::is_empty) {
        checking.wrong(at, "arm names an experiment, with at least one of its arms");
    }
    for (name, arms) in &named {
        let experiments = checking.scopes.iter().flat_map(|scope| &scope.app.experiments);
        let known: BTreeSet<&str> = experiments
            .filter(|experiment| experiment.name == *name)
            .flat_map(|experiment| experiment.arms.iter().map(|arm| arm.name.as_str()))
            .collect();
        if known.is_empty() {
            checking.wrong(at, format!("the experiment {name:?} is not configured"));
        } else if let Some(arm) = arms.iter().find(|arm| !known.contains(arm.as_str())) {
            checking.wrong(at, format!("the experiment {name:?} has no arm {arm:?}"));
        }
    }
    Some(Condition::Arm(named))
}

fn age(raw: &RawAges, checking: &mut Checking<'_, '_>) -> Span {
    let milliseconds =
        |at: &Spanned<crate::raw::Written>| u64::try_from(at.get_ref().0.as_millis()).unwrap_or(u64::MAX);
    let span = Span { from: raw.from.as_ref().map(milliseconds), to: raw.to.as_ref().map(milliseconds) };
    match (&raw.from, &raw.to) {
        (None, None) => nothing("age", checking),
        (Some(from), Some(_)) if span.from > span.to => checking.wrong(from, "it begins behind its end"),
        _ => {}
    }
    span
}

fn span(raw: &RawSpan, most: u64, checking: &mut Checking<'_, '_>) -> Span {
    let number = |at: &Spanned<u32>| u64::from(*at.get_ref());
    let span = Span { from: raw.from.as_ref().map(number), to: raw.to.as_ref().map(number) };
    match (&raw.from, &raw.to) {
        (None, None) => nothing("a range", checking),
        (Some(from), Some(_)) if span.from > span.to => checking.wrong(from, "it begins behind its end"),
        _ => {}
    }
    for at in raw.from.iter().chain(&raw.to).filter(|at| number(at) > most) {
        checking.wrong(at, format!("it may be at most {most}"));
    }
    span
}

fn nothing(what: &str, checking: &mut Checking<'_, '_>) {
    let (place, what) =
        (checking.place, format!("route {:?}: {what} has neither from nor to", checking.rule));
    checking.problems.add(place, what);
}

fn findings(raw: &RawSafety, checking: &mut Checking<'_, '_>) -> Findings {
    if raw.rules.is_empty() && raw.categories.is_empty() {
        let (place, what) = (checking.place, format!("route {:?}: safety names nothing", checking.rule));
        checking.problems.add(place, what);
    }
    let known = checking.names.known;
    for at in raw.rules.iter().filter(|at| !known.ids.contains(at.get_ref())) {
        checking.wrong(at, format!("the rule {:?} is not configured", at.get_ref()));
    }
    let of_rules = known.filter.rules.iter().map(|rule| rule.category.as_str());
    // The words of a dictionary are known by its name and their category.
    let of_words = known.ids.iter().filter_map(|id| {
        let (name, category) = id.split_once('/')?;
        known.filter.dictionaries.contains_key(name).then_some(category)
    });
    let categories: BTreeSet<&str> =
        of_rules.chain(of_words).filter(|category| !category.is_empty()).collect();
    for at in raw.categories.iter().filter(|at| !categories.contains(at.get_ref().as_str())) {
        checking.wrong(at, format!("no rule and no dictionary has the category {:?}", at.get_ref()));
    }
    let set = |raw: &[Spanned<String>]| raw.iter().map(|at| at.get_ref().clone()).collect();
    Findings { rules: set(&raw.rules), categories: set(&raw.categories) }
}

fn language(raw: &RawConditions, checking: &mut Checking<'_, '_>) -> Option<Condition> {
    let words = Spoken::ALL.map(|spoken| (spoken.label(), spoken));
    let named =
        listed("language", raw.language.as_ref(), checking, |at, checking| checking.word(at, &words))?;
    Some(Condition::Language(named.into_iter().collect()))
}

fn keywords(raw: &RawConditions, checking: &mut Checking<'_, '_>) -> Option<Condition> {
    let words = listed("keywords", raw.keywords.as_ref(), checking, |at, checking| {
        searchable(at.get_ref()).map_err(|reason| checking.wrong(at, reason)).ok()?;
        Some(at.get_ref().clone())
    })?;
    Some(Condition::Keywords(words))
}

fn regex(raw: &RawConditions, checking: &mut Checking<'_, '_>) -> Option<Condition> {
    let at = raw.regex.as_ref()?;
    let rule = Rule { regex: Some(at.get_ref().clone()), ..Rule::words("route", &[], Action::Pass) };
    if let Err(bad) = rule.check() {
        // It is told with a picture of where it is wrong, on several lines.
        let told: Reason = bad.reason;
        checking.wrong(at, told.to_string().lines().map(str::trim).collect::<Vec<_>>().join(" "));
    }
    Some(Condition::Regex(at.get_ref().clone()))
}

fn again(raw: &RawAsked, checking: &mut Checking<'_, '_>) -> Again {
    let again = Again { times: *raw.times.get_ref(), within_ms: millis(raw.within.get_ref().0) };
    if !(1..=15).contains(&again.times) {
        checking.wrong(&raw.times, "asked.times must be from 1 to 15");
    }
    if !(1..=LONGEST_MEMORY).contains(&again.within_ms) {
        checking.wrong(&raw.within, "asked.within must be more than zero and at most 24 hours");
    }
    again
}

fn complexity(raw: &RawConditions, checking: &mut Checking<'_, '_>) -> Option<Condition> {
    let words = Class::ALL.map(|class| (class.label(), class));
    let classes =
        listed("complexity", raw.complexity.as_ref(), checking, |at, checking| checking.word(at, &words))?;
    Some(Condition::Complexity(classes.into_iter().collect()))
}
