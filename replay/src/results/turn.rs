//! One turn as both sides decided it.

use schemas::money::Money;
use serde::{Deserialize, Serialize};

use super::side::Side;

/// One turn as both sides decided it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TurnResult {
    /// Its conversation: the key, or a pseudonym that is the same in all turns. Reports show a hash of it.
    pub conversation: String,
    /// Its id, unique in the file.
    pub turn: String,
    /// The app, org#app.
    pub app: String,
    /// How much work the answer takes: `simple`, `standard` or `hard`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// The tier of the person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier: Option<String>,
    /// What was asked, masked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<String>,
    /// What the comparison compares with.
    pub baseline: Side,
    /// What is tried.
    pub candidate: Side,
    /// What the candidate's answer stands upon.
    pub footing: Footing,
    /// The conversation began without its state: not compared, only counted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cold_start: bool,
    /// Why the decisions differ although they should not; absent where they are equal or were meant to differ.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drift: Option<DriftCause>,
    /// What the judge says; absent where it was not asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judged: Option<Judged>,
}

/// What the candidate's answer stands upon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Footing {
    /// Closed loop: every answer before it in the conversation is the recorded one, to which the person really replied.
    Closed,
    /// Open loop: some answer before it is the candidate's, which the person never saw; what they say next replies to another one.
    Open,
}

/// Why decisions differ that should be equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DriftCause {
    /// Another bundle held than the recorded decision names.
    Bundle,
    /// Another version of the code decided.
    Code,
    /// The state was not there.
    ColdState,
    /// None of these.
    Unexplained,
}

impl DriftCause {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Bundle, Self::Code, Self::ColdState, Self::Unexplained];

    /// Its name.
    pub fn label(self) -> &'static str {
        match self {
            Self::Bundle => "bundle",
            Self::Code => "code",
            Self::ColdState => "cold_state",
            Self::Unexplained => "unexplained",
        }
    }
}

/// What the judge says of two answers, shown to it in both orders.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judged {
    /// What it said when the baseline's answer stood first.
    pub baseline_first: Opinion,
    /// What it said when the candidate's answer stood first.
    pub candidate_first: Opinion,
    /// The answers say the same, so nobody was asked: a tie.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub equal: bool,
    /// What the calls cost, as far as known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cost: Vec<Money>,
}

/// One reply of the judge, told in terms of the sides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opinion {
    /// Which is better.
    pub better: Preference,
    /// By how much.
    pub by: Strength,
    /// Its reason, in its words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
}

/// Which answer is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Preference {
    /// The baseline's.
    Baseline,
    /// Neither.
    Tie,
    /// The candidate's.
    Candidate,
}

/// By how much an answer is better: 0 in a tie, then 1 slightly, 2 clearly, 3 by far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Strength(u8);

impl Strength {
    /// Neither is better.
    pub const NONE: Self = Self(0);
    /// By far.
    pub const MOST: Self = Self(3);

    /// A strength; what is above the most is the most.
    pub fn new(by: u8) -> Self {
        Self(by).min(Self::MOST)
    }
}

impl From<Strength> for u8 {
    fn from(strength: Strength) -> Self {
        strength.0
    }
}

impl From<u8> for Strength {
    fn from(by: u8) -> Self {
        Self::new(by)
    }
}

impl Opinion {
    /// A tie without a word.
    pub fn tie() -> Self {
        Self { better: Preference::Tie, by: Strength::NONE, why: String::new() }
    }

    /// From -3, the baseline by far, to 3, the candidate by far.
    fn score(&self) -> f64 {
        let by = f64::from(u8::from(self.by));
        match self.better {
            Preference::Baseline => -by,
            Preference::Tie => 0.0,
            Preference::Candidate => by,
        }
    }
}

impl Judged {
    /// Answers that say the same.
    pub fn equal() -> Self {
        Self {
            baseline_first: Opinion::tie(),
            candidate_first: Opinion::tie(),
            equal: true,
            cost: Vec::new(),
        }
    }

    /// Whether both orders gave the same side.
    pub fn is_consistent(&self) -> bool {
        self.baseline_first.better == self.candidate_first.better
    }

    /// The side that is better in both orders; a tie when they do not agree.
    pub fn better(&self) -> Preference {
        if self.is_consistent() { self.baseline_first.better } else { Preference::Tie }
    }

    /// What the turn counts in the win rate: 1 for the candidate, 0 for the baseline, a half for a tie.
    pub fn win(&self) -> f64 {
        match self.better() {
            Preference::Baseline => 0.0,
            Preference::Tie => 0.5,
            Preference::Candidate => 1.0,
        }
    }

    /// From -3, the baseline by far, to 3, the candidate by far: the mean of both orders, 0 when they do not agree.
    pub fn score(&self) -> f64 {
        if self.is_consistent() {
            f64::midpoint(self.baseline_first.score(), self.candidate_first.score())
        } else {
            0.0
        }
    }
}
