//! What rules may ask of a turn. Everything that costs more than a look is computed when it is first asked for, and once.

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;

use catalogue::App;
use catalogue::language::language_of;
use catalogue::route::Spoken;
use catalogue::tier::{Granted, Tier};
use catalogue::zone::Local;
use safety::{Folded, is_blank};
use schemas::Millis;
use schemas::conditions::Condition;
use schemas::conversation::Lane;
use schemas::decision::{Complexity, Signal};
use schemas::ids::{TargetName, UserId};
use schemas::state::WaitingMessage;
use schemas::text::Text;

use super::targets::Targets;
use crate::complexity::{self, Context, Score};
use crate::hash;
use crate::history::speaks_as;
use crate::prompt::Speakers;
use crate::route::image;
use crate::state::State;

/// Most characters of a turn's text that rules look at.
const MOST_CHARACTERS: usize = 8_000;

/// A turn that is about to open.
#[derive(Debug)]
pub(crate) struct Facts<'t> {
    app: &'t App,
    pub(super) state: &'t State,
    pub(super) targets: Targets<'t>,
    pub(super) lane: &'t Lane,
    /// Its messages, which all speak to one bot.
    pub(super) asked: &'t [WaitingMessage],
    pub(super) now: Millis,
    granted: Option<Granted<'t>>,
    known: Known,
}

/// What was computed so far.
#[derive(Debug, Default)]
struct Known {
    text: OnceCell<String>,
    folded: OnceCell<Folded>,
    question: OnceCell<u64>,
    local: OnceCell<Option<Local>>,
    language: OnceCell<Spoken>,
    score: OnceCell<Score>,
    past: OnceCell<Past>,
    arms: OnceCell<BTreeMap<String, String>>,
    conditions: RefCell<BTreeMap<TargetName, Condition>>,
}

/// How much history there is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Past {
    pub(super) turns: u64,
    pub(super) tokens: u64,
}

/// What a template may name, as text.
#[derive(Debug)]
pub(super) struct Variables<'t> {
    app: &'t str,
    bot: &'t str,
    chat: &'static str,
    complexity: Option<&'static str>,
    language: &'static str,
    system_prompt: &'t str,
    tier: Option<&'t str>,
    clock: Option<Clock>,
}

/// What the clocks of the app's zone show.
#[derive(Debug)]
struct Clock {
    date: String,
    hour: String,
    weekday: &'static str,
}

impl<'t> Facts<'t> {
    /// Of a turn of these messages, at least one.
    pub(crate) fn of(
        app: &'t App,
        state: &'t State,
        lane: &'t Lane,
        asked: &'t [WaitingMessage],
        now: Millis,
    ) -> Self {
        let targets = Targets::unknown();
        Self { app, state, targets, lane, asked, now, granted: None, known: Known::default() }
    }

    /// The same with what is known of targets.
    pub(crate) fn with(self, targets: Targets<'t>) -> Self {
        Self { targets, ..self }
    }

    /// The name of the lane in the state.
    pub(super) fn lane_name(&self) -> &str {
        self.lane.sender.as_ref().map(UserId::as_str).unwrap_or_default()
    }

    /// How a target is for the app, as far as is known now.
    pub(super) fn condition(&self, target: &TargetName) -> Condition {
        let condition = self.targets.condition(target, self.lane.conversation.app(), self.now);
        if !condition.is_usual() {
            self.known.conditions.borrow_mut().insert(target.clone(), condition);
        }
        condition
    }

    /// What was said of targets that were asked for, where it was anything else than that they are called at once.
    pub(super) fn conditions_told(&self) -> BTreeMap<TargetName, Condition> {
        self.known.conditions.borrow().clone()
    }

    /// The same of somebody with this tier.
    pub(crate) fn of_tier(self, granted: Option<Granted<'t>>) -> Self {
        Self { granted, ..self }
    }

    /// The tier of whoever opens the turn.
    pub(super) fn tier(&self) -> Option<&'t Tier> {
        self.granted.map(|granted| granted.tier)
    }

    /// Whether a message of the turn has a text of its own.
    pub(super) fn has_text(&self) -> bool {
        self.asked.iter().any(|message| message.media.is_none())
    }

    /// Whether there is nothing in it that could be told in words but its kinds.
    pub(super) fn says_nothing(&self) -> bool {
        !self.has_text() && self.asked.iter().all(|message| message.text.plain().is_none_or(is_blank))
    }

    /// Whether it has a picture that a model may be shown.
    pub(super) fn has_picture(&self) -> bool {
        self.asked.iter().any(|message| image(message).is_some())
    }

    /// The bot that is spoken to.
    pub(super) fn bot(&self) -> Option<&UserId> {
        self.asked.first().map(|message| &message.bot)
    }

    /// When the oldest message was sent.
    pub(super) fn sent_at(&self) -> Millis {
        self.asked.iter().map(|message| message.sent_at).min().unwrap_or(self.now)
    }

    /// The app's clocks; nothing where it has no time zone.
    pub(super) fn local(&self) -> Option<Local> {
        *self.known.local.get_or_init(|| Some(self.app.time_zone.as_ref()?.at(self.now)))
    }

    fn text(&self) -> &str {
        self.known.text.get_or_init(|| text_of(self.asked))
    }

    pub(super) fn folded(&self) -> &Folded {
        self.known.folded.get_or_init(|| Folded::of(self.text()))
    }

    pub(super) fn language(&self) -> Spoken {
        *self.known.language.get_or_init(|| language_of(self.text(), []).into())
    }

    pub(super) fn score(&self) -> &Score {
        self.known.score.get_or_init(|| {
            let history_turns = u32::try_from(self.past().turns).unwrap_or(u32::MAX);
            let thresholds = self.app.complexity.unwrap_or_default();
            complexity::score(self.text(), &Context { history_turns, thresholds })
        })
    }

    /// Answered turns between this bot and people that a prompt could tell of.
    pub(super) fn past(&self) -> Past {
        *self.known.past.get_or_init(|| {
            let past = self.state.past(self.lane_name());
            let told = past
                .iter()
                .map(|(_, turn)| turn)
                .filter(|turn| self.bot().is_some_and(|bot| speaks_as(turn, bot)));
            let speakers = Speakers::of(self.lane);
            told.fold(Past { turns: 0, tokens: 0 }, |past, turn| Past {
                turns: past.turns + 1,
                tokens: past.tokens + turn.weight(speakers).tokens(),
            })
        })
    }

    /// The arm of each experiment of the app.
    pub(super) fn arms(&self) -> &BTreeMap<String, String> {
        self.known.arms.get_or_init(|| {
            let arms = self.app.experiments.iter();
            let arm = arms
                .filter_map(|one| Some((one.name.clone(), one.arm_of(&self.lane.conversation)?.to_owned())));
            arm.collect()
        })
    }

    /// How often the same was asked within a time.
    pub(super) fn asked_before(&self, within: Millis) -> usize {
        let since = self.now - within;
        let lately = || self.state.core.questions.iter().filter(|before| before.at >= since);
        if lately().next().is_none() || self.says_nothing() {
            return 0;
        }
        let this = *self.known.question.get_or_init(|| hash_of(self.folded()));
        lately().filter(|before| before.text == this).count()
    }

    /// The score, where a rule asked for it.
    pub(super) fn complexity_told(&self) -> Option<Complexity> {
        let found = self.known.score.get()?;
        let signals = found.signals.iter();
        let signals = signals.map(|signal| Signal { name: signal.name.to_owned(), points: signal.points });
        Some(Complexity {
            score: found.score,
            class: found.class.label().to_owned(),
            signals: signals.collect(),
        })
    }

    /// What a template may name. The score is found for one that could name it.
    pub(super) fn variables<'v>(&'v self, template: &str, system_prompt: &'v str) -> Variables<'v> {
        let clock = self.local().map(|local| Clock {
            date: local.date(),
            hour: local.hour().to_string(),
            weekday: local.weekday().label(),
        });
        Variables {
            app: self.lane.conversation.app().as_str(),
            bot: self.bot().map(UserId::as_str).unwrap_or_default(),
            chat: self.lane.conversation.kind().label(),
            complexity: template.contains("complexity").then(|| self.score().class.label()),
            language: self.language().label(),
            system_prompt,
            tier: (!self.app.tiers.is_empty()).then(|| self.tier().map_or("", |tier| &tier.name)),
            clock,
        }
    }
}

impl Variables<'_> {
    /// Names and values.
    pub(super) fn given(&self) -> Vec<(&'static str, &str)> {
        let mut given = vec![
            ("app", self.app),
            ("bot", self.bot),
            ("chat", self.chat),
            ("language", self.language),
            ("system_prompt", self.system_prompt),
        ];
        given.extend(self.tier.map(|tier| ("tier", tier)));
        given.extend(self.complexity.map(|class| ("complexity", class)));
        if let Some(clock) = &self.clock {
            given.extend([("date", clock.date.as_str()), ("hour", &clock.hour), ("weekday", clock.weekday)]);
        }
        given
    }
}

/// By what a question of these messages is known when it comes again.
pub(crate) fn question_hash(asked: &[WaitingMessage]) -> u64 {
    hash_of(&Folded::of(&text_of(asked)))
}

fn text_of(asked: &[WaitingMessage]) -> String {
    let texts = asked.iter().filter_map(|message| Text::plain(&message.text));
    let mut all = String::new();
    let mut left = MOST_CHARACTERS;
    for text in texts {
        if !all.is_empty() {
            all.push('\n');
        }
        let end = text.char_indices().nth(left).map_or(text.len(), |(end, _)| end);
        let taken = text.get(..end).unwrap_or_default();
        all.push_str(taken);
        left = left.saturating_sub(taken.chars().count());
        if left == 0 {
            break;
        }
    }
    all
}

/// The hash of a text without what people leave out when they ask again: spaces and punctuation, unless there is nothing else.
fn hash_of(folded: &Folded) -> u64 {
    let chars = folded.chars();
    let said: String = chars.iter().filter(|c| c.is_alphanumeric()).collect();
    let said = if said.is_empty() { chars.iter().collect() } else { said };
    hash::number(&[said.as_bytes()])
}
