//! Judges the whole answer before it may go out.

use safety::{Action, Direction, Engine};
use schemas::verdict::Verdict;

/// What becomes of an answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Course {
    /// This goes out.
    Out(String),
    /// This may go out once somebody has looked at it.
    Held(String),
    /// Nothing goes out.
    Stopped,
}

/// Judges an answer.
pub(crate) fn review(engine: &dyn Engine, answer: String) -> (Verdict, Course) {
    let found = engine.judge(Direction::Output, &answer);
    let course = match found.action {
        Action::Pass => Course::Out(answer),
        Action::Mask => Course::Out(found.masked(&answer)),
        Action::Hold => Course::Held(found.masked(&answer)),
        Action::Replace | Action::Block => Course::Stopped,
    };
    (Verdict::new(found.action, found.rules, engine.dictionary()), course)
}

#[cfg(test)]
mod tests {
    use safety::{Rule, RuleSet};

    use super::*;

    fn judged(action: Action) -> (Action, Course) {
        let rule = Rule::words("r", &["秘密"], action);
        let engine = RuleSet::new(&[rule], "d1").unwrap();
        let (verdict, course) = review(&engine, "这是秘密。".to_owned());
        assert_eq!((verdict.rules.as_slice(), verdict.dictionary.as_str()), (&["r".to_owned()][..], "d1"));
        (verdict.action, course)
    }

    #[test]
    fn what_is_masked_goes_out_and_what_is_stricter_does_not() {
        assert_eq!(judged(Action::Mask), (Action::Mask, Course::Out("这是**。".into())));
        assert_eq!(judged(Action::Hold), (Action::Hold, Course::Held("这是秘密。".into())));
        for stricter in [Action::Replace, Action::Block] {
            assert_eq!(judged(stricter).1, Course::Stopped, "{}", stricter.label());
        }
    }

    #[test]
    fn a_harmless_answer_goes_out_as_it_is() {
        let engine = RuleSet::new(&[], "d1").unwrap();
        let (verdict, course) = review(&engine, "你好".to_owned());
        assert_eq!((verdict.action, course), (Action::Pass, Course::Out("你好".into())));
    }
}
