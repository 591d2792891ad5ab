//! After delivery.

use std::time::Duration;

use axum::http::StatusCode;
use schemas::event::{CallbackReply, Event};
use schemas::verdict::Action;
use serde_json::{Value, json};

use crate::line::{Line, chat, now, post, question, signed, timed};
use crate::publisher::Mood;

fn event(chat_type: &str, payload: Value) -> Value {
    json!({
        "callId": "acme#support_99", "timestamp": 0, "chat_type": chat_type, "from": "alice", "to": "bot_helpdesk",
        "msg_id": "99", "payload": payload
    })
}

async fn recorded(line: &Line, callback: Value) -> Vec<Event> {
    let before = line.memory.events().len();
    assert_eq!(line.call("/post", callback).await, (StatusCode::OK, json!({"accepted": true})));
    line.memory.events().split_off(before)
}

#[tokio::test(start_paused = true)]
async fn a_delivered_question_is_missed_under_the_same_id_with_a_late_verdict() {
    let line = Line::new("", Mood::Acknowledges);
    line.before(question("hi")).await;
    let events = recorded(&line, question("网上赌博")).await;
    let (Event::Message(before), Event::Missed(missed)) = (&line.memory.events()[0], &events[0]) else {
        panic!("{events:?}")
    };
    assert_eq!(missed.id, before.id);
    assert_eq!((missed.reply, missed.verdict.action), (CallbackReply::None, Action::Block));
    assert_eq!(recorded(&line, chat("alice", "bob", "hi")).await, []);
    assert_eq!(recorded(&line, chat("alice", "bob", "赌博")).await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_easemob_stored_and_brings_again_for_three_days_is_missed_under_its_own_time() {
    let line = Line::new("", Mood::Acknowledges);
    let minute = 60_000;
    for age in [20 * minute, 59 * minute, 61 * minute, 24 * 60 * minute, 3 * 24 * 60 * minute + 10 * minute] {
        let at = now() - age;
        let (status, body) = line.send(post("/post", signed(question("hi"), at).to_string())).await;
        assert_eq!((status, body), (StatusCode::OK, json!({"accepted": true})));
        let events = line.memory.events();
        let Some(Event::Missed(missed)) = events.last() else { panic!("{events:?}") };
        // Decide knows by it that the question is too old to be answered.
        assert_eq!(missed.sent_at, at);
    }
    assert_eq!(line.memory.events().len(), 5);
}

#[tokio::test(start_paused = true)]
async fn what_is_older_or_not_yet_is_answered_200_and_not_recorded() {
    let line = Line::new("", Mood::Acknowledges);
    let day = 86_400_000;
    for at in [now() - 4 * day - 60_000, now() - 300 * day, now() + 6 * 60_000, now() + 3 * day] {
        for _ in 0..50 {
            let (status, body) = line.send(post("/post", signed(question("hi"), at).to_string())).await;
            assert_eq!((status, body["error"].as_str()), (StatusCode::OK, Some("stale_timestamp")));
        }
    }
    assert_eq!(line.memory.records().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn what_the_line_sent_is_not_missed() {
    let line = Line::new("record = \"all\"", Mood::Acknowledges);
    let mut sent = chat("bot_helpdesk", "alice", "hi");
    sent["payload"]["ext"] = json!({"huiyin": {"v": 1}});
    for callback in [sent, chat("bot_sales", "bot_helpdesk", "hi")] {
        assert_eq!(recorded(&line, callback).await, []);
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_person_wrote_from_a_bots_account_is_missed_changed_and_taken_back() {
    let line = Line::new("record = \"ai\"", Mood::Acknowledges);
    let events = recorded(&line, chat("bot_helpdesk", "alice", "tomorrow")).await;
    let Event::Missed(missed) = &events[0] else { panic!("{events:?}") };
    assert_eq!((missed.sender.as_str(), missed.bot.clone()), ("bot_helpdesk", None));
    let by_bot = |chat_type, payload| {
        let mut event = event(chat_type, payload);
        (event["from"], event["to"]) = (json!("bot_helpdesk"), json!("alice"));
        event
    };
    let edit = json!({"type": "edit", "edit_message_id": "7", "bodies": [{"type": "txt", "msg": "today"}], "ext": {}});
    assert!(matches!(recorded(&line, by_bot("edit", edit)).await[..], [Event::Edit(_)]));
    let recall = json!({"type": "recall", "ack_message_id": "7"});
    assert!(matches!(recorded(&line, by_bot("recall", recall)).await[..], [Event::Recall(_)]));
}

#[tokio::test(start_paused = true)]
async fn an_event_is_accepted_only_when_it_is_acknowledged() {
    for (mood, label, time) in [
        (Mood::Silent, "unacknowledged", Duration::from_secs(5)),
        (Mood::GivesUp, "unacknowledged", Duration::ZERO),
        (Mood::Full, "unqueued", Duration::ZERO),
    ] {
        let line = Line::new("", mood);
        let ((status, body), took) = timed(line.call("/post", question("hi"))).await;
        assert_eq!((status, took), (StatusCode::SERVICE_UNAVAILABLE, time));
        assert_eq!(body["error"], label);
    }
}

#[tokio::test(start_paused = true)]
async fn a_recall_names_the_message_that_was_taken_back() {
    let line = Line::new("", Mood::Acknowledges);
    let in_payload = event("recall", json!({"type": "recall", "ack_message_id": "7", "bodies": []}));
    let mut beside = event("recall", json!({}));
    beside["recall_id"] = json!(7);
    for callback in [in_payload, beside] {
        let events = recorded(&line, callback).await;
        let Event::Recall(recall) = &events[0] else { panic!("{events:?}") };
        assert_eq!(recall.message.as_str(), "acme#support/chat/7");
        assert_eq!(recall.conversation.to_string(), "acme#support/chat/bot_helpdesk/alice");
    }
}

#[tokio::test(start_paused = true)]
async fn an_edit_is_judged_and_names_the_message_that_was_changed() {
    let line = Line::new("", Mood::Acknowledges);
    let payload = json!({
        "type": "edit", "edit_message_id": "7", "bodies": [{"type": "txt", "msg": "@bot_helpdesk 赌博"}], "ext": {},
        "meta": {"edit_msg": {"chat_type": "chat:room", "edit_time": 1_735_689_600_999_i64, "sender": "alice"}}
    });
    let mut in_room = event("edit", payload);
    in_room["group_id"] = json!("42");
    let events = recorded(&line, in_room).await;
    let Event::Edit(edit) = &events[0] else { panic!("{events:?}") };
    assert_eq!(edit.message.as_str(), "acme#support/chat/7");
    assert_eq!(edit.conversation.to_string(), "acme#support/chatroom/42");
    assert_eq!(edit.text.plain(), Some("赌博"));
    assert_eq!((edit.verdict.action, edit.at), (Action::Block, 1_735_689_600_999));
}

#[tokio::test(start_paused = true)]
async fn only_the_reaction_that_changed_is_recorded() {
    let line = Line::new("", Mood::Acknowledges);
    let reactions = json!([
        {"reaction": "smile", "count": 2, "userList": ["bob", "alice"]},
        {"reaction": "like", "count": 1, "op": [{"reactionType": "create", "operator": "alice"}]},
        {"reaction": "sad", "count": 0, "op": [{"reactionType": "delete", "operator": "acme#support_alice"}]}
    ]);
    let data = json!([{"messageId": 7, "from": "bot_helpdesk", "to": "alice", "channel_type": "chat", "ts": 5,
                       "reactions": reactions}]);
    let events = recorded(&line, event("notify", json!({"type": "reaction", "data": data}))).await;
    let seen: Vec<_> = events
        .iter()
        .map(|event| match event {
            Event::Reaction(r) => (r.easemob_id.as_str(), r.reaction.as_str(), r.user.as_str(), r.put),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(seen, [("7", "like", "alice", true), ("7", "sad", "alice", false)]);
}

#[tokio::test(start_paused = true)]
async fn other_events_are_accepted_and_ignored() {
    let line = Line::new("record = \"all\"", Mood::Silent);
    let mut offline = question("hi");
    offline["eventType"] = json!("chat_offline");
    let presence =
        json!({"callId": "x", "timestamp": 0, "reason": "login", "user": "acme#support_a@easemob.com/ios"});
    for callback in [
        offline,
        presence,
        event("read_ack", json!({"type": "read_ack", "ack_message_id": "7"})),
        event("notify", json!({"type": "thread", "data": {"operation": "update_msg"}})),
        event("recall", json!({"type": "recall"})),
        event("newer", json!("text")),
    ] {
        assert_eq!(recorded(&line, callback).await, []);
    }
}

#[tokio::test(start_paused = true)]
async fn an_event_without_a_signature_is_ignored_and_one_with_a_wrong_one_refused() {
    let line = Line::new("", Mood::Silent);
    let mut callback = signed(question("hi"), now());
    callback.as_object_mut().unwrap().remove("security");
    let (status, _) = line.send(post("/post", callback.to_string())).await;
    assert_eq!((status, line.memory.records().len()), (StatusCode::OK, 0));
    callback["security"] = json!("9fcaf2f161e2002135cf4552b81b04fc");
    let (status, body) = line.send(post("/post", callback.to_string())).await;
    assert_eq!((status, body["error"].as_str()), (StatusCode::UNAUTHORIZED, Some("bad_signature")));
}
