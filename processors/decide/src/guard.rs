//! The guard: a verdict on every text of a message, the stricter one of ingest's and ours.

use catalogue::{App, findings};
use safety::{Direction, Engine, is_blank};
use schemas::text::Text;
use schemas::verdict::{Action, Verdict};

/// What the guard says of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Judged {
    /// The verdict that is applied.
    pub(crate) verdict: Verdict,
    /// What goes on: the text, its hits masked; `None` where there is none that can be read, or nothing can be seen in it.
    pub(crate) text: Option<String>,
    /// The other texts as they go on; told where the verdict holds the message.
    pub(crate) others: Vec<String>,
    /// The strictest of our actions beside `Hold`.
    milder: Action,
}

impl Judged {
    /// The verdict lets nothing on.
    pub(crate) fn stopped(&self) -> bool {
        stops(&self.verdict)
    }

    /// As it is in an app: where nobody reviews, what is held goes on if its rules say so, as milder rules have it.
    #[must_use]
    pub(crate) fn in_app(mut self, app: &App) -> Self {
        let goes_on = app.review.is_none() && app.lets_held_on(self.verdict.on_error);
        if self.verdict.action == Action::Hold && goes_on {
            self.verdict = Verdict { action: self.milder, on_error: None, ..self.verdict };
        }
        self
    }

    /// The verdict waits for a review, which the app has.
    pub(crate) fn is_held(&self, app: &App) -> bool {
        self.verdict.action == Action::Hold && app.review.is_some()
    }

    /// The verdict lets nothing on of a text that cannot wait for a review.
    pub(crate) fn stopped_at_once(&self, app: &App) -> bool {
        self.stopped() && !(self.is_held(app) && app.lets_held_on(self.verdict.on_error))
    }
}

/// The verdict lets nothing on.
pub(crate) fn stops(verdict: &Verdict) -> bool {
    verdict.action >= Action::Replace
}

/// Judges again what ingest has judged: the bundle may have changed since. It tells its findings where the earlier verdict tells its own, so that
/// records of earlier versions are folded as they were.
pub(crate) fn judge(engine: &dyn Engine, earlier: Verdict, text: Option<&Text>, others: &[Text]) -> Judged {
    let text = text.and_then(Text::plain);
    let others: Vec<&str> = others.iter().filter_map(Text::plain).collect();
    let texts: Vec<&str> = text.into_iter().chain(others.iter().copied()).collect();
    let found = engine.judge_all(Direction::Input, &texts);
    let masked = text.zip(found.first()).map(|(text, finding)| finding.masked(text));
    let text = masked.filter(|text| !is_blank(text));
    let verdict = findings::verdict(engine, Direction::Input, &found, &texts);
    let verdict = if earlier.findings.is_some() { verdict } else { verdict.without_findings() };
    let verdict = earlier.stricter(verdict);
    let held = others.iter().zip(found.iter().skip(usize::from(texts.len() > others.len())));
    let held = held.filter(|_| verdict.action == Action::Hold);
    let others = held.map(|(text, finding)| finding.masked(text)).collect();
    Judged { verdict, text, others, milder: found.milder() }
}

#[cfg(test)]
mod tests {
    use safety::{Rule, RuleSet};

    use super::*;

    fn filter() -> RuleSet {
        let rule = |id: &str, word: &str, action| Rule::words(id, &[word], action);
        RuleSet::new(&[rule("m", "密码", Action::Mask), rule("b", "gun", Action::Block)], "d2").unwrap()
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
    }

    #[test]
    fn findings_are_told_where_the_earlier_verdict_tells_its_own_and_are_the_guards_alone() {
        let texts = [Text::from("look"), Text::from("a gun.png")];
        let judged = |earlier| judge(&filter(), earlier, Some(&texts[0]), &texts[1..]).verdict;
        assert_eq!(judged(verdict(Action::Pass)).findings, None);
        let told = judged(verdict(Action::Block).with_findings()).findings.unwrap();
        let [found] = told.list.as_slice() else { panic!("{told:?}") };
        assert_eq!((found.rule.as_str(), found.text, found.spans.as_slice()), ("b", 1, &[(2, 5)][..]));
        let clean = judge(&filter(), verdict(Action::Pass).with_findings(), Some(&texts[0]), &[]).verdict;
        assert_eq!(clean.findings, None);
    }

    #[test]
    fn what_is_held_is_told_with_the_other_texts_and_can_be_read_by_whoever_reviews_it() {
        let rules = [Rule::words("h", &["炸药"], Action::Hold), Rule::words("m", &["密码"], Action::Mask)];
        let filter = RuleSet::new(&rules, "d2").unwrap();
        let others = [Text::from("密码.png"), Text::from("炸药.png")];
        let judged = judge(&filter, verdict(Action::Pass), Some(&Text::from("炸药的密码")), &others);
        assert_eq!((judged.verdict.action, judged.text.as_deref()), (Action::Hold, Some("炸药的**")));
        assert_eq!(judged.others, ["**.png", "炸药.png"]);
        let alone = judge(&filter, verdict(Action::Pass), None, &others);
        assert_eq!((alone.text, alone.others), (None, judged.others));
    }

    #[test]
    fn every_other_text_is_judged_too() {
        let judged =
            judge(&filter(), verdict(Action::Pass), Some(&Text::from("look")), &[Text::from("gun.png")]);
        assert!(judged.stopped());
    }
}
