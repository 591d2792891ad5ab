//! The route of a turn: which targets are asked, with which parameters, and how much a prompt for them may hold; or what is said without
//! asking any.

mod budget;
mod facts;
mod holds;
mod pin;
mod router;
mod targets;
mod told;

use std::borrow::Cow;
use std::collections::BTreeMap;

use catalogue::route::{Ask, Outcome, Person};
use catalogue::tier::Tier;
use catalogue::{App, template};
use schemas::Millis;
use schemas::conditions::Standing;
use schemas::decision::{self, Why};
use schemas::ids::TargetName;
use schemas::state::WaitingMessage;
use schemas::text::Text;

pub(crate) use budget::{Line, PromptBudget};
pub(crate) use facts::{Facts, question_hash};
pub(crate) use router::Router;
pub(crate) use targets::Targets;
pub use told::Telling;

/// The name under which decisions tell of the app's chain.
const CHAIN: &str = "chain";

/// Context windows of the bundle's targets.
pub(crate) type Windows = BTreeMap<TargetName, Window>;

/// What a target's model takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Window {
    /// Its context window, in tokens.
    pub(crate) tokens: u32,
    /// What a picture is taken for, in tokens.
    pub(crate) image_tokens: u32,
}

/// How a turn is to be answered by a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Route<'a> {
    /// Targets in the order in which they are tried.
    pub(crate) chain: Cow<'a, [TargetName]>,
    /// First line of the prompt; may be empty.
    pub(crate) system_prompt: Cow<'a, str>,
    /// Most turns of history in the prompt.
    pub(crate) history_turns: usize,
    /// Most estimated tokens of it.
    pub(crate) history_tokens: Option<u32>,
    /// Most tokens of the answer.
    pub(crate) max_output_tokens: u32,
    /// Sampling temperature, in thousandths; the provider's default if absent.
    pub(crate) temperature_milli: Option<u32>,
    /// Whether models may think; as their targets say if absent.
    pub(crate) thinking: Option<bool>,
    /// Texts at which the answer ends.
    pub(crate) stop: &'a [String],
    /// No attempt starts later than this after the decision, in milliseconds.
    pub(crate) answer_within_ms: Millis,
    /// Targets that are not called are left out of the chain.
    avoid_open: bool,
    /// The session stays on one target, which is asked first.
    pin: bool,
    /// The session is to stay on the target that answers this turn.
    pub(crate) pins: bool,
    /// Most pictures that the model is shown.
    pub(crate) most_images: usize,
}

/// What becomes of a turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Way<'a> {
    /// A model is asked.
    Ask(Route<'a>),
    /// This is said.
    Say(&'a str),
    /// A person takes over.
    Person(&'a Person),
    /// It has nothing that a model could answer.
    Refuse,
}

/// What becomes of a turn, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Chosen<'a> {
    /// The rule that chose it.
    rule: &'a str,
    pub(crate) way: Way<'a>,
    why: Option<Why>,
}

/// Chooses what becomes of a turn: by the first rule that holds, or else by the app's chain.
pub(crate) fn choose<'a>(
    app: &'a App,
    router: Option<&'a Router>,
    facts: &Facts<'_>,
    telling: Telling,
) -> Chosen<'a> {
    let whole = Route::of_app(app).of_tier(facts.tier());
    let mut why = Why::default();
    let Some(router) = router else {
        if telling == Telling::All {
            why = told::without_rules(facts);
        }
        let way = if facts.has_text() { Way::Ask(whole.settled(app, facts, &mut why)) } else { Way::Refuse };
        return Chosen { rule: CHAIN, way, why: (why != Why::default()).then_some(why) };
    };
    let rule = router.first(facts, telling, &mut why);
    let way = match rule.map(|rule| &rule.then) {
        None if !facts.has_text() => Way::Refuse,
        None => Way::Ask(whole.settled(app, facts, &mut why)),
        Some(Outcome::Ask(ask)) if !ask.vision && facts.says_nothing() => Way::Refuse,
        Some(Outcome::Ask(ask)) => {
            Way::Ask(whole.with(ask, facts, &mut why).showing(ask, app).settled(app, facts, &mut why))
        }
        Some(Outcome::Say(text)) => Way::Say(text),
        Some(Outcome::Person(person)) => Way::Person(person),
    };
    why.arms = facts.arms().clone();
    why.complexity = facts.complexity_told();
    why.conditions = facts.conditions_told();
    let rule = rule.map_or(CHAIN, |rule| rule.name.as_str());
    Chosen { rule, way, why: Some(why) }
}

impl Chosen<'_> {
    /// As the decision tells of it, which is the only one to have its reasons.
    pub(crate) fn take_record(&mut self) -> decision::Route {
        let chain = match &self.way {
            Way::Ask(route) => route.chain.to_vec(),
            Way::Say(_) | Way::Person(_) | Way::Refuse => Vec::new(),
        };
        decision::Route { chain, rule: self.rule.to_owned(), why: self.why.take().map(Box::new) }
    }
}

impl<'a> Route<'a> {
    /// The app's chain with its own parameters.
    pub(crate) fn of_app(app: &'a App) -> Self {
        Route {
            chain: Cow::Borrowed(&app.chain),
            system_prompt: Cow::Borrowed(&app.system_prompt),
            history_turns: app.history_turns as usize,
            history_tokens: None,
            max_output_tokens: app.max_output_tokens,
            temperature_milli: app.temperature_milli,
            thinking: None,
            stop: &[],
            answer_within_ms: app.answer_within_ms,
            avoid_open: false,
            pin: app.session.pin,
            pins: false,
            most_images: 0,
        }
    }

    /// The same with what a tier says.
    fn of_tier(self, tier: Option<&Tier>) -> Self {
        let Some(tier) = tier else { return self };
        Route {
            history_turns: tier.history_turns.map_or(self.history_turns, |most| most as usize),
            history_tokens: tier.history_tokens.or(self.history_tokens),
            max_output_tokens: tier.max_output_tokens.unwrap_or(self.max_output_tokens),
            answer_within_ms: tier.answer_within_ms.unwrap_or(self.answer_within_ms),
            ..self
        }
    }

    /// The same with what a rule says.
    fn with(self, ask: &'a Ask, facts: &Facts<'_>, why: &mut Why) -> Self {
        let filled = ask
            .prompt
            .as_deref()
            .map(|prompt| template::render(prompt, &facts.variables(prompt, &self.system_prompt).given()));
        why.template_failed = matches!(filled, Some(Err(_)));
        let system_prompt = filled.and_then(Result::ok).map_or(self.system_prompt, Cow::Owned);
        Route {
            chain: if ask.chain.is_empty() { self.chain } else { Cow::Borrowed(&ask.chain) },
            system_prompt,
            history_turns: ask
                .history_turns
                .map_or(self.history_turns, |most| self.history_turns.min(most as usize)),
            history_tokens: ask.history_tokens.or(self.history_tokens),
            max_output_tokens: ask.max_output_tokens.unwrap_or(self.max_output_tokens),
            temperature_milli: ask.temperature_milli.or(self.temperature_milli),
            thinking: ask.thinking,
            stop: &ask.stop,
            answer_within_ms: ask.answer_within_ms.unwrap_or(self.answer_within_ms),
            avoid_open: ask.avoid_open,
            pin: ask.pin.unwrap_or(self.pin),
            pins: self.pins,
            most_images: self.most_images,
        }
    }

    /// The same with as many pictures as a rule lets the model see.
    fn showing(self, ask: &Ask, app: &App) -> Self {
        let shows = app.media.as_ref().filter(|_| ask.vision);
        Route { most_images: shows.map_or(0, |media| media.max_images as usize), ..self }
    }

    /// The same with the chain as it is now: the session's target in front, without targets that are not called.
    fn settled(self, app: &App, facts: &Facts<'_>, why: &mut Why) -> Self {
        let pinned = pin::pinned(self, app, facts, why);
        if pinned.avoid_open { pinned.avoiding(facts, why) } else { pinned }
    }

    /// The same without targets that are not called, unless none is left.
    fn avoiding(self, facts: &Facts<'_>, why: &mut Why) -> Self {
        let is_called = |target: &&TargetName| facts.condition(target).state == Standing::Ok;
        let (called, avoided): (Vec<_>, Vec<_>) = self.chain.iter().partition(is_called);
        if called.is_empty() || avoided.is_empty() {
            return self;
        }
        why.avoided = avoided.into_iter().cloned().collect();
        let chain = Cow::Owned(called.into_iter().cloned().collect());
        Self { chain, ..self }
    }

    /// The pictures of these messages that the model is shown: the newest of them, in their order.
    pub(crate) fn images(&self, asked: &[WaitingMessage]) -> Vec<Text> {
        let all: Vec<&Text> = asked.iter().filter_map(image).collect();
        all[all.len().saturating_sub(self.most_images)..].iter().map(|image| (*image).clone()).collect()
    }

    /// What the pictures of these messages are taken for at most by a target of the chain, in tokens.
    pub(crate) fn image_tokens(&self, asked: &[WaitingMessage], windows: &Windows) -> u64 {
        let most = self.windows(windows).map(|window| window.image_tokens).max().unwrap_or(0);
        self.images(asked).len() as u64 * u64::from(most)
    }

    fn windows(&self, windows: &Windows) -> impl Iterator<Item = Window> {
        self.chain.iter().filter_map(|target| windows.get(target).copied())
    }

    /// What a prompt for the smallest window of the chain may hold besides its first line; `None` when that line alone does not fit.
    pub(crate) fn budget(&self, windows: &Windows) -> Option<PromptBudget> {
        let smallest = self.windows(windows).map(|window| window.tokens).min();
        let budget = PromptBudget::of_window(smallest.unwrap_or(0).saturating_sub(self.max_output_tokens));
        if self.system_prompt.is_empty() { Some(budget) } else { budget.less(&self.system_prompt) }
    }
}

/// The address of a picture that a model may be shown.
pub(crate) fn image(message: &WaitingMessage) -> Option<&Text> {
    message.media.as_ref()?.image.as_ref()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(tokens: u32) -> Window {
        Window { tokens, image_tokens: 100 }
    }

    fn target(name: &str) -> TargetName {
        TargetName::new(name).unwrap()
    }

    #[test]
    fn the_budget_is_that_of_the_smallest_window_of_the_chain_that_was_chosen() {
        let windows = Windows::from([(target("wide"), window(8_000)), (target("narrow"), window(1_000))]);
        let (wide, both) = ([target("wide")], [target("wide"), target("narrow")]);
        let route = |chain: &[TargetName]| Route {
            chain: Cow::Owned(chain.to_vec()),
            system_prompt: Cow::Borrowed(""),
            history_turns: 1,
            history_tokens: None,
            max_output_tokens: 400,
            temperature_milli: None,
            thinking: None,
            stop: &[],
            answer_within_ms: 1,
            avoid_open: false,
            pin: false,
            pins: false,
            most_images: 2,
        };
        assert_eq!(route(&wide).budget(&windows), Some(PromptBudget::of_window(7_600)));
        assert_eq!(route(&both).budget(&windows), Some(PromptBudget::of_window(600)));
        let long = Cow::Owned("很长的话。".repeat(200));
        assert_eq!(Route { system_prompt: long, ..route(&both) }.budget(&windows), None);
        assert_eq!(route(&both).budget(&Windows::new()), Some(PromptBudget::of_window(0)));
    }
}
