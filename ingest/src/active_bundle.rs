//! The bundle in force, ready for callbacks: policies, bots, and the engine that judges texts.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

use catalogue::{App, Bundle, Engines, findings};
use safety::personal::{self, Masking};
use safety::{Action, Direction, Engine, Findings};
use schemas::ids::AppKey;
use schemas::verdict::Verdict;

use crate::address::Address;
use crate::callback::{Callback, Content};
use crate::mention::Bots;
use crate::metrics;

/// What the engine says of a message.
pub(crate) struct Judged {
    pub(crate) verdict: Verdict,
    /// What it was given for.
    pub(crate) found: Findings,
}

/// A bundle with what is computed from it once and shared by all handlers.
pub struct ActiveBundle {
    bundle: Arc<Bundle>,
    bots: BTreeMap<AppKey, Bots>,
    engines: Arc<Engines>,
    /// Fields of the extension that routes of an app ask for.
    tags: BTreeMap<AppKey, BTreeSet<String>>,
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
    /// Makes a bundle ready, whose engines these are.
    pub fn new(bundle: Arc<Bundle>, engines: Arc<Engines>) -> Self {
        let bots =
            bundle.apps.iter().map(|(key, app)| (key.clone(), Bots::new(&app.bots, &app.mention))).collect();
        let tags = bundle.apps.keys().map(|key| (key.clone(), bundle.route_tags(key))).collect();
        Self { bundle, bots, engines, tags }
    }

    /// An app's policies and bots; `None` when the bundle does not have the app.
    pub(crate) fn app(&self, key: &AppKey) -> Option<(&App, &Bots)> {
        Some((self.bundle.apps.get(key)?, self.bots.get(key)?))
    }

    /// The fields of a message's extension that routes of its app ask for.
    pub(crate) fn tags(&self, app: &AppKey, callback: &Callback<'_>) -> BTreeMap<String, String> {
        let names = self.tags.get(app).into_iter().flatten();
        names.filter_map(|name| Some((name.clone(), callback.tag(name)?))).collect()
    }

    /// Judges all texts of a message of an app, and what it says without its mentions. Personal data are found where `masking` hides them.
    pub(crate) fn judge(
        &self,
        app: &AppKey,
        content: &Content,
        address: Option<&Address>,
        masking: Option<Masking<'_>>,
    ) -> Judged {
        let engine = match Listener::of(address) {
            Listener::Model => self.engines.before_model(app).as_ref(),
            Listener::People => self.engines.app(app).as_ref(),
        };
        let began = Instant::now();
        let said = address.and_then(|address| address.said_otherwise(content.said.as_deref()));
        let texts: Vec<&str> = content.texts().chain(said).collect();
        let mut found = engine.judge_all(Direction::Input, &texts);
        if let Some(masking) = masking {
            found = found.zip(&texts, |finding, text| finding.with(personal::hits(text, masking)));
        }
        let mut verdict = findings::verdict(engine, Direction::Input, &found, &texts);
        let last = said.and_then(|_| u16::try_from(texts.len().checked_sub(1)?).ok());
        if let Some((findings, last)) = verdict.findings.as_mut().zip(last) {
            findings.drop_repeats(last);
        }
        metrics::judged(&verdict, began.elapsed());
        Judged { verdict: verdict.with_findings(), found }
    }

    /// What people of that app are shown of a message. Personal data are hidden in what people write, not in what the line itself sends:
    /// there they are what decide gives back.
    pub(crate) fn shown(&self, key: &AppKey, address: Option<&Address>) -> Shown<'_> {
        // The mark of the line's own messages could be anybody's: only from a bot's account does it count.
        let is_bot =
            |address: &Address| self.bots.get(key).is_some_and(|bots| bots.by_id(&address.sender).is_some());
        let by_person = address.is_none_or(|address| address.by_hand || !is_bot(address));
        let app = self.bundle.apps.get(key).filter(|_| by_person);
        let personal =
            app.and_then(|app| app.personal_data.as_ref()).filter(|personal| !personal.people.is_off());
        let masking = personal.map(|personal| personal.masking(&personal.people, self.bundle.hash_keys()));
        Shown { engine: self.engines.app(key).as_ref(), masking }
    }
}

/// What people are shown of what people write: rules are applied, and personal data hidden as the app wants it.
#[derive(Clone, Copy)]
pub(crate) struct Shown<'a> {
    engine: &'a dyn Engine,
    /// How personal data are hidden, if they are.
    pub(crate) masking: Option<Masking<'a>>,
}

impl Shown<'_> {
    /// Whether nothing is left to be hidden in texts of a message of which this was found. What was let on although it is held is held
    /// still.
    pub(crate) fn is_clean<'a>(&self, texts: impl Iterator<Item = &'a str>, found: Action) -> bool {
        let texts: Vec<&str> = texts.collect();
        let left = self.engine.judge_all(Direction::Input, &texts).action();
        (left == Action::Pass || (left == Action::Hold && found == Action::Hold))
            && texts.iter().all(|text| self.hidden(text).is_none())
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
