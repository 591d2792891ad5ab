//! The two labels of a model-made part: the explicit one that people see, and the implicit one in its `ext`.

use catalogue::App;
use catalogue::labels::{LabelPlace, Labels};
use catalogue::language::language_of;
use schemas::aigc::{Generated, ImplicitLabel};
use schemas::ids::AnswerId;
use schemas::state::WaitingMessage;

use crate::parts::json_size;

/// Between a label and what the model said, as JSON.
const GAP: usize = 4;
/// `"AIGC":` and the comma behind it.
const KEY: usize = 8;
/// As long as an id of a part.
const ID: &str = "00000000-0000-0000-0000-000000000000";

/// The explicit label of an answer; it says nothing where people agreed to have none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ExplicitLabel<'a> {
    text: &'a str,
    at: LabelPlace,
}

impl<'a> ExplicitLabel<'a> {
    /// In the language of the answer, or of what was asked.
    pub(crate) fn of(app: &'a App, labels: &Labels, answer: &str, asked: &[WaitingMessage]) -> Self {
        let asked = asked.iter().filter_map(|message| message.text.plain());
        let language = if labels.texts.is_empty() { None } else { language_of(answer, asked) };
        Self { text: app.label_in(language), at: labels.at }
    }

    /// What it takes of a part, as JSON.
    pub(crate) fn size(self) -> usize {
        if self.text.is_empty() { 0 } else { json_size(self.text) + GAP }
    }

    /// The part with its label, an empty line between them. Whatever code is in the part is closed.
    pub(crate) fn on(self, part: String) -> String {
        let Self { text, at } = self;
        if text.is_empty() {
            return part;
        }
        match at {
            LabelPlace::Start => format!("{text}\n\n{part}"),
            LabelPlace::End if part.ends_with("\n\n") => part + text,
            LabelPlace::End if part.ends_with('\n') => part + "\n" + text,
            LabelPlace::End => part + "\n\n" + text,
        }
    }
}

/// The implicit label of a part.
pub(crate) fn implicit(labels: &Labels, part: AnswerId) -> ImplicitLabel {
    implicit_with(labels, &part.to_string())
}

/// What the implicit label takes of a message's `ext`.
pub(crate) fn implicit_size(labels: &Labels) -> usize {
    serde_json::to_vec(&implicit_with(labels, ID)).map_or(0, |label| label.len()) + KEY
}

fn implicit_with(labels: &Labels, id: &str) -> ImplicitLabel {
    ImplicitLabel {
        label: Generated::Certainly,
        content_producer: labels.producer.clone(),
        produce_id: id.to_owned(),
        reserved_code1: String::new(),
        content_propagator: labels.propagator.clone(),
        propagate_id: id.to_owned(),
        reserved_code2: String::new(),
    }
}
