//! The techniques that are told apart.

/// What speaks for an injection, or against it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Signal {
    /// Orders to drop the instructions.
    Override,
    /// A new role without limits, or a new set of instructions.
    Persona,
    /// A well-known jailbreak by its name, or a mode that lifts limits.
    Jailbreak,
    /// Asks for the system prompt or other hidden instructions.
    Extraction,
    /// Asks to switch off filters, safety or moderation.
    FilterOff,
    /// Forbids to refuse, to warn, or to answer other than it says.
    ForcedForm,
    /// Writes as the system, the developer or the model would, in tags or headings.
    RoleTag,
    /// Text that is an order once it is decoded.
    Encoded,
    /// Orders to decode something and to act on it.
    DecodeAndFollow,
    /// An order in pieces, to be put together by the model.
    Split,
    /// Speaks to the model out of a document.
    Hidden,
    /// Claims to be allowed to: developer, administrator, test.
    Authority,
    /// Threats, rewards, emotional pressure.
    Coercion,
    /// A story, a game or a dream as the cover.
    Fiction,
    /// Prepares later messages: triggers, agreed words, orders for all answers to come.
    MultiTurn,
    /// The wording as a whole resembles that of injections.
    Wording,
    /// Takes away: talks about injection, asks what a phrase means, gives an example.
    Discussion,
    /// Takes away: takes back what the person said, not what the model was told.
    OwnWords,
    /// Takes away: files, code and settings of other things than the model.
    OtherThings,
}

impl Signal {
    /// All, in the order of their declaration.
    pub const ALL: [Self; 19] = [
        Self::Override,
        Self::Persona,
        Self::Jailbreak,
        Self::Extraction,
        Self::FilterOff,
        Self::ForcedForm,
        Self::RoleTag,
        Self::Encoded,
        Self::DecodeAndFollow,
        Self::Split,
        Self::Hidden,
        Self::Authority,
        Self::Coercion,
        Self::Fiction,
        Self::MultiTurn,
        Self::Wording,
        Self::Discussion,
        Self::OwnWords,
        Self::OtherThings,
    ];

    /// Its name in events, explanations and the pattern file.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Override => "override",
            Self::Persona => "persona",
            Self::Jailbreak => "jailbreak",
            Self::Extraction => "extraction",
            Self::FilterOff => "filter_off",
            Self::ForcedForm => "forced_form",
            Self::RoleTag => "role_tag",
            Self::Encoded => "encoded",
            Self::DecodeAndFollow => "decode_and_follow",
            Self::Split => "split",
            Self::Hidden => "hidden",
            Self::Authority => "authority",
            Self::Coercion => "coercion",
            Self::Fiction => "fiction",
            Self::MultiTurn => "multi_turn",
            Self::Wording => "wording",
            Self::Discussion => "discussion",
            Self::OwnWords => "own_words",
            Self::OtherThings => "other_things",
        }
    }

    /// The signal of this name.
    pub fn named(label: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|signal| signal.label() == label)
    }
}
