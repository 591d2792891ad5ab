//! A bundle, made ready for folding.

use std::collections::BTreeMap;
use std::sync::Arc;

use catalogue::app::LanePolicy;
use catalogue::{App, Bundle, HashKeys};
use safety::{BadRule, Engine};
use schemas::conversation::{ChatKind, Conversation, Lane};
use schemas::ids::{AppKey, BundleHash, UserId};

use crate::route::Windows;

/// A bundle that cannot be folded under.
#[derive(Debug, thiserror::Error)]
pub enum RulesError {
    /// Its engine cannot be built.
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
    /// The engine that judges by its rules.
    pub(crate) filter: Arc<dyn Engine>,
    /// The keys under which personal data are hashed.
    pub(crate) hash_keys: HashKeys,
    /// Engines of the apps that look for injections.
    before_model: BTreeMap<AppKey, Arc<dyn Engine>>,
    /// Context windows of its targets.
    pub(crate) windows: Windows,
    apps: BTreeMap<AppKey, App>,
}

impl Rules {
    /// Makes a bundle ready.
    ///
    /// # Errors
    /// [`RulesError`] when its engine cannot be built.
    pub fn new(bundle: &Bundle, hash: BundleHash) -> Result<Self, RulesError> {
        let filter = match bundle.filter.engine() {
            Ok(filter) => filter,
            Err(source) => return Err(RulesError::Filter { hash, source }),
        };
        let windows = bundle.targets.iter().map(|(name, target)| (name.clone(), target.context_tokens));
        let asked = bundle.apps.iter().filter(|(_, app)| !app.injection.is_empty());
        let before_model = asked.map(|(key, app)| (key.clone(), app.engine_before_model(&filter)));
        Ok(Self {
            hash,
            hash_keys: bundle.hash_keys().clone(),
            before_model: before_model.collect(),
            filter,
            windows: windows.collect(),
            apps: bundle.apps.clone(),
        })
    }

    /// The engine that judges what people write to a model.
    pub(crate) fn before_model(&self, app: &AppKey) -> &dyn Engine {
        self.before_model.get(app).unwrap_or(&self.filter).as_ref()
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
