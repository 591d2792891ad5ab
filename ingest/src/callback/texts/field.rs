//! Which fields hold texts, by who writes them.
//!
//! People and their programs write bodies and extensions, so everything in them is a text, whatever it is called, but for what Easemob's
//! own programs write there in a form that says nothing: addresses, words of the protocol, measures, ids. A text in their place is one.

/// Fields of a payload that Easemob's server writes.
const OF_THE_SERVER: [&str; 7] =
    ["from", "to", "meta", "msg_config", "edit_message_id", "ack_message_id", "recall_id"];
/// Fields of payloads and bodies with words of the protocol, addresses, keys.
const PROTOCOL: [&str; 9] =
    ["type", "subType", "url", "secret", "thumb", "thumb_secret", "chat_type", "channel_type", "operation"];
/// Fields of bodies that are measured. Their numbers are no text.
const MEASURES: [&str; 7] = ["file_length", "length", "Length", "size", "lat", "lng", "combineLevel"];
/// Fields of an extension with ids: who is mentioned, which message is quoted, and the marks of a line's own messages, which come back when
/// such a message is forwarded.
const IDS: [&str; 4] = ["em_at_list", "msgID", "huiyin", "AIGC"];

/// What a value stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    /// A payload, or a body of it.
    Body,
    /// A field of a body that holds what is shown: a number counts as its digits.
    Shown,
    /// A field of a body with a word of the protocol or an address: only what can be neither is a text.
    Protocol,
    /// An extension, whose numbers are a program's.
    Extension,
    /// A field with ids: only what can be none is a text.
    Ids,
}

impl Field {
    /// What a field of that name is, in what this is; `None` where Easemob's server writes it.
    pub(super) fn named(self, name: &str) -> Option<Self> {
        Some(match self {
            Self::Body => match name {
                name if OF_THE_SERVER.contains(&name) => return None,
                "bodies" => Self::Body,
                name if PROTOCOL.contains(&name) => Self::Protocol,
                name if name == "ext" || MEASURES.contains(&name) => Self::Extension,
                _ => Self::Shown,
            },
            Self::Shown => Self::Shown,
            Self::Extension if IDS.contains(&name) => Self::Ids,
            Self::Extension | Self::Protocol => Self::Extension,
            Self::Ids => Self::Ids,
        })
    }

    /// Whether a text that stands here is one.
    pub(super) fn is_text(self, text: &str) -> bool {
        match self {
            Self::Protocol => !is_word(text),
            Self::Ids => !is_identifier(text),
            Self::Body | Self::Shown | Self::Extension => true,
        }
    }

    /// What is in a text that stands here and is JSON.
    pub(super) fn of_json(self) -> Self {
        if self == Self::Ids { Self::Ids } else { Self::Extension }
    }

    /// Whether a number that stands here is shown.
    pub(super) fn shows_numbers(self) -> bool {
        self == Self::Shown
    }
}

/// Whether it can be a name or id for programs. Clients might show any other name of a field to people.
pub(super) fn is_identifier(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b':'))
}

/// Whether it can be a word of the protocol, a key or an address, in which any letter may stand.
fn is_word(text: &str) -> bool {
    let is_address = text.starts_with("https://") || text.starts_with("http://");
    (text.is_ascii() || is_address) && !text.contains(char::is_whitespace)
}
