//! Messages among people, before delivery: judged and answered by the app's policy, whatever the state of Kafka.

use std::time::Duration;

use catalogue::people::PeopleRecord;
use schemas::event::{CallbackReply, Event, Message};
use schemas::verdict::Action;
use serde_json::{Value, json};

use crate::line::{Line, chat, question, timed};
use crate::publisher::Mood;

const REPLACE: &str = "people.replacement = '(removed)'\npeople.replacement_texts.zh_hans = '(已删除)'";

fn say(text: &str) -> Value {
    chat("alice", "bob", text)
}

/// A text message with a word that is masked in its extension.
fn beside(ext: Value) -> Value {
    let mut callback = say("hi");
    callback["payload"]["ext"] = ext;
    callback
}

fn file(name: &str) -> Value {
    let mut callback = say("");
    callback["payload"]["bodies"] = json!([{"type": "file", "filename": name, "url": "https://x/y"}]);
    callback
}

fn message(event: &Event) -> &Message {
    match event {
        Event::Message(message) | Event::Missed(message) => message,
        other => panic!("{other:?} is no message"),
    }
}

async fn reply(policies: &str, callback: Value) -> Value {
    Line::new(policies, Mood::Silent).before(callback).await
}

#[tokio::test(start_paused = true)]
async fn the_senders_client_is_told_in_the_language_of_the_message() {
    let codes = "people.blocked = 'not allowed here'\npeople.blocked_texts.zh_hans = '不能这样说'\n\
                 people.blocked_texts.zh_hant = '不能這樣說'\npeople.blocked_texts.en = 'please do not say that'";
    for (text, code) in [
        ("我们去赌博", "不能这样说"),
        ("我們這個星期去賭博", "不能這樣說"),
        ("let us go and find a strange brew of 赌博", "please do not say that"),
        ("давайте играть 赌博 сегодня", "not allowed here"),
    ] {
        assert_eq!(reply(codes, say(text)).await, json!({"valid": false, "code": code}), "{text}");
    }
    assert_eq!(
        reply(codes, question("我们去赌博")).await["code"],
        "blocked",
        "a bot's person is told as ever"
    );
    assert_eq!(reply("people = {}", say("赌博")).await["code"], "blocked");
}

#[tokio::test(start_paused = true)]
async fn what_can_be_masked_is_delivered_masked_and_what_cannot_be_as_the_policy_says() {
    for (policies, otherwise) in [("", false), ("people = {}", false), ("people.unchangeable = 'pass'", true)]
    {
        let masked = reply(policies, say("damn it")).await;
        assert_eq!(masked["payload"]["bodies"], json!([{"type": "txt", "msg": "**** it"}]), "{policies}");
        let quote = reply(policies, beside(json!({"msgQuote": "{\"msgPreview\":\"damn\"}"}))).await;
        assert_eq!(quote["payload"]["ext"]["msgQuote"], "{\"msgPreview\":\"****\"}");
        for callback in
            [file("damn.pdf"), beside(json!({"damn it": 1})), beside(json!("{\"a\":\"\\u0064amn"))]
        {
            let answer = reply(policies, callback.clone()).await;
            assert_eq!(answer["valid"], otherwise, "{policies} {callback}");
            assert_eq!(answer.get("payload"), None);
        }
        assert_eq!(reply(policies, file("赌博.pdf")).await["valid"], false, "what is blocked stays blocked");
    }
}

/// Characters of the reply that delivers a message of so many letters masked, if it is delivered.
async fn length_of_reply(policies: &str, letters: usize) -> Option<usize> {
    let answer = reply(policies, say(&format!("damn{}", "x".repeat(letters)))).await;
    answer.get("payload")?;
    Some(answer.to_string().chars().count())
}

#[tokio::test(start_paused = true)]
async fn a_changed_text_fits_to_the_last_character_and_beyond_it_the_policy_holds() {
    let short = length_of_reply("", 0).await.unwrap();
    let most = 1_000 - short;
    assert_eq!(length_of_reply("", most).await, Some(1_000));
    assert_eq!(length_of_reply("", most + 1).await, None);
    let long = say(&format!("damn{}", "x".repeat(most + 1)));
    assert_eq!(
        reply("people.too_long = 'block'", long.clone()).await,
        json!({"valid": false, "code": "blocked"})
    );
    assert_eq!(reply("people.too_long = 'pass'", long.clone()).await, json!({"valid": true}));
    let replaced = reply(&format!("people.too_long = 'replace'\n{REPLACE}"), long).await;
    assert_eq!(replaced["payload"]["bodies"][0]["msg"], "(removed)");
    let mut ext = beside(json!({"note": "x".repeat(1_000)}));
    ext["payload"]["bodies"][0]["msg"] = json!("damn");
    let policies = format!("people.too_long = 'replace'\n{REPLACE}");
    assert_eq!(reply(&policies, ext).await["valid"], false, "the extension alone is too long");
}

#[tokio::test(start_paused = true)]
async fn characters_are_counted_as_code_points_and_bytes_apart() {
    // Each of these is one code point, four bytes and two units of UTF-16.
    let fits = |n: usize| say(&format!("damn{}", "😀".repeat(n)));
    let empty = reply("", fits(0)).await["payload"].to_string().len();
    let most = (1_024 - empty) / 4;
    assert_eq!(reply("", fits(most)).await["valid"], true);
    assert_eq!(reply("", fits(most + 1)).await["valid"], false);
}

#[tokio::test(start_paused = true)]
async fn a_text_to_be_replaced_is_replaced_where_the_app_has_a_text_for_it() {
    let replaces =
        |policies: &str| Line::of(policies, |text| text.replace("action = \"hold\"", "action = \"replace\""));
    let odd = || say("这是一个 strange brew 我们都喜欢");
    assert_eq!(replaces("").before(odd()).await["valid"], false);
    let line = replaces(REPLACE);
    let mut quoted = odd();
    quoted["payload"]["ext"] = json!({"note": "damn"});
    let answer = line.before(quoted).await;
    assert_eq!(answer["payload"]["bodies"], json!([{"type": "txt", "msg": "(已删除)"}]));
    assert_eq!(answer["payload"]["ext"]["note"], "****");
    let english = line.before(say("what a strange brew")).await;
    assert_eq!(english["payload"]["bodies"][0]["msg"], "(removed)");
    assert_eq!(line.before(file("strange brew.pdf")).await["valid"], false);
    let forbidden = replaces("people.replacement = '赌博'");
    assert_eq!(forbidden.before(odd()).await["valid"], false, "the replacement is judged as well");
}

#[tokio::test(start_paused = true)]
async fn what_is_held_cannot_wait_and_is_stopped_or_passes_with_what_milder_rules_say() {
    let held = "a strange brew";
    assert_eq!(reply("people = {}", say(held)).await["valid"], false);
    let passes = "people.hold = 'pass'";
    assert_eq!(reply(passes, say(held)).await, json!({"valid": true}));
    assert_eq!(
        reply(passes, say("damn strange brew")).await["payload"]["bodies"][0]["msg"],
        "**** strange brew"
    );
    assert_eq!(reply(passes, say("赌博 strange brew")).await["valid"], false);
    assert_eq!(reply(passes, question(held)).await["valid"], false, "a message to a bot is another matter");
}

#[tokio::test(start_paused = true)]
async fn of_people_no_text_is_recorded_unless_the_app_says_so() {
    for (policies, expected) in [
        ("record = 'all'", Some(PeopleRecord::Message)),
        ("record = 'all'\npeople = {}", Some(PeopleRecord::Fact)),
        ("record = 'hits'\npeople = {}", Some(PeopleRecord::Fact)),
        ("record = 'all'\npeople.record = 'message'", Some(PeopleRecord::Message)),
        ("record = 'ai'\npeople = {}", None),
    ] {
        let line = Line::new(policies, Mood::Acknowledges);
        assert_eq!(line.before(say("去赌博")).await["valid"], false);
        let (_, accepted) = line.call("/post", say("去赌博")).await;
        assert_eq!(accepted, json!({"accepted": true}));
        let events = line.memory.events();
        assert_eq!(events.len(), if expected.is_some() { 2 } else { 0 }, "{policies}");
        for event in &events {
            let recorded = message(event);
            assert_eq!((recorded.verdict.action, recorded.sender.as_str()), (Action::Block, "alice"));
            let has_text =
                recorded.text.is_some() || recorded.raw.is_some() || !recorded.other_texts.is_empty();
            assert_eq!(has_text, expected == Some(PeopleRecord::Message), "{policies}");
            let written = serde_json::to_string(event).unwrap();
            assert_eq!(written.contains("赌博"), has_text);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn in_a_group_what_speaks_to_a_bot_is_recorded_whole_and_what_does_not_is_a_fact() {
    let in_group = |text: &str| {
        let mut callback = chat("alice", "42", text);
        callback["chat_type"] = json!("groupchat");
        callback
    };
    let line = Line::new("record = 'all'\npeople = {}", Mood::Acknowledges);
    line.before(in_group("@小助手 hi")).await;
    line.before(in_group("hi all")).await;
    line.before(chat("bot_helpdesk", "alice", "by hand")).await;
    let events = line.memory.events();
    let texts: Vec<_> = events.iter().map(|event| message(event).text.is_some()).collect();
    assert_eq!(texts, [true, false, true]);
}

#[tokio::test(start_paused = true)]
async fn what_staff_say_in_a_group_is_recorded_whole_whatever_the_app_records_of_people() {
    let in_group = |sender: &str| {
        let mut callback = chat(sender, "42", "I take this");
        callback["chat_type"] = json!("groupchat");
        callback
    };
    for policies in ["record = 'ai'\npeople = {}", "people.judge = 'bots'"] {
        let policies = format!("{policies}\nstaff = {{ ids = ['Carol'] }}");
        let line = Line::new(&policies, Mood::Acknowledges);
        for sender in ["carol", "alice"] {
            assert_eq!(line.before(in_group(sender)).await, json!({"valid": true}));
        }
        line.before(chat("carol", "alice", "among ourselves")).await;
        let events = line.memory.events();
        let told: Vec<_> = events.iter().map(|event| message(event).sender.as_str()).collect();
        assert_eq!(told, ["carol"], "{policies}");
        assert!(message(&events[0]).text.is_some());
    }
}

#[tokio::test(start_paused = true)]
async fn an_app_that_judges_for_its_bots_alone_leaves_people_to_themselves() {
    let line = Line::new("people.judge = 'bots'", Mood::Acknowledges);
    assert_eq!(line.before(say("去赌博")).await, json!({"valid": true}));
    assert_eq!(line.call("/post", say("去赌博")).await.1, json!({"accepted": true}));
    assert_eq!(line.memory.records().len(), 0);
    assert_eq!(line.before(question("去赌博")).await["valid"], false);
    assert_eq!(line.before(chat("bot_helpdesk", "alice", "去赌博")).await["valid"], false);
    let mut marked = question("去赌博");
    marked["payload"]["ext"] = json!({"huiyin": {}});
    assert_eq!(line.before(marked).await["valid"], false, "a forged mark hides nothing");
}

#[tokio::test(start_paused = true)]
async fn whatever_kafka_does_people_get_their_verdict_at_once() {
    for mood in [Mood::Silent, Mood::GivesUp, Mood::Full, Mood::AcknowledgesAfter(Duration::from_secs(9))] {
        let line = Line::new(&format!("record = 'all'\npeople.hold = 'pass'\n{REPLACE}"), mood);
        for (text, valid) in [("hi", true), ("damn", true), ("赌博", false), ("strange brew", true)] {
            let (answer, took) = timed(line.before(say(text))).await;
            assert_eq!((answer["valid"].clone(), took), (json!(valid), Duration::ZERO), "{text} {mood:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_policy_lets_through_is_recorded_as_passed_with_its_verdict() {
    let line = Line::new("people.hold = 'pass'", Mood::Acknowledges);
    line.before(say("strange brew")).await;
    let events = line.memory.events();
    let recorded = message(&events[0]);
    assert_eq!((recorded.reply, recorded.verdict.action), (CallbackReply::Pass, Action::Hold));
}

/// What rules may say, with what the policy says.
const SAID: [(Option<&str>, bool, bool); 3] =
    [(Some("open"), true, true), (Some("closed"), false, false), (None, false, true)];

#[tokio::test(start_paused = true)]
async fn a_rule_says_what_becomes_of_a_text_that_it_cannot_change_and_the_policy_where_it_does_not() {
    let most = 1_000 - length_of_reply("", 0).await.unwrap();
    let long = say(&format!("damn{}", "x".repeat(most + 1)));
    for (on_error, blocking, passing) in SAID {
        for (callback, pass) in
            [(file("damn.pdf"), "people.unchangeable = 'pass'"), (long.clone(), "people.too_long = 'pass'")]
        {
            for (policies, passes) in [("", blocking), (pass, passing)] {
                let line = Line::on_error(policies, ("mild", "mask"), on_error);
                let answer = line.before(callback.clone()).await;
                assert_eq!(
                    (answer["valid"].clone(), answer.get("payload")),
                    (json!(passes), None),
                    "{policies}"
                );
            }
        }
    }
    let line = Line::on_error("", ("mild", "mask"), Some("open"));
    assert_eq!(line.before(say("damn it")).await["payload"]["bodies"][0]["msg"], "**** it", "it can be done");
    assert_eq!(line.before(file("damn 赌博.pdf")).await["valid"], false, "what is blocked stays blocked");
    let two = Line::on_error("personal_data.people.style = 'stars'", ("mild", "mask"), Some("open"));
    assert_eq!(
        two.before(file("damn 电话13800138000 给你.pdf")).await["valid"],
        false,
        "the other leaves it to the policy"
    );
}

#[tokio::test(start_paused = true)]
async fn a_rule_says_what_becomes_of_a_text_that_cannot_wait_for_a_review() {
    for (on_error, blocking, passing) in SAID {
        for (policies, passes) in [("people = {}", blocking), ("people.hold = 'pass'", passing)] {
            let line = Line::on_error(policies, ("odd", "hold"), on_error);
            assert_eq!(
                line.before(say("a strange brew")).await,
                match passes {
                    true => json!({"valid": true}),
                    false => json!({"valid": false, "code": "blocked"}),
                }
            );
            assert_eq!(line.before(say("赌博 strange brew")).await["valid"], false);
            let masked = line.before(say("damn strange brew")).await;
            assert_eq!(masked["payload"]["bodies"][0]["msg"].as_str(), passes.then_some("**** strange brew"));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_text_to_be_replaced_goes_on_masked_where_nothing_stands_in_its_place_and_its_rule_is_open() {
    for (on_error, passes) in [(Some("open"), true), (Some("closed"), false), (None, false)] {
        let line = Line::on_error("", ("odd", "replace"), on_error);
        let answer = line.before(say("a strange brew")).await;
        assert_eq!(answer["valid"], passes);
        assert_eq!(answer["payload"]["bodies"][0]["msg"].as_str(), passes.then_some("a ************"));
        let replacing = Line::on_error(REPLACE, ("odd", "replace"), on_error);
        let replaced = replacing.before(say("a strange brew")).await;
        assert_eq!(replaced["payload"]["bodies"][0]["msg"], "(removed)", "it can be done");
    }
}

#[tokio::test(start_paused = true)]
async fn who_quotes_a_bot_or_mentions_everybody_speaks_to_it_as_the_app_says() {
    let in_group = |ext: Value| {
        let mut callback = chat("alice", "42", "and now?");
        callback["chat_type"] = json!("groupchat");
        callback["payload"]["ext"] = ext;
        callback
    };
    let spoken_to = async |policies: &str, ext: Value| {
        let line = Line::new(&format!("record = 'all'\n{policies}"), Mood::Acknowledges);
        line.before(in_group(ext)).await;
        let events = line.memory.events();
        message(&events[0]).bot.as_ref().map(|bot| bot.as_str().to_owned())
    };
    let quote =
        |sender: &str| json!({"msgID": "1501234567890123456", "msgPreview": "x", "msgSender": sender});
    let helpdesk = Some("bot_helpdesk".to_owned());
    for by in ["bot_helpdesk", "小助手", "HELP desk"] {
        assert_eq!(spoken_to("", json!({"msgQuote": quote(by)})).await, helpdesk, "{by}");
        assert_eq!(spoken_to("", json!({"msgQuote": quote(by).to_string()})).await, helpdesk, "{by}");
        assert_eq!(spoken_to("mention.quotes = false", json!({"msgQuote": quote(by)})).await, None);
    }
    assert_eq!(spoken_to("", json!({"msgQuote": quote("bob")})).await, None);
    assert_eq!(spoken_to("", json!({"msgQuote": "no JSON"})).await, None);
    let named = json!({"msgQuote": quote("bot_helpdesk"), "em_at_list": ["bob"]});
    assert_eq!(spoken_to("", named).await, None, "who is named is meant");
    let sales = Some("bot_sales".to_owned());
    for all in [json!("ALL"), json!(["all"]), json!("[\"ALL\"]")] {
        let ext = json!({"em_at_list": all});
        assert_eq!(spoken_to("mention.all = 'bot_sales'", ext.clone()).await, sales, "{ext}");
        assert_eq!(spoken_to("", ext).await, None);
    }
    assert_eq!(spoken_to("mention.all = 'bot_sales'", json!({"em_at_list": true})).await, None);
}
