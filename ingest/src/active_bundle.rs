//! The bundle in force, ready for callbacks: policies, bots, and the engine that judges texts.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use catalogue::{App, Bundle};
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
}

impl ActiveBundle {
    /// Makes a bundle ready.
    ///
    /// # Errors
    /// [`BadRule`] when the engine cannot be built from its rules.
    pub fn new(bundle: Arc<Bundle>) -> Result<Self, BadRule> {
        let engine = bundle.filter.engine()?;
        let bots = bundle.apps.iter().map(|(key, app)| (key.clone(), Bots::new(&app.bots))).collect();
        Ok(Self { bundle, bots, engine })
    }

    /// An app's policies and bots; `None` when the bundle does not have the app.
    pub(crate) fn app(&self, key: &AppKey) -> Option<(&App, &Bots)> {
        Some((self.bundle.apps.get(key)?, self.bots.get(key)?))
    }

    /// The verdict on all texts of a message, and on what it says without its mentions.
    pub(crate) fn verdict(&self, content: &Content, address: Option<&Address>) -> Verdict {
        let began = Instant::now();
        let said = address.and_then(|address| address.said_otherwise(content.said.as_deref()));
        let texts: Vec<&str> = content.texts().chain(said).collect();
        let found = self.engine.judge_all(Direction::Input, &texts);
        metrics::judged(found.action(), began.elapsed());
        Verdict::new(found.action(), found.rules(), self.engine.dictionary())
    }

    /// What the rules say of the texts together.
    pub(crate) fn action<'a>(&self, texts: impl Iterator<Item = &'a str>) -> Action {
        let texts: Vec<&str> = texts.collect();
        self.engine.judge_all(Direction::Input, &texts).action()
    }

    /// A text with everything hidden that a rule hits.
    pub(crate) fn masked(&self, text: &str) -> String {
        self.engine.judge(Direction::Input, text).masked(text)
    }
}
