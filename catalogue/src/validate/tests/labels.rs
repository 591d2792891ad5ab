//! Labels, consent and the output policy: what is taken, and what is refused with its line.

use super::*;
use crate::labels::{LabelPlace, Language};

fn app(text: &str) -> App {
    read(text).unwrap().apps.into_values().next().unwrap()
}

/// The good file, other lines in place of its label.
fn with(lines: &str) -> String {
    GOOD.replacen("label = \"AI\"", lines, 1)
}

fn refused(lines: &str) -> Vec<(String, String)> {
    let text = with(lines);
    told(&text, read(&text).unwrap_err())
}

#[test]
fn an_answer_has_a_label_or_people_agreed_to_have_none() {
    let place = "app \"acme#support\": ";
    for (lines, line, words) in [
        ("", "", "label is empty: answers that are not labelled need consent"),
        ("label = \"\"", "label = \"\"", "label is empty: answers that are not labelled need consent"),
        ("consent = \" \"", "consent = \" \"", "consent says nothing"),
        ("label = \"AI\"\nconsent = \"c\"", "consent = \"c\"", "consent is for answers without a label"),
    ] {
        let told = refused(lines);
        assert_eq!(told.len(), 1, "{lines}: {told:?}");
        assert!(told[0].0 == line && told[0].1.starts_with(&format!("{place}{words}")), "{lines}: {told:?}");
    }
    let app = app(&with("consent = \"terms of use, 2026-01\""));
    assert!(app.is_unlabelled());
    assert_eq!(app.labels.unwrap().consent.as_deref(), Some("terms of use, 2026-01"));
}

#[test]
fn a_language_has_its_own_text_and_all_others_have_the_common_one() {
    let app = app(&with(
        "label = \"AI\"\nlabel_at = \"start\"\nlabel_texts = { zh_hans = \"由 AI 生成\", en = \"AI-generated\" }",
    ));
    assert_eq!(app.label_in(Some(Language::ZhHans)), "由 AI 生成");
    assert_eq!(app.label_in(Some(Language::En)), "AI-generated");
    assert_eq!((app.label_in(Some(Language::ZhHant)), app.label_in(None)), ("AI", "AI"));
    assert_eq!(app.labels.unwrap().at, LabelPlace::Start);
}

#[test]
fn a_label_is_one_line_that_is_seen_and_leaves_code_alone() {
    for (label, words) in [
        ("\"\\u200b\"", "nobody would see it"),
        ("\"a\\nb\"", "it is one line"),
        ("\"AI \"", "it is one line"),
        ("\"```\"", "may not hold"),
        ("\"a ~~~\"", "may not hold"),
    ] {
        for lines in [
            format!("label = {label}"),
            format!("label = \"AI\"\nlabel_texts.en = {label}"),
            format!("label = \"AI\"\nlabel_texts.zh_hant = {label}"),
        ] {
            let told = refused(&lines);
            assert!(told.len() == 1 && told[0].1.contains(words), "{lines}: {told:?}");
            assert_eq!(told[0].0, lines.lines().last().unwrap(), "{lines}");
        }
    }
    let long = format!("label = \"{}\"", "x".repeat(513));
    assert!(refused(&long)[0].1.contains("at most 512 bytes"));
    let told = refused("consent = \"c\"\nlabel_texts.en = \"AI\"");
    assert!(told[0].1.contains("answers in other languages need label"), "{told:?}");
    assert!(refused("label = \"AI\"\nlabel_at = \"top\"")[0].1.contains("is none of start, end"));
}

#[test]
fn providers_are_named_by_the_app_key_unless_they_are_configured() {
    let providers = |lines: &str| {
        let labels = app(&with(&format!("label = \"AI\"\n{lines}"))).labels.unwrap();
        (labels.producer, labels.propagator)
    };
    let both = |producer: &str, propagator: &str| (producer.to_owned(), propagator.to_owned());
    assert_eq!(providers(""), both("acme#support", "acme#support"));
    assert_eq!(providers("aigc.producer = \"P\""), both("P", "P"));
    assert_eq!(providers("aigc = { producer = \"P\", propagator = \"Q\" }"), both("P", "Q"));
    for bad in [String::new(), " ".to_owned(), "x".repeat(129)] {
        let told = refused(&format!("label = \"AI\"\naigc.propagator = \"{bad}\""));
        assert!(told.len() == 1 && told[0].1.contains("has from 1 to 128 bytes"), "{told:?}");
    }
}

#[test]
fn a_refused_topic_names_rules_that_there_are() {
    let topics =
        |topics: &str| with(&format!("label = \"AI\"\n[app.output]\n{topics}\n[[app.bot]]\nid = \"bot\""));
    let without_bot =
        |text: String| text.replacen("bot = [{ id = \"bot_helpdesk\", names = [\"小助手\"] }]\n", "", 1);
    let good =
        without_bot(topics("topic = [{ name = \"gambling\", rules = [\"w1\"], text = \"Not here.\" }]"));
    let output = app(&good).output;
    assert_eq!(
        output.refused(&["w0".to_owned(), "w1".to_owned()]).map(|topic| topic.text.as_str()),
        Some("Not here.")
    );
    assert_eq!(output.refused(&["w0".to_owned()]), None);
    for (topic, words) in [
        ("{ name = \"a\", rules = [\"w9\"], text = \"\" }", "names the rule \"w9\", which is not configured"),
        ("{ name = \"a\", rules = [], text = \"\" }", "a topic has a name, and rules"),
        ("{ name = \"\", rules = [\"w1\"], text = \"\" }", "a topic has a name, and rules"),
        (
            "{ name = \"a\", rules = [\"w1\"], text = \"\" }, { name = \"a\", rules = [\"w1\"], text = \"\" }",
            "it is refused twice",
        ),
    ] {
        let problems = read(&without_bot(topics(&format!("topic = [{topic}]")))).unwrap_err();
        assert!(problems.len() == 1 && problems[0].what.contains(words), "{topic}: {problems:?}");
    }
}

#[test]
fn a_policy_that_limits_nothing_is_not_in_the_bundle() {
    let bundle = |text: &str| String::from_utf8(read(text).unwrap().to_json().unwrap()).unwrap();
    assert!(!bundle(GOOD).contains("\"output\"") && bundle(GOOD).contains("\"labels\":{\"producer\""));
}
