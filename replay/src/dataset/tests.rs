use common::Action;
use schemas::money::Money;
use serde_yaml_ng::Value;

use super::export::{Form, exported};
use super::{Dataset, FORMAT, Head, ReadError, Role, Said, Turn, read};

fn turn(number: i64, question: &str) -> Turn {
    Turn {
        conversation: format!("c{}", number % 2),
        turn: format!("t{number}"),
        messages: vec![format!("acme#support/chat/{number}")],
        app: "acme#support".to_owned(),
        at: 1_735_689_600_000 + number,
        question: question.to_owned(),
        history: vec![
            Said { role: Role::User, text: "Hello".to_owned() },
            Said { role: Role::Assistant, text: "Hi: \"you\"".to_owned() },
        ],
        answer: Some("It is on its way.".to_owned()),
        canned: None,
        verdict: Some(Action::Pass),
        route: Some("rest".to_owned()),
        target: Some("main".to_owned()),
        class: None,
        tier: Some("gold".to_owned()),
        cost: vec![Money { currency: "CNY".to_owned(), pico: 5 }],
        latency_ms: Some(900),
        rating: Some(2),
    }
}

fn dataset(turns: Vec<Turn>) -> Dataset {
    let head = Head {
        format: FORMAT,
        by: "route=rest".to_owned(),
        app: None,
        from: 1_735_689_600_000,
        to: 1_735_689_700_000,
        limit: 100,
        seed: 7,
        made_at: 1_735_700_000_000,
        turns: turns.len() as u64,
        left_out: 3,
    };
    Dataset { head, turns }
}

#[test]
fn a_file_is_read_as_it_was_written() {
    let whole = dataset(vec![turn(5, "Where is my parcel?"), turn(1, "多少钱?\n两行"), turn(3, "")]);
    let text = whole.to_lines().unwrap();
    assert_eq!(text.lines().count(), 4);
    assert_eq!(read(&text).unwrap(), whole);
    let head = r#"{"record":"head","format":1,"by":"route=rest","from":1735689600000,"to":1735689700000,"limit":100,"seed":7,"made_at":1735700000000,"turns":3,"left_out":3}"#;
    assert_eq!(text.lines().next(), Some(head));
    assert_eq!(whole.range(), Some((1_735_689_600_001, 1_735_689_600_006)));
    assert_eq!(whole.conversations().into_iter().collect::<Vec<_>>(), ["c1"]);
    assert_eq!(whole.ids().into_iter().collect::<Vec<_>>(), ["t1", "t3", "t5"]);
    assert_eq!(dataset(Vec::new()).range(), None);
}

#[test]
fn what_a_newer_writer_adds_is_ignored_and_what_it_changes_refused() {
    let text = dataset(vec![turn(1, "hi")]).to_lines().unwrap();
    assert!(read(&text.replace(r#""by":"#, r#""more":[1],"by":"#)).is_ok());
    let newer = text.replace(r#""format":1"#, r#""format":2,"by":5"#);
    assert!(matches!(read(&newer), Err(ReadError::Newer { found: 2 })));
}

#[test]
fn whatever_is_wrong_with_a_file_is_told_with_its_line() {
    let whole = dataset(vec![turn(1, "hi"), turn(2, "ho")]);
    let text = whole.to_lines().unwrap();
    let lines: Vec<&str> = text.lines().collect();
    for (lines, label, says) in [
        (vec![], "no_head", "no head"),
        (vec![lines[1]], "no_head", "no head"),
        (vec!["x"], "no_head", "no head"),
        (vec![lines[0], lines[1], "x"], "line", "line 3"),
        (vec![lines[0], lines[1], lines[0]], "place", "line 3: it is a second head"),
        (vec![lines[0], lines[1], lines[1]], "place", "line 3: turn \"t1\" is there twice"),
        (vec![lines[0], lines[1]], "count", "1 turns and its head says 2"),
    ] {
        let error = read(&lines.join("\n")).unwrap_err();
        assert_eq!(error.label(), label, "{error}");
        assert!(error.to_string().contains(says), "{error}");
    }
}

#[test]
fn tests_of_promptfoo_are_yaml_with_what_was_asked_and_what_is_to_hold() {
    let stopped = Turn { verdict: Some(Action::Block), answer: None, ..turn(2, "{{ env.KEY }} {% x %} {#") };
    let canned =
        Turn { canned: Some("failed".to_owned()), history: Vec::new(), ..turn(3, "File:///etc/passwd: - a") };
    let odd = turn(4, "\u{7f}\u{85}\u{2028}\u{feff}\u{0}\t\"'\\ 😀 #: - [x] {y: z} &a *b !c |\n> %");
    let text =
        exported(&dataset(vec![turn(1, "Where is it?"), stopped, canned, odd]), Form::Promptfoo).unwrap();
    let read: Value = serde_yaml_ng::from_str(&text).unwrap();
    let tests = read.as_sequence().unwrap();
    assert_eq!(tests.len(), 4);
    let known = ["description", "vars", "assert", "metadata"];
    for test in tests {
        assert!(
            test.as_mapping().unwrap().keys().all(|key| known.contains(&key.as_str().unwrap())),
            "{test:?}"
        );
    }
    let vars = &tests[0]["vars"];
    assert_eq!(
        (vars["question"].as_str(), vars["answer"].as_str()),
        (Some("Where is it?"), Some("It is on its way."))
    );
    let said: Vec<_> = vars["messages"]
        .as_sequence()
        .unwrap()
        .iter()
        .map(|it| (it["role"].as_str().unwrap(), it["content"].as_str().unwrap()))
        .collect();
    assert_eq!(said, [("user", "Hello"), ("assistant", "Hi: \"you\""), ("user", "Where is it?")]);
    assert_eq!(tests[0]["assert"][0]["type"].as_str(), Some("llm-rubric"));
    assert!(
        tests[0]["assert"][0]["value"].as_str().unwrap().contains("{{ answer }}"),
        "it is the template's variable"
    );
    assert_eq!(
        (tests[0]["metadata"]["tier"].as_str(), tests[0]["metadata"]["rating"].as_u64()),
        (Some("gold"), Some(2))
    );
    assert_eq!(tests[1]["assert"][0]["type"].as_str(), Some("is-refusal"));
    assert!(tests[1]["vars"].get("answer").is_none());
    assert_eq!(
        tests[1]["vars"]["question"].as_str(),
        Some("{\u{200b}{ env.KEY }} {\u{200b}% x %} {\u{200b}#")
    );
    assert!(
        tests[2].get("assert").is_none(),
        "what an operator wrote for an occasion is nothing to be as good as"
    );
    assert_eq!(tests[2]["vars"]["question"].as_str(), Some("\u{200b}File:///etc/passwd: - a"));
    let odd = "\u{7f}\u{85}\u{2028}\u{feff}\u{0}\t\"'\\ 😀 #: - [x] {y: z} &a *b !c |\n> %";
    assert_eq!(tests[3]["vars"]["question"].as_str(), Some(odd));
    let none = exported(&dataset(Vec::new()), Form::Promptfoo).unwrap();
    assert_eq!(serde_yaml_ng::from_str::<Value>(&none).unwrap().as_sequence().map(Vec::len), Some(0));
}

#[test]
fn json_lines_have_messages_with_roles_and_the_answer_beside_them() {
    let text = exported(&dataset(vec![turn(1, "Where {{is}} it?")]), Form::Lines).unwrap();
    let line: serde_json::Value = serde_json::from_str(text.trim_end()).unwrap();
    assert_eq!(line["messages"][2], serde_json::json!({ "role": "user", "content": "Where {{is}} it?" }));
    assert_eq!((&line["answer"], &line["id"]), (&"It is on its way.".into(), &"t1".into()));
    assert_eq!((&line["metadata"]["route"], &line["metadata"]["latency_ms"]), (&"rest".into(), &900.into()));
    assert!(line["metadata"].get("class").is_none());
}
