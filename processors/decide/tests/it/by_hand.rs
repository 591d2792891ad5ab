//! What a person writes from the bot's own account is the bot's word: in the history, and if so configured the end of its turn.

use schemas::decision::Ruling;
use schemas::event::{Event, Message};
use schemas::request::{Request, Role};
use schemas::text::Text;
use schemas::verdict::{Action, Verdict};

use crate::world::*;

impl World {
    fn by_hand(&mut self, n: u32, text: &str) -> Written {
        let message = Message { sender: user("bot"), bot: None, ..self.message(n, text) };
        self.play(Event::Message(message))
    }
}

fn lines(request: &Request) -> Vec<(Role, &str)> {
    request.prompt.iter().map(|line| (line.role, line.text.plain().unwrap())).collect()
}

#[test]
fn the_next_prompt_knows_what_was_promised_by_hand() {
    let mut world = World::new("");
    world.exchange(1, "where is my parcel?", "I do not know.");
    let written = world.by_hand(2, "It will be there tomorrow.");
    assert_eq!(
        (written.decision().ruling, written.decision().reasons.as_slice()),
        (Ruling::Noted, &["by_hand".to_owned()][..])
    );
    assert!(written.nothing_goes_out());
    let request = world.say(3, "thanks!").request().clone();
    assert_eq!(
        lines(&request),
        [
            (Role::User, "where is my parcel?"),
            (Role::Assistant, "I do not know.\n\nIt will be there tomorrow."),
            (Role::User, "thanks!"),
        ]
    );
}

#[test]
fn roles_take_turns_when_the_bot_speaks_first_or_twice() {
    let mut world = World::new("system_prompt = \"Be kind.\"");
    world.by_hand(1, "Your order was sent.");
    world.by_hand(2, "Here is its number: 7.");
    let request = world.say(3, "when?").request().clone();
    assert_eq!(
        lines(&request),
        [
            (Role::System, "Be kind."),
            (Role::User, "…"),
            (Role::Assistant, "Your order was sent.\n\nHere is its number: 7."),
            (Role::User, "when?"),
        ]
    );
}

#[test]
fn what_is_written_while_the_model_thinks_follows_its_answer() {
    let mut world = World::new("");
    let first = world.say(1, "one").request().clone();
    world.by_hand(2, "by hand");
    assert_eq!(world.answer(&first, "1").said(), ["1"]);
    let second = world.say(3, "two").request().clone();
    assert_eq!(lines(&second)[1], (Role::Assistant, "1\n\nby hand"));
    world.recall(3);
    world.answer(&second, "late");
    assert_eq!(lines(world.say(4, "three").request()).len(), 3);
}

#[test]
fn it_is_judged_like_any_text() {
    let mut world = World::new("");
    assert_eq!(world.by_hand(1, "a gun").rulings(), [Ruling::Blocked]);
    assert_eq!(world.by_hand(2, "the password is").rulings(), [Ruling::Noted]);
    assert_eq!(world.by_hand(3, "\u{200b} ").decision().reasons, ["no_text"]);
    let held = Verdict::new(Action::Hold, vec!["theirs".into()], "ingest");
    let message = Message { sender: user("bot"), bot: None, verdict: held, ..world.message(4, "hello") };
    assert_eq!(world.play(Event::Message(message)).rulings(), [Ruling::Blocked]);
    assert_eq!(world.by_hand(2, "the password is").rulings(), [Ruling::Duplicate]);
    let missed = Message { sender: user("bot"), bot: None, ..world.message(5, "and more") };
    assert_eq!(world.play(Event::Missed(missed)).decision().reasons, ["judged_late", "by_hand"]);
    let request = world.say(6, "one").request().clone();
    assert_eq!(lines(&request)[1], (Role::Assistant, "the ******** is\n\nand more"));
}

#[test]
fn what_is_recalled_or_edited_is_so_in_later_prompts() {
    let mut world = World::new("");
    world.by_hand(1, "one");
    world.by_hand(2, "two");
    world.by_hand(3, "three");
    assert_eq!(world.recall(2).decision().reasons, ["history_removed"]);
    assert_eq!(world.edit(3, "my password").decision().reasons, ["edited"]);
    let request = world.say(4, "hello").request().clone();
    assert_eq!(lines(&request)[1], (Role::Assistant, "one\n\nmy ********"));
    assert_eq!(world.edit(1, "a gun").decision().reasons, ["history_removed"]);
    assert_eq!(world.edit(1, "again").decision().reasons, ["nothing_pending"]);
}

#[test]
fn in_a_group_everybody_who_asks_that_bot_has_read_it() {
    let mut world = World::of(group(), "");
    let request = world.say_as("alice", 1, "I am Alice").request().clone();
    world.answer(&request, "hi Alice");
    world.pass(SECOND).by_hand(2, "We close at five.");
    world.pass(SECOND);
    let request = world.say_as("alice", 3, "when do you close?").request().clone();
    assert_eq!(lines(&request)[1], (Role::Assistant, "hi Alice\n\nWe close at five."));
    world.answer(&request, "at five");
    let bob = world.say_as("bob", 4, "hello").request().clone();
    assert_eq!(
        lines(&bob),
        [(Role::User, "…"), (Role::Assistant, "We close at five."), (Role::User, "hello")]
    );
    let to_clerk = Message { bot: Some(user("clerk")), sender: user("carol"), ..world.message(5, "clerk?") };
    assert_eq!(lines(world.play(Event::Message(to_clerk)).request()), [(Role::User, "clerk?")]);
    world.pass(SECOND);
    let again = world.say_as("alice", 6, "and open?").request().clone();
    let texts: Vec<&str> = lines(&again).iter().map(|(_, text)| *text).collect();
    assert_eq!(
        texts,
        ["I am Alice", "hi Alice\n\nWe close at five.", "when do you close?", "at five", "and open?"]
    );
}

#[test]
fn so_configured_who_uses_the_account_takes_over() {
    let mut world = World::new("by_hand = \"take_over\"");
    let first = world.say(1, "one").request().clone();
    let written = world.by_hand(2, "I am a person.");
    assert_eq!(written.rulings(), [Ruling::Noted, Ruling::Noted]);
    assert_eq!(written.decisions[1].reasons, ["taken_over", "turn_cancelled"]);
    assert_eq!(world.by_hand(3, "Still here.").decision().reasons, ["by_hand"]);
    assert_eq!(world.answer(&first, "late").rulings(), [Ruling::Late]);
    assert_eq!(world.say(4, "thanks").rulings(), [Ruling::TakenOver]);
    world.takeover(None);
    let request = world.say(5, "hello?").request().clone();
    assert_eq!(lines(&request)[1], (Role::Assistant, "I am a person.\n\nStill here."));
}

#[test]
fn what_bots_say_to_bots_is_not_remembered() {
    let with_clerk = schemas::conversation::Conversation::with_bot(app(), user("bot"), user("clerk"));
    let mut world = World::of(with_clerk, "");
    let message = Message { sender: user("clerk"), bot: None, ..world.message(1, "hello") };
    assert_eq!(world.play(Event::Message(message)).rulings(), [Ruling::Passed]);
    assert_eq!(world.stored_keys("h"), 0);
}

#[test]
fn as_much_is_kept_as_of_other_history_and_as_long() {
    let mut world = World::new("history_turns = 3\nforget_after = \"2h\"");
    for n in 0..10 {
        world.by_hand(n, "a remark");
    }
    assert_eq!(world.stored_keys("h"), 3);
    world.pass(2 * HOUR).clock();
    assert!(world.state.is_none());
    let mut without = World::new("history_turns = 0");
    without.by_hand(1, "a remark");
    assert_eq!(without.stored_keys("h"), 0);
    assert_eq!(without.say(2, "hello").request().prompt[0].text, Text::from("hello"));
}
