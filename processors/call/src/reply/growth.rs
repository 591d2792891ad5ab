//! Where the text of an answer grows while its reply is read.

use std::fmt::Debug;

/// Takes the text of one reply, piece by piece.
///
/// It is the only place that a text passes on its way from a family to the answer. Today it is [`Collected`] until the reply is
/// whole. Parts that are to be sent to a person earlier would be taken here, and their thoughts be held back here.
pub(crate) trait Growth: Debug + Send {
    /// The next piece, as the model said it: thoughts and template marks that stand in the text are in it.
    fn grow(&mut self, piece: &str);

    /// Everything so far was replaced by this.
    fn replace(&mut self, text: &str);

    /// The text so far.
    fn text(&self) -> &str;
}

/// Keeps the text.
#[derive(Default)]
pub(crate) struct Collected(String);

impl Growth for Collected {
    fn grow(&mut self, piece: &str) {
        self.0.push_str(piece);
    }

    fn replace(&mut self, text: &str) {
        text.clone_into(&mut self.0);
    }

    fn text(&self) -> &str {
        &self.0
    }
}

impl Debug for Collected {
    /// Without the text, which is a person's.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Collected").field(&self.0.len()).finish()
    }
}
