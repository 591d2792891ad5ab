//! What was asked of a replay, as it was asked. Whoever runs the same name again must ask for the same.

use serde::{Deserialize, Serialize};

use crate::results::Models;

/// The arguments that decide what comes out. What only bounds the work (budget, rate, calls at a time) is none of them: it may change from one run to the
/// next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arguments {
    /// Begin, as it was written.
    pub from: String,
    /// End, as it was written.
    pub to: String,
    /// Apps, sorted; all if empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub apps: Vec<String>,
    /// Share of the conversations, as it was written; absent for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sample: Option<String>,
    /// The data set whose turns it is of; absent where it is of all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dataset: Option<Set>,
    /// What is tried; absent where production's own bundles hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub candidate: Option<Candidate>,
    /// Where answers come from.
    pub models: Models,
    /// From which turn of a conversation on models are asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fork_at: Option<u32>,
    /// How much of the log before the range is folded first, as it was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warm_up: Option<String>,
    /// Hash of the snapshot that it starts from, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// What of it is written.
    #[serde(default, skip_serializing_if = "Outputs::is_all")]
    pub outputs: Outputs,
}

/// What a replay writes of what the line would write.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outputs {
    /// All of it, in topics of the replay, beside the results.
    #[default]
    All,
    /// Nothing of it. It is compared, and there are the results.
    Results,
}

impl Outputs {
    /// Its name.
    pub fn label(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Results => "results",
        }
    }

    fn is_all(&self) -> bool {
        *self == Self::All
    }
}

/// What is tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// What people call it: the name of its file.
    pub name: String,
    /// Hash of its bundle.
    pub bundle: String,
}

/// A data set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Set {
    /// What people call it: the name of its file.
    pub name: String,
    /// Hash of its file.
    pub hash: String,
    /// Turns that it has.
    pub turns: u64,
}

impl Arguments {
    /// What differs, a line each: `--to was 2h, and is 1h`.
    pub fn differences(&self, asked: &Self) -> Vec<String> {
        let shown = |text: &Option<String>| text.clone().unwrap_or_else(|| "not given".to_owned());
        let candidate = |candidate: &Option<Candidate>| {
            let told = |c: &Candidate| format!("{} (bundle {})", c.name, c.bundle);
            candidate.as_ref().map_or_else(|| "not given".to_owned(), told)
        };
        let apps = |apps: &[String]| if apps.is_empty() { "not given".to_owned() } else { apps.join(",") };
        let pairs = [
            ("--from", self.from.clone(), asked.from.clone()),
            ("--to", self.to.clone(), asked.to.clone()),
            ("--apps", apps(&self.apps), apps(&asked.apps)),
            ("--sample", shown(&self.sample), shown(&asked.sample)),
            ("--models", self.models.label().to_owned(), asked.models.label().to_owned()),
            (
                "--fork-at",
                shown(&self.fork_at.map(|n| n.to_string())),
                shown(&asked.fork_at.map(|n| n.to_string())),
            ),
            ("--warm-up", shown(&self.warm_up), shown(&asked.warm_up)),
            ("--state", shown(&self.state), shown(&asked.state)),
            ("--outputs", self.outputs.label().to_owned(), asked.outputs.label().to_owned()),
        ];
        let differing = |(name, was, is): (&str, String, String)| {
            (was != is).then(|| format!("{name} was {was}, and is {is}"))
        };
        let told = |set: &Set| format!("{} (hash {})", set.name, set.hash);
        let set = |set: &Option<Set>| set.as_ref().map_or_else(|| "not given".to_owned(), told);
        let hash = |set: &Option<Set>| set.as_ref().map(|set| set.hash.clone());
        let (was, is) = (set(&self.dataset), set(&asked.dataset));
        let differs = hash(&self.dataset) != hash(&asked.dataset);
        let dataset = differs.then(|| format!("--dataset was {was}, and is {is}"));
        // A candidate under another name is the same one: its bundle counts.
        let bundle = |arguments: &Self| arguments.candidate.as_ref().map(|c| c.bundle.clone());
        let (was, is) = (candidate(&self.candidate), candidate(&asked.candidate));
        let differs = bundle(self) != bundle(asked);
        let candidate = differs.then(|| format!("--candidate was {was}, and is {is}"));
        pairs.into_iter().filter_map(differing).chain(dataset).chain(candidate).collect()
    }
}
