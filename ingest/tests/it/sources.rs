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
