//! What a held-back stream needs to know of the engine behind it.

use std::ops::Range;

use common::Action;

/// Reach, in characters, for rules whose matches have no longest length, such as `a.*b`.
pub const UNBOUNDED_REACH: usize = 512;

/// A place that a rule or a recogniser found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// Bytes of the text.
    pub span: Range<usize>,
    /// What is to be done about it. Everything stricter than [`Action::Mask`] ends the stream.
    pub action: Action,
}

/// Judges texts and can say how far it looks.
pub trait Judge {
    /// The longest hit with everything that may stand between its characters, and with what is looked at before and behind it (borders,
    /// longer allowed words, context words), in characters. Characters that folding drops and repeats of a character do not count.
    fn reach(&self) -> usize;

    /// All hits in the order of their starts; they may overlap.
    fn hits(&self, text: &str) -> Vec<Hit>;

    /// Appends what passes instead of a masked hit: an asterisk for each character, unless the judge has something better.
    fn mask(&self, hit: &str, out: &mut String) {
        out.extend(hit.chars().map(|_| '*'));
    }
}

impl<J: Judge + ?Sized> Judge for &J {
    fn reach(&self) -> usize {
        (**self).reach()
    }

    fn hits(&self, text: &str) -> Vec<Hit> {
        (**self).hits(text)
    }

    fn mask(&self, hit: &str, out: &mut String) {
        (**self).mask(hit, out);
    }
}

impl<J: Judge + ?Sized> Judge for std::sync::Arc<J> {
    fn reach(&self) -> usize {
        (**self).reach()
    }

    fn hits(&self, text: &str) -> Vec<Hit> {
        (**self).hits(text)
    }

    fn mask(&self, hit: &str, out: &mut String) {
        (**self).mask(hit, out);
    }
}
