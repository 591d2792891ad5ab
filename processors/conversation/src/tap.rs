//! What a fold took and wrote, as it is in memory.

use std::sync::{Arc, Mutex, PoisonError};

use decide::Output;
use schemas::answered::Answered;
use schemas::event::Event;
use schemas::ids::MessageId;
use schemas::text::Text;

/// Something that a fold took or wrote.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "most are outputs, and each would be allocated by itself")]
pub enum Folded {
    /// It took a message.
    Said {
        /// The message.
        message: MessageId,
        /// What was said, where there is a text.
        text: Option<Text>,
    },
    /// It took an outcome.
    Answered(Box<Answered>),
    /// It wrote a record.
    Output(Output),
}

/// Where a fold hands over what it takes and writes, in order. A clone is the same tap.
#[derive(Debug, Clone, Default)]
pub struct Tap(Arc<Mutex<Vec<Folded>>>);

impl Tap {
    /// Everything since the last time.
    pub fn drain(&self) -> Vec<Folded> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn event(&self, event: &Event) {
        match event {
            Event::Message(message) | Event::Missed(message) => {
                self.take([Folded::Said { message: message.id.clone(), text: message.text.clone() }]);
            }
            Event::Answered(answered) => self.take([Folded::Answered(Box::new(answered.clone()))]),
            _ => {}
        }
    }

    pub(crate) fn take(&self, folded: impl IntoIterator<Item = Folded>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(folded);
    }
}
