//! A prompt for models that do not heed a system message.

use std::borrow::Cow;

use catalogue::Target;
use catalogue::model_traits::SystemRole;
use outbound::Failure;
use schemas::request::Role;

use super::{Line, Question, turns};

/// Lines whose texts may be put together.
pub(super) struct Prompt<'a>(Vec<(Role, Cow<'a, str>)>);

impl<'a> Prompt<'a> {
    /// What was said. For a model that does not heed the system, what the system says stands before what the person says first.
    ///
    /// # Errors
    /// Those of [`turns::spoken`].
    pub(super) fn of(question: &Question<'a>, to: &Target) -> Result<Self, Failure> {
        let lines = turns::spoken(question)?;
        if to.traits.system != SystemRole::User {
            return Ok(Self(lines.into_iter().map(|line| (line.role, Cow::Borrowed(line.text))).collect()));
        }
        let is_system = |line: &&Line<'_>| line.role == Role::System;
        let mut told: Vec<&str> = lines.iter().filter(is_system).map(|line| line.text).collect();
        let line = |line: &Line<'a>| {
            let told = if line.role == Role::User { std::mem::take(&mut told) } else { Vec::new() };
            let text = if told.is_empty() {
                Cow::Borrowed(line.text)
            } else {
                Cow::Owned([told, vec![line.text]].concat().join("\n\n"))
            };
            (line.role, text)
        };
        Ok(Self(lines.iter().filter(|line| !is_system(line)).map(line).collect()))
    }

    pub(super) fn lines(&self) -> Vec<Line<'_>> {
        self.0.iter().map(|(role, text)| Line { role: *role, text }).collect()
    }
}
