//! A prompt as the turns of a conversation, for vendors that are strict about their order: the person speaks first and last, and
//! both take turns.

use std::borrow::Cow;

use catalogue::Target;
use catalogue::model_traits::SystemRole;
use outbound::{Class, Failure};
use safety::is_blank;
use schemas::request::Role;
use schemas::text::Text;
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::Value;

use super::content::{Blocks, Content};
use super::{Line, Question};

/// What a person is taken to have said where the bot spoke first. Vendors refuse a conversation that begins with the model.
const OPENING: &str = "…";
/// Between lines that one side said one after the other.
const BETWEEN: &str = "\n\n";

/// The operator's instructions, and the conversation in turns.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Turns<'a> {
    /// All instructions, wherever they stood; empty if there are none.
    pub(super) system: Cow<'a, str>,
    /// An odd number of them. The first and the last are the person's.
    pub(super) turns: Vec<Turn<'a>>,
}

/// What one side said. It stands on the wires that are close to OpenAI's as it is.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Turn<'a> {
    pub(super) role: Role,
    pub(super) text: Cow<'a, str>,
    /// Addresses of pictures that are shown with it: those of one line, since only what the person says now has any.
    pub(super) images: &'a [Text],
}

/// What one side said, as it stands on Anthropic's wire.
pub(super) struct InBlocks<'a>(pub(super) &'a Turn<'a>);

impl<'a> Turn<'a> {
    fn new(role: Role, text: impl Into<Cow<'a, str>>) -> Self {
        Self { role, text: text.into(), images: &[] }
    }

    fn of(line: Line<'a>) -> Self {
        Self { images: line.images, ..Self::new(line.role, line.text) }
    }

    pub(super) fn line(&self) -> Line<'_> {
        Line { role: self.role, text: &self.text, images: self.images }
    }

    fn content(&self) -> Content<'_> {
        Content { text: &self.text, images: self.images }
    }
}

impl Serialize for Turn<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        message(to, self.role, &self.content())
    }
}

impl Serialize for InBlocks<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        message(to, self.0.role, &Blocks(self.0.content()))
    }
}

fn message<S: Serializer>(to: S, role: Role, content: &impl Serialize) -> Result<S::Ok, S::Error> {
    let mut fields = to.serialize_map(Some(2))?;
    fields.serialize_entry("role", word(role))?;
    fields.serialize_entry("content", content)?;
    fields.end()
}

impl<'a> Turns<'a> {
    /// The turns of a prompt. Blank lines are left out, and so is what the bot said after the person's last line: vendors would
    /// have the model go on with it, or refuse the call.
    ///
    /// # Errors
    /// [`Class::BadRequest`] when the person has said nothing.
    pub(super) fn of(question: &Question<'a>) -> Result<Self, Failure> {
        let mut all = Self { system: Cow::Borrowed(""), turns: Vec::new() };
        for line in question.prompt.iter().copied().filter(|line| !is_blank(line.text)) {
            let Line { role, text, images } = line;
            match all.turns.last_mut() {
                _ if role == Role::System => append(&mut all.system, text),
                Some(last) if last.role == role => {
                    append(&mut last.text, text);
                    last.images = if images.is_empty() { last.images } else { images };
                }
                None if role == Role::Assistant => {
                    all.turns.push(Turn::new(Role::User, OPENING));
                    all.turns.push(Turn::of(line));
                }
                _ => all.turns.push(Turn::of(line)),
            }
        }
        all.turns.pop_if(|last| last.role == Role::Assistant);
        let asked = all.turns.last().is_some_and(|last| last.text != OPENING);
        if asked {
            Ok(all)
        } else {
            Err(Failure::new(Class::BadRequest, "build the request: the person said nothing"))
        }
    }

    /// All of it as messages, of which the first are the instructions.
    pub(super) fn messages(self) -> Vec<Turn<'a>> {
        let system = Some(self.system).filter(|system| !system.is_empty());
        let system = system.map(|text| Turn::new(Role::System, text));
        system.into_iter().chain(self.turns).collect()
    }

    /// All of it as messages of the two sides: the instructions stand before what the person says first.
    fn of_two_sides(mut self) -> Vec<Turn<'a>> {
        if let Some(first) = self.turns.first_mut().filter(|_| !self.system.is_empty()) {
            first.text = Cow::Owned([self.system, std::mem::take(&mut first.text)].join(BETWEEN));
        }
        self.turns
    }
}

/// A prompt as messages, with the instructions where the model heeds them.
///
/// # Errors
/// Those of [`Turns::of`].
pub(super) fn messages<'a>(question: &Question<'a>, to: &Target) -> Result<Vec<Turn<'a>>, Failure> {
    let all = Turns::of(question)?;
    Ok(if to.traits.system == SystemRole::User { all.of_two_sides() } else { all.messages() })
}

fn append<'a>(text: &mut Cow<'a, str>, more: &'a str) {
    if text.is_empty() {
        *text = Cow::Borrowed(more);
    } else {
        let text = text.to_mut();
        text.push_str(BETWEEN);
        text.push_str(more);
    }
}

fn word(role: Role) -> &'static str {
    match role {
        Role::System => "system",
        Role::User => "user",
        Role::Assistant => "assistant",
    }
}

/// A temperature in thousandths as a number of JSON.
pub(super) fn temperature(milli: u32) -> Value {
    (f64::from(milli) / 1_000.0).into()
}

#[cfg(test)]
mod tests {
    use schemas::request::Request;

    use super::*;

    fn turns(lines: &[(Role, &str)]) -> Option<(String, Vec<(Role, String)>)> {
        let example = include_str!("../../../../schemas/examples/requests/valid-answer.json");
        let request: Request = serde_json::from_str(example).unwrap();
        let prompt = lines.iter().map(|(role, text)| Line { role: *role, text, images: &[] }).collect();
        let all = Turns::of(&Question { request: &request, prompt }).ok()?;
        let turns = all.turns.into_iter().map(|turn| (turn.role, turn.text.into_owned())).collect();
        Some((all.system.into_owned(), turns))
    }

    const SYSTEM: Role = Role::System;
    const USER: Role = Role::User;
    const BOT: Role = Role::Assistant;

    type Lines = &'static [(Role, &'static str)];

    #[test]
    fn sides_take_turns_and_the_person_is_first_and_last() {
        let cases: [(Lines, &str, Lines); 6] = [
            (&[(SYSTEM, "be kind"), (USER, "hi")], "be kind", &[(USER, "hi")]),
            (
                &[
                    (SYSTEM, "a"),
                    (USER, "1"),
                    (USER, "2"),
                    (BOT, "3"),
                    (SYSTEM, "b"),
                    (BOT, "4"),
                    (USER, "5"),
                ],
                "a\n\nb",
                &[(USER, "1\n\n2"), (BOT, "3\n\n4"), (USER, "5")],
            ),
            (&[(BOT, "welcome"), (USER, "hi")], "", &[(USER, "…"), (BOT, "welcome"), (USER, "hi")]),
            (&[(USER, "hi"), (BOT, "said by hand")], "", &[(USER, "hi")]),
            (&[(USER, "1"), (BOT, " \n"), (USER, "2")], "", &[(USER, "1\n\n2")]),
            (&[(SYSTEM, ""), (USER, "hi"), (USER, "\u{200b}")], "", &[(USER, "hi")]),
        ];
        for (prompt, system, expected) in cases {
            let expected = expected.iter().map(|(role, text)| (*role, (*text).to_owned())).collect();
            assert_eq!(turns(prompt), Some((system.to_owned(), expected)), "{prompt:?}");
        }
    }

    #[test]
    fn nothing_is_asked_where_a_person_said_nothing() {
        for prompt in
            [&[(SYSTEM, "a")][..], &[(USER, "  ")], &[(BOT, "welcome")], &[(BOT, "welcome"), (USER, "")]]
        {
            assert_eq!(turns(prompt), None, "{prompt:?}");
        }
    }
}
