//! How large what is stored of one conversation becomes when people write as much as they can.

use super::scene::{Shape, Talk};
use anyhow::Result;
use schemas::event::{Event, Message};

/// Messages, and bytes of the longest.
const MESSAGES: usize = 400;
const LONGEST: usize = 12_000;

/// Bytes of keys and values of the conversation's entries after each step, at most.
///
/// # Errors
/// When the rules cannot be used.
pub(super) fn largest() -> Result<usize> {
    let rules = Shape::Sessions.build()?;
    let mut random = fastrand::Rng::with_seed(7);
    let mut talk = Talk::new(0)?;
    let (mut largest, mut open) = (0, None);
    for _ in 0..MESSAGES {
        let event = match open.take() {
            Some(request) if random.bool() => talk.answer(&request),
            before => {
                open = before;
                let Event::Message(message) = talk.message()? else { continue };
                let text = "问\"".repeat(random.usize(1..LONGEST / 4));
                Event::Message(Message { text: Some(text.into()), ..message })
            }
        };
        let asked = talk.fold(&rules, event);
        open = asked.or(open);
        largest = largest.max(talk.stored().iter().map(|(key, value)| key.len() + value.len()).sum());
    }
    Ok(largest)
}
