//! Everything that is stored of a conversation is within 32 KiB, whatever people write and whatever is configured.

use proptest::prelude::*;
use schemas::answered::Outcome;
use schemas::conversation::Conversation;
use schemas::decision::Ruling;
use schemas::event::{Event, Message};
use schemas::request::{Request, RequestKind};
use schemas::text::Text;

use crate::world::*;

const MOST: usize = 32 * 1_024;
/// Marks of seen messages count up to here.
const MARKS: usize = MOST / 4;

/// Everything that is stored can be as large as it is configured to be.
const LARGEST: &str = r#"
max_waiting_messages = 200
max_waiting_bytes = 262144
history_turns = 1000
max_output_tokens = 2000
retract_on_recall = true
commands = { new = ["/new"] }
staff = { ids = ["carol"] }
session = { pin = true }
output = { max_per_minute = 100 }
personal_data = { model = { style = "placeholder" } }
[[app.route]]
name = "again"
when = { asked = { times = 15, within = "24h" }, ext = { plan = ["never"], note = [], more = [] } }
then = { say = "again?" }
"#;

impl World {
    /// Bytes of everything that is stored of the conversation, with what counts of the marks.
    fn stored(&self) -> usize {
        let marks = self.bytes(|kind| kind == "s");
        self.bytes(|_| true) - marks.saturating_sub(MARKS)
    }

    fn check(&self, what: &str) {
        assert!(self.stored() <= MOST, "{} bytes after {what}", self.stored());
    }
}

fn said(world: &World, n: u32, sender: &str, text: &str) -> Event {
    let tags = ["plan", "note", "more"].map(|name| (name.to_owned(), "\u{1}".repeat(120)));
    Event::Message(Message { sender: user(sender), tags: tags.into(), ..world.message(n, text) })
}

/// A text that takes as much room as it can: plain, escaped in JSON, or full of personal data.
fn text(kind: u8, bytes: usize) -> String {
    match kind % 4 {
        0 => "问".repeat(bytes / 3 + 1),
        1 => "\u{1}\"\\\n".repeat(bytes / 4 + 1),
        2 => (0..=bytes / 13).map(|n| format!("1380013{:04} ", n % 10_000)).collect(),
        _ => (0..=bytes / 20).map(|n| format!("user{n}@example.com ")).collect(),
    }
}

#[derive(Debug, Clone)]
enum Act {
    Say { sender: u8, kind: u8, bytes: usize },
    Answer { which: usize, kind: u8, bytes: usize },
    Fail { which: usize },
    Edit { back: u32, kind: u8, bytes: usize },
    Recall { back: u32 },
    TakeOver(bool),
    Wait(i64),
}

fn act() -> impl Strategy<Value = Act> {
    let bytes = prop_oneof![4 => 0_usize..400, 3 => 400_usize..6_000, 1 => 6_000_usize..64_000];
    let answers = prop_oneof![2 => 0_usize..2_000, 1 => 2_000_usize..80_000];
    prop_oneof![
        8 => (0_u8..40, 0_u8..4, bytes.clone()).prop_map(|(sender, kind, bytes)| Act::Say { sender, kind, bytes }),
        6 => (0_usize..9, 0_u8..4, answers).prop_map(|(which, kind, bytes)| Act::Answer { which, kind, bytes }),
        1 => (0_usize..9).prop_map(|which| Act::Fail { which }),
        2 => (0_u32..20, 0_u8..4, bytes).prop_map(|(back, kind, bytes)| Act::Edit { back, kind, bytes }),
        1 => (0_u32..20).prop_map(|back| Act::Recall { back }),
        1 => any::<bool>().prop_map(Act::TakeOver),
        2 => (1_i64..40_000).prop_map(Act::Wait),
    ]
}

/// Plays acts in a conversation, and looks at the state after each of them.
fn play(place: Conversation, settings: &str, acts: Vec<Act>) {
    let mut world = World::of(place, settings);
    let mut open: Vec<Request> = Vec::new();
    let mut n = 0;
    for act in acts {
        let what = format!("{act:?}");
        let written = match act {
            Act::Say { sender, kind, bytes } => {
                n += 1;
                world.play(said(&world, n, &format!("member{sender:0>50}"), &text(kind, bytes)))
            }
            Act::Answer { which, kind, bytes } if !open.is_empty() => {
                let request = open.remove(which % open.len());
                world.answer(&request, &text(kind, bytes))
            }
            Act::Fail { which } if !open.is_empty() => {
                let request = open.remove(which % open.len());
                world.play(Event::Answered(outcome(&request, Outcome::Expired)))
            }
            Act::Answer { .. } | Act::Fail { .. } => continue,
            Act::Edit { back, kind, bytes } => world.edit(n.saturating_sub(back), &text(kind, bytes)),
            Act::Recall { back } => world.recall(n.saturating_sub(back)),
            Act::TakeOver(take) => world.takeover(take.then_some("carol")),
            Act::Wait(ms) => {
                world.pass(ms);
                world.clock()
            }
        };
        world.check(&what);
        let gone: Vec<_> = written.cancels.iter().map(|cancel| cancel.request).collect();
        open.extend(written.requests.into_iter().filter(|request| request.kind == RequestKind::Answer));
        open.retain(|request| !gone.contains(&request.id));
    }
    // Whatever was taken ends.
    for request in open {
        world.answer(&request, "done");
        world.check("the end");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_conversation_stays_within_its_bound(acts in prop::collection::vec(act(), 1..90)) {
        play(alice(), LARGEST, acts);
    }

    #[test]
    fn a_group_of_many_lanes_stays_within_its_bound(acts in prop::collection::vec(act(), 1..120)) {
        play(group(), &format!("lane = \"sender\"\nmerge_window = \"2s\"\n{LARGEST}"), acts);
    }

    #[test]
    fn an_interrupted_conversation_stays_within_its_bound(acts in prop::collection::vec(act(), 1..90)) {
        play(alice(), &format!("while_answering = \"interrupt\"\n{LARGEST}"), acts);
    }
}

#[test]
fn the_older_history_goes_first_and_the_decision_says_so() {
    let mut world = World::new("history_turns = 1000");
    let mut told = Vec::new();
    for n in 0..60 {
        let request = world.say(n, &format!("question {n} {}", "q".repeat(800))).request().clone();
        let written = world.answer(&request, &"a".repeat(400));
        told.extend(written.decisions.iter().flat_map(|decision| decision.reasons.clone()));
        world.check("an answer");
        if n == 59 {
            let lines: Vec<&str> = request.prompt.iter().filter_map(|line| Text::plain(&line.text)).collect();
            assert!(lines.len() > 8 && lines[lines.len() - 3].starts_with("question 58"), "{}", lines.len());
        }
    }
    // Prompts leave turns in blocks before the bound is met, so that it is met by what is large at once.
    let request = world.say(100, "short").request().clone();
    let written = world.answer(&request, &"很长。".repeat(1_600));
    assert!(
        written.decision().reasons.contains(&"state_full".to_owned()),
        "{:?}",
        written.decision().reasons
    );
    world.check("a long answer");
    let next = world.say(101, "and then?");
    assert!(next.request().prompt.len() >= 3, "the newest turn is there");
}

#[test]
fn what_waits_is_refused_when_there_is_no_room_and_one_message_that_is_too_large_is_told_so() {
    let mut world = World::new("max_waiting_bytes = 262144\n[canned]\ntoo_many = \"too many!\"");
    let first = world.say(0, "first").request().clone();
    let waits = |n: &u32| world.say(*n, &"x".repeat(5_000)).rulings() == [Ruling::Waits];
    assert_eq!((1..=9).filter(waits).count(), 6);
    world.check("many messages");
    assert!(!world.answer(&first, "yes").requests.is_empty(), "those that were taken are asked");
    let mut world = World::new("");
    let written = world.say(1, &"x".repeat(40_000));
    assert_eq!(
        (written.decision().reasons.as_slice(), written.said()),
        (&["too_long".to_owned()][..], vec!["failed!"])
    );
    assert!(world.say(2, &"x".repeat(20_000)).request().prompt.len() == 1);
}

#[test]
fn a_bundle_of_an_earlier_version_has_no_bound() {
    let mut bundle = bundle("history_turns = 1000");
    bundle.apps.get_mut(&app()).unwrap().state_bytes = None;
    bundle.targets.values_mut().for_each(|target| target.context_tokens = 1_000_000);
    let mut world = World::by(alice(), rules_of(&bundle));
    for n in 0..60 {
        world.exchange(n, &"q".repeat(900), &"a".repeat(900));
    }
    assert!(world.stored() > 3 * MOST, "{}", world.stored());
}
