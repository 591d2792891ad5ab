//! What routes, experiments, sessions, commands, staff, conditions of targets and pins do, as it is recorded.

use std::collections::BTreeMap;

use catalogue::{Bundle, RawCatalogue, validate};
use schemas::answered::Outcome;
use schemas::conditions::{Condition, Conditions, Standing, TargetConditions};
use schemas::conversation::Conversation;
use schemas::event::{Event, Message, MessageKind};
use schemas::ids::{AppKey, TargetName};
use schemas::request::RequestKind;

use super::recording::Recording;
use super::script::{group, talk};
use super::tape::{MINUTE, SECOND, Tape, done, user};

const FILE: &str = r#"
[[app]]
key = "a#desk"
bot = [{ id = "bot" }, { id = "clerk", idle = "5m" }]
chain = ["first", "second", "third"]
allowed_regions = ["cn"]
label = "AI"
time_zone = "Asia/Shanghai"
history_turns = 6
answer_within = "20s"
lost_after = "60s"
forget_after = "2h"
duplicate_horizon = "10m"
while_answering = "interrupt"
notice = { after = "15s", text = "still thinking" }
retract_on_recall = true
output = { max_per_minute = 30 }
session = { pin = true, idle = "30m", history_tokens = 220, history_age = "1h", summary = { chain = ["second"], max_tokens = 60, within = "5s" } }
commands = { new = ["/new"], stop = ["/stop"], help = ["/help"], rate = ["/rate"], person = ["人工"], hand_back = ["/bot"], help_text = "say /new" }
staff = { ids = ["staff1"], prefixes = ["agent_"], silence = "10m", text = "a person comes" }
[app.complexity]
standard = 300
hard = 600
[[app.experiment]]
name = "tone"
arms = [{ name = "dry", weight = 1 }, { name = "warm", weight = 1 }]
[[app.route]]
name = "all down"
when = { targets = { open = ["first"], cooling = ["second"] }, keywords = ["hurry"] }
then = { say = "later, please" }
[[app.route]]
name = "slow"
when = { targets = { waiting = { targets = ["first"], from = "4s" } } }
then = { chain = ["second", "third"], history_turns = 2, pin = false }
[[app.route]]
name = "late"
when = { age = { from = "40s" } }
then = { chain = ["third"], avoid_open = true, history_turns = 1, answer_within = "10s" }
[[app.route]]
name = "again"
when = { asked = { times = 2, within = "10m" } }
then = { person = "agent_1", person_text = "a colleague comes" }
[[app.route]]
name = "gold"
when = { ext = { plan = ["gold"] }, safety = { rules = ["mild"] } }
then = { chain = ["third", "first"], temperature_milli = 100, stop = ["END"] }
[[app.route]]
name = "picture"
when = { message = ["image"], bot = ["bot"] }
then = { say = "I cannot see pictures" }
[[app.route]]
name = "order"
when = { regex = "order\\s*\\d{4,}", language = ["en"], hours = ["00:00-24:00"], weekdays = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] }
then = { prompt = "{{ system_prompt }} It is {{ weekday }}, {{ hour }}. {% if chat == \"group\" %}Be brief.{% endif %}", history_tokens = 80 }
[[app.route]]
name = "hard"
when = { complexity = ["hard"] }
then = { chain = ["third", "first"], thinking = "on", max_output_tokens = 700 }
[[app.route]]
name = "warm"
when = { arm = { tone = ["warm"] }, chat = ["group"], history_turns = { from = 1 } }
then = { temperature_milli = 900 }
[[app]]
key = "a#large"
bot = [{ id = "bot" }]
chain = ["first"]
allowed_regions = ["cn"]
label = "AI"
max_waiting_bytes = 65536
[[route]]
name = "shared"
when = { score = { to = 250 } }
then = { avoid_open = true }
[[target]]
name = "first"
provider = "openai"
model = "gpt"
region = "cn"
context_tokens = 40000
[[target]]
name = "second"
provider = "local"
model = "qwen"
region = "cn"
context_tokens = 3000
[[target]]
name = "third"
provider = "tongyi"
model = "qwen-plus"
region = "cn"
context_tokens = 40000
[[filter.word]]
id = "mild"
words = ["darn"]
action = "mask"
"#;

/// The bundle whose log this is, and one without the target that its sessions stay on.
fn bundles() -> [Bundle; 2] {
    let read = |text: &str| {
        let raw: RawCatalogue = toml::from_str(text).unwrap();
        validate(&raw).unwrap()
    };
    [
        read(FILE),
        read(&FILE.replace("name = \"first\"\nprovider", "name = \"first\"\ntimeout = \"9s\"\nprovider")),
    ]
}

/// Plays the script.
pub(super) fn play() -> Recording {
    let bundles = bundles();
    let mut recorded = Tape::new(&bundles);
    let (tape, [bundle, later]) = (&mut recorded, &bundles);
    tape.config(bundle);
    routes(tape, &talk("desk", "kate"));
    sessions(tape, &talk("desk", "liam"));
    commands(tape, &talk("desk", "mona"));
    conditions(tape, &talk("desk", "nina"));
    tape.config(later);
    pins(tape, &talk("desk", "omar"));
    staff(tape);
    full(tape, &talk("large", "pia"));
    tape.pass(3 * 60 * MINUTE);
    tape.clock();
    recorded.end()
}

fn target(name: &str) -> TargetName {
    TargetName::new(name).unwrap()
}

fn by(name: &str, text: &str) -> Outcome {
    let Outcome::Done { text, verdict, truncated, .. } = done(text) else { unreachable!() };
    Outcome::Done { text, verdict, target: target(name), truncated }
}

/// Asks, and is answered; a summary that comes first is made.
fn exchange(tape: &mut Tape, n: u32, talk: &Conversation, text: &str, answer: Outcome) {
    let asked = tape.requests.len();
    tape.say(n, talk, text);
    if tape.requests.len() > asked {
        if tape.requests.last().unwrap().kind == RequestKind::Summary {
            tape.end_last(by("second", "They spoke of orders."));
        }
        tape.end_last(answer);
    }
}

fn routes(tape: &mut Tape, kate: &Conversation) {
    let plain = tape.message(500, kate, "darn, hello");
    let tags = BTreeMap::from([("plan".to_owned(), "gold".to_owned())]);
    tape.event("ingest", &Event::Message(Message { tags, ..plain }));
    tape.end_last(by("third", "Hello."));
    let picture = tape.message(501, kate, "look");
    tape.event("ingest", &Event::Message(Message { kind: MessageKind::Image, ..picture }));
    exchange(tape, 502, kate, "where is order 12345?", by("first", "On its way."));
    let hard = "Design a distributed rate limiter for 200 shops: first compare token bucket and sliding window, then prove that \
                the error is below 1 %, write the code in Rust with tests, and explain step by step why it is correct under partitions.";
    exchange(tape, 503, kate, hard, by("third", "As follows."));
    let late = tape.message(504, kate, "are you there?");
    tape.event("ingest", &Event::Message(Message { sent_at: late.sent_at - 45 * SECOND, ..late }));
    tape.end_last(by("third", "Yes."));
    for n in 505..508 {
        exchange(tape, n, kate, "What is the PRICE?", by("first", "Ten."));
    }
    tape.takeover(kate, None);
    tape.say_as("alice", 510, &group("desk", false), "@bot hi");
    tape.end_last(by("first", "Hi."));
    tape.say_as("alice", 511, &group("desk", false), "@bot and now?");
    tape.end_last(by("first", "Still here."));
    tape.pass(MINUTE);
}

/// History that leaves in blocks, is summed up, and is forgotten when nobody speaks.
fn sessions(tape: &mut Tape, liam: &Conversation) {
    for n in 520..529 {
        let text = format!("question {n} about the delivery of a parcel that has not come");
        exchange(tape, n, liam, &text, by("second", "It is on its way and comes tomorrow."));
    }
    // A summary that fails, one that is cut, and one that is waited for by others.
    for n in 536..544 {
        let asked = tape.requests.len();
        tape.say(n, liam, &format!("and parcel {n}, of which nobody has told me anything so far?"));
        if tape.requests.len() > asked && tape.requests.last().unwrap().kind == RequestKind::Summary {
            match n % 2 {
                0 => tape.end_last(Outcome::Expired),
                _ => tape.recall(n, liam),
            }
        }
        if tape.requests.len() > asked {
            tape.end_last(by("first", "Tomorrow as well, as far as is known."));
        }
    }
    tape.pass(31 * MINUTE);
    exchange(tape, 560, liam, "good morning", by("first", "Good morning."));
    tape.say(561, liam, "one");
    tape.say(562, liam, "no, two");
    tape.pass(16 * SECOND);
    tape.clock();
    tape.end_last(by("first", "Two."));
}

fn commands(tape: &mut Tape, mona: &Conversation) {
    exchange(tape, 570, mona, "hello", by("second", "Hello."));
    exchange(tape, 571, mona, "/rate 4 很好", done(""));
    exchange(tape, 572, mona, "/help", done(""));
    tape.say(573, mona, "a long story");
    tape.say(574, mona, "/stop");
    exchange(tape, 575, mona, "once more", by("first", "Once more."));
    exchange(tape, 576, mona, "/new", done(""));
    exchange(tape, 577, mona, "from the start", by("first", "Here we are."));
    tape.say(578, mona, "人工");
    tape.say(579, mona, "is anybody there?");
    tape.say(580, mona, "/bot");
    exchange(tape, 581, mona, "bot again", by("first", "Yes."));
}

/// Call tells of its targets, and routes choose by it.
fn conditions(tape: &mut Tape, nina: &Conversation) {
    let tell = |tape: &mut Tape, targets: &[(&str, Condition, Option<Condition>)]| {
        let of = |(name, for_all, own): &(&str, Condition, Option<Condition>)| {
            let apps = own.iter().map(|own| (AppKey::new("a#desk").unwrap(), *own)).collect();
            (target(name), TargetConditions { for_all: *for_all, apps })
        };
        let targets = targets.iter().map(of).collect();
        tape.event("call", &Event::Conditions(Conditions { targets, at: tape.now }));
    };
    let usual = Condition::default();
    let open = |until| Condition { state: Standing::Open, until, waiting_ms: 0 };
    let cooling = Condition { state: Standing::Cooling, until: None, waiting_ms: 0 };
    exchange(tape, 600, nina, "hello", by("first", "Hello."));
    tell(tape, &[("first", Condition { waiting_ms: 8_000, ..usual }, None)]);
    exchange(tape, 601, nina, "slow?", by("second", "A little."));
    tell(tape, &[("first", open(Some(tape.now + 30 * SECOND)), None), ("second", cooling, None)]);
    exchange(tape, 602, nina, "hurry!", done(""));
    exchange(tape, 603, nina, "yes", by("third", "Yes."));
    tape.pass(31 * SECOND);
    exchange(tape, 604, nina, "no", by("first", "No."));
    tell(tape, &[("first", usual, Some(open(None)))]);
    exchange(tape, 605, nina, "ok", by("second", "Ok."));
    tape.pass(11 * MINUTE);
    exchange(tape, 606, nina, "well", by("first", "Nobody knows any more."));
    tell(tape, &[]);
}

/// A session that stays on its target, until that leaves the chain's reach or the session is over.
fn pins(tape: &mut Tape, omar: &Conversation) {
    exchange(tape, 620, omar, "hi", by("third", "Hi."));
    exchange(tape, 621, omar, "who are you?", by("third", "The desk."));
    let long = "长问题。".repeat(400);
    exchange(tape, 622, omar, &long, by("third", "A long one."));
    exchange(tape, 623, omar, "/new", done(""));
    exchange(tape, 624, omar, "hi", by("second", "Hi."));
    exchange(tape, 625, omar, &"很长的问题。".repeat(420), by("third", "Too long for the second."));
    tape.recall(624, omar);
}

/// Staff who speak in a group, and what was said meanwhile.
fn staff(tape: &mut Tape) {
    let desk = group("desk", false);
    tape.say_as("bella", 640, &desk, "@bot help me");
    let word = Message { sender: user("agent_7"), bot: None, ..tape.message(641, &desk, "I take this.") };
    tape.event("ingest", &Event::Message(word));
    tape.say_as("bella", 642, &desk, "@bot thank you");
    tape.pass(11 * MINUTE);
    tape.clock();
    tape.say_as("bella", 643, &desk, "@bot are you back?");
    tape.end_last(by("first", "I am."));
}

/// More than a conversation's state takes.
fn full(tape: &mut Tape, pia: &Conversation) {
    for (n, times) in (660..).zip([100, 100, 600, 1_100]) {
        exchange(tape, n, pia, &format!("hi {n}"), by("first", &"很长的回答。".repeat(times)));
    }
    exchange(tape, 665, pia, "and then?", by("first", "That was all."));
    for n in 670..674 {
        tape.say(n, pia, &"x".repeat(9_000));
    }
    tape.end_last(by("first", "To all of them."));
    tape.say(680, pia, &"y".repeat(33_000));
}
