//! The bundle in force, ready for callbacks: policies, bots, and the engine that judges texts.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use catalogue::{App, Bundle};
use safety::personal::{self, Masking, PersonalData};
use safety::{Action, BadRule, Direction, Engine};
use schemas::ids::AppKey;
use schemas::verdict::Verdict;

use crate::address::Address;
use crate::callback::Content;
use crate::mention::Bots;
use crate::metrics;

/// A bundle with what is computed from it once and shared by all handlers.
pub struct ActiveBundle {
    bundle: Arc<Bundle>,
    bots: BTreeMap<AppKey, Bots>,
    engine: Arc<dyn Engine>,
    /// Engines of the apps that look for injections.
    before_model: BTreeMap<AppKey, Arc<dyn Engine>>,
}

/// To whom a message speaks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Listener {
    /// A bot.
    Model,
    /// People.
    People,
}

impl Listener {
    /// Of a message with this address.
    pub(crate) fn of(address: Option<&Address>) -> Self {
        match address {
            Some(address) if address.bot.is_some() => Self::Model,
            _ => Self::People,
        }
    }
}

impl ActiveBundle {
    /// Makes a bundle ready.
    ///
    /// # Errors
    /// [`BadRule`] when the engine cannot be built from its rules.
    pub fn new(bundle: Arc<Bundle>) -> Result<Self, BadRule> {
        let engine = bundle.filter.engine()?;
        let bots = bundle.apps.iter().map(|(key, app)| (key.clone(), Bots::new(&app.bots))).collect();
        let asked = bundle.apps.iter().filter(|(_, app)| !app.injection.is_empty());
        let before_model = asked.map(|(key, app)| (key.clone(), app.engine_before_model(&engine))).collect();
        Ok(Self { bundle, bots, engine, before_model })
    }

    /// An app's policies and bots; `None` when the bundle does not have the app.
    pub(crate) fn app(&self, key: &AppKey) -> Option<(&App, &Bots)> {
        Some((self.bundle.apps.get(key)?, self.bots.get(key)?))
    }

    /// The verdict on all texts of a message, and on what it says without its mentions.
    pub(crate) fn verdict(&self, app: &AppKey, content: &Content, address: Option<&Address>) -> Verdict {
        let began = Instant::now();
        let said = address.and_then(|address| address.said_otherwise(content.said.as_deref()));
        let texts: Vec<&str> = content.texts().chain(said).collect();
        let engine = match Listener::of(address) {
            Listener::Model => self.before_model.get(app).unwrap_or(&self.engine),
            Listener::People => &self.engine,
        };
        let found = engine.judge_all(Direction::Input, &texts);
        metrics::judged(found.action(), began.elapsed());
        Verdict::new(found.action(), found.rules(), self.engine.dictionary())
    }

    /// What people of that app are shown of a message. Personal data are hidden in what people write, not in what the line itself sends:
    /// there they are what decide gives back.
    pub(crate) fn shown(&self, app: &AppKey, address: Option<&Address>) -> Shown<'_> {
        // The mark of the line's own messages could be anybody's: only from a bot's account does it count.
        let is_bot =
            |address: &Address| self.bots.get(app).is_some_and(|bots| bots.by_id(&address.sender).is_some());
        let by_person = address.is_none_or(|address| address.by_hand || !is_bot(address));
        let app = self.bundle.apps.get(app).filter(|_| by_person);
        let personal =
            app.and_then(|app| app.personal_data.as_ref()).filter(|personal| !personal.people.is_off());
        let masking = personal.map(|personal| personal.masking(&personal.people, self.bundle.hash_keys()));
        Shown { engine: self.engine.as_ref(), masking }
    }
}

/// What people are shown of what people write: rules are applied, and personal data hidden as the app wants it.
#[derive(Clone, Copy)]
pub(crate) struct Shown<'a> {
    engine: &'a dyn Engine,
    masking: Option<Masking<'a>>,
}

impl Shown<'_> {
    /// A verdict that also names personal data that are to be hidden.
    pub(crate) fn verdict(&self, verdict: Verdict, content: &Content) -> Verdict {
        if content.texts().all(|text| self.hidden(text).is_none()) {
            return verdict;
        }
        let hidden = vec![PersonalData::RULE.to_owned()];
        verdict.stricter(Verdict::new(Action::Mask, hidden, self.engine.dictionary()))
    }

    /// Whether nothing is to be hidden in any of the texts.
    pub(crate) fn passes<'a>(&self, mut texts: impl Iterator<Item = &'a str>) -> bool {
        texts.all(|text| {
            self.engine.judge(Direction::Input, text).action == Action::Pass && self.hidden(text).is_none()
        })
    }

    /// A text with everything hidden that a rule hits or that is personal data.
    pub(crate) fn masked(&self, text: &str) -> String {
        let masked = self.engine.judge(Direction::Input, text).masked(text);
        self.hidden(&masked).unwrap_or(masked)
    }

    fn hidden(&self, text: &str) -> Option<String> {
        personal::hidden(text, self.masking?)
    }
}
