//! What an engine says of a text, and of several texts together.

use std::collections::BTreeSet;
use std::ops::Range;

use common::{Action, OnError};

use crate::view::Views;

/// One place of a text that a rule hit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// Id of the rule.
    pub rule: String,
    /// Category of the rule; empty when it has none.
    pub category: String,
    /// How bad it is, 0 to 255, as the rule says.
    pub severity: u8,
    /// What was found: the word as the rule has it, the kind of personal data, the name of the pattern.
    pub word: String,
    /// Through which views it was seen; none when the word stood there as it is.
    pub views: Views,
    /// Bytes of the text.
    pub span: Range<usize>,
    /// What is to be done because of this hit.
    pub action: Action,
    /// What happens when that cannot be done; as the app's policy says when absent.
    pub on_error: Option<OnError>,
    /// Counted only: it changes neither the action nor what is masked.
    pub shadow: bool,
}

/// What an engine says of one text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The strictest action of the rules that were hit; [`Action::Pass`] when none was.
    pub action: Action,
    /// Ids of the rules that were hit, each once, sorted.
    pub rules: Vec<String>,
    /// Bytes that were hit by rules that do something, in order, not overlapping.
    pub spans: Vec<Range<usize>>,
    /// Every hit, those of rules in shadow too, in the order of where they stand, then of their rules.
    pub hits: Vec<Hit>,
}

impl Finding {
    /// What follows from these hits.
    pub fn of(mut hits: Vec<Hit>) -> Self {
        if hits.is_empty() {
            return Self { action: Action::Pass, rules: Vec::new(), spans: Vec::new(), hits };
        }
        hits.sort_by(|a, b| {
            let place = |hit: &Hit| (hit.span.start, hit.span.end);
            place(a).cmp(&place(b)).then_with(|| a.rule.cmp(&b.rule)).then_with(|| a.word.cmp(&b.word))
        });
        hits.dedup();
        let mut finding = Self { action: Action::Pass, rules: Vec::new(), spans: Vec::new(), hits };
        for hit in finding.hits.iter().filter(|hit| !hit.shadow) {
            finding.action = finding.action.max(hit.action);
            finding.rules.push(hit.rule.clone());
        }
        finding.spans = spans(finding.hits.iter().filter(|hit| !hit.shadow && hit.action != Action::Pass));
        finding.rules.sort();
        finding.rules.dedup();
        finding
    }

    /// The finding with these hits as well.
    #[must_use]
    pub fn with(mut self, hits: Vec<Hit>) -> Self {
        if hits.is_empty() {
            return self;
        }
        self.hits.extend(hits);
        Self::of(self.hits)
    }

    /// The text that was judged, each character that was hit replaced by an asterisk. What is only held can be read on: by whoever
    /// reviews it, and afterwards.
    pub fn masked(&self, text: &str) -> String {
        let mut masked = String::with_capacity(text.len());
        let mut at = 0;
        let held = self.hits.iter().any(|hit| hit.action == Action::Hold && !hit.shadow);
        let hides = |hit: &&Hit| !hit.shadow && !matches!(hit.action, Action::Pass | Action::Hold);
        let hidden = || spans(self.hits.iter().filter(hides));
        let spans = if held { hidden() } else { self.spans.clone() };
        for span in &spans {
            let (Some(before), Some(hit)) = (text.get(at..span.start), text.get(span.clone())) else {
                continue;
            };
            masked.push_str(before);
            masked.extend(hit.chars().map(|_| '*'));
            at = span.end;
        }
        masked.push_str(text.get(at..).unwrap_or_default());
        masked
    }

    /// Adds the hits of a longer text that lie in this part of it and outside of it too, cut to the part.
    pub(crate) fn add_across(&mut self, whole: &Self, part: &Range<usize>) {
        let mut hits = std::mem::take(&mut self.hits);
        for hit in &whole.hits {
            let inside = hit.span.start.max(part.start)..hit.span.end.min(part.end);
            let across = hit.span.start < part.start || hit.span.end > part.end;
            if across && inside.start < inside.end {
                let span = inside.start - part.start..inside.end - part.start;
                hits.push(Hit { span, ..hit.clone() });
            }
        }
        *self = Self::of(hits);
    }
}

/// What these hits cover, in their order, without overlaps.
fn spans<'a>(hits: impl Iterator<Item = &'a Hit>) -> Vec<Range<usize>> {
    let mut spans: Vec<Range<usize>> = Vec::new();
    for hit in hits {
        match spans.last_mut() {
            Some(last) if hit.span.start < last.end => last.end = last.end.max(hit.span.end),
            _ => spans.push(hit.span.clone()),
        }
    }
    spans
}

/// What an engine says of texts that belong together, in their order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings(Vec<Finding>);

impl Findings {
    /// The strictest action of all texts; [`Action::Pass`] when there is none.
    pub fn action(&self) -> Action {
        self.0.iter().map(|finding| finding.action).max().unwrap_or(Action::Pass)
    }

    /// What happens where this action, the strictest of all texts, cannot be carried out, as those rules say together whose action it is: of
    /// `Mask` and `Replace` those with either, since both change the text. `None` leaves it to the app's policy.
    pub fn on_error(&self, action: Action) -> Option<OnError> {
        let cannot = |hit: &&Hit| match action {
            Action::Mask | Action::Replace => matches!(hit.action, Action::Mask | Action::Replace),
            Action::Hold => hit.action == Action::Hold,
            Action::Pass | Action::Block => false,
        };
        OnError::of_all(self.counted().filter(cannot).map(|hit| hit.on_error))
    }

    /// The strictest action beside `Hold`: what is done with a text that goes on although it is held.
    pub fn milder(&self) -> Action {
        let actions = self.counted().map(|hit| hit.action).filter(|action| *action != Action::Hold);
        actions.max().unwrap_or(Action::Pass)
    }

    /// Every hit of a rule that is not in shadow.
    fn counted(&self) -> impl Iterator<Item = &Hit> {
        self.0.iter().flat_map(|finding| &finding.hits).filter(|hit| !hit.shadow)
    }

    /// Ids of the rules that any of the texts hit, each once, sorted.
    pub fn rules(&self) -> Vec<String> {
        let rules: BTreeSet<&String> = self.0.iter().flat_map(|finding| &finding.rules).collect();
        rules.into_iter().cloned().collect()
    }

    /// What it says of the first text.
    pub fn first(&self) -> Option<&Finding> {
        self.0.first()
    }

    /// What `change` makes of each finding and the text that it is of; `texts` are those that were judged, in their order.
    #[must_use]
    pub fn zip(self, texts: &[&str], change: impl Fn(Finding, &str) -> Finding) -> Self {
        self.0.into_iter().zip(texts).map(|(finding, text)| change(finding, text)).collect()
    }

    /// What it says of each text, in their order.
    pub fn iter(&self) -> impl Iterator<Item = &Finding> {
        self.0.iter()
    }
}

impl FromIterator<Finding> for Findings {
    fn from_iter<T: IntoIterator<Item = Finding>>(findings: T) -> Self {
        Self(findings.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hit(rule: &str, action: Action, span: Range<usize>) -> Hit {
        Hit {
            rule: rule.to_owned(),
            category: String::new(),
            severity: 0,
            word: String::new(),
            views: Views::NONE,
            span,
            action,
            on_error: None,
            shadow: false,
        }
    }

    #[test]
    fn masking_keeps_what_was_not_hit_and_the_number_of_characters() {
        let found = Finding::of(vec![hit("r", Action::Mask, 3..9), hit("r", Action::Mask, 15..18)]);
        assert_eq!(found.masked("去赌博吧, a赌b"), "去**吧, a*b");
        assert_eq!(Finding::of(vec![]).masked("ab"), "ab");
    }

    #[test]
    fn what_is_held_is_not_masked_and_what_is_to_be_masked_beside_it_is() {
        let held = hit("h", Action::Hold, 3..9);
        let found = Finding::of(vec![held.clone(), hit("m", Action::Mask, 15..18)]);
        assert_eq!(found.masked("去赌博吧, a赌b"), "去赌博吧, a*b");
        assert_eq!(Finding::of(vec![held, hit("m", Action::Mask, 6..9)]).masked("去赌博吧"), "去赌*吧");
    }

    #[test]
    fn the_strictest_hit_decides_and_spans_do_not_overlap() {
        let found = Finding::of(vec![
            hit("b", Action::Mask, 2..5),
            hit("a", Action::Block, 0..3),
            Hit { shadow: true, ..hit("c", Action::Block, 7..9) },
        ]);
        assert_eq!((found.action, found.rules.as_slice()), (Action::Block, &["a".into(), "b".into()][..]));
        assert_eq!((found.spans.first(), found.spans.len(), found.hits.len()), (Some(&(0..5)), 1, 3));
    }

    #[test]
    fn several_texts_have_the_strictest_action_and_the_rules_of_all() {
        let first = Finding::of(vec![hit("b", Action::Mask, 0..1), hit("c", Action::Mask, 2..3)]);
        let second = Finding::of(vec![hit("a", Action::Hold, 0..1), hit("b", Action::Mask, 1..2)]);
        let found: Findings = [first.clone(), second, Finding::of(vec![])].into_iter().collect();
        assert_eq!(found.action(), Action::Hold);
        assert_eq!(found.rules(), ["a", "b", "c"]);
        assert_eq!(found.first(), Some(&first));
    }

    #[test]
    fn what_cannot_be_done_goes_by_what_the_rules_with_that_action_say_together() {
        let with = |rule: &str, action, on_error| Hit { on_error, ..hit(rule, action, 0..1) };
        let (open, closed) = (Some(OnError::Open), Some(OnError::Closed));
        let first = Finding::of(vec![with("a", Action::Mask, open), with("b", Action::Hold, open)]);
        let found = |more: Vec<Hit>| Findings::from_iter([first.clone(), Finding::of(more)]);
        let two = found(vec![with("c", Action::Replace, closed), with("d", Action::Hold, None)]);
        assert_eq!((two.on_error(Action::Mask), two.on_error(Action::Replace)), (closed, closed));
        assert_eq!((two.on_error(Action::Hold), two.on_error(Action::Block)), (None, None));
        assert_eq!((two.milder(), found(vec![]).on_error(Action::Hold)), (Action::Replace, open));
        let shadow = found(vec![Hit { shadow: true, ..with("c", Action::Hold, closed) }]);
        assert_eq!((shadow.on_error(Action::Hold), shadow.milder()), (open, Action::Mask));
        assert_eq!(Findings::default().milder(), Action::Pass);
    }

    #[test]
    fn no_text_passes() {
        let none = Findings::default();
        assert_eq!((none.action(), none.rules(), none.first()), (Action::Pass, vec![], None));
    }
}
