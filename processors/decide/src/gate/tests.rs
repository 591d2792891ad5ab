//! Labels on every part, whatever the answer is made of.

use proptest::prelude::*;
use pulldown_cmark::{Event, Parser, Tag, TagEnd};
use schemas::conversation::Conversation;
use schemas::event::MessageKind;
use schemas::ids::{AppKey, GroupId, RequestId};
use serde_json::json;

use super::*;

/// Most bytes of body and ext together that Easemob takes.
const EASEMOB: usize = 5 * 1_024;

fn app(settings: &str) -> App {
    let text = format!(
        "[[app]]\nkey = 'acme#support'\nchain = ['main']\nallowed_regions = ['cn']\nbot = [{{ id = 'bot' }}]\n{settings}\n\
         [[target]]\nname = 'main'\nprovider = 'local'\nmodel = 'm'\nregion = 'cn'\n"
    );
    let bundle = catalogue::validate(&toml::from_str(&text).unwrap()).unwrap();
    bundle.apps.into_values().next().unwrap()
}

fn asked(sender: &str, text: &str) -> WaitingMessage {
    WaitingMessage {
        id: MessageId::new("acme#support/group/1").unwrap(),
        sender: UserId::new(sender).unwrap(),
        bot: UserId::new("bot").unwrap(),
        kind: MessageKind::Text,
        text: Text::from(text),
        sent_at: 0,
        round: 0,
        marks: None,
        media: None,
        held: None,
    }
}

/// The parts of an answer to all of these, in a group.
fn sent(app: &App, asked: &[WaitingMessage], text: &str) -> Vec<Answer> {
    let group = Conversation::group(AppKey::new("acme#support").unwrap(), GroupId::new("42").unwrap());
    let lane = Lane { conversation: group, sender: None };
    let to = Addressee::of_turn(TurnId::derive("t", 0), asked, lane).unwrap();
    let let_out = let_out(app, &to, asked, text);
    answers(app, &to, let_out.parts, &AnswerSource::Model { request: RequestId::derive("r", 0) }, 0)
}

fn said(app: &App, text: &str) -> Vec<String> {
    let answers = sent(app, &[asked("alice", "hi")], text);
    answers.iter().map(|answer| answer.text.plain().unwrap().to_owned()).collect()
}

/// What Easemob counts of a part, as deliver sends it.
fn counted(answer: &Answer) -> usize {
    let mentioned: Vec<_> = [&answer.user].into_iter().chain(&answer.others).collect();
    let ext = json!({
        "huiyin": {
            "v": 1, "reply_id": answer.id, "turn": answer.turn, "part": answer.part, "parts": answer.parts,
        },
        "AIGC": answer.aigc,
        "em_at_list": mentioned,
    });
    json!({ "msg": answer.text.plain() }).to_string().len() + ext.to_string().len()
}

/// The label stands where a reader of Markdown shows it: as text, in no block of code.
fn is_seen(part: &str, label: &str) -> bool {
    let (mut in_code, mut code, mut text) = (false, String::new(), String::new());
    for event in Parser::new(part) {
        match event {
            Event::Start(Tag::CodeBlock(_)) => in_code = true,
            Event::End(TagEnd::CodeBlock) => in_code = false,
            Event::Text(said) if in_code => code.push_str(&said),
            Event::Text(said) | Event::Code(said) => text.push_str(&said),
            _ => {}
        }
    }
    text.contains(label) && !code.contains(label)
}

/// What the model said of a part: without the label and the line breaks beside it.
fn unlabelled<'a>(app: &App, part: &'a str, label: &str) -> &'a str {
    let said = match app.labels.as_ref().unwrap().at {
        catalogue::labels::LabelPlace::Start => {
            part.strip_prefix(label).and_then(|said| said.strip_prefix("\n\n"))
        }
        catalogue::labels::LabelPlace::End => part.strip_suffix(label).filter(|said| said.ends_with("\n\n")),
    };
    said.unwrap_or_else(|| panic!("no label: {part:?}")).trim_end_matches('\n')
}

/// From the first character on that is seen: a part without any is not sent.
fn visible(text: &str) -> &str {
    text.trim_start_matches(|c: char| is_blank(c.encode_utf8(&mut [0; 4])))
}

#[test]
fn every_part_has_the_label_in_its_place_outside_of_code() {
    let code: String = (0..60).map(|n| format!("println!(\"{n}\");\n")).collect();
    let text = format!("Look:\n\n```rust\n{code}```\n\nThat is all.");
    for at in ["start", "end"] {
        let app = app(&format!("part_bytes = 300\nlabel = 'by AI'\nlabel_at = '{at}'"));
        let parts = said(&app, &text);
        assert!(parts.len() > 3);
        for part in &parts {
            assert!(json_size(part) <= 300 && is_seen(part, "by AI"), "{part}");
            assert_eq!(part.matches("```").count() % 2, 0, "{part}");
            assert_eq!(part.matches("by AI").count(), 1, "{part}");
        }
    }
}

#[test]
fn the_label_stands_one_empty_line_off_whatever_the_part_ends_with() {
    let end = app("label = 'AI'");
    assert_eq!(said(&end, "Hello.\n\n"), ["Hello.\n\nAI"]);
    let paragraphs = format!("{}\n\n{}\n", "a".repeat(150), "b".repeat(150));
    let parts = said(&app("part_bytes = 256\nlabel = 'AI'"), &paragraphs);
    assert_eq!(parts, [format!("{}\n\nAI", "a".repeat(150)), format!("{}\n\nAI", "b".repeat(150))]);
    assert_eq!(said(&app("label = 'AI'\nlabel_at = 'start'"), "```\ncode"), ["AI\n\n```\ncode\n```"]);
    assert_eq!(said(&app("consent = 'terms'"), "```\ncode"), ["```\ncode\n```"]);
}

#[test]
fn the_label_is_in_the_language_of_the_answer_or_of_the_question() {
    let app =
        app("label = 'IA'\nlabel_texts = { zh_hans = '由 AI 生成', zh_hant = '由 AI 產生', en = 'by AI' }");
    for (question, answer, label) in [
        ("hi", "请打开设置。", "由 AI 生成"),
        ("hi", "請打開設定。", "由 AI 產生"),
        ("你好", "Open Settings.", "by AI"),
        ("hi", "Ouvrez les paramètres et choisissez le réseau.", "IA"),
        ("六乘以七等于多少?", "42", "由 AI 生成"),
        ("What is six times seven?", "42", "by AI"),
        ("?", "42", "IA"),
    ] {
        let answers = sent(&app, &[asked("alice", question)], answer);
        assert_eq!(answers[0].text.plain(), Some(format!("{answer}\n\n{label}").as_str()));
    }
}

#[test]
fn what_a_model_made_has_the_implicit_label_of_its_part_and_what_the_operator_wrote_has_none() {
    let app = app("part_bytes = 256\nlabel = 'AI'\naigc = { producer = 'P', propagator = 'Q' }");
    let answers = sent(&app, &[asked("alice", "hi")], &"Sentence. ".repeat(60));
    assert!(answers.len() > 2);
    for answer in &answers {
        let label = serde_json::to_value(answer.aigc.as_ref().unwrap()).unwrap();
        let id = answer.id.to_string();
        assert_eq!(
            label,
            json!({
                "Label": "1", "ContentProducer": "P", "ProduceID": id, "ReservedCode1": "", "ContentPropagator": "Q",
                "PropagateID": id, "ReservedCode2": "",
            })
        );
    }
    let lane = answers[0].lane.clone();
    let to = Addressee::of_turn(TurnId::derive("t", 0), &[asked("alice", "hi")], lane).unwrap();
    let source = AnswerSource::Canned { reason: "failed".into() };
    let told = super::answers(&app, &to, canned(&app, &to, "Sorry."), &source, 0);
    assert_eq!((told[0].text.plain(), told[0].aigc.as_ref()), (Some("Sorry."), None));
}

#[test]
fn an_answer_of_more_characters_than_may_be_ends_at_a_good_border_and_says_so() {
    let settings = "label = 'AI'\noutput = { max_characters = 100 }\ncanned = { cut = '(cut)' }";
    let sentence = "This is a sentence of it. ";
    assert_eq!(said(&app(settings), &"x".repeat(100)), [format!("{}\n\nAI", "x".repeat(100))]);
    assert_eq!(
        said(&app(settings), &sentence.repeat(9)),
        [format!("{}\n\n(cut)\n\nAI", sentence.repeat(3).trim_end())]
    );
    let code = format!("Look:\n```sh\n{}```\n", "echo 1234567\n".repeat(9));
    let cut = said(&app(settings), &code);
    assert_eq!(cut, [format!("Look:\n```sh\n{}```\n\n(cut)\n\nAI", "echo 1234567\n".repeat(6))]);
    // Where the parts are the narrower bound, they are it.
    let both = format!("part_bytes = 256\nmax_answer_parts = 2\n{}", settings.replace("100", "5000"));
    let parts = said(&app(&both), &sentence.repeat(100));
    assert!(
        parts.len() == 2 && parts[1].ends_with("it.\n\n(cut)\n\nAI") && !parts[0].contains("(cut)"),
        "{parts:?}"
    );
}

/// Everything that answers are made of.
fn piece() -> impl Strategy<Value = String> {
    let markdown = prop::sample::select(vec![
        "\n",
        "\n\n",
        "。",
        ". ",
        "\n```rust\n",
        "\n```\n",
        "~~~\n",
        "\"\\\u{1}",
        "👨‍👩‍👧",
        "🇨🇳",
        "\r\n",
        "\n- ",
        "\n> ",
        "\n    ",
        "\n1. ",
        "\n> ```\n",
        "| a | b |\n|---|---|\n",
        "**b**",
        "# h\n",
        "မြို့",
        "\t",
        "`c`",
    ]);
    prop_oneof![3 => "[a-z]{1,12} ", 3 => "[一-龥]{1,20}", 4 => markdown.prop_map(str::to_owned)]
}

/// From one byte to 200 KB.
fn answer() -> impl Strategy<Value = String> {
    (prop::collection::vec(piece(), 1..60), 0_u32..18).prop_map(|(pieces, size)| {
        let (pieces, most) = (pieces.concat(), (1_usize << size).min(200_000));
        let mut text = pieces.repeat(most / pieces.len() + 1);
        text.truncate((0..=most).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default());
        text
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn parts_without_their_labels_are_the_answer_and_every_part_fits(
        text in answer(), part_bytes in 256_usize..=4_600, at_start in any::<bool>(), people in 1_usize..20, wide in 0_usize..40,
    ) {
        prop_assume!(!is_blank(&text));
        let (at, label) = (if at_start { "start" } else { "end" }, format!("内容由 AI 生成{}", "!".repeat(wide)));
        let provider = "x".repeat(1 + 3 * wide);
        let app = app(&format!(
            "part_bytes = {part_bytes}\nmax_answer_parts = 1000\nlabel = '{label}'\nlabel_at = '{at}'\n\
             aigc = {{ producer = '{provider}' }}\ncanned = {{ cut = '(cut)' }}"
        ));
        let people: Vec<_> = (0..people).map(|n| asked(&format!("{n:0>64}"), "hi")).collect();
        let answers = sent(&app, &people, &text);
        let (mut rest, is_plain) = (text.trim_end(), !text.contains(['`', '~', '|']));
        for answer in &answers {
            let part = answer.text.plain().unwrap();
            prop_assert!(json_size(part) <= part_bytes, "{} bytes of {part_bytes}", json_size(part));
            prop_assert!(counted(answer) <= EASEMOB, "{} bytes", counted(answer));
            prop_assert!(is_seen(part, &label), "{part:?}");
            let said = unlabelled(&app, part, &label);
            prop_assert!(parts::closed(part) == *part, "{part:?}");
            // Outside of blocks, which parts close and open again, each part goes on where the one before it ended.
            if is_plain && answers.len() < 1_000 {
                let found = visible(rest).strip_prefix(visible(said));
                prop_assert!(found.is_some(), "{said:?} is not next in {rest:?}");
                rest = found.unwrap_or_default();
            }
        }
        if is_plain && answers.len() < 1_000 {
            prop_assert!(is_blank(rest), "{rest:?} is missing");
        }
    }
}

#[test]
fn answers_from_one_byte_to_two_hundred_kilobytes_are_whole_in_labelled_parts() {
    let app = app("max_answer_parts = 1000\nlabel = '内容由 AI 生成'");
    for unit in [
        "a",
        "字",
        "👍🏽",
        "This is a sentence. ",
        "第一句话。",
        "para\n\n",
        "- item 👍\n",
        "**bold** and *italic*, ",
    ] {
        for size in [1, 10, 4_200, 4_300, 4_400, 10_000, 60_000, 200_000] {
            let text = unit.repeat(size / unit.len() + 1);
            let parts = said(&app, &text);
            let whole: String =
                parts.iter().map(|part| unlabelled(&app, part, "内容由 AI 生成").to_owned()).collect();
            assert_eq!(
                whole.replace('\n', ""),
                text.trim_end().replace('\n', ""),
                "{size} bytes of {unit:?}"
            );
        }
    }
    for (opening, line, closing) in [
        ("```rust\n", "let a = 1;\n", "```"),
        ("> ```\n", "> 第一行\n", "> ```"),
        ("1. ~~~\n", "   x\n", "   ~~~"),
    ] {
        let text = format!("{opening}{}{closing}", line.repeat(200_000 / line.len()));
        let parts = said(&app, &text);
        let lines = |text: &str| text.lines().filter(|said| *said == line.trim_end()).count();
        assert_eq!(parts.iter().map(|part| lines(part)).sum::<usize>(), lines(&text));
        assert!(parts.iter().all(|part| is_seen(part, "内容由 AI 生成")), "{opening}");
    }
}
