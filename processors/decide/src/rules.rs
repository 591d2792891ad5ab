//! A bundle, made ready for folding.

use std::collections::BTreeMap;

use catalogue::app::LanePolicy;
use catalogue::{App, Bundle};
use safety::{BadRule, Rule, WordList};
use schemas::conversation::{ChatKind, Conversation, Lane};
use schemas::ids::{AppKey, BundleHash, UserId};

use crate::guard::safety_action;
use crate::route::Windows;

/// A bundle that cannot be folded under.
#[derive(Debug, thiserror::Error)]
pub enum RulesError {
    /// Its word list cannot be built.
    #[error("build the filter of bundle {hash}")]
    Filter {
        /// The bundle.
        hash: BundleHash,
        /// What is wrong with it.
        #[source]
        source: BadRule,
    },
}

impl RulesError {
    /// Its name in metrics.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Filter { .. } => "filter",
        }
    }
}

/// Everything that a fold reads besides its state, made ready once per bundle.
#[derive(Debug)]
pub struct Rules {
    /// The bundle.
    pub(crate) hash: BundleHash,
    /// Its word list.
    pub(crate) filter: WordList,
    /// Context windows of its targets.
    pub(crate) windows: Windows,
    apps: BTreeMap<AppKey, App>,
}

impl Rules {
    /// Makes a bundle ready.
    ///
    /// # Errors
    /// [`RulesError`] when its word list cannot be built.
    pub fn new(bundle: &Bundle, hash: BundleHash) -> Result<Self, RulesError> {
        let rules = bundle.filter.rules.iter().map(|rule| Rule {
            id: rule.id.clone(),
            words: rule.words.clone(),
            action: safety_action(rule.action),
        });
        let filter = match WordList::new(rules, bundle.filter.version()) {
            Ok(filter) => filter,
            Err(source) => return Err(RulesError::Filter { hash, source }),
        };
        let windows = bundle.targets.iter().map(|(name, target)| (name.clone(), target.context_tokens));
        Ok(Self { hash, filter, windows: windows.collect(), apps: bundle.apps.clone() })
    }

    pub(crate) fn app(&self, key: &AppKey) -> Option<&App> {
        self.apps.get(key)
    }
}

/// The lane of a message by its app's policy.
pub(crate) fn lane_of(app: &App, conversation: &Conversation, sender: &UserId) -> Lane {
    let own = conversation.kind() != ChatKind::Chat && app.lane == LanePolicy::Sender;
    Lane { conversation: conversation.clone(), sender: own.then(|| sender.canonical()) }
}
