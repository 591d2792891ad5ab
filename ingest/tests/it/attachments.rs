//! What messages without a text bring is recorded where an app reads them.

use schemas::event::{Event, Message, MessageKind};
use schemas::text::Text;
use serde_json::{Value, json};

use crate::line::{Line, chat, question};
use crate::publisher::Mood;

const MEDIA: &str = "record = \"all\"\n[app.media]\nhosts = [\"a1.easemob.com\"]\n";
const URL: &str = "https://a1.easemob.com/acme/support/chatfiles/5fd7";

fn picture(mut callback: Value) -> Value {
    callback["payload"]["bodies"] = json!([{"type": "img", "url": URL, "filename": "badge.jpg", "file_length": 48213,
        "size": {"width": 640, "height": 480}, "secret": "s3cr3t"}]);
    callback
}

async fn recorded(policies: &str, callback: Value) -> Message {
    let line = Line::new(policies, Mood::Acknowledges);
    line.before(callback).await;
    let Some(Event::Message(message)) = line.memory.events().pop() else { panic!("it is recorded") };
    message
}

#[tokio::test(start_paused = true)]
async fn a_picture_for_a_bot_is_recorded_with_its_address_name_and_size() {
    let message = recorded(MEDIA, picture(question(""))).await;
    assert_eq!((message.kind, &message.text), (MessageKind::Image, &None));
    let attachment = message.attachment.unwrap();
    let plain = |text: &Option<Text>| text.as_ref().and_then(Text::plain).map(str::to_owned);
    assert_eq!(plain(&attachment.url).as_deref(), Some(URL));
    assert_eq!((plain(&attachment.caption).as_deref(), attachment.bytes), (Some("badge.jpg"), Some(48_213)));
    assert_eq!(plain(&attachment.secret).as_deref(), Some("s3cr3t"));
}

#[tokio::test(start_paused = true)]
async fn without_the_table_or_among_people_nothing_of_it_is_recorded_apart() {
    assert_eq!(recorded("record = \"all\"", picture(question(""))).await.attachment, None);
    assert_eq!(recorded(MEDIA, picture(chat("alice", "bob", ""))).await.attachment, None);
    assert_eq!(recorded(MEDIA, question("hi")).await.attachment, None);
}

#[tokio::test(start_paused = true)]
async fn its_name_is_judged_as_before() {
    let mut callback = picture(question(""));
    callback["payload"]["bodies"][0]["filename"] = json!("赌博.jpg");
    let line = Line::new(MEDIA, Mood::Acknowledges);
    assert_eq!(line.before(callback).await, json!({"valid": false, "code": "blocked"}));
}
