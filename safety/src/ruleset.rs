//! The engine: rules, dictionaries, an allow-list and detectors, composed.

mod build;
mod candidates;
mod near;
pub(crate) mod pattern;
mod reach;
#[cfg(test)]
mod tests;
mod words;

use std::cell::RefCell;
use std::ops::Range;

use crate::detector::Detector;
use crate::direction::Direction;
use crate::engine::Engine;
use crate::finding::{Finding, Hit};
use crate::fold::{Bare, Folded};
use crate::rule::{BadRule, Rule};
use crate::words::lexicon::Lexicon;
use crate::words::marks::Marks;
use crate::words::plain::Plain;
use crate::words::room;
use crate::words::sieve::{self, Sieve, Sifted};
use crate::words::walk::{WalkBuffers, walk};
use crate::words::{Found, Text};

pub(crate) use build::foldable;
pub use build::{Builder, LONGEST_WORD, searchable};
use candidates::Candidate;
use pattern::Pattern;
use reach::Reach;
use words::RuleMeta;
use words::Words;

/// Judges texts by rules. A sieve passes over most texts before they are folded. Of the others one pass over the folded text finds the words that stand there as they are, another one those that rules
/// look for through views; regular expressions and detectors come last.
#[derive(Debug)]
pub struct RuleSet {
    version: String,
    sieve: Sieve,
    plain: Plain,
    lexicons: Vec<Lexicon>,
    words: Words,
    metas: Vec<RuleMeta>,
    patterns: Vec<Pattern>,
    allowed: Plain,
    detectors: Vec<Box<dyn Detector>>,
    /// Rules whose words must stand near others.
    has_near: bool,
    /// Something is looked for that is no word, or a word through a view that the sieve knows nothing of.
    needs_fold: bool,
    reach: Reach,
}

/// Buffers that every thread keeps from text to text.
#[derive(Debug, Default)]
struct Buffers {
    folded: Folded,
    marks: Marks,
    /// Where words begin in what is left of a text.
    places: Vec<u32>,
    /// Where they may begin in the text.
    begins: Vec<Range<usize>>,
    starts: Vec<Range<usize>>,
    walk: WalkBuffers,
    found: Vec<Found>,
    allowed: Vec<Found>,
    candidates: Vec<Candidate>,
    string: String,
    offsets: Vec<u32>,
    bare: Bare,
}

thread_local! {
    static BUFFERS: RefCell<Buffers> = RefCell::default();
}

impl RuleSet {
    /// An engine of these rules alone; `version` names them.
    ///
    /// # Errors
    /// [`BadRule`] for the first rule from which none can be built.
    pub fn new(rules: &[Rule], version: impl Into<String>) -> Result<Self, BadRule> {
        Self::builder(version).rules(rules).build()
    }

    /// Builds an engine of more than rules; `version` names all of it.
    pub fn builder(version: impl Into<String>) -> Builder {
        Builder::new(version.into())
    }

    fn judge_with(&self, direction: Direction, text: &str, buffers: &mut Buffers) -> Finding {
        let sifted = self.sieve.sift(&self.plain, text, &mut buffers.bare, &mut buffers.places);
        if sifted == Sifted::Nothing && !self.needs_fold {
            return Finding::of(Vec::new());
        }
        buffers.folded.refill(text);
        room::empty(&mut buffers.found);
        let is_marked = self.find_words(text, sifted, buffers);
        if !is_marked && !buffers.found.is_empty() && self.words.has_borders() {
            buffers.marks.refill(text, &buffers.folded);
        }
        self.conclude(direction, text, buffers)
    }

    /// Finds the words of a folded text; tells whether its characters had to be marked for it.
    fn find_words(&self, text: &str, sifted: Sifted, buffers: &mut Buffers) -> bool {
        let Buffers { folded, marks, places, begins, starts, walk: buffers, found, .. } = buffers;
        begins.clear();
        match sifted {
            Sifted::Nothing => {}
            Sifted::Places => {
                sieve::add_starts(folded, places, begins);
                self.plain.find_from(folded.chars(), begins, found);
            }
            Sifted::Unknown => self.plain.find(folded.chars(), found),
        }
        let mut is_marked = false;
        for lexicon in &self.lexicons {
            match sifted {
                Sifted::Nothing | Sifted::Places if !lexicon.sees_beyond() => starts.clone_from(begins),
                _ => lexicon.starts(folded, starts),
            }
            if starts.is_empty() && lexicon.initials.is_empty() {
                continue;
            }
            if !std::mem::replace(&mut is_marked, true) {
                marks.refill(text, folded);
            }
            let marked = Text { chars: folded.chars(), marks };
            walk(lexicon, marked, starts, buffers, found);
            if !lexicon.initials.is_empty() {
                lexicon.initials.find(marked, found);
            }
        }
        is_marked
    }

    /// What follows from the words that were found, with what else is looked for.
    fn conclude(&self, direction: Direction, text: &str, buffers: &mut Buffers) -> Finding {
        let Buffers { folded, marks, found, allowed, candidates, string, offsets, .. } = buffers;
        room::empty(candidates);
        let mut hits = Vec::new();
        if !found.is_empty() {
            self.words.candidates(Text { chars: folded.chars(), marks }, found, candidates);
        }
        if !self.patterns.is_empty() {
            pattern::find(&self.patterns, folded.chars(), (string, offsets), candidates);
        }
        if !candidates.is_empty() {
            room::empty(allowed);
            self.allowed.find(folded.chars(), allowed);
            candidates::drop_allowed(allowed, candidates);
            if self.has_near {
                near::keep(&self.metas, candidates);
            }
            candidates::keep_longest(&self.metas, direction, candidates);
            hits.extend(candidates.iter().filter_map(|candidate| self.hit(direction, candidate, folded)));
        }
        for detector in &self.detectors {
            detector.detect(direction, text, folded, &mut hits);
        }
        Finding::of(hits)
    }

    fn hit(&self, direction: Direction, candidate: &Candidate, folded: &Folded) -> Option<Hit> {
        let meta = self.metas.get(candidate.rule as usize)?;
        let word = match candidate.word {
            Some(word) => self.words.label(word),
            None => meta.id.as_str(),
        };
        Some(Hit {
            rule: meta.id.clone(),
            category: meta.category.clone(),
            severity: meta.severity,
            word: word.to_owned(),
            views: candidate.views,
            span: folded.source(candidate.start as usize..candidate.end as usize),
            action: meta.action(direction, candidate.views),
            on_error: meta.on_error,
            shadow: meta.shadow,
        })
    }
}

impl Engine for RuleSet {
    fn dictionary(&self) -> &str {
        &self.version
    }

    fn reach(&self) -> usize {
        self.reach.characters()
    }

    fn judge(&self, direction: Direction, text: &str) -> Finding {
        BUFFERS.with(|buffers| match buffers.try_borrow_mut() {
            Ok(mut buffers) => self.judge_with(direction, text, &mut buffers),
            // Only a detector that judges by a rule set itself comes here.
            Err(_) => self.judge_with(direction, text, &mut Buffers::default()),
        })
    }
}
