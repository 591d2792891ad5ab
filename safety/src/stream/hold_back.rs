//! The window that holds text back until it is judged.

use std::ops::Range;

use common::Action;

use super::judge::{Hit, Judge};
use super::measure;

/// What passes after a piece has come, and whether the stream ends there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Passed {
    /// Text that may go out now, after what passed before; hits of [`Action::Mask`] are masked.
    pub text: String,
    /// The action that ended the stream. Nothing passes after it.
    pub stop: Option<Action>,
}

/// Holds a text back that arrives in pieces.
///
/// Between `reach` and `reach + stride` characters wait for their judgement; a hit that is to be masked passes whole, so that up to
/// [`HoldBack::window`] characters can wait. Only a masked hit that is longer than the reach, such as an endless chain of overlapping
/// words, is masked in parts.
#[derive(Debug)]
pub struct HoldBack<J> {
    judge: J,
    reach: usize,
    /// Characters after which the text is judged again. Each judgement costs as much as its whole window, so judging at every piece
    /// would multiply the cost.
    stride: usize,
    /// The text from a place far enough before `passed` for judging what follows.
    text: String,
    /// Bytes of `text` that have passed.
    passed: usize,
    /// Characters that came after the last judgement.
    fresh: usize,
    stopped: Option<Action>,
}

impl<J: Judge> HoldBack<J> {
    /// Begins a text. It is judged again whenever a quarter of the judge's reach has come.
    pub fn new(judge: J) -> Self {
        let reach = judge.reach().max(1);
        Self {
            judge,
            reach,
            stride: (reach / 4).max(1),
            text: String::new(),
            passed: 0,
            fresh: 0,
            stopped: None,
        }
    }

    /// Judges whenever so many characters have come (at least one): fewer pass text sooner, more cost less.
    #[must_use]
    pub fn with_stride(mut self, characters: usize) -> Self {
        self.stride = characters.max(1);
        self
    }

    /// The most characters that wait. Characters that folding drops and repeats of a character are not counted.
    pub fn window(&self) -> usize {
        2 * self.reach + self.stride
    }

    /// Takes the next piece and gives back what may pass by now.
    pub fn push(&mut self, piece: &str) -> Passed {
        if self.stopped.is_some() {
            return Passed { text: String::new(), stop: self.stopped };
        }
        self.text.push_str(piece);
        self.fresh += measure::counted(piece);
        if self.fresh < self.stride {
            return Passed::default();
        }
        self.fresh = 0;
        let decided = measure::back(&self.text, self.text.len(), self.reach);
        self.pass_up_to(decided)
    }

    /// Ends the text and gives back the rest of it.
    pub fn finish(mut self) -> Passed {
        if self.stopped.is_some() {
            return Passed { text: String::new(), stop: self.stopped };
        }
        self.pass_up_to(self.text.len())
    }

    /// Passes what lies before `decided`, the place before which no hit can begin that is not known yet or might still change.
    fn pass_up_to(&mut self, decided: usize) -> Passed {
        if decided <= self.passed {
            return Passed::default();
        }
        let hits = self.judge.hits(&self.text);
        let stop = hits
            .iter()
            .find(|hit| hit.action > Action::Mask && hit.span.start < decided && hit.span.end > self.passed);
        let masked = merged(&hits);
        let end = match stop {
            Some(hit) => hit.span.start.max(self.passed),
            None => self.whole_hits(&masked, decided),
        };
        let text = self.render(&masked, self.passed..end);
        self.stopped = stop.map(|hit| hit.action);
        self.passed = end;
        if self.stopped.is_some() {
            self.text = String::new();
        } else {
            self.forget(&hits);
        }
        Passed { text, stop: self.stopped }
    }

    /// Moves the end before a masked hit that it would divide, unless too much would wait for it.
    fn whole_hits(&self, masked: &[Range<usize>], decided: usize) -> usize {
        match masked.iter().find(|span| span.start < decided && decided < span.end) {
            Some(span) if measure::back(&self.text, decided, self.reach) <= span.start => {
                span.start.max(self.passed)
            }
            _ => decided,
        }
    }

    fn render(&self, masked: &[Range<usize>], range: Range<usize>) -> String {
        let mut out = String::with_capacity(range.len());
        let mut at = range.start;
        for span in masked {
            let (start, end) = (span.start.max(at), span.end.min(range.end));
            if start >= end {
                continue;
            }
            out.push_str(self.text.get(at..start).unwrap_or_default());
            self.judge.mask(self.text.get(start..end).unwrap_or_default(), &mut out);
            at = end;
        }
        out.push_str(self.text.get(at..range.end).unwrap_or_default());
        out
    }

    /// Drops what judging the rest does not need. The text begins anew where no hit lies, so that an engine whose hits exclude each
    /// other finds the same ones again, unless the hits follow each other without a gap.
    fn forget(&mut self, hits: &[Hit]) {
        let latest = measure::back(&self.text, self.passed, self.reach);
        let earliest = measure::back(&self.text, latest, self.reach);
        let mut keep = latest;
        for hit in hits.iter().rev() {
            if hit.span.start < keep && keep < hit.span.end {
                keep = hit.span.start;
            }
        }
        let keep = if keep < earliest { latest } else { keep };
        self.text.drain(..keep);
        self.passed -= keep;
    }
}

/// The spans to be masked, overlapping ones joined.
fn merged(hits: &[Hit]) -> Vec<Range<usize>> {
    let mut spans: Vec<Range<usize>> = Vec::new();
    for hit in hits.iter().filter(|hit| hit.action == Action::Mask) {
        match spans.last_mut() {
            Some(last) if hit.span.start < last.end => last.end = last.end.max(hit.span.end),
            _ => spans.push(hit.span.clone()),
        }
    }
    spans
}
