//! What rules say beside their words.

use safety::{Action, Border, Direction, Engine, Near, Rule, RuleSet, View};

fn judge(rule: Rule, direction: Direction, text: &str) -> safety::Finding {
    RuleSet::new(&[rule], "d").unwrap().judge(direction, text)
}

#[test]
fn words_that_must_stand_near_each_other_hit_only_there() {
    let near = Near { words: vec!["微信".into()], within: 3 };
    let rule = Rule { near: Some(near), ..Rule::words("r", &["加我"], Action::Block) };
    for (text, expected) in
        [("加我的微信", 2), ("微信上加我", 2), ("加我", 0), ("加我之后再说说微信", 0), ("加我微信，微信", 3)]
    {
        assert_eq!(judge(rule.clone(), Direction::Input, text).hits.len(), expected, "{text}");
    }
}

#[test]
fn a_regular_expression_is_matched_on_the_folded_text() {
    let rule = Rule { regex: Some(r"加[vw]\d{3}".into()), ..Rule::words("r", &[], Action::Mask) };
    let found = judge(rule, Direction::Input, "请加Ｖ１２３！");
    assert_eq!((found.action, found.masked("请加Ｖ１２３！").as_str()), (Action::Mask, "请*****！"));
}

#[test]
fn actions_differ_by_direction_and_view() {
    let rule = Rule {
        output: Some(Action::Replace),
        views: [View::Pinyin, View::Separators].into_iter().collect(),
        view_actions: [(View::Pinyin, Action::Mask)].into(),
        ..Rule::words("r", &["赌博"], Action::Block)
    };
    let action = |direction, text| judge(rule.clone(), direction, text).action;
    assert_eq!(action(Direction::Input, "赌博"), Action::Block);
    assert_eq!(action(Direction::Output, "赌-博"), Action::Replace);
    assert_eq!(action(Direction::Input, "dubo"), Action::Mask);
    assert_eq!(action(Direction::Input, "dubo 赌博"), Action::Block);
}

#[test]
fn a_milder_longer_hit_does_not_hide_a_strict_one_within() {
    let rule = Rule {
        views: [View::Repeats].into_iter().collect(),
        view_actions: [(View::Repeats, Action::Mask)].into(),
        ..Rule::words("r", &["赌博", "博"], Action::Block)
    };
    assert_eq!(judge(rule.clone(), Direction::Input, "赌赌博").action, Action::Block);
    let found = judge(rule, Direction::Input, "赌博");
    assert_eq!(found.hits.iter().map(|hit| hit.word.as_str()).collect::<Vec<_>>(), ["赌博"]);
}

#[test]
fn words_that_are_seen_at_one_place_the_same_way_are_all_told() {
    let told = |views: &[View], words: &[&str], text: &str| {
        let rule = Rule { views: views.iter().copied().collect(), ..Rule::words("r", words, Action::Block) };
        let found = judge(rule, Direction::Input, text);
        assert_eq!((found.rules.len(), found.spans.len()), (1, 1), "{text}");
        found.hits.into_iter().map(|hit| hit.word).collect::<Vec<_>>()
    };
    assert_eq!(told(&[], &["毒药", "毒藥"], "毒药"), ["毒药", "毒藥"]);
    assert_eq!(told(&[View::Separators], &["毒药", "毒藥", "药"], "毒-藥"), ["毒药", "毒藥"]);
    assert_eq!(told(&[View::Pinyin], &["赌博", "读博"], "dubo"), ["读博", "赌博"]);
    // One that only sounds like what stands there is not there.
    assert_eq!(told(&[View::Homophone], &["赌博", "读博"], "赌博"), ["赌博"]);
}

#[test]
fn a_rule_in_shadow_is_counted_only() {
    let found =
        judge(Rule { shadow: true, ..Rule::words("r", &["a"], Action::Block) }, Direction::Input, "a");
    assert_eq!(
        (found.action, found.rules.len(), found.spans.len(), found.hits.len()),
        (Action::Pass, 0, 0, 1)
    );
}

#[test]
fn a_word_split_over_consecutive_texts_is_found_in_both() {
    let rule = Rule { border: Border::Word, ..Rule::words("r", &["赌博", "sm"], Action::Block) };
    let engine = RuleSet::new(&[rule], "d").unwrap();
    let found = engine.judge_joined(Direction::Input, &["我要赌", "博去", "好"]);
    let spans: Vec<_> = found.iter().map(|finding| finding.spans.clone()).collect();
    assert_eq!(spans, [vec![6..9], vec![0..3], vec![]]);
    assert_eq!(engine.judge_all(Direction::Input, &["我要赌", "博去"]).action(), Action::Pass);
    assert_eq!(engine.judge_joined(Direction::Input, &["s", "moking"]).action(), Action::Pass);
}

#[test]
fn rules_that_cannot_be_built_are_refused_with_their_id() {
    let words = |words: &[&str]| Rule::words("x", words, Action::Block);
    let regex = |regex: &str| Rule { regex: Some(regex.into()), ..words(&[]) };
    let near = |near: &[&str], own: &[&str]| {
        let words_near = near.iter().map(|word| (*word).to_owned()).collect();
        Rule { near: Some(Near { words: words_near, within: 1 }), ..words(own) }
    };
    for bad in [
        words(&[""]),
        words(&["\u{200b}"]),
        words(&[" -…"]),
        words(&[&"a".repeat(300)]),
        words(&[]),
        regex("("),
        regex("a*"),
        regex("(a{1000}){1000}"),
        Rule { regex: Some("a".into()), ..words(&["a"]) },
        near(&[], &["a"]),
    ] {
        let refused = bad.check().unwrap_err();
        assert_eq!(refused.rule, "x");
        assert!(!refused.reason.to_string().is_empty());
    }
    assert!(words(&["🔞", "c++"]).check().is_ok() && near(&["b"], &["a"]).check().is_ok());
}

#[test]
fn a_long_run_of_one_character_takes_no_longer_than_other_texts() {
    let rule = Rule { views: safety::Views::ALL, ..Rule::words("r", &["aab", "赌博"], Action::Block) };
    let text = format!("{}博", "赌".repeat(50_000));
    assert_eq!(judge(rule, Direction::Input, &text).spans, [0..text.len()]);
}

#[test]
fn one_flooded_place_hides_no_word_elsewhere() {
    let rule =
        Rule { views: safety::Views::ALL, ..Rule::words("r", &["aaaaaaaaaaaa@b", "赌博"], Action::Block) };
    let text = format!("{}赌-博", "@4a.".repeat(2_000));
    assert!(judge(rule, Direction::Input, &text).hits.iter().any(|hit| hit.word == "赌博"));
}
