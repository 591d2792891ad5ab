//! Everything that decides what comes out of a replay, as one record: the first of its results.

use safety::ENGINE;
use schemas::Millis;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Arguments, Name, Sample};
use crate::dataset::Chosen;
use crate::results::{Arm, FORMAT, Head};

/// The form of a manifest that this build writes, and the highest that it reads.
pub const FORM: u32 = 1;
/// Namespace of manifests' ids.
const NAMESPACE: Uuid = Uuid::from_u128(0x6e1f_4a0c_5d77_4d0b_9c1a_b1f2_7c30_4e55);

/// What one partition of `events` is read of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// The partition.
    pub partition: i32,
    /// From here on what belongs to no conversation is read: the bundle, and what call told of its targets.
    pub lead: i64,
    /// From here on the log is folded as it was recorded.
    pub warm: i64,
    /// The first record of the range.
    pub first: i64,
    /// The first record behind it.
    pub end: i64,
}

/// Everything that decides what comes out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`FORM`] of the writer.
    pub form: u32,
    /// The replay's name.
    pub name: Name,
    /// What was asked for.
    pub arguments: Arguments,
    /// Begin of the range: when its first records were appended.
    pub from: Millis,
    /// End of the range.
    pub to: Millis,
    /// How long before the range folding starts, in milliseconds.
    #[serde(default)]
    pub warm_up: Millis,
    /// Version of the program.
    pub version: String,
    /// [`ENGINE`] of the filter.
    pub engine: u16,
    /// Incarnation of the deployment's topics.
    pub incarnation: String,
    /// What is read of each partition.
    pub spans: Vec<Span>,
}

impl Manifest {
    /// Its id, of its content: what is drawn by chance follows from it.
    pub fn id(&self) -> String {
        let content = serde_json::to_vec(self).unwrap_or_default();
        Uuid::new_v5(&NAMESPACE, &content).to_string()
    }

    /// What of it differs from this build and these topics, a line each: a replay is gone on with by the code that began it.
    pub fn differs_from(&self, version: &str, incarnation: &str) -> Vec<String> {
        let pairs = [
            ("the program", self.version.clone(), version.to_owned()),
            ("the filter's engine", self.engine.to_string(), ENGINE.to_string()),
            ("the topics' incarnation", self.incarnation.clone(), incarnation.to_owned()),
        ];
        let told = |(what, was, is): (&str, String, String)| {
            (was != is).then(|| format!("{what} was {was}, and is {is}"))
        };
        pairs.into_iter().filter_map(told).collect()
    }

    /// The conversations that it takes.
    pub fn taking(&self) -> Taking {
        let sample = self.arguments.sample.as_deref().and_then(|text| text.parse().ok());
        Taking {
            seed: self.name.to_string(),
            sample: sample.unwrap_or(Sample::ALL),
            apps: self.arguments.apps.iter().map(|app| app.as_bytes().to_vec()).collect(),
            chosen: None,
        }
    }

    /// The head of its results.
    pub fn head(&self) -> Head {
        let production = Arm { name: "production".to_owned(), bundle: None };
        let candidate = self.arguments.candidate.as_ref();
        let candidate = candidate.map(|c| Arm { name: c.name.clone(), bundle: Some(c.bundle.clone()) });
        Head {
            format: FORMAT,
            name: self.name.to_string(),
            manifest: self.id(),
            baseline: production.clone(),
            candidate: candidate.unwrap_or(production),
            models: self.arguments.models,
            fork_at: self.arguments.fork_at,
            from: Some(self.from),
            to: Some(self.to),
            sample: self.arguments.sample.clone(),
            dataset: self.arguments.dataset.as_ref().map(|set| set.name.clone()),
        }
    }
}

/// Which conversations a replay takes.
#[derive(Debug, Clone)]
pub struct Taking {
    seed: String,
    sample: Sample,
    apps: Vec<Vec<u8>>,
    chosen: Option<Chosen>,
}

impl Taking {
    /// All of them.
    pub fn all() -> Self {
        Self { seed: String::new(), sample: Sample::ALL, apps: Vec::new(), chosen: None }
    }

    /// Only those of a data set, if one is given.
    pub fn of(self, chosen: Option<&Chosen>) -> Self {
        Self { chosen: chosen.cloned(), ..self }
    }

    /// Whether it is all of them.
    pub fn is_all(&self) -> bool {
        self.sample == Sample::ALL && self.apps.is_empty() && self.chosen.is_none()
    }

    /// Whether it takes a conversation, by the key of its records; of a lane, by the lane's.
    pub fn takes(&self, key: &[u8]) -> bool {
        if self.is_all() {
            return true;
        }
        // A lane is its conversation, and behind an `@` its sender; neither has another `@`.
        let conversation = key.split(|b| *b == b'@').next().unwrap_or(key);
        let app = conversation.split(|b| *b == b'/').next().unwrap_or_default();
        (self.apps.is_empty() || self.apps.iter().any(|known| known == app))
            && self.sample.takes(&self.seed, conversation)
            && self.chosen.as_ref().is_none_or(|chosen| chosen.takes(conversation))
    }
}
