//! A bundle, made ready for folding.

use std::collections::BTreeMap;
use std::sync::Arc;

use catalogue::app::LanePolicy;
use catalogue::estimate::image_tokens;
use catalogue::{App, Bundle, Engines, Filter, HashKeys, Target, TierTable};
use safety::Engine;
use schemas::conversation::{ChatKind, Conversation, Lane};
use schemas::ids::{AppKey, BundleHash, TargetName, UserId};
use schemas::state::Told;

use crate::commands::{CommandWords, Given};
use crate::route::{Router, Targets, Telling, Window, Windows};

/// Everything that a fold reads besides its state: a bundle, made ready once, and what call told of its targets. A clone shares the bundle.
#[derive(Debug, Clone)]
pub struct Rules {
    bundle: Arc<Made>,
    told: Option<Arc<Told>>,
    /// How much decisions tell of the way to a route.
    pub(crate) telling: Telling,
}

/// A bundle, made ready.
#[derive(Debug)]
struct Made {
    hash: BundleHash,
    /// The engines that judge by its rules.
    engines: Arc<Engines>,
    /// The keys under which personal data are hashed.
    hash_keys: HashKeys,
    /// Context windows of its targets.
    windows: Windows,
    /// The regions that these run in.
    regions: BTreeMap<TargetName, String>,
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
        let regions = bundle.targets.iter().map(|(name, target)| (name.clone(), target.region.clone()));
        let (regions, routers) = (regions.collect(), Router::all(bundle));
        let made = Made { hash, engines, hash_keys, windows, regions, apps, commands, routers, filter };
        Self { bundle: Arc::new(made), told: None, telling: Telling::Bounded }
    }

    /// The same bundle, with what call told last.
    #[must_use]
    pub fn told(&self, told: Option<Arc<Told>>) -> Self {
        Self { bundle: Arc::clone(&self.bundle), told, telling: self.telling }
    }

    /// The same rules, whose decisions tell so much of the way to a route.
    #[must_use]
    pub fn telling(self, telling: Telling) -> Self {
        Self { telling, ..self }
    }

    /// Somebody else has a clone of them.
    pub fn is_shared(&self) -> bool {
        Arc::strong_count(&self.bundle) > 1
    }

    /// The bundle's hash.
    pub(crate) fn hash(&self) -> &BundleHash {
        &self.bundle.hash
    }

    /// The keys under which personal data are hashed.
    pub(crate) fn hash_keys(&self) -> &HashKeys {
        &self.bundle.hash_keys
    }

    /// Context windows of the bundle's targets.
    pub(crate) fn windows(&self) -> &Windows {
        &self.bundle.windows
    }

    /// What is known of the bundle's targets.
    pub(crate) fn targets(&self) -> Targets<'_> {
        Targets { windows: &self.bundle.windows, regions: &self.bundle.regions, told: self.told.as_deref() }
    }

    /// The engine that judges an app's texts among people.
    pub(crate) fn engine(&self, app: &AppKey) -> &dyn Engine {
        self.bundle.engines.app(app).as_ref()
    }

    /// The engine that judges what people write to a model.
    pub(crate) fn before_model(&self, app: &AppKey) -> &dyn Engine {
        self.bundle.engines.before_model(app).as_ref()
    }

    /// The table that names the tiers of an app's persons, if it has one.
    pub(crate) fn tier_table(&self, app: &AppKey) -> Option<&TierTable> {
        self.bundle.engines.tiers(app).map(AsRef::as_ref)
    }

    /// The language of what is said instead of a text that this rule stopped.
    pub(crate) fn language(&self, rule: &str) -> Option<&str> {
        self.bundle.filter.language(rule)
    }

    /// The command that a text is in an app, if it is one.
    pub(crate) fn command(&self, app: &AppKey, text: &str) -> Option<Given> {
        self.bundle.commands.get(app)?.read(text)
    }

    /// What chooses among the routes of an app; none where there is nothing to choose.
    pub(crate) fn router(&self, app: &AppKey) -> Option<&Router> {
        self.bundle.routers.get(app)
    }

    pub(crate) fn app(&self, key: &AppKey) -> Option<&App> {
        self.bundle.apps.get(key)
    }
}

/// The lane of a message by its app's policy.
pub(crate) fn lane_of(app: &App, conversation: &Conversation, sender: &UserId) -> Lane {
    let own = conversation.kind() != ChatKind::Chat && app.lane == LanePolicy::Sender;
    Lane { conversation: conversation.clone(), sender: own.then(|| sender.canonical()) }
}
