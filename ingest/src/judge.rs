//! Judges texts by the bundle that holds now.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use catalogue::{App, Bundle};
use safety::{BadRule, Filter, Rule, WordList};
use schemas::ids::AppKey;
use schemas::verdict::{Action, Verdict};

use crate::mention::Bots;
use crate::metrics;

/// What a bundle says of texts and bots, built once and shared by all handlers.
pub struct Judge {
    bundle: Arc<Bundle>,
    bots: BTreeMap<AppKey, Bots>,
    words: WordList,
}

impl Judge {
    /// Builds the engine.
    ///
    /// # Errors
    /// [`BadRule`] when the bundle's words cannot be looked for.
    pub fn new(bundle: Arc<Bundle>) -> Result<Self, BadRule> {
        let rules = bundle.filter.rules.iter().map(|rule| Rule {
            id: rule.id.clone(),
            words: rule.words.clone(),
            action: engine_action(rule.action),
        });
        let words = WordList::new(rules, bundle.filter.version())?;
        let bots = bundle.apps.iter().map(|(key, app)| (key.clone(), Bots::new(&app.bots))).collect();
        Ok(Self { bundle, bots, words })
    }

    /// An app's policies and bots; `None` when the bundle does not have the app.
    pub(crate) fn app(&self, key: &AppKey) -> Option<(&App, &Bots)> {
        Some((self.bundle.apps.get(key)?, self.bots.get(key)?))
    }

    /// The strictest verdict on any of the texts, with the rules that any of them hit.
    pub(crate) fn verdict<'a>(&self, texts: impl IntoIterator<Item = &'a str>) -> Verdict {
        let began = Instant::now();
        let (mut action, mut rules) = (Action::Pass, Vec::new());
        for text in texts {
            let finding = self.words.judge(text);
            action = action.max(record_action(finding.action));
            rules.extend(finding.rules);
        }
        metrics::judged(action, began.elapsed());
        Verdict::new(action, rules, self.words.dictionary())
    }

    /// Whether nothing is to be said against any of the texts.
    pub(crate) fn passes<'a>(&self, mut texts: impl Iterator<Item = &'a str>) -> bool {
        texts.all(|text| self.words.judge(text).action == safety::Action::Pass)
    }

    /// Hides what was hit.
    pub(crate) fn mask(&self, text: &str) -> String {
        safety::mask(text, &self.words.judge(text).spans)
    }
}

fn engine_action(action: Action) -> safety::Action {
    match action {
        Action::Pass => safety::Action::Pass,
        Action::Mask => safety::Action::Mask,
        Action::Replace => safety::Action::Replace,
        Action::Hold => safety::Action::Hold,
        Action::Block => safety::Action::Block,
    }
}

fn record_action(action: safety::Action) -> Action {
    match action {
        safety::Action::Pass => Action::Pass,
        safety::Action::Mask => Action::Mask,
        safety::Action::Replace => Action::Replace,
        safety::Action::Hold => Action::Hold,
        safety::Action::Block => Action::Block,
    }
}
