//! The guard: a verdict on every text of a message, the stricter one of ingest's and ours.

use safety::{Filter, is_blank, mask};
use schemas::text::Text;
use schemas::verdict::{Action, Verdict};

/// What the guard says of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Judged {
    /// The verdict that is applied.
    pub(crate) verdict: Verdict,
    /// What goes on: the text, its hits masked; `None` where there is none that can be read, or nothing can be seen in it.
    pub(crate) text: Option<String>,
}

impl Judged {
    /// The verdict lets nothing on.
    pub(crate) fn stopped(&self) -> bool {
        stops(&self.verdict)
    }
}

/// The verdict lets nothing on.
pub(crate) fn stops(verdict: &Verdict) -> bool {
    verdict.action >= Action::Replace
}

/// Judges again what ingest has judged: the bundle may have changed since.
pub(crate) fn judge(filter: &impl Filter, earlier: Verdict, text: Option<&Text>, others: &[Text]) -> Judged {
    let (mut action, mut rules) = (Action::Pass, Vec::new());
    let mut find = |text: &str| {
        let finding = filter.judge(text);
        action = action.max(record_action(finding.action));
        rules.extend(finding.rules);
        finding.spans
    };
    let text = text.and_then(Text::plain).map(|text| {
        let hits = find(text);
        mask(text, &hits)
    });
    let text = text.filter(|text| !is_blank(text));
    for other in others.iter().filter_map(Text::plain) {
        find(other);
    }
    Judged { verdict: earlier.stricter(Verdict::new(action, rules, filter.dictionary())), text }
}

/// The engine's action as records spell it.
fn record_action(action: safety::Action) -> Action {
    match action {
        safety::Action::Pass => Action::Pass,
        safety::Action::Mask => Action::Mask,
        safety::Action::Replace => Action::Replace,
        safety::Action::Hold => Action::Hold,
        safety::Action::Block => Action::Block,
    }
}

/// A record's action as the engine spells it.
pub(crate) fn safety_action(action: Action) -> safety::Action {
    match action {
        Action::Pass => safety::Action::Pass,
        Action::Mask => safety::Action::Mask,
        Action::Replace => safety::Action::Replace,
        Action::Hold => safety::Action::Hold,
        Action::Block => safety::Action::Block,
    }
}

#[cfg(test)]
mod tests {
    use safety::{Rule, WordList};

    use super::*;

    fn filter() -> WordList {
        let rule = |id: &str, word: &str, action| Rule { id: id.into(), words: vec![word.into()], action };
        WordList::new(
            [rule("m", "密码", safety::Action::Mask), rule("b", "gun", safety::Action::Block)],
            "d2",
        )
        .unwrap()
    }

    fn verdict(action: Action) -> Verdict {
        Verdict::new(action, vec![], "d1")
    }

    #[test]
    fn a_masked_text_goes_on_without_what_was_hit() {
        let judged = judge(&filter(), verdict(Action::Pass), Some(&Text::from("我的密码")), &[]);
        assert_eq!(judged.text.as_deref(), Some("我的**"));
        assert_eq!(judged.verdict, Verdict::new(Action::Mask, vec!["m".into()], "d2"));
        assert!(!judged.stopped());
    }

    #[test]
    fn the_stricter_of_both_verdicts_is_applied() {
        let ours = judge(&filter(), verdict(Action::Mask), Some(&Text::from("a GUN")), &[]);
        assert_eq!((ours.verdict.action, ours.verdict.dictionary.as_str()), (Action::Block, "d2"));
        let theirs = judge(&filter(), verdict(Action::Hold), Some(&Text::from("hello")), &[]);
        assert_eq!((theirs.verdict.action, theirs.verdict.dictionary.as_str()), (Action::Hold, "d1"));
        assert!(ours.stopped() && theirs.stopped());
    }

    #[test]
    fn a_text_in_which_nobody_sees_anything_is_judged_and_goes_no_further() {
        let judged = |text: &str| judge(&filter(), verdict(Action::Pass), Some(&Text::from(text)), &[]);
        for blank in
            ["", " \n", "\u{200b}\u{2060}", "\u{3164}", "\u{a0}\u{fe0f}", "\u{e0041}", "\u{2800}", "\u{301}"]
        {
            assert_eq!((judged(blank).text, judged(blank).verdict.action), (None, Action::Pass), "{blank:?}");
        }
        let hidden = Rule { id: "h".into(), words: vec!["\u{202e}".into()], action: safety::Action::Block };
        let list = WordList::new([hidden], "d").unwrap();
        assert!(super::judge(&list, verdict(Action::Pass), Some(&Text::from("\u{202e}")), &[]).stopped());
    }

    #[test]
    fn every_other_text_is_judged_too() {
        let judged =
            judge(&filter(), verdict(Action::Pass), Some(&Text::from("look")), &[Text::from("gun.png")]);
        assert!(judged.stopped());
    }

    #[test]
    fn both_spellings_of_an_action_agree() {
        for action in [Action::Pass, Action::Mask, Action::Replace, Action::Hold, Action::Block] {
            assert_eq!(record_action(safety_action(action)), action);
            assert_eq!(safety_action(action).label(), action.label());
        }
    }
}
