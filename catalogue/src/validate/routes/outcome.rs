//! What follows from a route.

use std::collections::BTreeSet;

use safety::is_blank;
use schemas::Millis;
use schemas::ids::{TargetName, UserId};
use toml::Spanned;

use super::{Checking, chain_of};
use crate::model_traits::{Thinking, ThinkingSwitch};
use crate::models::{Models, Thinks};
use crate::raw::RawOutcome;
use crate::route::{Ask, Outcome, Person};
use crate::target::{Provider, Target};
use crate::template;
use crate::validate::millis;

/// Most texts at which an answer ends, and most characters of one: what every provider that has them takes.
const STOPS: usize = 4;
const LONGEST_STOP: usize = 20;
/// The hottest temperature, in thousandths.
const HOTTEST: u32 = 2_000;

/// Reads what follows. A route that answers by itself asks no model.
pub(super) fn outcome(name: &Spanned<String>, raw: &RawOutcome, checking: &mut Checking<'_, '_>) -> Outcome {
    let asks = raw.chain.is_some()
        || raw.temperature_milli.is_some()
        || raw.max_output_tokens.is_some()
        || raw.thinking.is_some()
        || raw.stop.is_some()
        || raw.prompt.is_some()
        || raw.history_turns.is_some()
        || raw.history_tokens.is_some()
        || raw.answer_within.is_some()
        || raw.avoid_open.is_some()
        || raw.pin.is_some()
        || raw.vision.is_some();
    if usize::from(asks) + usize::from(raw.say.is_some()) + usize::from(raw.person.is_some()) > 1 {
        checking.wrong(name, "say and person stand alone: no model is asked");
    }
    if let Some(text) = raw.person_text.as_ref().filter(|_| raw.person.is_none()) {
        checking.wrong(text, "person_text needs person");
    }
    match (&raw.say, &raw.person) {
        (Some(text), _) => {
            if is_blank(text.get_ref()) {
                checking.wrong(text, "say: nobody would see it");
            }
            Outcome::Say(text.get_ref().clone())
        }
        (None, Some(id)) => person(id, raw, checking)
            .map_or_else(|| Outcome::Ask(Box::new(ask(name, raw, checking))), Outcome::Person),
        (None, None) => Outcome::Ask(Box::new(ask(name, raw, checking))),
    }
}

fn person(at: &Spanned<String>, raw: &RawOutcome, checking: &mut Checking<'_, '_>) -> Option<Person> {
    let id = UserId::new(at.get_ref().clone()).map_err(|error| checking.wrong(at, error)).ok()?;
    if checking.scopes.iter().any(|scope| scope.app.bots.contains_key(&id)) {
        checking.wrong(at, "person: it is a bot");
    }
    let text = raw.person_text.as_ref().map(|text| text.get_ref().clone()).unwrap_or_default();
    Some(Person { id, text })
}

fn ask(name: &Spanned<String>, raw: &RawOutcome, checking: &mut Checking<'_, '_>) -> Ask {
    let chain = chain(name, raw, checking);
    if let Some(at) = raw.temperature_milli.as_ref().filter(|at| *at.get_ref() > HOTTEST) {
        checking.wrong(at, "temperature_milli may be at most 2000");
    }
    if let Some(at) = raw.max_output_tokens.as_ref().filter(|at| *at.get_ref() == 0) {
        checking.wrong(at, "max_output_tokens may not be zero");
    }
    if let Some(at) = &raw.prompt {
        prompt(at, checking);
    }
    let words = [("on", true), ("off", false)];
    let ask = Ask {
        chain,
        temperature_milli: raw.temperature_milli.as_ref().map(|at| *at.get_ref()),
        max_output_tokens: raw.max_output_tokens.as_ref().map(|at| *at.get_ref()),
        thinking: raw.thinking.as_ref().and_then(|at| checking.word(at, &words)),
        stop: stops(raw, checking),
        prompt: raw.prompt.as_ref().map(|at| at.get_ref().clone()),
        history_turns: raw.history_turns,
        history_tokens: raw.history_tokens,
        answer_within_ms: answer_within(raw, checking),
        avoid_open: raw.avoid_open.unwrap_or(false),
        pin: raw.pin,
        vision: raw.vision.as_ref().is_some_and(|at| *at.get_ref()),
    };
    fits(name, raw, &ask, checking);
    if let Some(at) = raw.vision.as_ref().filter(|at| *at.get_ref()) {
        vision(at, &ask, checking);
    }
    ask
}

/// Whether every model that may be asked sees pictures, and the apps say which ones.
fn vision(at: &Spanned<bool>, ask: &Ask, checking: &mut Checking<'_, '_>) {
    let (names, scopes) = (checking.names, checking.scopes);
    for scope in scopes {
        let has_source = scope
            .app
            .media
            .as_ref()
            .is_some_and(|media| !media.hosts.is_empty() || media.image_url.is_some());
        if !has_source {
            let what = "vision needs hosts or image_url in [app.media], which app";
            return checking.wrong(at, format!("{what} {:?} does not have", scope.key));
        }
        let blind =
            chain_of(ask, scope.app).iter().filter_map(|target| Some((target, names.targets.get(target)?)));
        let blind = blind.into_iter().find(|(_, of)| !sees(of, names.models));
        if let Some((target, of)) = blind {
            let what = format!(
                "vision: its chain can reach {target}, whose model {:?} is not known to see pictures; where it does, vision = true of a [[model]] row says so",
                of.model
            );
            return checking.wrong(at, what);
        }
    }
}

fn sees(target: &Target, models: &Models) -> bool {
    models.of(target.provider, &target.model).and_then(|model| model.vision) == Some(true)
}

fn prompt(at: &Spanned<String>, checking: &mut Checking<'_, '_>) {
    let named = match template::check(at.get_ref()) {
        Ok(named) => named,
        Err(bad) => return checking.wrong(at, format!("prompt: {bad}")),
    };
    if named.contains(template::OF_TIERS)
        && let Some(scope) = checking.scopes.iter().find(|scope| scope.app.tiers.is_empty())
    {
        let what = format!("prompt: tier needs [[app.tier]], which app {:?} does not have", scope.key);
        checking.wrong(at, what);
    }
    let of_clocks = template::OF_CLOCKS.into_iter().find(|name| named.contains(*name));
    let without = checking.scopes.iter().find(|scope| scope.app.time_zone.is_none());
    if let Some((name, scope)) = of_clocks.zip(without) {
        checking
            .wrong(at, format!("prompt: {name} needs time_zone, which app {:?} does not have", scope.key));
    }
}

/// The chain of the rule's own, every target known and allowed in every app that the rule is for.
fn chain(name: &Spanned<String>, raw: &RawOutcome, checking: &mut Checking<'_, '_>) -> Vec<TargetName> {
    let Some(written) = &raw.chain else { return Vec::new() };
    if written.is_empty() {
        checking.wrong(name, "its chain names no target");
    }
    let mut chain = Vec::new();
    for at in written {
        let Some((target, of)) =
            checking.names.targets.iter().find(|(known, _)| known.as_str() == at.get_ref())
        else {
            checking
                .wrong(at, format!("its chain names the target {:?}, which is not configured", at.get_ref()));
            continue;
        };
        let leaves = checking.scopes.iter().find(|scope| !scope.app.allowed_regions.contains(&of.region));
        if let Some(scope) = leaves {
            let (region, key) = (&of.region, scope.key);
            let what = format!(
                "its chain can reach {target} in region {region:?}, which is not in allowed_regions of app {key:?}"
            );
            checking.wrong(at, what);
        }
        if chain.contains(target) {
            checking.wrong(at, format!("its chain names {target} twice"));
            continue;
        }
        chain.push(target.clone());
    }
    chain
}

fn stops(raw: &RawOutcome, checking: &mut Checking<'_, '_>) -> Vec<String> {
    let Some(written) = &raw.stop else { return Vec::new() };
    for at in written.iter().skip(STOPS) {
        checking.wrong(at, format!("stop: providers take {STOPS} texts"));
    }
    let mut seen = BTreeSet::new();
    for at in written {
        let text = at.get_ref();
        // Claude refuses those that are blank.
        if text.trim().is_empty() || text.chars().count() > LONGEST_STOP || !seen.insert(text) {
            checking.wrong(at, "stop: each is another text of 1 to 20 characters, not all of them blank");
        }
    }
    written.iter().map(|at| at.get_ref().clone()).collect()
}

fn answer_within(raw: &RawOutcome, checking: &mut Checking<'_, '_>) -> Option<Millis> {
    let at = raw.answer_within.as_ref()?;
    let within = millis(at.get_ref().0);
    if within == 0 {
        checking.wrong(at, "answer_within may not be zero");
    }
    if let Some(scope) =
        checking.scopes.iter().find(|scope| scope.app.lost_after_ms < within.saturating_mul(2))
    {
        let what = format!("lost_after of app {:?} must be at least twice its answer_within", scope.key);
        checking.wrong(at, what);
    }
    Some(within)
}

/// Whether the answer fits the windows, and a model can be told about thinking, in every app.
fn fits(name: &Spanned<String>, raw: &RawOutcome, ask: &Ask, checking: &mut Checking<'_, '_>) {
    let targets = checking.names.targets;
    for scope in checking.scopes {
        let chain = chain_of(ask, scope.app);
        let most = ask.max_output_tokens.unwrap_or(scope.app.most_output_tokens());
        let is_narrow =
            |target: &&TargetName| targets.get(*target).is_some_and(|of| most >= of.context_tokens);
        let is_new = !ask.chain.is_empty() || ask.max_output_tokens.is_some();
        if let Some(target) = chain.iter().find(is_narrow).filter(|_| is_new) {
            let what = format!("max_output_tokens leaves no room for a prompt in the window of {target}");
            match &raw.max_output_tokens {
                Some(at) => checking.wrong(at, what),
                None => checking.wrong(name, what),
            }
            return;
        }
        let (Some(at), Some(on)) = (&raw.thinking, ask.thinking) else { continue };
        let models = checking.names.models;
        let can = |target: &TargetName| targets.get(target).is_some_and(|of| can_be_told(of, on, models));
        if !chain.is_empty() && !chain.iter().any(can) {
            return checking.wrong(
                at,
                format!("thinking: no model of its chain can be told to think or not, {:?}", at.get_ref()),
            );
        }
    }
}

/// Whether a model thinks as it is told, or does so anyway.
fn can_be_told(target: &Target, on: bool, models: &Models) -> bool {
    match models.of(target.provider, &target.model).and_then(|model| model.thinks) {
        Some(Thinks::Always) => on,
        Some(Thinks::Never) => !on,
        Some(Thinks::Switchable) | None => true,
    }
}

/// The field that switches the thinking of a target's model; nothing where it cannot be switched.
pub(super) fn switch(target: &Target, models: &Models) -> Option<ThinkingSwitch> {
    let model = models.of(target.provider, &target.model);
    let thinks = model.as_ref().and_then(|model| model.thinks);
    if matches!(thinks, Some(Thinks::Always | Thinks::Never)) || target.traits.thinking == Thinking::Always {
        return None;
    }
    let usual = match target.provider {
        Provider::Openai => ThinkingSwitch::ReasoningEffort,
        Provider::Ernie | Provider::Tongyi => ThinkingSwitch::EnableThinking,
        Provider::Spark => ThinkingSwitch::ThinkingType,
        Provider::Claude => ThinkingSwitch::ThinkingAdaptive,
        Provider::Local => ThinkingSwitch::ChatTemplate,
    };
    Some(model.and_then(|model| model.thinking_by).unwrap_or(usual))
}
