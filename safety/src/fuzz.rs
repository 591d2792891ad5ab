//! Any text can be judged: no panic, spans on borders of characters, and the same finding each time.

use proptest::prelude::*;

use crate::{Action, Direction, Engine, Rule, RuleSet, Views};

fn rules(extra: &[String]) -> RuleSet {
    let all = |rule: Rule| Rule { views: Views::ALL, ..rule };
    let rules = [
        all(Rule::words("mild", &["damn", "İ", "K"], Action::Mask)),
        all(Rule::words("gamble", &["赌博", "赌", "👩‍👩‍👧", "银行", "aab"], Action::Block)),
        all(Rule { words: extra.to_vec(), ..Rule::words("any", &[], Action::Mask) }),
    ];
    RuleSet::new(&rules, "d1").unwrap()
}

proptest! {
    #![proptest_config(mangle::cases(300))]

    #[test]
    fn verdict(text in mangle::unicode(), words in prop::collection::vec(mangle::unicode(), 0..4)) {
        let check = |word: &String| Rule::words("r", &[word], Action::Hold).check().is_ok();
        let words: Vec<String> = words.into_iter().filter(check).collect();
        let engine = rules(&words);
        let found = engine.judge(Direction::Input, &text);
        prop_assert_eq!(&found, &engine.judge(Direction::Input, &text));
        prop_assert_eq!(found.action > Action::Pass, !found.spans.is_empty());
        prop_assert!(found.rules.is_sorted() && found.rules.windows(2).all(|two| two[0] != two[1]));
        let mut end = 0;
        for span in &found.spans {
            prop_assert!(span.start >= end && span.start < span.end);
            prop_assert!(text.is_char_boundary(span.start) && text.is_char_boundary(span.end), "{span:?}");
            end = span.end;
        }
        // A word is found, whatever stands around it.
        for word in words.iter().map(String::as_str).chain(["damn", "赌博"]) {
            let with = format!("{text}{word}{text}");
            prop_assert!(engine.judge(Direction::Input, &with).action > Action::Pass, "{word:?} was missed");
        }
        // Masking hides at least what was hit, and keeps the number of characters.
        let masked = found.masked(&text);
        prop_assert_eq!(masked.chars().count(), text.chars().count());
        let hidden: usize = found.spans.iter().map(|span| text[span.clone()].chars().count()).sum();
        prop_assert!(masked.chars().filter(|c| *c == '*').count() >= hidden);
    }
}
