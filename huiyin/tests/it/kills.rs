//! Every role is killed with SIGKILL under traffic and started again: nothing is lost, nothing is answered twice, and
//! no call whose outcome was committed runs again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use schemas::answer::Answer;
use schemas::answered::Answered;
use schemas::decision::Ruling;
use schemas::delivery::DeliveryResult;
use schemas::event::Event;
use schemas::findings::Findings;
use schemas::topic::Topic;
use serde_json::Value;

use crate::books::{Books, Log, Placed};
use crate::process::Process;
use crate::rig::Rig;
use crate::stand_ins::{Call, RestSend, StandIns};
use crate::traffic::{Line, Said, Traffic};
use crate::wait::{now, seconds, until};

const ROLES: [&str; 5] = ["ingest", "decide", "call", "deliver", "account"];
const USERS: usize = 60;
const MESSAGES: usize = 300;
/// How long Easemob takes to confirm what it has sent.
const CONFIRMED_MS: i64 = 300;
/// Which roles are killed together. Each entry comes after a share of the messages.
const KILLS: [&[&str]; 9] = [
    &["call"],
    &["decide"],
    &["deliver"],
    &["ingest"],
    &["account"],
    &["decide", "call"],
    &["deliver", "ingest"],
    &["account", "decide"],
    &["call", "deliver"],
];

/// Calls and sends that are younger than this at a kill may run again without the mark: an admitted offset is committed
/// within 250 ms, and the commit takes its time on a busy machine.
const UNMARKED_MS: i64 = 1_000;

/// How long the stand-ins do nothing around a kill. What the killed process sent last lies in their sockets and is counted when it is
/// dead: a busy machine does that by chance, here it always happens.
const STAND_STILL: Duration = Duration::from_millis(200);

/// A kill of one role.
struct Kill {
    role: &'static str,
    /// Before it was sent.
    before: i64,
    /// The process is dead.
    after: i64,
    /// The next process was seen ready. What is counted between is of the dead one.
    ready: i64,
}

/// What a stand-in counted twice.
struct Repeated {
    /// When the first was counted.
    from: i64,
    /// When the second was counted.
    again: i64,
    /// Nobody was there any more for the first reply.
    abandoned: bool,
}

/// The processes by role, and when each was killed.
struct Roles {
    processes: BTreeMap<&'static str, Process>,
    kills: Vec<Kill>,
}

impl Roles {
    /// Kills processes together, in the middle of a time in which the stand-ins do nothing.
    fn kill(&mut self, stand_ins: &StandIns, roles: &[&'static str]) {
        stand_ins.stand_still(STAND_STILL);
        thread::sleep(STAND_STILL / 2);
        for role in roles {
            let before = now();
            self.processes.get_mut(role).unwrap().kill();
            self.kills.push(Kill { role, before, after: now(), ready: i64::MAX });
        }
    }

    fn start_again(&mut self, roles: &[&'static str]) {
        let process = |role: &&'static str| self.processes.get_mut(*role).unwrap().start_again();
        roles.iter().for_each(process);
        for role in roles {
            self.processes.get_mut(role).unwrap().wait_ready();
            self.kills.iter_mut().rfind(|kill| kill.role == *role).unwrap().ready = now();
        }
    }

    /// How long something had run when a process of that role was killed, before it ran again; fails when none was.
    fn age_at_kill(&self, role: &str, twice: &Repeated) -> i64 {
        let between = |kill: &&Kill| {
            let first = twice.from <= kill.after || twice.abandoned && twice.from <= kill.ready;
            kill.role == role && first && kill.before <= twice.again
        };
        let kill = self.kills.iter().find(between);
        let Repeated { from, again, .. } = twice;
        let kill = kill.unwrap_or_else(|| panic!("{role} ran something from {from} and again from {again}"));
        (kill.after - from).max(0)
    }

    fn of(&self, role: &str) -> usize {
        self.kills.iter().filter(|kill| kill.role == role).count()
    }
}

#[test]
fn no_kill_of_any_role_loses_a_message_lets_a_second_answer_out_or_repeats_a_committed_call() {
    let rig = Rig::new("kills", |text| text);
    rig.prepare();
    // Sends are under way when deliver is killed.
    rig.stand_ins.confirm_after(CONFIRMED_MS);
    let processes = ROLES.into_iter().zip(rig.start_apart(&ROLES)).collect();
    let mut roles = Roles { processes, kills: Vec::new() };
    let watch = Watch::start(rig.books.clone());
    let mut random = fastrand::Rng::with_seed(20);
    let traffic = Traffic::start(&rig.stand_ins, &plan(&mut random), 6, Duration::from_millis(330));
    storm(&rig, &traffic, &mut roles, &mut random);
    held_calls(&rig, &mut roles);
    until("the end of the traffic", seconds(60), || traffic.is_over().then_some(()));
    let said = traffic.end();
    let log = rig.settled(seconds(60));
    let seen_live = watch.end();

    let turns = every_message_is_in_one_turn(&log, &said);
    every_turn_has_one_answer(&log);
    for part in &seen_live {
        assert!(log.answers.iter().any(|answer| answer.offset == part.1 && answer.partition == part.0));
    }
    let calls = rig.stand_ins.calls();
    let repeated = only_calls_that_ran_at_a_kill_run_again(&log, &calls, &roles);
    let sends = rig.stand_ins.sends();
    let doubled = only_sends_that_ran_at_a_kill_are_repeated(&log, &sends, &roles);
    parts_arrive_in_order(&log, &sends);
    let rows = rows_are_records(&rig, &log);
    let refold: Value = serde_json::from_str(&rig.done(&["refold", "--json"])).unwrap();
    assert_eq!((&refold["differ"], &refold["cold"]), (&0.into(), &serde_json::json!([])), "{refold}");
    assert_eq!(refold["compared"], log.decisions.len());
    assert_eq!(rig.books.count(Topic::DeadLetters), 0);
    let accepted = said.iter().filter(|said| said.sent.is_intercepted()).count();
    println!(
        "{} messages, {accepted} accepted, {} recorded, {turns} turns, {} answers in {} parts; {} kills; \
         {} calls, {repeated} repeated; {} sends, {doubled} repeated; rows {rows:?}; refold {refold}",
        said.len(),
        log.messages().count(),
        log.answers.iter().filter(|answer| answer.value.part == 1).count(),
        log.answers.len(),
        roles.kills.len(),
        calls.len(),
        sends.len(),
    );
}

fn plan(random: &mut fastrand::Rng) -> Vec<Line> {
    let line = |n: usize| {
        let text =
            if n.is_multiple_of(9) { format!("Number {n}: a long story") } else { format!("Number {n}") };
        Line { app: "acme#support".into(), user: format!("u{}", random.usize(0..USERS)), text }
    };
    (0..MESSAGES).map(line).collect()
}

/// Kills by turns, after every share of the messages; what was killed is away for a few messages.
fn storm(rig: &Rig, traffic: &Traffic, roles: &mut Roles, random: &mut fastrand::Rng) {
    let share = MESSAGES / (KILLS.len() + 1);
    for (index, killed) in KILLS.iter().enumerate() {
        let at = share * (index + 1) - random.usize(0..share / 2);
        until("more messages", seconds(60), || (traffic.said().len() >= at).then_some(()));
        if killed.contains(&"deliver") {
            let under_way =
                || rig.stand_ins.sends().last().is_some_and(|send| now() - send.at < CONFIRMED_MS / 2);
            until("a send to be under way", seconds(30), || under_way().then_some(()));
        }
        if killed.contains(&"call") {
            let running = || rig.stand_ins.calls().iter().any(|call| call.end == "running");
            until("a call to run", seconds(30), || running().then_some(()));
        }
        roles.kill(&rig.stand_ins, killed);
        let again = at + random.usize(0..8);
        until("more messages", seconds(60), || (traffic.said().len() >= again).then_some(()));
        roles.start_again(killed);
    }
}

/// Call is killed while some calls are held back, one outcome is committed and one reply has only just come.
fn held_calls(rig: &Rig, roles: &mut Roles) {
    let stand_ins = &rig.stand_ins;
    stand_ins.hold("hold this");
    for n in 0..4 {
        assert!(stand_ins.say(&format!("held{n}"), &format!("Please hold this, {n}")).is_intercepted());
    }
    until("four held calls", seconds(30), || (stand_ins.held("hold this") == 4).then_some(()));
    assert!(stand_ins.say("early", "Answer early").is_intercepted());
    until("an early answer", seconds(30), || (stand_ins.heard("early").len() == 1).then_some(()));
    assert!(stand_ins.say("just", "Answer just now").is_intercepted());
    let replied = || stand_ins.calls_about("just now").iter().any(|call| call.end == "replied");
    until("a reply", seconds(30), || replied().then_some(()));
    roles.kill(stand_ins, &["call"]);
    roles.start_again(&["call"]);
    let again = || stand_ins.calls_about("hold this").len() == 8 && stand_ins.held("hold this") == 4;
    until("the held calls to run again", seconds(30), || again().then_some(()));
    stand_ins.release("hold this");
    assert_eq!(stand_ins.calls_about("Answer early").len(), 1, "a committed call ran again");
}

/// Every accepted message is recorded; every recorded message is decided once and is in exactly one turn.
pub(crate) fn every_message_is_in_one_turn(log: &Log, said: &[Said]) -> usize {
    let recorded: BTreeSet<&str> = log.messages().map(|message| message.id.easemob_id()).collect();
    for said in said.iter().filter(|said| said.sent.is_intercepted()) {
        assert!(recorded.contains(said.sent.msg_id.as_str()), "{said:?} was accepted and is not recorded");
    }
    let mut lanes: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for id in recorded {
        let first: Vec<_> = log.on(id).filter(|decision| decision.ruling != Ruling::Duplicate).collect();
        assert!(
            matches!(first.as_slice(), [one] if matches!(one.ruling, Ruling::Asked | Ruling::Waits)),
            "{id}: {first:?}"
        );
        lanes.entry(first[0].lane.as_ref().unwrap().to_string()).or_default().0 += 1;
    }
    let asked = log.decisions.iter().filter(|decision| decision.value.ruling == Ruling::Asked);
    for decision in asked.clone() {
        let lane = decision.value.lane.as_ref().unwrap().to_string();
        lanes.entry(lane).or_default().1 += usize::try_from(decision.value.merged).unwrap();
    }
    for (lane, (messages, merged)) in lanes {
        assert_eq!(messages, merged, "{lane}: messages, and messages in turns");
    }
    asked.count()
}

/// One request, one outcome and one answer for each turn, in parts that are each there once.
pub(crate) fn every_turn_has_one_answer(log: &Log) {
    let asked: BTreeSet<_> = log
        .decisions
        .iter()
        .filter(|d| d.value.ruling == Ruling::Asked)
        .map(|d| d.value.turn.unwrap())
        .collect();
    let requests: Vec<_> = log.requests.iter().map(|request| request.value.id).collect();
    let distinct: BTreeSet<_> = requests.iter().copied().collect();
    assert_eq!((requests.len(), distinct.len()), (asked.len(), asked.len()), "requests of turns");
    let mut outcomes: BTreeMap<_, usize> = BTreeMap::new();
    log.outcomes().for_each(|(_, answered)| *outcomes.entry(answered.request).or_default() += 1);
    assert!(outcomes.values().all(|count| *count == 1), "a request has two outcomes");
    assert_eq!(outcomes.keys().copied().collect::<BTreeSet<_>>(), distinct, "requests with an outcome");
    let mut answers: BTreeMap<_, Vec<&Answer>> = BTreeMap::new();
    log.answers.iter().for_each(|answer| answers.entry(answer.value.turn).or_default().push(&answer.value));
    assert_eq!(answers.keys().copied().collect::<BTreeSet<_>>(), asked, "turns with an answer");
    for (turn, parts) in answers {
        let numbers: Vec<u16> = parts.iter().map(|part| part.part).collect();
        assert_eq!(numbers, (1..=parts[0].parts).collect::<Vec<_>>(), "parts of turn {turn}");
    }
}

/// How many calls were made again: only those that ran when call was killed, and their outcome says so.
fn only_calls_that_ran_at_a_kill_run_again(log: &Log, calls: &[Call], roles: &Roles) -> usize {
    let mut by_request: BTreeMap<String, Vec<&Call>> = BTreeMap::new();
    calls.iter().for_each(|call| by_request.entry(call.request()).or_default().push(call));
    let (mut repeated, mut marked, mut unmarked) = (0, 0, 0);
    for (record, answered) in log.outcomes() {
        let made = by_request.remove(&answered.request.to_string()).unwrap_or_default();
        marked += usize::from(answered.rerun);
        for call in &made {
            assert!(
                call.started_at <= record.at,
                "{call:?} began after its outcome was written at {}",
                record.at
            );
        }
        let known = answered.attempts.len();
        assert!(made.len() >= known, "{answered:?} counts more calls than were made");
        let unseen = made.len() - known;
        repeated += unseen;
        for pair in made.windows(2).take(unseen) {
            let abandoned = pair[0].end == "client_gone";
            let twice = Repeated { from: pair[0].started_at, again: pair[1].started_at, abandoned };
            let age = roles.age_at_kill("call", &twice);
            assert!(
                answered.rerun || age < UNMARKED_MS,
                "a call of {age} ms ran again unmarked: {answered:?}"
            );
            unmarked += usize::from(!answered.rerun);
        }
        let held = made.iter().any(|call| call.held);
        assert!(!held || answered.rerun && unseen == 1, "a held call ran again: {answered:?}");
    }
    assert!(by_request.is_empty(), "calls without outcome: {by_request:?}");
    assert!((4..=200).contains(&repeated), "{repeated} calls were repeated");
    println!(
        "{marked} outcomes are marked as reruns, {unmarked} repetitions are not, {} kills",
        roles.of("call")
    );
    repeated
}

/// How many sends were made again: only those that ran when deliver was killed, and their delivery says so.
fn only_sends_that_ran_at_a_kill_are_repeated(log: &Log, sends: &[RestSend], roles: &Roles) -> usize {
    let mut by_part: BTreeMap<String, Vec<&RestSend>> = BTreeMap::new();
    sends.iter().for_each(|send| by_part.entry(send.reply_id()).or_default().push(send));
    let mut doubled = 0;
    for delivery in &log.deliveries {
        let made = by_part.remove(&delivery.value.answer.to_string()).unwrap_or_default();
        assert!(matches!(delivery.value.result, DeliveryResult::Sent { .. }), "{delivery:?}");
        assert!(!made.is_empty(), "{delivery:?} was never sent, or has two deliveries");
        assert!(made.iter().all(|send| send.at <= delivery.at), "{delivery:?} was sent after it was settled");
        for pair in made.windows(2) {
            // Easemob takes a send whether or not somebody waits for its confirmation.
            let twice = Repeated { from: pair[0].at, again: pair[1].at, abandoned: true };
            let age = roles.age_at_kill("deliver", &twice);
            assert!(
                delivery.value.rerun || age < UNMARKED_MS,
                "sent again after {age} ms, unmarked: {delivery:?}"
            );
        }
        doubled += made.len() - 1;
    }
    assert!(by_part.is_empty(), "sends without delivery: {by_part:?}");
    assert_eq!(log.deliveries.len(), log.answers.len());
    // Parts of one lane go one after the other, so at most one for each user can run at a kill.
    assert!((1..=roles.of("deliver") * USERS).contains(&doubled), "{doubled} sends were repeated");
    doubled
}

/// The first sends of a user's parts are in the order in which decide let them out.
fn parts_arrive_in_order(log: &Log, sends: &[RestSend]) {
    let mut let_out: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for Placed { value, .. } in &log.answers {
        let_out.entry(value.user.to_string()).or_default().push(value.id.to_string());
    }
    let mut arrived: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for send in sends {
        let parts = arrived.entry(send.to()).or_default();
        if !parts.contains(&send.reply_id()) {
            parts.push(send.reply_id());
        }
    }
    assert_eq!(arrived, let_out);
}

/// Whether an event is the act of somebody.
fn is_act(event: &Event) -> bool {
    matches!(event, Event::Config(_) | Event::Retract(_) | Event::Takeover(_) | Event::Act(_))
}

/// Turns that were given up.
fn lost(log: &Log) -> usize {
    log.decisions.iter().filter(|decision| decision.value.ruling == Ruling::Lost).count()
}

/// Attempts of which their provider said something.
fn told(end: &Answered) -> usize {
    let all = end.attempts.iter().chain(end.review.iter().flat_map(|review| &review.attempts));
    all.filter(|attempt| attempt.raw_usage.is_some() || attempt.provider_request.is_some()).count()
}

/// Waits until the tables hold what the topics hold.
pub(crate) fn rows_are_records(rig: &Rig, log: &Log) -> BTreeMap<String, usize> {
    let of_message = |d: &&Placed<schemas::decision::Decision>| d.value.is_on_its_message();
    let calls = |end: &Answered| end.attempts.len() + end.review.as_ref().map_or(0, |r| r.attempts.len());
    let of_events = log.events.iter().map(|event| Findings::listed(event.value.verdict()));
    let of_guard = log.decisions.iter().map(|decision| Findings::listed(decision.value.verdict.as_ref()));
    let mut expected = BTreeMap::from([
        ("messages".to_owned(), log.decisions.iter().filter(of_message).count()),
        ("model_calls".to_owned(), log.outcomes().map(|(_, answered)| calls(answered)).sum()),
        ("replies".to_owned(), log.deliveries.len()),
        ("safety_events".to_owned(), of_events.chain(of_guard).sum()),
        ("ledger".to_owned(), rig.books.count(schemas::topic::Topic::Ledger)),
        ("audit".to_owned(), log.events.iter().filter(|event| is_act(&event.value)).count()),
        ("requests".to_owned(), log.outcomes().count() + lost(log)),
        ("raw_usage".to_owned(), log.outcomes().map(|(_, answered)| told(answered)).sum()),
    ]);
    expected.retain(|_, rows| *rows > 0);
    let counts = || {
        let table: Value = serde_json::from_str(&rig.done(&["query", "counts", "--json"])).unwrap();
        let mut counts: (BTreeMap<String, usize>, BTreeMap<String, usize>) = Default::default();
        for row in table["rows"].as_array().unwrap() {
            let name = row[0].as_str().unwrap().to_owned();
            let number = |at: usize| usize::try_from(row[at].as_u64().unwrap()).unwrap();
            *counts.0.entry(name.clone()).or_default() += number(3);
            *counts.1.entry(name).or_default() += number(4);
        }
        counts
    };
    let mut last = counts();
    until(&format!("the tables to hold {expected:?}"), seconds(40), || {
        last = counts();
        (last.0.values().sum::<usize>() >= expected.values().sum()).then_some(())
    });
    assert_eq!((&last.0, &last.1), (&expected, &expected), "rows and their sources");
    expected
}

/// A reader in read_committed that follows `answers` all the while.
struct Watch {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Vec<(i32, i64)>>,
}

impl Watch {
    fn start(books: Books) -> Self {
        let stop = Arc::<AtomicBool>::default();
        let stopped = Arc::clone(&stop);
        let thread = thread::spawn(move || {
            let (mut next, mut seen, mut places) = ([0; 8], BTreeSet::new(), Vec::new());
            while !stopped.load(Ordering::Acquire) {
                for answer in books.from::<Answer>(&next) {
                    next[usize::try_from(answer.partition).unwrap()] = answer.offset + 1;
                    let part = (answer.value.turn, answer.value.part);
                    assert!(seen.insert(part), "part {part:?} was seen twice");
                    places.push((answer.partition, answer.offset));
                }
                thread::sleep(Duration::from_millis(200));
            }
            places
        });
        Self { stop, thread }
    }

    fn end(self) -> Vec<(i32, i64)> {
        self.stop.store(true, Ordering::Release);
        self.thread.join().unwrap()
    }
}
