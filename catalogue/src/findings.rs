//! From what an engine found to what records, rows and metrics tell of it.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::ops::Range;

use safety::{Direction, Engine, Hit, Views};
use schemas::findings::{self, Finding, Findings, MOST_FINDINGS, MOST_SPANS};
use schemas::verdict::{Action, Verdict};

/// Category of a rule that has none, as a label.
const NO_CATEGORY: &str = "none";

/// Places of one text that one rule hit in the same way.
struct Group<'a> {
    hit: &'a Hit,
    text: usize,
    spans: Vec<Range<usize>>,
    more: u32,
}

/// The verdict of an engine on texts that it judged together, with what it found in them. `texts` are those texts in their order.
pub fn verdict(
    engine: &dyn Engine,
    direction: Direction,
    found: &safety::Findings,
    texts: &[&str],
) -> Verdict {
    let verdict = Verdict::new(found.action(), found.rules(), engine.dictionary());
    let verdict = Verdict { on_error: found.on_error(verdict.action), ..verdict };
    let mut groups = grouped(found);
    if groups.is_empty() {
        return verdict;
    }
    groups.sort_by_key(|group| {
        let first = group.spans.first().map_or(0, |span| span.start);
        (group.hit.shadow, Reverse(group.hit.action), group.text, first)
    });
    let left_off = groups.len().saturating_sub(MOST_FINDINGS);
    groups.truncate(MOST_FINDINGS);
    let list = groups.iter().map(|group| told(group, texts.get(group.text).copied().unwrap_or_default()));
    let direction = match direction {
        Direction::Input => findings::Direction::Input,
        Direction::Output => findings::Direction::Output,
    };
    let left_off = u32::try_from(left_off).unwrap_or(u32::MAX);
    let findings = Findings { direction, dictionary: None, list: list.collect(), left_off };
    Verdict { findings: Some(Box::new(findings)), ..verdict }
}

fn grouped(found: &safety::Findings) -> Vec<Group<'_>> {
    let mut groups: BTreeMap<(usize, &str, u8, Action, Views, bool), Group<'_>> = BTreeMap::new();
    let hits =
        found.iter().enumerate().flat_map(|(text, finding)| finding.hits.iter().map(move |h| (text, h)));
    for (text, hit) in hits {
        let key = (text, hit.rule.as_str(), hit.severity, hit.action, hit.views, hit.shadow);
        let group = groups.entry(key).or_insert(Group { hit, text, spans: Vec::new(), more: 0 });
        // Several words of a rule at one place are one place.
        let told = std::mem::replace(&mut group.hit, hit);
        if !group.spans.is_empty() && told.span == hit.span {
            continue;
        }
        if group.spans.len() < MOST_SPANS {
            group.spans.push(hit.span.clone());
        } else {
            group.more = group.more.saturating_add(1);
        }
    }
    groups.into_values().collect()
}

fn told(group: &Group<'_>, text: &str) -> Finding {
    let place = |byte: usize| text.get(..byte).unwrap_or_default().chars().count();
    let place = |byte: usize| u32::try_from(place(byte)).unwrap_or(u32::MAX);
    let hit = group.hit;
    Finding {
        rule: hit.rule.clone(),
        category: hit.category.clone(),
        severity: hit.severity,
        action: hit.action,
        views: hit.views.iter().map(|view| view.label().to_owned()).collect(),
        text: u16::try_from(group.text).unwrap_or(u16::MAX),
        spans: group.spans.iter().map(|span| (place(span.start), place(span.end))).collect(),
        more: group.more,
        shadow: hit.shadow,
    }
}

/// Labels of a verdict's findings for metrics: category, action, and whether it is in shadow. Categories are those of the configured rules
/// and dictionaries, so there are no more of them than the bundle has.
pub fn labels(verdict: &Verdict) -> impl Iterator<Item = [Cow<'static, str>; 3]> {
    let list = verdict.findings.iter().flat_map(|findings| &findings.list);
    list.map(|finding| {
        let category = match finding.category.as_str() {
            "" => Cow::Borrowed(NO_CATEGORY),
            category => Cow::Owned(category.to_owned()),
        };
        let shadow = if finding.shadow { "yes" } else { "no" };
        [category, Cow::Borrowed(finding.action.label()), Cow::Borrowed(shadow)]
    })
}

#[cfg(test)]
mod tests {
    use safety::{Rule, RuleSet, View};

    use super::*;

    fn judged(rules: &[Rule], texts: &[&str]) -> Verdict {
        let engine = RuleSet::new(rules, "d").unwrap();
        verdict(&engine, Direction::Input, &engine.judge_all(Direction::Input, texts), texts)
    }

    #[test]
    fn a_verdict_tells_rule_category_views_text_and_places_in_code_points_and_no_word() {
        let gambling = Rule {
            category: "gambling".into(),
            severity: 7,
            views: Views::of(View::Pinyin),
            ..Rule::words("g", &["赌博"], Action::Block)
        };
        let verdict = judged(&[gambling], &["好", "😀去赌博, du bo, 赌博"]);
        let findings = verdict.findings.unwrap();
        let told: Vec<_> = findings.list.iter().map(|f| (f.text, &f.views[..], &f.spans[..])).collect();
        let plain: (u16, &[String], &[(u32, u32)]) = (1, &[], &[(2, 4), (13, 15)]);
        assert_eq!(told, [plain, (1, &["pinyin".to_owned()], &[(6, 11)])]);
        let first = &findings.list[0];
        assert_eq!((first.rule.as_str(), first.category.as_str(), first.severity), ("g", "gambling", 7));
        assert!(!serde_json::to_string(&findings).unwrap().contains("赌博"));
    }

    #[test]
    fn a_shadow_rule_is_told_behind_those_that_count_and_the_verdict_passes() {
        let shadow = |id: &str| Rule { shadow: true, ..Rule::words(id, &["ab"], Action::Block) };
        let only = judged(&[shadow("s")], &["ab"]);
        assert_eq!((only.action, only.rules.len(), only.findings.unwrap().list.len()), (Action::Pass, 0, 1));
        let both = judged(&[shadow("s"), Rule::words("m", &["cd"], Action::Mask)], &["ab cd"]);
        let rules: Vec<String> = both.findings.unwrap().list.into_iter().map(|f| f.rule).collect();
        assert_eq!((both.action, rules), (Action::Mask, vec!["m".to_owned(), "s".to_owned()]));
    }

    #[test]
    fn findings_and_places_beyond_the_bound_are_counted_and_the_strictest_are_listed() {
        let mut rules: Vec<Rule> =
            (0..MOST_FINDINGS + 5).map(|i| Rule::words(&format!("r{i:02}"), &["ab"], Action::Mask)).collect();
        rules.push(Rule::words("last", &["zz"], Action::Block));
        let text = "ab ".repeat(MOST_SPANS + 3) + "zz";
        let findings = judged(&rules, &[&text]).findings.unwrap();
        assert_eq!((findings.list.len(), findings.left_off), (MOST_FINDINGS, 6));
        assert_eq!(findings.list[0].rule, "last");
        let second = &findings.list[1];
        assert_eq!((second.spans.len(), second.more, second.places()), (MOST_SPANS, 3, 11));
    }

    #[test]
    fn several_words_of_a_rule_at_one_place_are_one_place() {
        let text = "毒药 ".repeat(MOST_SPANS + 2);
        let findings =
            judged(&[Rule::words("r", &["毒药", "毒藥"], Action::Mask)], &[&text]).findings.unwrap();
        assert_eq!(
            (findings.list.len(), findings.list[0].spans.len(), findings.list[0].more),
            (1, MOST_SPANS, 2)
        );
    }

    #[test]
    fn nothing_found_is_told_by_nothing() {
        assert_eq!(judged(&[], &["a"]), Verdict::new(Action::Pass, vec![], "d"));
    }

    #[test]
    fn labels_have_a_word_for_a_rule_without_a_category() {
        let named = Rule { category: "c".into(), shadow: true, ..Rule::words("a", &["ab"], Action::Hold) };
        let verdict = judged(&[named, Rule::words("b", &["ab"], Action::Mask)], &["ab"]);
        let told: Vec<_> = labels(&verdict).collect();
        assert_eq!(told, [["none", "mask", "no"], ["c", "hold", "yes"]]);
    }
}
