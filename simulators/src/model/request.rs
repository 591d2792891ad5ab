//! What every wire reads of a chat request.

use super::fields::Fields;

/// One message of a prompt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Turn {
    pub(crate) role: String,
    pub(crate) text: String,
    /// Pictures that it shows by their addresses.
    pub(crate) images: usize,
}

impl Turn {
    /// A message without pictures.
    pub(crate) fn new(role: impl Into<String>, text: impl Into<String>) -> Self {
        Self { role: role.into(), text: text.into(), images: 0 }
    }
}

/// Where a stream tells what it spent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum UsagePlace {
    /// Nowhere.
    #[default]
    Absent,
    /// In a chunk of its own at the end.
    OwnChunk,
    /// In the last chunk that has a choice.
    LastChoice,
    /// In every chunk, so far.
    EveryChunk,
}

/// How long a marked beginning of a prompt is kept in the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CacheLife {
    Minutes5,
    Hour1,
}

/// Beginnings of the prompt that are to be cached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct CacheMarks {
    /// Texts of the prompt, one for each block.
    pub(crate) blocks: Vec<Turn>,
    /// How many blocks each beginning has, the shortest one first, and how long it is kept.
    pub(crate) marks: Vec<(usize, CacheLife)>,
}

/// What matters of a request.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct ChatRequest {
    pub(crate) model: String,
    /// All messages, a system prompt that has a field of its own included.
    pub(crate) turns: Vec<Turn>,
    /// Most tokens of the answer.
    pub(crate) cap: Option<u64>,
    pub(crate) stream: bool,
    pub(crate) usage: UsagePlace,
    /// Whether the request switches thinking on or off.
    pub(crate) thinking: Option<bool>,
    /// Whether the answer is wanted as bare text.
    pub(crate) is_bare: bool,
    /// Whether each frame repeats the text so far.
    pub(crate) is_cumulative: bool,
    pub(crate) cache: CacheMarks,
    /// Window asked for, where a request may ask for one.
    pub(crate) window: Option<u64>,
    /// The part of the path that chooses a generation of models.
    pub(crate) path: String,
    /// The body as it came.
    pub(crate) fields: Fields,
}

impl ChatRequest {
    /// Texts of the user's messages, oldest first.
    pub(crate) fn user_texts(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.turns.iter().filter(|turn| turn.role == "user").map(|turn| turn.text.as_str())
    }

    /// The first of the user's messages that contains a text: its number from 1, or -1 for the last message.
    pub(crate) fn round_with(&self, text: &str) -> Option<i64> {
        let number = self.user_texts().position(|said| said.contains(text))?;
        let is_last = number + 1 == self.user_texts().count();
        if is_last { Some(-1) } else { i64::try_from(number + 1).ok() }
    }

    /// Pictures of all messages.
    pub(crate) fn images(&self) -> usize {
        self.turns.iter().map(|turn| turn.images).sum()
    }

    /// Text of the user's last message.
    pub(crate) fn last_user(&self) -> &str {
        self.user_texts().next_back().unwrap_or_default()
    }
}
