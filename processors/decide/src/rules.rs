//! A bundle, made ready for folding.

use std::collections::BTreeMap;
use std::sync::Arc;

use catalogue::app::LanePolicy;
use catalogue::estimate::image_tokens;
use catalogue::{App, Bundle, Engines, Filter, HashKeys, Target, TierTable};
use safety::Engine;
use schemas::conversation::{ChatKind, Conversation, Lane};
use schemas::ids::{AppKey, BundleHash, UserId};

use crate::commands::{CommandWords, Given};
use crate::route::{Router, Window, Windows};

/// Everything that a fold reads besides its state, made ready once per bundle.
#[derive(Debug)]
pub struct Rules {
    /// The bundle.
    pub(crate) hash: BundleHash,
    /// The engines that judge by its rules.
    engines: Arc<Engines>,
    /// The keys under which personal data are hashed.
    pub(crate) hash_keys: HashKeys,
    /// Context windows of its targets.
    pub(crate) windows: Windows,
    apps: BTreeMap<AppKey, App>,
    commands: BTreeMap<AppKey, CommandWords>,
    /// Routers of its apps that have anything to choose.
    routers: BTreeMap<AppKey, Router>,
    filter: Filter,
}

impl Rules {
    /// Makes a bundle ready, whose engines these are.
    pub fn new(bundle: &Bundle, hash: BundleHash, engines: Arc<Engines>) -> Self {
        let window = |target: &Target| Window {
            tokens: target.context_tokens,
            image_tokens: image_tokens(target.provider),
        };
        let windows = bundle.targets.iter().map(|(name, target)| (name.clone(), window(target)));
        let (apps, filter) = (bundle.apps.clone(), bundle.filter.clone());
        let hash_keys = bundle.hash_keys().clone();
        let commands = apps.iter().map(|(key, app)| (key.clone(), CommandWords::of(&app.commands))).collect();
        let windows = windows.collect();
        let routers = Router::all(bundle);
        Self { hash, engines, hash_keys, windows, apps, commands, routers, filter }
    }

    /// The engine that judges an app's texts among people.
    pub(crate) fn engine(&self, app: &AppKey) -> &dyn Engine {
        self.engines.app(app).as_ref()
    }

    /// The engine that judges what people write to a model.
    pub(crate) fn before_model(&self, app: &AppKey) -> &dyn Engine {
        self.engines.before_model(app).as_ref()
    }

    /// The table that names the tiers of an app's persons, if it has one.
    pub(crate) fn tier_table(&self, app: &AppKey) -> Option<&TierTable> {
        self.engines.tiers(app).map(AsRef::as_ref)
    }

    /// The language of what is said instead of a text that this rule stopped.
    pub(crate) fn language(&self, rule: &str) -> Option<&str> {
        self.filter.language(rule)
    }

    /// The command that a text is in an app, if it is one.
    pub(crate) fn command(&self, app: &AppKey, text: &str) -> Option<Given> {
        self.commands.get(app)?.read(text)
    }

    /// What chooses among the routes of an app; none where there is nothing to choose.
    pub(crate) fn router(&self, app: &AppKey) -> Option<&Router> {
        self.routers.get(app)
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
