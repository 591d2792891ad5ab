//! Judges texts by the bundle that holds now.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use catalogue::{App, Bundle};
use safety::{Action, BadRule, Engine};
use schemas::ids::AppKey;
use schemas::verdict::Verdict;

use crate::mention::Bots;
use crate::metrics;

/// What a bundle says of texts and bots, built once and shared by all handlers.
pub struct Judge {
    bundle: Arc<Bundle>,
    bots: BTreeMap<AppKey, Bots>,
    engine: Arc<dyn Engine>,
}

impl Judge {
    /// Builds the engine.
    ///
    /// # Errors
    /// [`BadRule`] when the bundle's words cannot be looked for.
    pub fn new(bundle: Arc<Bundle>) -> Result<Self, BadRule> {
        let engine = bundle.filter.engine()?;
        let bots = bundle.apps.iter().map(|(key, app)| (key.clone(), Bots::new(&app.bots))).collect();
        Ok(Self { bundle, bots, engine })
    }

    /// An app's policies and bots; `None` when the bundle does not have the app.
    pub(crate) fn app(&self, key: &AppKey) -> Option<(&App, &Bots)> {
        Some((self.bundle.apps.get(key)?, self.bots.get(key)?))
    }

    /// The strictest verdict on any of the texts, with the rules that any of them hit.
    pub(crate) fn verdict<'a>(&self, texts: impl IntoIterator<Item = &'a str>) -> Verdict {
        let began = Instant::now();
        let texts: Vec<&str> = texts.into_iter().collect();
        let found = self.engine.judge_all(&texts);
        metrics::judged(found.action(), began.elapsed());
        Verdict::new(found.action(), found.rules(), self.engine.dictionary())
    }

    /// Whether nothing is to be said against any of the texts.
    pub(crate) fn passes<'a>(&self, texts: impl Iterator<Item = &'a str>) -> bool {
        let texts: Vec<&str> = texts.collect();
        self.engine.judge_all(&texts).action() == Action::Pass
    }

    /// The text without what was hit.
    pub(crate) fn masked(&self, text: &str) -> String {
        self.engine.judge(text).masked(text)
    }
}
