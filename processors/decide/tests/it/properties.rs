//! Any interleaving keeps the promises. [`World`] checks every step: the stored entries give the state back, folding twice
//! gives the same bytes, ids are their own, one answer per turn, and who waits will be woken.

use std::collections::BTreeMap;

use proptest::prelude::*;
use schemas::Millis;
use schemas::answered::{Answered, Outcome};
use schemas::attachment::Attachment;
use schemas::event::{Event, Message, MessageKind};
use schemas::ids::TargetName;
use schemas::request::{Request, RequestKind};
use schemas::review::Level;
use schemas::tier::TierClaim;
use schemas::verdict::{Action as VerdictAction, Verdict};

use crate::world::*;

#[derive(Debug, Clone)]
enum Action {
    Say(u32, usize),
    /// A picture, with a claim of its sender's tier or without.
    Show(u32, bool),
    Missed(u32),
    Recall(u32),
    Withdraw(u32),
    Edit(u32, bool),
    Takeover(bool),
    ByHand(u32),
    Staff(u32),
    Command(u32, usize),
    /// The outcome of the request of that number, counted back from the newest, however often.
    Outcome(usize, u8),
    Pass(i64),
}

fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        6 => (0_u32..30, 0_usize..3).prop_map(|(n, sender)| Action::Say(n, sender)),
        2 => (0_u32..30, any::<bool>()).prop_map(|(n, claims)| Action::Show(n, claims)),
        1 => (0_u32..30).prop_map(Action::Missed),
        2 => (0_u32..30).prop_map(Action::Recall),
        1 => (0_u32..30).prop_map(Action::Withdraw),
        2 => (0_u32..30, any::<bool>()).prop_map(|(n, bad)| Action::Edit(n, bad)),
        1 => any::<bool>().prop_map(Action::Takeover),
        2 => (0_u32..30).prop_map(Action::ByHand),
        1 => (0_u32..30).prop_map(Action::Staff),
        2 => (0_u32..30, 0_usize..6).prop_map(|(n, word)| Action::Command(n, word)),
        5 => (0_usize..4, 0_u8..4).prop_map(|(back, end)| Action::Outcome(back, end)),
        4 => prop_oneof![1_i64..3_000, Just(20 * MINUTE), Just(-500_i64)].prop_map(Action::Pass),
    ]
}

/// Easemob's time of a message is the same whenever it comes.
fn sent_at(sent: &mut BTreeMap<u32, Millis>, world: &World, n: u32) -> Millis {
    *sent.entry(n).or_insert(world.time - 20)
}

/// A picture that may be shown or not, by its number.
fn show(world: &mut World, sent: &mut BTreeMap<u32, Millis>, n: u32, claims: bool) {
    let attachment = Attachment {
        caption: n.is_multiple_of(2).then(|| "a.jpg".into()),
        url: Some(format!("https://a1.easemob.com/x/{n}").into()),
        secret: None,
        bytes: Some(u64::from(n % 3) * 500),
    };
    let claim = claims.then(|| TierClaim { tier: "gold".into(), expires_at: world.time + HOUR });
    world.play(Event::Message(Message {
        kind: MessageKind::Image,
        text: None,
        attachment: Some(Box::new(attachment)),
        claim,
        sent_at: sent_at(sent, world, n),
        ..world.message(n, "")
    }));
}

fn play(world: &mut World, sent: &mut BTreeMap<u32, Millis>, action: &Action) {
    match *action {
        Action::Say(n, sender) => {
            let text = ["hello", "the password", "a gun", "a bomb"][n as usize % 7 % 4];
            let sender = user(["alice", "bob", "clerk"][sender]);
            world.play(Event::Message(Message {
                sender,
                sent_at: sent_at(sent, world, n),
                ..world.message(n, text)
            }));
        }
        Action::Show(n, claims) => show(world, sent, n, claims),
        Action::Missed(n) => {
            let sent_at = sent_at(sent, world, n);
            world.play(Event::Missed(Message { sender: user("bob"), sent_at, ..world.message(n, "hello") }));
        }
        Action::Recall(n) => drop(world.recall(n)),
        Action::Withdraw(n) => drop(world.withdraw(n)),
        Action::Edit(n, bad) => drop(world.edit(n, if bad { "a gun" } else { "edited" })),
        Action::Takeover(taken) => drop(world.takeover(taken.then_some("supervisor"))),
        Action::ByHand(n) => {
            let sent_at = sent_at(sent, world, n);
            world.play(Event::Message(Message {
                sender: user("bot"),
                bot: None,
                sent_at,
                ..world.message(n, "by hand")
            }));
        }
        Action::Staff(n) => {
            let (sender, sent_at) = (user("agent_1"), sent_at(sent, world, n));
            let message = Message { sender, bot: None, sent_at, ..world.message(n, "I take this") };
            world.play(Event::Message(message));
        }
        Action::Command(n, word) => {
            let text = ["/new", "/stop", "/help", "/rate 4", "/person", "/bot"][word];
            let sent_at = sent_at(sent, world, n);
            world.play(Event::Message(Message { sent_at, ..world.message(n, text) }));
        }
        Action::Outcome(back, end) => {
            let Some(request) = world.asked.iter().rev().nth(back).cloned() else { return };
            let end = match end {
                0 => Outcome::Expired,
                2 | 3 if request.kind.is_review() => reviewed(&request, end),
                2 => held(),
                1 => Outcome::Failed { reason: "server".into(), verdict: None },
                _ => done("an answer"),
            };
            let attempts = matches!(end, Outcome::Reviewed { .. }).then(|| attempt(1, None, Some(9)));
            let ended = outcome(&request, end);
            let attempts = attempts.map_or(ended.attempts.clone(), |reviewed| vec![reviewed]);
            world.play(Event::Answered(Answered { attempts, ..ended }));
        }
        Action::Pass(time) => {
            world.pass(time);
            world.clock();
        }
    }
}

/// An answer that the filter holds.
fn held() -> Outcome {
    let verdict = Verdict::new(VerdictAction::Hold, vec!["explosives".into()], "call");
    let text = "a bomb".into();
    Outcome::Done { text, verdict, target: TargetName::new("first").unwrap(), truncated: false }
}
/// Everything at once.
const ALL: &str = r#"
while_answering = "interrupt"
history_turns = 2
by_hand = "take_over"
retract_on_recall = true
session = { idle = "1m", summary = { chain = ["second"] } }
commands = { new = ["/new"], stop = ["/stop"], help = ["/help"], rate = ["/rate"], person = ["/person"], hand_back = ["/bot"] }
staff = { prefixes = ["agent_"], silence = "5m", text = "a person comes" }
notice = { after = "1s", text = "still thinking" }
"#;

/// Tiers, and pictures that models are shown.
const TIERED: &str = r#"
merge_window = "1s"
lane = "conversation"
history_turns = 1
output = { max_per_minute = 3 }
[[app.tier]]
name = "gold"
users = ["bob"]
weight = 3
history_turns = 4
max_per_minute = 9
[[app.tier]]
name = "silver"
[app.media]
hosts = ["a1.easemob.com"]
max_bytes = 500
max_images = 1
[[app.route]]
name = "see"
when.message = ["image"]
then = { chain = ["sees"], vision = true }
[[app.route]]
name = "vip"
when = { tier = ["gold"], message = ["image", "text"] }
then.chain = ["second"]
[canned]
[[target]]
name = "sees"
provider = "openai"
model = "gpt-4o"
region = "cn"
"#;

/// A verdict, by a number.
fn reviewed(request: &Request, verdict: u8) -> Outcome {
    let level = Level::ALL[usize::from(verdict) % 3];
    Outcome::Reviewed { level, category: None, reviewer: request.chain[0].clone() }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_interleaving_keeps_the_promises(
        settings in prop_oneof![
            Just(""), Just("merge_window = \"2s\""), Just("lane = \"conversation\"\nhistory_turns = 2"),
            Just("by_hand = \"take_over\""), Just("retract_on_recall = true"),
            Just("retract_on_recall = true\nlane = \"conversation\"\nhistory_turns = 0\n[canned]\nblocked = \"blocked!\""), Just("cancel = \"run_on\""),
            Just("lane = \"conversation\"\ncancel = \"run_on\"\nby_hand = \"take_over\""), Just("max_waiting_messages = 2"), Just("[review]"),
            Just("[review]\nanswers = \"after\""), Just("lane = \"conversation\"\nhistory_turns = 1\n[review]\nanswers = \"after\"\nwhen_away = \"pass\"\n[canned]\nblocked = \"blocked!\""),
            Just("merge_window = \"2s\"\n[review]\nwhen_away = \"pass\"\ncontroversial = \"pass\""),
            Just("cancel = \"run_on\"\nlane = \"conversation\"\n[review]\n[canned]\nblocked = \"blocked!\""), Just("[canned]\nblocked = \"blocked!\""),
            Just("while_answering = \"queue\""), Just("while_answering = \"queue\"\nmerge_window = \"2s\""),
            Just("while_answering = \"interrupt\"\nlane = \"conversation\""), Just(ALL), Just(ALL), Just(ALL), Just(TIERED), Just(TIERED),
            Just("while_answering = \"interrupt\"\nmerge_window = \"2s\"\n[review]"),
        ],
        in_group in any::<bool>(),
        actions in prop::collection::vec(action(), 1..80),
    ) {
        let mut world = if in_group { World::of(group(), settings) } else { World::new(settings) };
        let mut sent = BTreeMap::new();
        for action in &actions {
            play(&mut world, &mut sent, action);
        }
        // Every turn ends once its outcome comes, and every lane runs empty.
        for _ in 0..200 {
            let Some(state) = world.state.as_ref().filter(|state| !state.core().lanes.is_empty()) else { break };
            let in_flight: Vec<_> = state.core().lanes.values().filter_map(|lane| lane.turn.clone()).collect();
            for turn in &in_flight {
                let request = world.asked.iter().find(|request| Some(request.id) == turn.request()).cloned().unwrap();
                match request.kind {
                    RequestKind::Answer | RequestKind::Summary => drop(world.answer(&request, "an answer")),
                    RequestKind::AnswerReview => panic!("no turn waits for the review of an answer that is out"),
                    RequestKind::Review => {
                        let ended = outcome(&request, reviewed(&request, turn.number as u8));
                        drop(world.play(Event::Answered(Answered { attempts: vec![attempt(1, None, Some(9))], ..ended })));
                    }
                }
            }
            world.pass(10 * SECOND).clock();
        }
        prop_assert!(world.state.as_ref().is_none_or(|state| state.core().lanes.is_empty()));
        // And without any outcome: the clock alone ends everything and forgets it.
        world.say(1_000, "one more");
        for _ in 0..20 {
            world.pass(31 * 24 * HOUR).clock();
        }
        prop_assert!(world.state.is_none());
    }
}
