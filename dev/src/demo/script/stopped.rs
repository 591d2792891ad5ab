//! A word that is not allowed never reaches the other person, however it is written and wherever it stands.

use super::talk::is_about;
use crate::demo::stage::{Stage, expect, note, show, told};
use anyhow::Result;
use dev::rig::easemob::To;
use schemas::decision::Ruling;
use schemas::event::Event;
use serde_json::{Value, json};

const BOB: To<'_> = To::User("bob");
/// What the sender's client shows, as the configuration has it.
const CODE: &str = "这条消息没有送达:含有不允许的内容。";

/// How the word is written: what to call that, the body and the extension of the message.
fn ways() -> Vec<(&'static str, Value, Value)> {
    let text = |text: &str| json!({ "type": "txt", "msg": text });
    let file = json!({"type": "file", "filename": "赌博.pdf", "file_length": 9,
        "url": "https://a1.easemob.com/acme/support/chatfiles/6f9d3a52-0f0e-5c11-9f3b-0d5d2c7a1b06"});
    vec![
        ("as it is", text("晚上去赌博吧"), json!({})),
        ("in traditional characters", text("晚上去賭博吧"), json!({})),
        ("in full width", text("ｃａｓｉｎｏ tonight?"), json!({})),
        ("with invisible characters between", text("晚上去赌\u{200b}\u{2060}博吧"), json!({})),
        ("in the name of a file", file, json!({})),
        (
            "in a quote, as JSON in a text",
            text("look"),
            json!({"msgQuote": "{\"msgPreview\":\"\\u8d4c\\u535a\"}"}),
        ),
    ]
}

pub(super) fn however_it_is_written(stage: &mut Stage) -> Result<()> {
    let mut stopped = Vec::new();
    for (what, body, ext) in ways() {
        let sent = stage.easemob.send_message("grace", BOB, &body, &ext)?;
        show("grace", BOB.name(), what, &told(&sent));
        expect("who decided on it", "verdict", sent.decided_by.as_str())?;
        expect("it is delivered", false, sent.delivered)?;
        let shown = sent.sender_error.as_ref().map(|shown| (shown.error, shown.text.as_str()));
        expect("what the sender sees", Some((508, CODE)), shown)?;
        stopped.push(sent.msg_id);
    }
    for id in &stopped {
        let decision = stage.decision("on it", |d| is_about(d, id) && d.input == "message")?;
        expect("what was decided", Ruling::Blocked, decision.ruling)?;
    }
    let from_grace = stage.easemob.inbox(BOB)?.into_iter().filter(|message| message.from == "grace").count();
    expect("messages of hers that bob received", 0, from_grace)?;
    let has_text = |event: &Event| match event {
        Event::Message(message) if stopped.iter().any(|id| message.id.easemob_id() == id) => {
            message.text.is_some() || message.raw.is_some() || !message.other_texts.is_empty()
        }
        _ => false,
    };
    let with_text = stage.topics.all::<Event>()?.iter().filter(|event| has_text(event)).count();
    expect("records with anything that she wrote", 0, with_text)?;
    note(&format!(
        "{} messages stopped before delivery; the log has the fact of each and no text",
        stopped.len()
    ));
    Ok(())
}
