//! What the generations of Spark take.

use std::borrow::Cow;

use schemas::request::Role;

use crate::families::Line;

/// A generation, by the name of its model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Model {
    Lite,
    Pro,
    Pro128k,
    Max,
    Max32k,
    Ultra,
    /// X1.5 and X2, which the address tells apart.
    X,
    X25,
    /// Of the operator's own, or newer than this.
    Other,
}

impl Model {
    pub(super) fn of(name: &str) -> Self {
        match name.to_ascii_lowercase().as_str() {
            "lite" => Self::Lite,
            "generalv3" => Self::Pro,
            "pro-128k" => Self::Pro128k,
            "generalv3.5" => Self::Max,
            "max-32k" => Self::Max32k,
            "4.0ultra" => Self::Ultra,
            name if name.starts_with("spark-x2.5") => Self::X25,
            name if name.starts_with("spark-x") => Self::X,
            _ => Self::Other,
        }
    }

    /// The path of its WebSocket.
    pub(super) fn path(self) -> Option<&'static str> {
        Some(match self {
            Self::Lite => "/v1.1/chat",
            Self::Pro => "/v3.1/chat",
            Self::Pro128k => "/chat/pro-128k",
            Self::Max => "/v3.5/chat",
            Self::Max32k => "/chat/max-32k",
            Self::Ultra => "/v4.0/chat",
            Self::X => "/v1/x1",
            Self::X25 | Self::Other => return None,
        })
    }

    /// The field that caps its output.
    pub(super) fn cap_field(self) -> &'static str {
        if self == Self::X25 { "max_completion_tokens" } else { "max_tokens" }
    }

    /// The cap that it takes for a wanted one; more than it can do is refused.
    pub(super) fn cap(self, wanted: u32) -> u32 {
        match self {
            Self::Lite | Self::Pro128k => wanted.min(4_096),
            Self::Pro | Self::Max | Self::Max32k | Self::Ultra => wanted.min(8_192),
            Self::X | Self::X25 | Self::Other => wanted,
        }
    }

    /// X2.5 has a temperature of its own.
    pub(super) fn takes_temperature(self) -> bool {
        self != Self::X25
    }

    /// It searches the web unless it is told not to.
    pub(super) fn searches(self) -> bool {
        !matches!(self, Self::Lite | Self::Other)
    }

    /// It thinks, and can be told not to.
    pub(super) fn thinks(self) -> bool {
        matches!(self, Self::X | Self::X25)
    }

    /// The older ones do not follow a line of the system's.
    fn hears_system(self) -> bool {
        !matches!(self, Self::Lite | Self::Pro | Self::Pro128k)
    }

    /// The prompt as it takes it. For a model that does not hear the system, what the system says comes before what the person
    /// says first.
    pub(super) fn prompt<'a>(self, prompt: &'a [Line<'a>]) -> Prompt<'a> {
        let is_system = |line: &&Line<'_>| line.role == Role::System;
        let said: Vec<&str> = prompt.iter().filter(is_system).map(|line| line.text).collect();
        let first = prompt.iter().position(|line| line.role == Role::User);
        let (false, false, Some(first)) = (self.hears_system(), said.is_empty(), first) else {
            let lines = prompt.iter().map(|line| (line.role, Cow::Borrowed(line.text))).collect();
            return Prompt(lines);
        };
        let line = |(at, line): (usize, &'a Line<'a>)| {
            let text = if at == first {
                Cow::Owned(format!("{}\n\n{}", said.join("\n\n"), line.text))
            } else {
                Cow::Borrowed(line.text)
            };
            (line.role, text)
        };
        Prompt(prompt.iter().enumerate().filter(|(_, line)| !is_system(line)).map(line).collect())
    }
}

/// A prompt whose texts may be put together.
pub(super) struct Prompt<'a>(Vec<(Role, Cow<'a, str>)>);

impl Prompt<'_> {
    pub(super) fn lines(&self) -> Vec<Line<'_>> {
        self.0.iter().map(|(role, text)| Line { role: *role, text }).collect()
    }
}
