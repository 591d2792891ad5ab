//! A bundle, made ready for folding.

use std::collections::BTreeMap;
use std::sync::Arc;

use catalogue::app::LanePolicy;
use catalogue::{App, Bundle};
use safety::{BadRule, Engine};
use schemas::conversation::{ChatKind, Conversation, Lane};
use schemas::ids::{AppKey, BundleHash, UserId};

use crate::prompt::PromptBudget;

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

/// Everything that a fold reads besides its state, computed once per bundle.
#[derive(Debug)]
pub struct Rules {
    /// The bundle.
    pub(crate) hash: BundleHash,
    /// The engine that judges by its rules.
    pub(crate) filter: Arc<dyn Engine>,
    apps: BTreeMap<AppKey, AppRules>,
}

/// One app of a bundle.
#[derive(Debug)]
pub(crate) struct AppRules {
    /// As configured.
    pub(crate) app: App,
    /// PromptBudget for a prompt, its first line already taken off; `None` when that line alone does not fit.
    pub(crate) room: Option<PromptBudget>,
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
        let apps = bundle.apps.iter().map(|(key, app)| (key.clone(), AppRules::new(app, bundle))).collect();
        Ok(Self { hash, filter, apps })
    }

    pub(crate) fn app(&self, key: &AppKey) -> Option<&AppRules> {
        self.apps.get(key)
    }
}

impl AppRules {
    fn new(app: &App, bundle: &Bundle) -> Self {
        let windows = app.chain.iter().filter_map(|name| bundle.targets.get(name)).map(|t| t.context_tokens);
        let window = windows.min().unwrap_or(0).saturating_sub(app.max_output_tokens);
        let room = PromptBudget::of_window(window);
        let room = if app.system_prompt.is_empty() { Some(room) } else { room.less(&app.system_prompt) };
        Self { app: app.clone(), room }
    }

    /// The lane of a message.
    pub(crate) fn lane(&self, conversation: &Conversation, sender: &UserId) -> Lane {
        let own = conversation.kind() != ChatKind::Chat && self.app.lane == LanePolicy::Sender;
        Lane { conversation: conversation.clone(), sender: own.then(|| sender.canonical()) }
    }
}

/// Several people share the lane, so a prompt must say who speaks.
pub(crate) fn shared(lane: &Lane) -> bool {
    lane.sender.is_none() && lane.conversation.kind() != ChatKind::Chat
}
