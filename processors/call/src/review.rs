//! The reviewer: judges the whole answer before it may go out.

use catalogue::findings;
use safety::{Action, Direction, Engine};
use schemas::verdict::Verdict;

/// Judges an answer. With the verdict comes the text that may go out, if one may.
pub(crate) fn review(engine: &dyn Engine, answer: String) -> (Verdict, Option<String>) {
    let found = engine.judge_all(Direction::Output, &[&answer]);
    let verdict = findings::verdict(engine, Direction::Output, &found, &[&answer]);
    let text = match verdict.action {
        Action::Pass => Some(answer),
        Action::Mask => found.first().map(|found| found.masked(&answer)),
        Action::Replace | Action::Hold | Action::Block => None,
    };
    (verdict, text)
}

#[cfg(test)]
mod tests {
    use safety::{Rule, RuleSet};

    use super::*;

    fn judged(action: Action) -> (Action, Option<String>) {
        let rule = Rule::words("r", &["秘密"], action);
        let engine = RuleSet::new(&[rule], "d1").unwrap();
        let (verdict, text) = review(&engine, "这是秘密。".to_owned());
        assert_eq!((verdict.rules.as_slice(), verdict.dictionary.as_str()), (&["r".to_owned()][..], "d1"));
        (verdict.action, text)
    }

    #[test]
    fn what_is_masked_goes_out_and_what_is_stricter_does_not() {
        assert_eq!(judged(Action::Mask), (Action::Mask, Some("这是**。".into())));
        for stricter in [Action::Replace, Action::Hold, Action::Block] {
            assert_eq!(judged(stricter).1, None, "{}", stricter.label());
        }
    }

    #[test]
    fn a_harmless_answer_goes_out_as_it_is() {
        let engine = RuleSet::new(&[], "d1").unwrap();
        let (verdict, text) = review(&engine, "你好".to_owned());
        assert_eq!((verdict.action, text.as_deref(), verdict.findings), (Action::Pass, Some("你好"), None));
    }

    #[test]
    fn a_rule_in_shadow_is_told_and_changes_nothing() {
        let rule =
            Rule { shadow: true, category: "c".into(), ..Rule::words("r", &["秘密"], Action::Block) };
        let engine = RuleSet::new(&[rule], "d1").unwrap();
        let (verdict, text) = review(&engine, "这是秘密。".to_owned());
        assert_eq!((verdict.action, text.as_deref()), (Action::Pass, Some("这是秘密。")));
        let found = verdict.findings.unwrap();
        assert_eq!(found.direction, schemas::findings::Direction::Output);
        let [finding] = found.list.as_slice() else { panic!("{found:?}") };
        assert_eq!((finding.shadow, finding.category.as_str()), (true, "c"));
    }
}
