//! Messages without a text.

use schemas::attachment::Attachment;
use schemas::decision::Ruling;
use schemas::event::{Event, Message, MessageKind};
use schemas::request::PromptLine;
use schemas::text::Text;
use schemas::verdict::{Action, Verdict};

use crate::world::*;

const URL: &str = "https://a1.easemob.com/acme/support/chatfiles/5fd7";

const MEDIA: &str = r#"
[app.media]
hosts = ["a1.easemob.com"]
max_bytes = 1000
max_images = 2
[[app.route]]
name = "see"
when.message = ["image"]
then = { chain = ["sees"], vision = true }
[[app.route]]
name = "unseen"
when.message = ["image"]
then.say = "cannot see it"
[[app.route]]
name = "files"
when.message = ["file", "location"]
then.max_output_tokens = 60
[[app.route]]
name = "voice"
when.message = ["audio"]
then.say = "please type"
[[app.route]]
name = "rest"
then.max_output_tokens = 70
[canned]
[[target]]
name = "sees"
provider = "openai"
model = "gpt-4o"
region = "cn"
"#;

fn attached(kind: MessageKind, n: u32, attachment: Attachment, world: &World) -> Message {
    let others = attachment.caption.iter().cloned().collect();
    let attachment = Some(Box::new(attachment));
    Message { kind, text: None, other_texts: others, attachment, ..world.message(n, "") }
}

fn picture(caption: &str) -> Attachment {
    Attachment { caption: Some(caption.into()), url: Some(URL.into()), secret: None, bytes: Some(1_000) }
}

fn send(world: &mut World, kind: MessageKind, n: u32, attachment: Attachment) -> Written {
    let message = attached(kind, n, attachment, world);
    world.play(Event::Message(message))
}

fn show(world: &mut World, n: u32, caption: &str) -> Written {
    send(world, MessageKind::Image, n, picture(caption))
}

fn rule(written: &Written) -> &str {
    &written.decisions[0].route.as_ref().unwrap().rule
}

fn last(written: &Written) -> &PromptLine {
    written.request().prompt.last().unwrap()
}

fn images(line: &PromptLine) -> Vec<&str> {
    line.images.iter().map(|image| image.plain().unwrap()).collect()
}

#[test]
fn without_the_table_a_message_without_a_text_is_refused_whatever_routes_say() {
    let route = "[[app.route]]\nname = \"all\"\nthen.max_output_tokens = 9\n[[app.route]]\nname = \"images\"\nwhen.message = [\"image\"]\nthen.say = \"x\"\n";
    // The second route is never reached, which the file's check says; a bundle may have it all the same.
    let route = &route[route.find("[[app.route]]\nname = \"images\"").unwrap()..];
    for settings in ["", route] {
        let mut world = World::new(settings);
        let written = show(&mut world, 1, "a.jpg");
        assert_eq!((written.rulings(), written.said()), (vec![Ruling::Unanswerable], vec!["unanswerable!"]));
        assert_eq!(written.decision().reasons, ["no_text"]);
    }
}

#[test]
fn a_picture_is_shown_by_its_address_to_a_model_that_sees_and_told_by_its_name() {
    let mut world = World::new(MEDIA);
    let written = show(&mut world, 1, "badge.jpg");
    assert_eq!((rule(&written), written.decision().ruling), ("see", Ruling::Asked));
    assert_eq!(last(&written).text.plain(), Some("[image] badge.jpg"));
    assert_eq!((images(last(&written)), written.request().chain[0].as_str()), (vec![URL], "sees"));
    let decided = serde_json::to_string(written.decision()).unwrap();
    assert!(!decided.contains("easemob.com"), "{decided}");
}

#[test]
fn the_history_tells_of_a_picture_and_not_where_it_is() {
    let mut world = World::new(MEDIA);
    let request = show(&mut world, 1, "badge.jpg").request().clone();
    world.answer(&request, "a badge");
    let state = format!("{:?}", serde_json::to_string(world.state.as_ref().unwrap().core()));
    assert!(!state.contains("easemob"));
    let written = world.say(2, "whose?");
    assert_eq!(rule(&written), "rest");
    let lines: Vec<_> = written.request().prompt.iter().map(|line| line.text.plain().unwrap()).collect();
    assert_eq!(lines, ["[image] badge.jpg", "a badge", "whose?"]);
    assert!(written.request().prompt.iter().all(|line| line.images.is_empty()));
    assert_eq!(world.stored_containing("easemob"), 0, "nothing that is stored has the address");
}

#[test]
fn a_picture_and_the_question_about_it_are_one_turn_within_the_merge_window() {
    let mut world = World::new(&format!("merge_window = \"2s\"\n{MEDIA}"));
    show(&mut world, 1, "");
    world.say(2, "what is this?");
    let written = world.pass(2 * SECOND).clock();
    assert_eq!((rule(&written), last(&written).text.plain()), ("see", Some("[image]\nwhat is this?")));
    assert_eq!(images(last(&written)), [URL]);
}

#[test]
fn a_picture_that_may_not_be_shown_leaves_the_word_to_the_next_rule_and_the_decision_says_why() {
    for (attachment, why) in [
        (Attachment { bytes: Some(1_001), ..picture("a") }, "image_size"),
        (Attachment { bytes: None, ..picture("a") }, "image_size"),
        (Attachment { url: Some("https://evil.example/x".into()), ..picture("a") }, "image_host"),
        (Attachment { url: Some("http://a1.easemob.com/x".into()), ..picture("a") }, "image_address"),
        (Attachment { secret: Some("s".into()), ..picture("a") }, "image_restricted"),
    ] {
        let mut world = World::new(MEDIA);
        let written = send(&mut world, MessageKind::Image, 1, attachment);
        assert_eq!((rule(&written), written.said()), ("unseen", vec!["cannot see it"]));
        assert_eq!(written.decision().reasons, [why, "routed"]);
        let skipped = &written.decision().route.as_ref().unwrap().why.as_ref().unwrap().skipped[0];
        assert_eq!((skipped.rule.as_str(), skipped.by.as_str()), ("see", "vision"));
    }
}

#[test]
fn of_more_pictures_than_a_model_is_shown_it_sees_the_newest() {
    let mut world = World::new(&format!("merge_window = \"2s\"\n{MEDIA}"));
    for n in 1..=3 {
        let own = Attachment { url: Some(format!("{URL}{n}").into()), ..picture("") };
        send(&mut world, MessageKind::Image, n, own);
    }
    let written = world.pass(2 * SECOND).clock();
    assert_eq!(images(last(&written)), [format!("{URL}2"), format!("{URL}3")]);
    assert_eq!(last(&written).text.plain(), Some("[image]\n[image]\n[image]"));
    assert!(written.decision().reasons.contains(&"images_left_out".to_owned()));
}

#[test]
fn files_and_places_are_asked_by_what_can_be_said_of_them() {
    for (kind, caption, told) in [
        (MessageKind::File, "合同.pdf", "[file] 合同.pdf"),
        (MessageKind::Location, "上海", "[location] 上海"),
    ] {
        let mut world = World::new(MEDIA);
        let attachment = Attachment { caption: Some(caption.into()), ..Attachment::default() };
        let written = send(&mut world, kind, 1, attachment);
        assert_eq!((rule(&written), last(&written).text.plain()), ("files", Some(told)));
        assert!(last(&written).images.is_empty());
        let mut world = World::new(MEDIA);
        let written = send(&mut world, kind, 1, Attachment::default());
        assert_eq!(
            (rule(&written), written.said()),
            ("files", vec!["unanswerable!"]),
            "there is nothing to ask"
        );
    }
}

#[test]
fn a_kind_that_no_rule_names_is_refused_and_one_may_be_told_something() {
    let mut world = World::new(MEDIA);
    let attachment = Attachment { caption: Some("a.mp4".into()), ..Attachment::default() };
    let written = send(&mut world, MessageKind::Video, 1, attachment.clone());
    assert_eq!((rule(&written), written.said()), ("chain", vec!["unanswerable!"]));
    let skipped = &written.decision().route.as_ref().unwrap().why.as_ref().unwrap().skipped;
    assert_eq!(skipped.last().map(|one| (one.rule.as_str(), one.by.as_str())), Some(("rest", "no_text")));
    assert_eq!(send(&mut world, MessageKind::Audio, 2, attachment.clone()).said(), ["please type"]);
    assert!(send(&mut world, MessageKind::Command, 3, attachment).nothing_goes_out());
}

#[test]
fn what_waits_is_told_by_its_kind_where_a_text_comes_with_it() {
    let mut world = World::new(MEDIA);
    let request = world.say(1, "hello").request().clone();
    let attachment = Attachment { caption: Some("a.mp4".into()), ..Attachment::default() };
    send(&mut world, MessageKind::Video, 2, attachment);
    world.say(3, "look");
    let written = world.answer(&request, "hi");
    assert_eq!((rule_of_last(&written), last(&written).text.plain()), ("rest", Some("[video] a.mp4\nlook")));
}

fn rule_of_last(written: &Written) -> &str {
    &written.decisions.last().unwrap().route.as_ref().unwrap().rule
}

#[test]
fn the_caption_is_judged_masked_and_no_command() {
    let mut world = World::new(&format!("commands = {{ new = [\"/new\"] }}\n{MEDIA}"));
    assert_eq!(show(&mut world, 1, "a gun").rulings(), [Ruling::Blocked]);
    let written = show(&mut world, 2, "my password.jpg");
    assert_eq!(last(&written).text.plain(), Some("[image] my ********.jpg"));
    let request = written.request().clone();
    world.answer(&request, "ok");
    assert_eq!(last(&show(&mut world, 3, "/new")).text.plain(), Some("[image] /new"));
}

#[test]
fn what_the_filter_holds_is_refused_since_nobody_reviews_a_picture() {
    let mut world = World::new(MEDIA);
    let held = Verdict::new(Action::Hold, vec!["explosives".into()], "ingest");
    let message = Message { verdict: held, ..attached(MessageKind::Image, 1, picture("a"), &world) };
    let written = world.play(Event::Message(message));
    assert!(written.requests.is_empty() && written.rulings() == [Ruling::Blocked], "{:?}", written.rulings());
}

#[test]
fn pictures_take_room_in_the_window_and_what_has_none_is_too_long() {
    let narrow = MEDIA.replace("model = \"gpt-4o\"", "model = \"gpt-4o\"\ncontext_tokens = 4000");
    let mut world = World::new(&format!("merge_window = \"2s\"\n{narrow}"));
    show(&mut world, 1, "a");
    show(&mut world, 2, "b");
    let written = world.pass(2 * SECOND).clock();
    assert_eq!(images(last(&written)).len(), 1, "2600 of the 3000 tokens that the answer leaves");
    let tiny = MEDIA.replace("model = \"gpt-4o\"", "model = \"gpt-4o\"\ncontext_tokens = 3000");
    let written = show(&mut World::new(&tiny), 1, "a");
    assert_eq!(written.decision().reasons, ["too_long"]);
}

#[test]
fn an_interruption_and_an_edit_of_the_extension_keep_the_picture() {
    let mut world = World::new(&format!("while_answering = \"interrupt\"\n{MEDIA}"));
    show(&mut world, 1, "badge.jpg");
    let written = world.say(2, "whose is it?");
    assert_eq!(
        (images(last(&written)), last(&written).text.plain()),
        (vec![URL], Some("[image] badge.jpg\nwhose is it?"))
    );
    let mut world = World::new(MEDIA);
    show(&mut world, 1, "badge.jpg");
    let written = world.edit(1, "");
    assert_eq!((images(last(&written)), last(&written).text.plain()), (vec![URL], Some("[image] badge.jpg")));
}

#[test]
fn a_person_who_has_the_conversation_finds_what_was_shown_in_the_history_without_its_address() {
    let mut world = World::new(&format!("staff = {{ ids = [\"carol\"] }}\n{MEDIA}"));
    world.takeover(Some("carol"));
    assert_eq!(show(&mut world, 1, "badge.jpg").rulings(), [Ruling::TakenOver]);
    assert_eq!(world.stored_containing("easemob"), 0);
    world.takeover(None);
    let written = world.say(2, "well?");
    assert_eq!(written.request().prompt.last().unwrap().text.plain(), Some("[image] badge.jpg\nwell?"));
}

#[test]
fn two_pictures_without_a_word_are_not_the_same_question() {
    let asked = "[[app.route]]\nname = \"again\"\nwhen = { message = [\"image\"], asked = { times = 1, within = \"10m\" } }\nthen.say = \"again?\"\n";
    let mut world = World::new(&MEDIA.replacen("[[app.route]]", &format!("{asked}[[app.route]]"), 1));
    for n in 1..=2 {
        let written = show(&mut world, n, "");
        assert_eq!(rule(&written), "see");
        let request = written.request().clone();
        world.answer(&request, "ok");
    }
}

#[test]
fn a_sealed_address_or_caption_is_not_shown_and_not_told() {
    let sealed = || Text::Sealed(schemas::text::Sealed { key: "k".into(), bytes: vec![1] });
    let mut world = World::new(MEDIA);
    let attachment = Attachment { url: Some(sealed()), caption: Some(sealed()), ..picture("") };
    let written = send(&mut world, MessageKind::Image, 1, attachment);
    assert_eq!((rule(&written), written.decision().reasons[0].as_str()), ("unseen", "image_address"));
}
