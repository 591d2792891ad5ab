//! The ten rules of docs/routing.md, each with a message that it answers.

use catalogue::{RawCatalogue, validate};
use schemas::conversation::Conversation;
use schemas::event::{Event, Message};

use super::rule_of;
use crate::world::{HOUR, MINUTE, SECOND, World, Written, alice, app, group, rules_of, user};

const FILE: &str = include_str!("ten.toml");
const PAGE: &str = include_str!("../../../../../docs/routing.md");

fn world(place: Conversation) -> World {
    let raw: RawCatalogue = toml::from_str(FILE).unwrap();
    World::by(place, rules_of(&validate(&raw).unwrap()))
}

/// Somebody whose conversation is in the arm `warm`.
fn warm() -> Conversation {
    let file: RawCatalogue = toml::from_str(FILE).unwrap();
    let bundle = validate(&file).unwrap();
    let tone = &bundle.apps[&app()].experiments[0];
    let place = |n: u32| Conversation::with_bot(app(), user("bot"), user(&format!("user{n}")));
    (0..).map(place).find(|place| tone.arm_of(place) == Some("warm")).unwrap()
}

#[test]
fn the_page_and_the_file_have_the_same_rules() {
    let page = PAGE.split("## Ten rules").nth(1).unwrap().split("\n## ").next().unwrap();
    let rules: Vec<&str> =
        page.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert_eq!(rules.len(), 10);
    for rule in rules {
        assert!(FILE.contains(rule), "{rule}");
    }
}

#[test]
fn each_of_them_answers_its_message() {
    let say = |place: Conversation, text: &str| world(place).say(1, text);
    let check = |written: &Written, rule: &str| assert_eq!(rule_of(written), rule);
    check(&say(alice(), "我要找真人"), "person");
    let mut thrice = world(alice());
    for n in 1..3 {
        let asked = thrice.exchange(n, "我的包裹到哪里了?", "在路上。");
        drop(asked);
    }
    check(&thrice.say(3, "我的包裹到哪里了??"), "asked thrice");
    check(&say(alice(), "請問營業時間是幾點"), "opening hours");
    let complaint = say(alice(), "服务太差了,我要投诉");
    check(&complaint, "complaint");
    let system = complaint.request().prompt[0].text.plain().unwrap().to_owned();
    assert_eq!(system, "你是客服。\n对方不满意:先道歉,再给出下一步。");
    let mut gold = world(alice());
    let tags = [("plan".to_owned(), "gold".to_owned())].into();
    let message = Message { tags, ..gold.message(1, "帮我写一封请假邮件") };
    check(&gold.play(Event::Message(message)), "gold");
    let hard = say(alice(), "证明根号2是无理数");
    check(&hard, "hard");
    assert_eq!((hard.request().thinking, hard.request().max_output_tokens), (Some(true), 4_000));
    let kind = say(warm(), "Please write a short email to my team.");
    check(&kind, "warm");
    assert!(kind.request().prompt[0].text.plain().unwrap().ends_with("Be warm."));
    let mut late = world(group());
    let message = Message { sent_at: late.time - MINUTE, ..late.message(1, "帮我写一封请假邮件") };
    check(&late.play(Event::Message(message)), "late");
    // It is 23:06 in Shanghai.
    let night = say(group(), "帮我写一封请假邮件");
    check(&night, "night in groups");
    assert!(night.request().prompt[0].text.plain().unwrap().contains("现在是23点"));
    let mut day = world(group());
    day.pass(9 * HOUR + 10 * SECOND);
    check(&day.say(1, "你好"), "simple");
    check(&say(alice(), "帮我写一封请假邮件"), "chain");
}
