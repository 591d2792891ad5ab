//! Bundles in topic `configs`: applying one, finding the one that was applied last, and looking one up by its hash, each with the engines
//! that are built from it.

mod apply;
mod pieces;
mod shelf;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use catalogue::filter::BadContent;
use catalogue::{Bundle, BundleError, Content, Contents, EngineError, Engines, HashKeys, Parts};
use pipeline::kafka;
use safety::ENGINE;
use schemas::ids::{BadId, BundleHash};
use schemas::topic::{Topic, TopicNames};
use schemas::wire::EncodeError;

pub use apply::{WriteError, apply, apply_on};
use shelf::{Shelf, Source};

/// Bundles whose engines are kept ready, those that were asked for last: the one in force, the one before it, and the next one.
const READY: usize = 3;

/// A bundle that cannot be had or applied.
#[derive(Debug, thiserror::Error)]
pub enum BundlesError {
    /// Topic `configs` cannot be read.
    #[error("read topic configs")]
    Read(#[source] kafka::Error),
    /// No bundle is stored under the hash.
    #[error("bundle {0} is not in topic configs")]
    Missing(BundleHash),
    /// What is stored under the hash cannot be used.
    #[error(transparent)]
    Unusable(#[from] BundleError),
    /// A piece of the words that a bundle names is not there.
    #[error(
        "content {hash} is not whole in topic configs: of its {bytes} bytes, the piece at byte {at} is missing"
    )]
    Piece {
        /// Hash of the content.
        hash: String,
        /// Its bytes.
        bytes: u64,
        /// Where the piece would begin.
        at: u64,
    },
    /// The words that a bundle names are others, or are not at hand.
    #[error("read content {hash}")]
    Content {
        /// Hash of the content.
        hash: String,
        /// What is wrong with it.
        #[source]
        source: BadContent,
    },
    /// The engines of a bundle cannot be built.
    #[error("build the filter of bundle {hash}")]
    Filter {
        /// The bundle.
        hash: BundleHash,
        /// What is wrong.
        #[source]
        source: EngineError,
    },
    /// What names the applied bundle is no hash.
    #[error("read hash of the applied bundle")]
    Current(#[source] BadId),
    /// The bundle has no JSON form.
    #[error("encode bundle")]
    Encode(#[source] serde_json::Error),
    /// The record that switches partitions has no form.
    #[error(transparent)]
    Switch(#[from] EncodeError),
    /// No producer can be had.
    #[error("connect")]
    Connect(#[source] kafka::Error),
    /// A record cannot be written.
    #[error("{what}")]
    Write {
        /// What the record was for.
        what: &'static str,
        /// Why it was not written.
        #[source]
        source: WriteError,
    },
}

impl BundlesError {
    /// A closed label for counters.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Read(_) => "read",
            Self::Missing(_) => "missing",
            Self::Unusable(_) => "unusable",
            Self::Piece { .. } => "piece",
            Self::Content { .. } => "content",
            Self::Filter { .. } => "filter",
            Self::Current(_) => "current",
            Self::Encode(_) => "encode",
            Self::Switch(_) => "switch",
            Self::Connect(_) => "connect",
            Self::Write { .. } => "write",
        }
    }
}

/// A bundle, ready to be used.
#[derive(Debug)]
pub struct Ready {
    /// Its hash.
    pub hash: BundleHash,
    /// What it says.
    pub bundle: Arc<Bundle>,
    /// The engines that judge by it.
    pub engines: Arc<Engines>,
}

/// Reads topic `configs` and keeps what it has read: a bundle never changes under its hash. All roles of a process share one, and with it the
/// engines, which are built here and nowhere else.
pub struct Bundles {
    /// Absent where everything is known.
    source: Option<Source>,
    /// The keys that the process has for them.
    keys: HashKeys,
    known: Vec<(BundleHash, Bundle)>,
    contents: Contents,
    shelf: Mutex<Shelf>,
    /// Held while an engine is built, so that it is built once.
    ready: Mutex<VecDeque<Arc<Ready>>>,
    parts: Parts,
}

impl Bundles {
    /// The bundles of a deployment. One that hashes under other keys than these cannot be used.
    pub fn new(kafka: kafka::Config, topics: &TopicNames, keys: HashKeys) -> Self {
        let source = Source { kafka, topic: topics.of(Topic::Configs) };
        Self { source: Some(source), keys, ..Self::of([]) }
    }

    /// The same, which also know this bundle and its contents although they are not stored.
    #[must_use]
    pub fn knowing(mut self, hash: BundleHash, bundle: Bundle, contents: Contents) -> Self {
        self.known.push((hash, bundle));
        self.contents = contents;
        self
    }

    /// These bundles and no others, without any broker. They name no contents.
    pub fn of(bundles: impl IntoIterator<Item = (BundleHash, Bundle)>) -> Self {
        Self::with(bundles, Contents::default())
    }

    /// These bundles with these contents and no others, without any broker.
    pub fn with(bundles: impl IntoIterator<Item = (BundleHash, Bundle)>, contents: Contents) -> Self {
        Self {
            source: None,
            keys: HashKeys::default(),
            known: bundles.into_iter().collect(),
            contents,
            shelf: Mutex::default(),
            ready: Mutex::default(),
            parts: Parts::default(),
        }
    }

    /// The bundle of that hash. Blocks: the first time it reads the topic and builds the engines, about half a second for a hundred thousand
    /// words.
    ///
    /// # Errors
    /// [`BundlesError`] when it is not stored, cannot be read, or lacks a piece of its words.
    pub fn get(&self, hash: &BundleHash) -> Result<Arc<Ready>, BundlesError> {
        let mut all = self.ready.lock().unwrap_or_else(PoisonError::into_inner);
        let place = all.iter().position(|ready| ready.hash == *hash);
        if let Some(ready) = place.and_then(|place| all.remove(place)) {
            all.push_front(Arc::clone(&ready));
            return Ok(ready);
        }
        let bundle = self.bundle(hash)?;
        let mut fetch = |content: &Content| Ok(self.text(content)?);
        let engines = Engines::new(&bundle, &self.parts, &mut fetch);
        let engines = engines.map_err(|source| BundlesError::Filter { hash: hash.clone(), source })?;
        for what in engines.unusable() {
            tracing::warn!(bundle = %hash, "the filter leaves out what this version cannot look for: {what}");
        }
        let engine = bundle.filter.engine;
        if engine != 0 && engine != ENGINE {
            tracing::warn!(bundle = %hash, "its texts were judged by engine {engine}, this version has {ENGINE}: verdicts may differ");
        }
        let ready = Ready { hash: hash.clone(), bundle: Arc::new(bundle), engines: Arc::new(engines) };
        let ready = Arc::new(ready);
        all.push_front(Arc::clone(&ready));
        all.truncate(READY);
        Ok(ready)
    }

    /// The bundle that was applied last, if one ever was. Builds the engines of one that is stored to be applied as well, so that they are
    /// ready when the log switches to it. Blocks.
    ///
    /// # Errors
    /// [`BundlesError`] when that cannot be read.
    pub fn current(&self) -> Result<Option<Arc<Ready>>, BundlesError> {
        let Some(current) = self.current_hash()? else { return Ok(None) };
        let ready = self.get(&current)?;
        let newest = self.shelf().newest().map(|newest| String::from_utf8_lossy(newest).into_owned());
        if let Some(newest) = newest.and_then(|newest| BundleHash::new(newest).ok())
            && let Err(error) = self.get(&newest)
        {
            tracing::warn!(%error, bundle = %newest, "prepare the bundle that was stored last");
        }
        Ok(Some(ready))
    }

    /// The hash of the bundle that was applied last, if one ever was. Blocks.
    fn current_hash(&self) -> Result<Option<BundleHash>, BundlesError> {
        self.read_on()?;
        let shelf = self.shelf();
        let hash = shelf.current().map(|hash| BundleHash::new(String::from_utf8_lossy(hash)));
        hash.transpose().map_err(BundlesError::Current)
    }

    /// Whether all of a content is stored, as of the last look.
    fn has(&self, content: &Content) -> Result<bool, BundlesError> {
        match self.shelf().pieces(content) {
            Ok(_) => Ok(true),
            Err(BundlesError::Piece { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn bundle(&self, hash: &BundleHash) -> Result<Bundle, BundlesError> {
        if let Some((_, bundle)) = self.known.iter().find(|(known, _)| known == hash) {
            return Ok(bundle.clone());
        }
        if self.shelf().bundle(hash).is_none() {
            self.read_on()?;
        }
        let shelf = self.shelf();
        let value = shelf.bundle(hash).ok_or_else(|| BundlesError::Missing(hash.clone()))?;
        Ok(Bundle::from_json(hash, value)?.with_keys(&self.keys)?)
    }

    /// The text of a content.
    fn text(&self, content: &Content) -> Result<Arc<str>, BundlesError> {
        let bad = |source| BundlesError::Content { hash: content.hash.clone(), source };
        let source = match (&self.source, self.contents.get(content)) {
            (Some(source), Err(_)) => source,
            (_, known) => return known.map_err(bad),
        };
        let pieces = self.shelf().pieces(content)?;
        shelf::text(source, content, &pieces)
    }

    fn read_on(&self) -> Result<(), BundlesError> {
        self.source.as_ref().map_or(Ok(()), |source| self.shelf().read_on(source))
    }

    fn shelf(&self) -> std::sync::MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
