//! The reviewer: judges the whole answer before it may go out.

use safety::{Filter, mask};
use schemas::verdict::{Action, Verdict};

/// Judges an answer. With the verdict comes the text that may go out, if one may.
pub(crate) fn review(filter: &dyn Filter, answer: String) -> (Verdict, Option<String>) {
    let finding = filter.judge(&answer);
    let action = match finding.action {
        safety::Action::Pass => Action::Pass,
        safety::Action::Mask => Action::Mask,
        safety::Action::Replace => Action::Replace,
        safety::Action::Hold => Action::Hold,
        safety::Action::Block => Action::Block,
    };
    let text = match action {
        Action::Pass => Some(answer),
        Action::Mask => Some(mask(&answer, &finding.spans)),
        Action::Replace | Action::Hold | Action::Block => None,
    };
    (Verdict::new(action, finding.rules, filter.dictionary()), text)
}

#[cfg(test)]
mod tests {
    use safety::{Rule, WordList};

    use super::*;

    fn judged(action: safety::Action) -> (Action, Option<String>) {
        let rule = Rule { id: "r".into(), words: vec!["秘密".into()], action };
        let filter = WordList::new([rule], "d1").unwrap();
        let (verdict, text) = review(&filter, "这是秘密。".to_owned());
        assert_eq!((verdict.rules.as_slice(), verdict.dictionary.as_str()), (&["r".to_owned()][..], "d1"));
        (verdict.action, text)
    }

    #[test]
    fn what_is_masked_goes_out_and_what_is_stricter_does_not() {
        assert_eq!(judged(safety::Action::Mask), (Action::Mask, Some("这是**。".into())));
        for stricter in [safety::Action::Replace, safety::Action::Hold, safety::Action::Block] {
            assert_eq!(judged(stricter).1, None, "{}", stricter.label());
        }
    }

    #[test]
    fn a_harmless_answer_goes_out_as_it_is() {
        let filter = WordList::new([], "d1").unwrap();
        let (verdict, text) = review(&filter, "你好".to_owned());
        assert_eq!((verdict.action, text.as_deref()), (Action::Pass, Some("你好")));
    }
}
