//! Personal data as part of an engine.

use std::cell::RefCell;

use common::Action;

use super::mask::Masking;
use super::recogniser::{Recognised, Recogniser};
use crate::detector::Detector;
use crate::direction::Direction;
use crate::finding::Hit;
use crate::fold::Folded;
use crate::view::Views;

thread_local! {
    static RECOGNISER: RefCell<Recogniser> = RefCell::default();
}

/// Lends the thread's recogniser, whose buffers have the room that texts take; a new one where it is lent already.
pub(super) fn with_recogniser<T>(work: impl FnOnce(&mut Recogniser) -> T) -> T {
    RECOGNISER.with(|recogniser| match recogniser.try_borrow_mut() {
        Ok(mut recogniser) => work(&mut recogniser),
        Err(_) => work(&mut Recogniser::default()),
    })
}

/// Adds the personal data of a text to what the rules of an engine hit. The rule of such a hit is `personal_data`, its word the name of
/// the kind.
#[derive(Debug, Clone, Copy)]
pub struct PersonalData {
    /// What to do with what people write.
    pub input: Action,
    /// What to do with what the model says.
    pub output: Action,
}

impl PersonalData {
    /// Id and category of the hits.
    pub const RULE: &str = "personal_data";
}

impl Detector for PersonalData {
    fn detect(&self, direction: Direction, text: &str, _: &Folded, hits: &mut Vec<Hit>) {
        let action = match direction {
            Direction::Input => self.input,
            Direction::Output => self.output,
        };
        hits.extend(recognised(text).into_iter().map(|found| hit(found, action)));
    }
}

/// The personal data of a text that are hidden, as hits.
pub fn hits(text: &str, masking: Masking<'_>) -> Vec<Hit> {
    let found = recognised(text).into_iter().filter(|found| masking.styles.hides(found.kind));
    found.map(|found| hit(found, Action::Mask)).collect()
}

fn recognised(text: &str) -> Vec<Recognised> {
    with_recogniser(|recogniser| recogniser.recognise(text))
}

fn hit(found: Recognised, action: Action) -> Hit {
    Hit {
        rule: PersonalData::RULE.to_owned(),
        category: PersonalData::RULE.to_owned(),
        severity: 0,
        word: found.kind.label().to_owned(),
        views: Views::NONE,
        span: found.span,
        action,
        on_error: None,
        shadow: false,
    }
}
