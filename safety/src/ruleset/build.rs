//! From rules, dictionaries and an allow-list to an engine.

use std::collections::BTreeMap;

use common::Action;
use icu_properties::CodePointMapData;
use icu_properties::props::GeneralCategory;

use crate::detector::Detector;
use crate::dictionary::{Dictionary, Entry};
use crate::fold::Folded;
use crate::rule::{BadRule, Border, Reason, Rule};
use crate::stream::UNBOUNDED_REACH;
use crate::tables::{CharClass, class};
use crate::view::{View, Views};
use crate::words::lexicon::Lexicon;
use crate::words::plain::Plain;
use crate::words::sieve::Sieve;

use super::RuleSet;
use super::pattern::Pattern;
use super::reach::{DETECTOR, Reach};
use super::words::{RuleMeta, Side, Word, Words};

/// Most characters of a word.
pub const LONGEST_WORD: usize = 200;

/// Gathers what an engine judges by. Whatever cannot be used is told by [`Self::build`], the first problem of all.
#[derive(Debug, Default)]
pub struct Builder {
    version: String,
    metas: Vec<RuleMeta>,
    /// Folded text and what it stands for.
    words: Vec<(String, Word)>,
    labels: Vec<Box<str>>,
    patterns: Vec<Pattern>,
    allowed: Vec<String>,
    detectors: Vec<Box<dyn Detector>>,
    reach: Reach,
    problem: Option<BadRule>,
}

impl Builder {
    pub(super) fn new(version: String) -> Self {
        Self { version, ..Self::default() }
    }

    /// Adds rules.
    #[must_use]
    pub fn rules(mut self, rules: &[Rule]) -> Self {
        for rule in rules {
            if let Err(reason) = self.rule(rule) {
                self.problem.get_or_insert(BadRule { rule: rule.id.clone(), reason });
            }
        }
        self
    }

    /// Adds the words of a dictionary.
    #[must_use]
    pub fn dictionary(mut self, dictionary: &Dictionary) -> Self {
        let mut rules: BTreeMap<(&str, Action, u8), u32> = BTreeMap::new();
        for entry in &dictionary.entries {
            let action = entry.action.unwrap_or(dictionary.action);
            let severity = entry.severity.unwrap_or(dictionary.severity);
            let rule = match rules.get(&(entry.category.as_str(), action, severity)) {
                Some(rule) => *rule,
                None => self.meta(RuleMeta {
                    id: format!("{}/{}", dictionary.name, entry.category),
                    category: entry.category.clone(),
                    severity,
                    input: action,
                    output: entry.action.or(dictionary.output).unwrap_or(action),
                    view_actions: Vec::new(),
                    on_error: dictionary.on_error,
                    shadow: dictionary.shadow,
                    within: None,
                }),
            };
            rules.insert((&entry.category, action, severity), rule);
            if let Err(reason) = self.entry(entry, rule) {
                self.problem.get_or_insert(BadRule { rule: entry.category.clone(), reason });
            }
        }
        self
    }

    /// Adds spans that are allowed: a hit that lies wholly within one is cancelled.
    #[must_use]
    pub fn allow(mut self, spans: &[String]) -> Self {
        for span in spans {
            match foldable(span) {
                Ok(folded) => {
                    self.reach.add(2 * folded.chars().count());
                    self.allowed.push(folded);
                }
                Err(reason) => {
                    self.problem.get_or_insert(BadRule { rule: "allow-list".to_owned(), reason });
                }
            }
        }
        self
    }

    /// Adds a detector; its hits come beside those of the rules.
    #[must_use]
    pub fn detector(mut self, detector: Box<dyn Detector>) -> Self {
        self.reach.add(DETECTOR);
        self.detectors.push(detector);
        self
    }

    /// The engine.
    ///
    /// # Errors
    /// [`BadRule`] for the first thing that could not be used.
    pub fn build(mut self) -> Result<RuleSet, BadRule> {
        if let Some(problem) = self.problem {
            return Err(problem);
        }
        self.words.sort_by(|(one, _), (two, _)| one.cmp(two));
        let (mut texts, mut views, mut from, mut all) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (text, word) in self.words {
            if texts.last() != Some(&text) {
                texts.push(text);
                views.push(Views::NONE);
                from.push(all.len() as u32);
            }
            if let Some(views) = views.last_mut() {
                *views = views.with(word.views);
            }
            all.push(word);
        }
        from.push(all.len() as u32);
        self.allowed.sort();
        self.allowed.dedup();
        let lexicons = lexicons(&texts, &views);
        let beyond_sieve =
            lexicons.iter().any(|lexicon| lexicon.sees_beyond() || !lexicon.initials.is_empty());
        Ok(RuleSet {
            sieve: Sieve::of(&texts),
            plain: Plain::new(&texts),
            needs_fold: beyond_sieve || !self.patterns.is_empty() || !self.detectors.is_empty(),
            lexicons,
            words: Words::new(all, from, self.labels),
            has_near: self.metas.iter().any(|meta| meta.within.is_some()),
            metas: self.metas,
            patterns: self.patterns,
            allowed: Plain::new(&self.allowed),
            detectors: self.detectors,
            reach: self.reach,
            version: self.version,
        })
    }

    fn rule(&mut self, rule: &Rule) -> Result<(), Reason> {
        let rule_number = self.meta(RuleMeta {
            id: rule.id.clone(),
            category: rule.category.clone(),
            severity: rule.severity,
            input: rule.action,
            output: rule.output.unwrap_or(rule.action),
            view_actions: rule.view_actions.iter().map(|(view, action)| (*view, *action)).collect(),
            on_error: rule.on_error,
            shadow: rule.shadow,
            within: rule.near.as_ref().map(|near| near.within),
        });
        if rule.near.is_some() {
            self.reach.add(UNBOUNDED_REACH);
        }
        if let Some(expression) = &rule.regex {
            if !rule.words.is_empty() || rule.near.is_some() {
                return Err(Reason::Both);
            }
            self.reach.add(UNBOUNDED_REACH);
            self.patterns.push(Pattern::new(expression, rule_number)?);
            return Ok(());
        }
        for word in &rule.words {
            self.word(word, Word::of(rule_number, rule.views, rule.border, Side::First))?;
        }
        for word in rule.near.iter().flat_map(|near| &near.words) {
            self.word(word, Word::of(rule_number, rule.views, rule.border, Side::Second))?;
        }
        match &rule.near {
            Some(near) if near.words.is_empty() || rule.words.is_empty() => Err(Reason::OneSided),
            _ => Ok(()),
        }
    }

    fn entry(&mut self, entry: &Entry, rule: u32) -> Result<(), Reason> {
        self.word(&entry.word, Word::of(rule, entry.views, entry.border, Side::First))
    }

    fn meta(&mut self, meta: RuleMeta) -> u32 {
        self.metas.push(meta);
        (self.metas.len() - 1) as u32
    }

    fn word(&mut self, word: &str, mut of: Word) -> Result<(), Reason> {
        let folded = foldable(word)?;
        self.reach.word(folded.chars().count(), of.views, of.border);
        of.label = self.labels.len() as u32;
        self.labels.push(word.into());
        // Other separators than the word's own blanks, or none, stand between its parts too.
        if of.views.has(View::Separators) && folded.contains(' ') {
            self.words.push((folded.replace(' ', ""), of));
        }
        self.words.push((folded, of));
        Ok(())
    }
}

impl Word {
    fn of(rule: u32, views: Views, border: Border, side: Side) -> Self {
        Self { rule, label: 0, views, border, side }
    }
}

impl Rule {
    /// What is wrong with the rule, if anything: no engine could be built from it.
    ///
    /// # Errors
    /// [`BadRule`] as [`RuleSet::new`] has it.
    pub fn check(&self) -> Result<(), BadRule> {
        if self.words.is_empty() && self.regex.is_none() {
            return Err(BadRule { rule: self.id.clone(), reason: Reason::Nothing });
        }
        let checked = Builder::default().rules(std::slice::from_ref(self));
        checked.problem.map_or(Ok(()), Err)
    }
}

/// The words that are looked for through views, those apart that only separators and repeats can disguise.
fn lexicons(texts: &[String], views: &[Views]) -> Vec<Lexicon> {
    let passed_over = Views::of(View::Separators).with(Views::of(View::Repeats));
    let of = |wanted: bool| {
        let of = |views: &Views| if views.within(passed_over) == wanted { *views } else { Views::NONE };
        Lexicon::new(texts, &views.iter().map(of).collect::<Vec<_>>())
    };
    [of(true), of(false)].into_iter().flatten().collect()
}

/// Whether a word can be looked for.
///
/// # Errors
/// [`Reason`] when nothing is left of it when it is folded, or too much.
pub fn searchable(word: &str) -> Result<(), Reason> {
    foldable(word).map(drop)
}

/// A word as it is looked for.
///
/// # Errors
/// [`Reason`] when nothing is left of it that can be looked for, or too much.
pub(crate) fn foldable(word: &str) -> Result<String, Reason> {
    let folded = Folded::of(word);
    // Symbols are words too, but spaces and punctuation would hit everything.
    let says = |c: &char| match class(*c) {
        CharClass::Ideograph | CharClass::Letter | CharClass::Digit => true,
        CharClass::Blank => false,
        CharClass::Other => {
            CodePointMapData::<GeneralCategory>::new().get(*c) == GeneralCategory::OtherSymbol
        }
    };
    if !folded.chars().iter().any(says) {
        return Err(Reason::EmptyWord(word.to_owned()));
    }
    if folded.len() > LONGEST_WORD {
        return Err(Reason::LongWord(word.chars().take(20).collect()));
    }
    Ok(folded.chars().iter().collect())
}
