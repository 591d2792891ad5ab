//! Everything configured that a fold reads, under one hash.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use schemas::Millis;
use schemas::ids::{AppKey, BundleHash, TargetName};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::app::App;
use crate::filter::{Content, Filter};
use crate::hash_keys::HashKeys;
use crate::price::{self, Price};
use crate::reviewer::Reviewer;
use crate::route::Rule;
use crate::target::Target;

/// Version of the form of bundles that versions without dictionaries can hold by.
const FIRST: u16 = 1;
/// Version of the form of bundles that name dictionaries or allow-lists, or whose apps differ in what they use of the filter. A version
/// that does not know of them refuses such a bundle instead of judging without them.
const NAMES_WORDS: u16 = 2;
/// Version of the form of bundles that have routes or experiments. A version that does not know of them refuses such a bundle instead of
/// asking the app's chain.
const ROUTED: u16 = 3;
/// Version of the form of bundles that have tiers, or read messages without a text. A version that does not know of them refuses such a
/// bundle instead of deciding without them.
const TIERED: u16 = 4;
/// Version of the form of bundles whose sessions stay on a target or whose routes ask for conditions of targets. A version that does not know of
/// them refuses such a bundle instead of deciding otherwise.
const ASKS_TARGETS: u16 = 5;

/// Everything configured that a fold reads. Its JSON form is canonical: fields in order, maps sorted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Bundle {
    version: u16,
    /// Apps by key.
    pub apps: BTreeMap<AppKey, App>,
    /// Routes that apps share, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub routes: Vec<Rule>,
    /// Targets by name.
    pub targets: BTreeMap<TargetName, Target>,
    /// The price table, by provider, model, region and day.
    pub prices: Vec<Price>,
    /// What is filtered.
    pub filter: Filter,
    /// Who reviews what the filter holds, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub reviewers: BTreeMap<TargetName, Reviewer>,
    /// The keys that its apps name. They are the process's own and not part of it.
    #[serde(skip)]
    keys: HashKeys,
}

/// A stored bundle that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// It is not the JSON of a bundle.
    #[error("read bundle {hash}")]
    Malformed {
        /// The hash it is stored under.
        hash: BundleHash,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// Its content has another hash.
    #[error("read bundle {expected}: its content has the hash {found}")]
    Hash {
        /// The hash it is stored under.
        expected: BundleHash,
        /// The hash that it has.
        found: String,
    },
    /// A newer version wrote it.
    #[error("read bundle {hash}: form {version} is not known to this version")]
    Version {
        /// The hash it is stored under.
        hash: BundleHash,
        /// Its form.
        version: u16,
    },
    /// An app's personal data are hashed under a key that the process does not have.
    #[error(
        "use bundle: app {app} hashes under the key {fingerprint}, which no [[hash_key]] of this file has"
    )]
    HashKey {
        /// The app.
        app: AppKey,
        /// The key's fingerprint.
        fingerprint: String,
    },
}

impl Bundle {
    pub(crate) fn new(
        apps: BTreeMap<AppKey, App>,
        targets: BTreeMap<TargetName, Target>,
        prices: Vec<Price>,
        filter: Filter,
    ) -> Self {
        let shared = filter.is_for_all() && apps.values().all(|app| app.filter.is_shared());
        let version = if shared { FIRST } else { NAMES_WORDS };
        let (reviewers, keys) = (BTreeMap::new(), HashKeys::default());
        Self { version, apps, routes: Vec::new(), targets, prices, filter, reviewers, keys }
    }

    pub(crate) fn routed_by(self, routes: Vec<Rule>) -> Self {
        let is_routed = self.apps.values().any(|app| app.is_routed(&routes));
        let asks_targets = self.apps.values().any(|app| app.asks_targets(&routes));
        let is_tiered = self.apps.values().any(|app| !app.tiers.is_empty() || app.media.is_some());
        let version = match (is_tiered, is_routed) {
            _ if asks_targets => ASKS_TARGETS,
            (true, _) => TIERED,
            (false, true) => ROUTED,
            (false, false) => self.version,
        };
        Self { version, routes, ..self }
    }

    pub(crate) fn reviewed_by(self, reviewers: BTreeMap<TargetName, Reviewer>) -> Self {
        Self { reviewers, ..self }
    }

    /// The bundle with these keys, which have all that its apps name.
    pub(crate) fn keyed(self, keys: HashKeys) -> Self {
        Self { keys, ..self }
    }

    /// The bundle with the keys that a process has.
    ///
    /// # Errors
    /// [`BundleError::HashKey`] when an app hashes under a key that is not among them.
    pub fn with_keys(self, keys: &HashKeys) -> Result<Self, BundleError> {
        for (app, policy) in &self.apps {
            let named = policy.personal_data.as_ref().and_then(|personal| personal.hash_key.as_ref());
            if let Some(fingerprint) = named.filter(|fingerprint| keys.get(fingerprint).is_none()) {
                return Err(BundleError::HashKey { app: app.clone(), fingerprint: fingerprint.clone() });
            }
        }
        Ok(self.keyed(keys.clone()))
    }

    /// Every content that it names, with its name in messages.
    pub fn contents(&self) -> impl Iterator<Item = (&str, &Content)> {
        let tables = self.apps.iter().filter_map(|(key, app)| Some((key.as_str(), app.tier_table.as_ref()?)));
        self.filter.contents().chain(tables)
    }

    /// The keys under which personal data are hashed.
    pub fn hash_keys(&self) -> &HashKeys {
        &self.keys
    }

    /// The canonical bytes.
    ///
    /// # Errors
    /// Those of the JSON encoder; none is known for this type.
    pub fn to_json(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(self)
    }

    /// Hash of the canonical bytes.
    ///
    /// # Errors
    /// Those of the JSON encoder; none is known for this type.
    pub fn hash(&self) -> Result<BundleHash, serde_json::Error> {
        let hash = hex(&self.to_json()?);
        BundleHash::new(hash).map_err(serde::ser::Error::custom)
    }

    /// Reads what is stored under a hash and checks that it is that.
    ///
    /// # Errors
    /// [`BundleError`] when it is something else.
    pub fn from_json(hash: &BundleHash, bytes: &[u8]) -> Result<Self, BundleError> {
        let found = hex(bytes);
        if found != hash.as_str() {
            return Err(BundleError::Hash { expected: hash.clone(), found });
        }
        let bundle: Self = serde_json::from_slice(bytes)
            .map_err(|source| BundleError::Malformed { hash: hash.clone(), source })?;
        if !(FIRST..=ASKS_TARGETS).contains(&bundle.version) {
            return Err(BundleError::Version { hash: hash.clone(), version: bundle.version });
        }
        Ok(bundle)
    }

    /// The price of a call to that target at that time, wherever in the file it stands: of the rows that cover it, one of the
    /// target's own region before one of any region, and among those the one that began last.
    pub fn price(&self, target: &Target, at: Millis) -> Option<&Price> {
        price::in_force(&self.prices, target, at)
    }
}

fn hex(bytes: &[u8]) -> String {
    base16ct::lower::encode_string(&Sha256::digest(bytes))
}
