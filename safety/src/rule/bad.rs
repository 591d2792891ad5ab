//! Why no engine can be built from a rule.

/// A rule from which no engine can be built.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("build rule {rule:?}: {reason}")]
pub struct BadRule {
    /// Id of the rule; of a dictionary's word, the dictionary's category.
    pub rule: String,
    /// What is wrong with it.
    pub reason: Reason,
}

/// What is wrong with a rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// It would hit everything, or nothing.
    #[error("it has neither words nor a regular expression")]
    Nothing,
    /// It has both words and a regular expression.
    #[error("it has words and a regular expression; make it two rules")]
    Both,
    /// Nothing is left of a word when it is folded, or nothing but spaces and punctuation.
    #[error("nothing that can be looked for is left of word {0:?}")]
    EmptyWord(String),
    /// A word is longer than [`LONGEST_WORD`](crate::LONGEST_WORD) characters.
    #[error("word {0:?} is too long")]
    LongWord(String),
    /// It has words that must stand near, but none to stand near to.
    #[error("it needs words on both sides of `near`")]
    OneSided,
    /// The regular expression is wrong, or its automaton too large.
    #[error("regular expression: {0}")]
    Regex(String),
    /// The regular expression matches the empty text.
    #[error("the regular expression matches the empty text")]
    MatchesNothing,
    /// The words are too many or too long for one automaton.
    #[error("the words do not fit into one automaton: {0}")]
    TooLarge(String),
}
