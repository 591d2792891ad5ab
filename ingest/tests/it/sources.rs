//! Sources other than Easemob.

use axum::http::StatusCode;
use schemas::event::Event;
use serde_json::json;

use crate::line::{Line, chat, now, post, source_request};
use crate::publisher::Mood;

const FEEDBACK: &str = r#"{"id":"f1","conversation":"acme#support/chat/bot_helpdesk/alice","easemob_id":"7","rating":5,"text":"thanks"}"#;
const SECRET: &str = "s3cr3t-F";

#[tokio::test(start_paused = true)]
async fn feedback_is_accepted_when_it_is_acknowledged() {
    let line = Line::new("", Mood::Acknowledges);
    let at = now();
    let (status, body) = line.send(source_request("/feedback", FEEDBACK, at, SECRET)).await;
    assert_eq!((status, body), (StatusCode::OK, json!({"accepted": true})));
    let events = line.memory.events();
    let Event::Feedback(feedback) = &events[0] else { panic!("{events:?}") };
    assert_eq!((feedback.rating, feedback.at, feedback.id.as_str()), (Some(5), at, "f1"));
    line.memory.set(Mood::Silent);
    let (status, _) = line.send(source_request("/feedback", FEEDBACK, at, SECRET)).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test(start_paused = true)]
async fn a_person_takes_over_and_hands_back() {
    let line = Line::new("", Mood::Acknowledges);
    for (body, person) in [
        (r#"{"conversation":"acme#support/group/42","person":"carol","at":5}"#, Some("carol")),
        (r#"{"conversation":"acme#support/group/42","at":6}"#, None),
    ] {
        line.send(source_request("/takeover", body, now(), SECRET)).await;
        let Some(Event::Takeover(takeover)) = line.memory.events().pop() else { panic!("no takeover") };
        assert_eq!(takeover.person.as_ref().map(|p| p.as_str()), person);
    }
}

#[tokio::test(start_paused = true)]
async fn a_conversation_is_the_one_of_its_messages_however_a_source_spells_it() {
    let line = Line::new("", Mood::Acknowledges);
    for (sender, spelt) in [
        ("alice", &["acme#support/chat/bot_helpdesk/alice", "acme#support/chat/Bot_HelpDesk/ALICE"][..]),
        ("Alice", &["acme#support/chat/bot_helpdesk/Alice"]),
        ("a@b.com", &["acme#support/chat/bot_helpdesk/a@b.com", "acme#support/chat/bot_helpdesk/A%40B.com"]),
        ("a/b c", &["acme#support/chat/bot_helpdesk/a%2Fb%20c", "acme#support/chat/bot_helpdesk/A%2FB%20C"]),
    ] {
        line.before(chat(sender, "bot_helpdesk", "hi")).await;
        let of_message = line.memory.records().pop().unwrap();
        for conversation in spelt {
            let body = json!({"conversation": conversation, "person": "Carol"}).to_string();
            line.send(source_request("/takeover", &body, now(), SECRET)).await;
            let record = line.memory.records().pop().unwrap();
            assert_eq!(
                (&record.key, record.partition),
                (&of_message.key, of_message.partition),
                "{conversation}"
            );
            assert!(matches!(line.memory.events().pop(), Some(Event::Takeover(_))), "{conversation}");
        }
    }
    for unclear in [
        "acme#support/chat/bot_helpdesk/a/b",
        "acme#support/chat/bot_helpdesk/",
        "acme#support/chat/a%0Ab/\n",
    ] {
        let body = json!({"conversation": unclear}).to_string();
        let (status, body) = line.send(source_request("/takeover", &body, now(), SECRET)).await;
        assert_eq!((status, body["error"].as_str()), (StatusCode::BAD_REQUEST, Some("bad_json")));
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_source_may_not_say_is_refused() {
    let line = Line::new("", Mood::Acknowledges);
    let elsewhere = FEEDBACK.replace("acme#support", "acme#other");
    let six = FEEDBACK.replace(":5", ":6");
    let unknown = FEEDBACK.replace("easemob_id", "message");
    for (request, status, label) in [
        (source_request("/feedback", FEEDBACK, now(), "wrong"), StatusCode::UNAUTHORIZED, "bad_signature"),
        (
            source_request("/feedback", FEEDBACK, now() - 301_000, SECRET),
            StatusCode::UNAUTHORIZED,
            "stale_timestamp",
        ),
        (post("/feedback", FEEDBACK), StatusCode::BAD_REQUEST, "bad_envelope"),
        (source_request("/feedback", &elsewhere, now(), SECRET), StatusCode::BAD_REQUEST, "bad_record"),
        (source_request("/feedback", &six, now(), SECRET), StatusCode::BAD_REQUEST, "bad_record"),
        (source_request("/feedback", &unknown, now(), SECRET), StatusCode::BAD_REQUEST, "bad_json"),
        (source_request("/feedback", "", now(), SECRET), StatusCode::BAD_REQUEST, "bad_json"),
    ] {
        let (got, body) = line.send(request).await;
        assert_eq!((got, body["error"].as_str()), (status, Some(label)));
    }
    assert_eq!(line.memory.records().len(), 0);
}

const FINDING: &str = r#"{"id":"a1","conversation":"acme#support/chat/bot_helpdesk/Alice","reply_id":"6f9d3a52-0f0e-5c11-9f3b-0d5d2c7a1b06","category":"fraud/price"}"#;

#[tokio::test(start_paused = true)]
async fn a_finding_is_accepted_whatever_is_known_of_its_answer_and_as_often_as_it_comes() {
    let line = Line::new("", Mood::Acknowledges);
    let at = now();
    let on_question = r#"{"id":"a2","conversation":"acme#support/group/42","easemob_id":"7","at":5}"#;
    for body in [FINDING, FINDING, on_question] {
        let (status, body) = line.send(source_request("/finding", body, at, SECRET)).await;
        assert_eq!((status, body), (StatusCode::OK, json!({"accepted": true})));
    }
    let events = line.memory.events();
    let [Event::Finding(first), Event::Finding(again), Event::Finding(second)] = &events[..] else {
        panic!("{events:?}")
    };
    assert_eq!(first, again, "it has one id, and decide takes an answer back once");
    assert_eq!((first.at, first.category.as_deref()), (at, Some("fraud/price")));
    assert_eq!(first.conversation.to_string(), "acme#support/chat/bot_helpdesk/alice");
    assert_eq!(first.reply.unwrap().to_string(), "6f9d3a52-0f0e-5c11-9f3b-0d5d2c7a1b06");
    let message = second.message.as_ref().map(|message| message.as_str());
    assert_eq!((message, second.at), (Some("acme#support/chat/7"), 5));
}

#[tokio::test(start_paused = true)]
async fn a_finding_that_is_forged_old_or_names_no_answer_is_refused() {
    let line = Line::new("", Mood::Acknowledges);
    let category = |word: &str| FINDING.replace("fraud/price", word);
    let (both, neither) = (
        FINDING.replace("\"category\"", "\"easemob_id\":\"7\",\"category\""),
        FINDING.replace("\"reply_id\":\"6f9d3a52-0f0e-5c11-9f3b-0d5d2c7a1b06\",", ""),
    );
    let no_id = FINDING.replace("6f9d3a52-0f0e-5c11-9f3b-0d5d2c7a1b06", "7");
    let elsewhere = FINDING.replace("acme#support", "acme#other");
    for (request, status, label) in [
        (source_request("/finding", FINDING, now(), "wrong"), StatusCode::UNAUTHORIZED, "bad_signature"),
        (
            source_request("/finding", FINDING, now() - 301_000, SECRET),
            StatusCode::UNAUTHORIZED,
            "stale_timestamp",
        ),
        (post("/finding", FINDING), StatusCode::BAD_REQUEST, "bad_envelope"),
        (source_request("/finding", &elsewhere, now(), SECRET), StatusCode::BAD_REQUEST, "bad_record"),
        (source_request("/finding", &both, now(), SECRET), StatusCode::BAD_REQUEST, "bad_record"),
        (source_request("/finding", &neither, now(), SECRET), StatusCode::BAD_REQUEST, "bad_record"),
        (source_request("/finding", &no_id, now(), SECRET), StatusCode::BAD_REQUEST, "bad_json"),
        (
            source_request("/finding", &category("he said it"), now(), SECRET),
            StatusCode::BAD_REQUEST,
            "bad_record",
        ),
        (
            source_request("/finding", &category(&"x".repeat(65)), now(), SECRET),
            StatusCode::BAD_REQUEST,
            "bad_record",
        ),
    ] {
        let (got, body) = line.send(request).await;
        assert_eq!((got, body["error"].as_str()), (status, Some(label)));
    }
    assert_eq!(line.memory.records().len(), 0);
}
