//! What a replay says of itself and of a turn, without a word of what was said.

use schemas::Millis;
use schemas::money::Money;

/// The replay that turns are of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReplayHead {
    /// Its name.
    pub name: String,
    /// Id of what was resolved when it was launched.
    pub manifest: String,
    /// Begin of the range.
    pub from: Option<Millis>,
    /// End of the range.
    pub to: Option<Millis>,
    /// Where answers come from, in the words of the command line.
    pub models: &'static str,
    /// From this turn of each conversation on models are asked.
    pub fork_at: Option<u32>,
    /// What people call what is compared with.
    pub baseline: String,
    /// What people call what is tried.
    pub candidate: String,
}

/// One turn.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ReplayTurn {
    /// The app, org#app.
    pub app: String,
    /// Key of its conversation, or what stands for it in the results.
    pub conversation: String,
    /// Its id, unique in the replay.
    pub turn: String,
    /// How much work the answer takes, empty if unknown.
    pub class: String,
    /// Tier of the person, empty without one.
    pub tier: String,
    /// `closed` or `open`.
    pub footing: &'static str,
    /// The conversation began without its state.
    pub cold_start: bool,
    /// Why decisions differ that should not, empty if they do not.
    pub drift: &'static str,
    /// What the judge prefers; `None` if there is no judgement.
    pub judged: Option<ReplayJudged>,
    /// What the comparison compares with.
    pub baseline: ReplaySide,
    /// What is tried.
    pub candidate: ReplaySide,
}

/// What the judge says of a turn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ReplayJudged {
    /// The side that is better in both orders: `baseline`, `tie` or `candidate`.
    pub better: &'static str,
    /// From -3, the baseline by far, to 3, the candidate by far.
    pub score: f64,
    /// The answers say the same, so that nobody was asked.
    pub equal: bool,
}

/// What one side made of a turn; whatever is not known is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReplaySide {
    /// Of the filter on the question.
    pub verdict: &'static str,
    /// Of the filter on the answer.
    pub answer_verdict: &'static str,
    /// Ids of the rules that were hit in either.
    pub rules: Vec<String>,
    /// Hash of the decisions.
    pub decision: String,
    /// Hash of the request's bytes.
    pub request: String,
    /// Rule of the route.
    pub route: String,
    /// Target that answered.
    pub target: String,
    /// Characters of the answer.
    pub characters: Option<u32>,
    /// Tokens of all prompts, cached part included.
    pub tokens_input: Option<u64>,
    /// Of them, out of a cache.
    pub tokens_cached: Option<u64>,
    /// Tokens of all completions.
    pub tokens_output: Option<u64>,
    /// Of all attempts.
    pub cost: Option<Money>,
    /// From the request to the whole answer, in milliseconds.
    pub latency_ms: Option<u64>,
    /// From the request to the first token, in milliseconds.
    pub first_token_ms: Option<u64>,
    /// `recorded` or `live`.
    pub source: &'static str,
    /// Why there is no answer although one was asked for.
    pub error: String,
}
