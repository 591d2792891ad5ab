//! How the frames of a stream are written, and the hostilities that need no knowledge of a family.

use bytes::Bytes;

/// The outer form of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    /// Server-sent events: `data: …`.
    Events,
    /// Server-sent events without the space: `data:…`.
    TightEvents,
    /// One JSON object a line.
    Lines,
    /// One JSON object a message of a WebSocket.
    Messages,
}

impl Framing {
    /// The media type of such a stream.
    pub(crate) fn content_type(self) -> &'static str {
        match self {
            Self::Events | Self::TightEvents => "text/event-stream",
            Self::Lines | Self::Messages => "application/x-ndjson",
        }
    }
}

/// One frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StreamFrame {
    /// Lines before the data, such as `event: ping`.
    pub(crate) head: Option<String>,
    pub(crate) data: String,
}

impl StreamFrame {
    /// A frame that is data only.
    pub(crate) fn data(data: impl Into<String>) -> Self {
        Self { head: None, data: data.into() }
    }

    /// A frame with lines before its data.
    pub(crate) fn headed(head: impl Into<String>, data: impl Into<String>) -> Self {
        Self { head: Some(head.into()), data: data.into() }
    }
}

/// How a stream is written, where that is not as usual.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Style {
    /// `data:` without the space.
    pub(crate) tight: bool,
    /// Lines end with CR LF.
    pub(crate) crlf: bool,
    /// The stream begins with a byte order mark.
    pub(crate) mark: bool,
    /// Each frame goes out in several writes, cut inside its first character of several bytes if it has one.
    pub(crate) split: bool,
}

impl Framing {
    /// A frame as bytes.
    pub(crate) fn write(self, frame: &StreamFrame, style: Style) -> String {
        let end = if style.crlf { "\r\n" } else { "\n" };
        let space = if style.tight || self == Self::TightEvents { "" } else { " " };
        match self {
            Self::Messages => frame.data.clone(),
            Self::Lines => format!("{}{end}", frame.data),
            Self::Events | Self::TightEvents => {
                let head = frame.head.iter().map(|head| format!("{}{end}", head.replace('\n', end)));
                format!("{}data:{space}{}{end}{end}", head.collect::<String>(), frame.data)
            }
        }
    }

    /// A comment, where the form has any.
    pub(crate) fn comment(self, style: Style) -> Option<String> {
        let end = if style.crlf { "\r\n" } else { "\n" };
        matches!(self, Self::Events | Self::TightEvents).then(|| format!(": ping{end}{end}"))
    }
}

/// The writes of a text: one, or several when it is to be split.
pub(crate) fn writes(text: String, style: Style) -> Vec<Bytes> {
    let whole = Bytes::from(text);
    if !style.split || whole.len() < 2 {
        return vec![whole];
    }
    let inside = whole.iter().position(|byte| *byte >= 0x80).map_or(whole.len() / 2, |first| first + 1);
    vec![whole.slice(..inside), whole.slice(inside..)]
}

#[cfg(test)]
mod tests {
    use super::{Framing, StreamFrame, Style, writes};

    #[test]
    fn frames_are_written_as_each_wire_has_them() {
        let frame = StreamFrame::headed("id:1\nevent:result", "{}");
        let usual = Style::default();
        assert_eq!(Framing::Events.write(&frame, usual), "id:1\nevent:result\ndata: {}\n\n");
        assert_eq!(Framing::TightEvents.write(&StreamFrame::data("{}"), usual), "data:{}\n\n");
        assert_eq!(Framing::Lines.write(&StreamFrame::data("{}"), usual), "{}\n");
        let hostile = Style { tight: true, crlf: true, ..usual };
        assert_eq!(Framing::Events.write(&frame, hostile), "id:1\r\nevent:result\r\ndata:{}\r\n\r\n");
    }

    #[test]
    fn a_split_goes_through_a_character() {
        let parts = writes("data: 你好".into(), Style { split: true, ..Style::default() });
        assert_eq!(parts.len(), 2);
        assert!(std::str::from_utf8(&parts[0]).is_err());
        assert_eq!(parts.concat(), "data: 你好".as_bytes());
    }
}
