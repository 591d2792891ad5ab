//! A bundle, made ready for folding.

use std::collections::BTreeMap;
use std::sync::Arc;

use catalogue::app::LanePolicy;
use catalogue::{App, Bundle, Engines};
use safety::Engine;
use schemas::conversation::{ChatKind, Conversation, Lane};
use schemas::ids::{AppKey, BundleHash, UserId};

use crate::route::Windows;

/// Everything that a fold reads besides its state, made ready once per bundle.
#[derive(Debug)]
pub struct Rules {
    /// The bundle.
    pub(crate) hash: BundleHash,
    /// The engines that judge by its rules.
    engines: Arc<Engines>,
    /// Context windows of its targets.
    pub(crate) windows: Windows,
    apps: BTreeMap<AppKey, App>,
}

impl Rules {
    /// Makes a bundle ready, whose engines these are.
    pub fn new(bundle: &Bundle, hash: BundleHash, engines: Arc<Engines>) -> Self {
        let windows = bundle.targets.iter().map(|(name, target)| (name.clone(), target.context_tokens));
        Self { hash, engines, windows: windows.collect(), apps: bundle.apps.clone() }
    }

    /// The engine that judges an app's texts.
    pub(crate) fn engine(&self, app: &AppKey) -> &dyn Engine {
        self.engines.app(app).as_ref()
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
