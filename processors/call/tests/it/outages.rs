//! Vendors that are away for a while, come and go, answer ever later, let their rate grow slowly only, or refuse one key after the
//! other: what people get, what the target is spared, and that what is recorded is what the vendor bills.

use std::sync::Arc;
use std::time::Duration;

use schemas::answered::{Answered, Outcome};
use schemas::ids::{RequestId, TargetName};
use serde_json::{Value, json};
use simulators::model::{self, Answer, Config};
use tokio::time::{Instant, sleep_until};

use crate::invoice::{ANSWER, Invoice, PRICE, QUESTION};
use crate::world::{World, attempts};

/// How soon health is judged here, so that a run takes seconds.
const BRISK: &str = r#"
chain = { backoff_base = "5ms", backoff_cap = "20ms", min_useful = "50ms" }
health = { breaker_window = "1s", breaker_failures_in_a_row = 3, breaker_min_lanes = 5, breaker_open = "300ms", breaker_open_cap = "600ms", breaker_probe = "200ms", cooldown_long = "2s" }
"#;
const PATIENCE: Duration = Duration::from_secs(1);
/// What a few calls take at most on a machine that is busy; each target's `timeout` is longer.
const SOON: Duration = Duration::from_secs(3);

async fn world(common: &str) -> Arc<World> {
    let keys = ["sk-one", "sk-two", "sk-three"];
    let config = Config {
        api_keys: keys.map(Into::into).to_vec(),
        answers: vec![Answer { contains: "门禁卡".into(), reply: ANSWER.into() }],
        ..Config::default()
    };
    let sim = model::start(config).await.unwrap();
    let base = sim.url("/v1");
    let mut catalogue = String::from(
        "[[app]]\nkey = \"acme#support\"\nchain = [\"main\", \"spare\"]\nallowed_regions = [\"cn\"]\nlabel = \"AI\"\n[[app.bot]]\nid = \"bot\"\n",
    );
    let mut section = common.to_owned();
    for (name, keys) in [("main", "[\"sk-two\", \"sk-three\"]"), ("spare", "[]")] {
        catalogue += &format!(
            "[[target]]\nname = {name:?}\nprovider = \"openai\"\nmodel = \"sim-{name}\"\nregion = \"cn\"\ntimeout = \"5s\"\n\
             context_tokens = 8000\n[[price]]\nprovider = \"openai\"\nmodel = \"sim-{name}\"\n{PRICE}"
        );
        section += &format!(
            "[[target]]\nname = {name:?}\nbase_url = {base:?}\napi_key = \"sk-one\"\napi_keys = {keys}\n\
             first_token_timeout = \"{}ms\"\nidle_timeout = \"1s\"\n",
            PATIENCE.as_millis()
        );
    }
    Arc::new(World::built(sim, &catalogue, &section))
}

/// What somebody got.
struct Told {
    /// When it was asked, since the beginning.
    asked: Duration,
    took: Duration,
    answered: Answered,
}

impl Told {
    /// Who answered.
    fn by(&self) -> Option<&str> {
        match &self.answered.outcome {
            Outcome::Done { target, .. } => Some(target.as_str()),
            _ => None,
        }
    }

    /// How many of its attempts ended so.
    fn count(&self, end: (&str, &str)) -> usize {
        attempts(&self.answered).iter().filter(|it| **it == end).count()
    }
}

fn count(all: &[Told], end: (&str, &str)) -> usize {
    all.iter().map(|told| told.count(end)).sum()
}

/// The longest that anybody waited of those who asked then.
fn longest(all: &[Told], asked: impl Fn(Duration) -> bool) -> Duration {
    all.iter().filter(|told| asked(told.asked)).map(|told| told.took).max().unwrap()
}

/// The question of one person.
async fn ask(world: &World, chain: &[&str], person: usize) -> Answered {
    let mut request = world.request(QUESTION, 30_000);
    request.id = RequestId::derive(&format!("person {person}"), 0);
    request.lane = format!("acme#support/group/{person}@p{person}").parse().unwrap();
    request.chain = chain.iter().map(|name| TargetName::new(*name).unwrap()).collect();
    request.allowed_regions = vec!["cn".to_owned()];
    world.run(&request).await
}

/// People who ask one after the other, so far apart.
async fn crowd(
    world: &Arc<World>,
    chain: &'static [&'static str],
    people: usize,
    apart: Duration,
) -> Vec<Told> {
    let begun = Instant::now();
    let playing = (0..people).map(|person| {
        let world = Arc::clone(world);
        let at = apart * u32::try_from(person).unwrap();
        tokio::spawn(async move {
            sleep_until(begun + at).await;
            let asked = Instant::now();
            let answered = ask(&world, chain, person).await;
            Told { asked: asked - begun, took: asked.elapsed(), answered }
        })
    });
    let mut all = Vec::new();
    for told in playing.collect::<Vec<_>>() {
        all.push(told.await.unwrap());
    }
    all
}

impl World {
    /// From now on calls to `main` go wrong like this.
    async fn order(&self, mut order: Value) {
        order["scope"]["model"] = json!("sim-main");
        self.control(outbound::Method::POST, "/control/faults", &order).await;
    }

    /// Fails unless what is recorded of these is what the vendor bills.
    async fn paid_as_billed(&self, all: &[&Answered]) {
        let ledger = self.ledger().await;
        let mut invoice = Invoice::of(ledger["entries"].as_array().unwrap());
        let wrong: Vec<_> = all.iter().flat_map(|it| invoice.contradictions(it, |_| true)).collect();
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        let done = all.iter().filter(|it| matches!(it.outcome, Outcome::Done { .. })).count() as u64;
        assert!(ledger["totals"]["billed_requests"].as_u64().unwrap() >= done);
    }
}

/// What people get in a scene, in which what is recorded is what the vendor bills, however busy the machine is. Of times a scene says
/// something only if the machine kept up with its clock. If it did not the scene is played again; nothing comes of a machine that
/// never keeps up.
async fn on_time(scene: impl AsyncFn() -> (Arc<World>, Vec<Told>)) -> Option<Vec<Told>> {
    for _ in 0..4 {
        let mut latest = Duration::ZERO;
        let watch = async {
            loop {
                let due = Instant::now() + millis(10);
                sleep_until(due).await;
                latest = latest.max(due.elapsed());
            }
        };
        let (world, all) = tokio::select! {
            played = scene() => played,
            () = watch => continue,
        };
        world.paid_as_billed(&all.iter().map(|told| &told.answered).collect::<Vec<_>>()).await;
        if latest < millis(150) {
            return Some(all);
        }
    }
    eprintln!("the machine is too busy for this test");
    None
}

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_outage_costs_a_few_attempts_and_no_answer_and_the_target_is_asked_again_when_it_is_over() {
    let scene = async || {
        let world = world(BRISK).await;
        world.order(json!({"in": "400ms", "for": "1500ms", "fault": {"kind": "overloaded"}})).await;
        let all = crowd(&world, &["main", "spare"], 110, millis(40)).await;
        (world, all)
    };
    let Some(all) = on_time(scene).await else { return };
    assert!(all.iter().all(|told| told.by().is_some()));
    assert!(longest(&all, |_| true) < SOON, "nobody waits for it: {:?}", longest(&all, |_| true));
    // Half of the people of a second open the breaker; then there are probes, 300 ms apart and more.
    let failed = count(&all, ("main", "overloaded"));
    assert!((3..28).contains(&failed), "{failed} of some 37 calls went there while it was down");
    let after = all.iter().filter(|told| told.asked > millis(3_400));
    assert!(after.clone().count() > 10 && after.clone().all(|told| told.by() == Some("main")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_target_that_comes_and_goes_costs_attempts_and_no_answer() {
    let scene = async || {
        let world = world(BRISK).await;
        let flapping = json!({"bad": "400ms", "good": "400ms"});
        world.order(json!({"for": "60s", "flapping": flapping, "fault": {"kind": "server_error"}})).await;
        let all = crowd(&world, &["main", "spare"], 100, millis(40)).await;
        (world, all)
    };
    let Some(all) = on_time(scene).await else { return };
    assert!(all.iter().all(|told| told.by().is_some()));
    assert!(longest(&all, |_| true) < SOON, "{:?}", longest(&all, |_| true));
    let (failed, served) = (count(&all, ("main", "server_error")), count(&all, ("main", "ok")));
    assert!((3..40).contains(&failed), "{failed} of some 50 calls went there while it was down");
    assert!(served > 5, "{served}: it is used while it is there");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_target_that_answers_ever_later_is_left_once_it_answers_too_late() {
    let scene = async || {
        let world = world(BRISK).await;
        let creep = json!({"kind": "creep", "first": "10ms", "step": "60ms"});
        world.order(json!({"for": "60s", "fault": creep})).await;
        let all = crowd(&world, &["main", "spare"], 80, millis(75)).await;
        (world, all)
    };
    let Some(all) = on_time(scene).await else { return };
    assert!(all.iter().all(|told| told.by().is_some()));
    assert!(longest(&all, |_| true) < PATIENCE + SOON, "{:?}", longest(&all, |_| true));
    let first_tokens: Vec<_> = all
        .iter()
        .filter(|told| told.by() == Some("main"))
        .filter_map(|told| told.answered.attempts[0].time_to_first_token_ms)
        .collect();
    assert!(first_tokens.len() > 8 && first_tokens[0] < 500, "{first_tokens:?}");
    assert!(*first_tokens.last().unwrap() > 600, "each later than the one before: {first_tokens:?}");
    // Those who were under way when the breaker opened, and probes.
    let late = count(&all, ("main", "timeout"));
    assert!((3..40).contains(&late), "{late} of some 60");
    let at_the_end = all.iter().filter(|told| told.asked > millis(4_500));
    let waited = at_the_end.filter(|told| told.count(("main", "timeout")) > 0).count();
    assert!(waited <= 8, "{waited} of 20 still waited for it when it was known to be late");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limit_on_how_fast_the_rate_grows_is_followed_and_with_a_spare_target_nobody_waits_for_it() {
    let chains: [&'static [&'static str]; 2] = [&["main"], &["main", "spare"]];
    for chain in chains {
        let scene = async || {
            let world = world(BRISK).await;
            // Four calls a second at first, half as many more each second.
            let limits = json!({"ramp_percent": 150, "ramp_floor": 4, "ramp_window": "1s"});
            let order = json!({"model": "sim-main", "limits": limits});
            world.control(outbound::Method::PUT, "/control/limits", &order).await;
            let all = crowd(&world, chain, 48, millis(50)).await;
            (world, all)
        };
        let Some(all) = on_time(scene).await else { continue };
        assert!(all.iter().all(|told| told.by().is_some()), "{chain:?}");
        let refused = count(&all, ("main", "ramp_limited"));
        let others = all.iter().flat_map(|told| &told.answered.attempts);
        let others = others.filter(|it| !matches!(it.error.as_deref(), None | Some("ramp_limited"))).count();
        assert!((1..48).contains(&refused) && others == 0, "{chain:?}: {refused} {others}");
        if chain.len() > 1 {
            // A turn that is near is waited for, and no longer than a second even where it moves away.
            assert!(longest(&all, |_| true) < millis(2_000), "{:?}", longest(&all, |_| true));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_that_die_one_after_the_other_take_the_target_away_with_the_last_and_it_returns() {
    let world = world(BRISK).await;
    let mut all = Vec::new();
    for dead in 1..=3 {
        let key = format!("key-{dead}");
        world.order(json!({"scope": {"key": key}, "for": "60s", "fault": {"kind": "invalid_api_key"}})).await;
        for _ in 0..8 {
            let answered = ask(&world, &["main", "spare"], all.len()).await;
            let by = attempts(&answered).last().copied();
            assert_eq!(by, Some((if dead < 3 { "main" } else { "spare" }, "ok")), "key {dead}");
            all.push(answered);
        }
    }
    let refusals = all.iter().flat_map(|it| &it.attempts).filter(|it| it.error.is_some()).count();
    assert_eq!(refusals, 6, "each key is believed to be dead when a second person met it");
    world.well().await;
    tokio::time::sleep(millis(2_100)).await;
    for _ in 0..4 {
        let answered = ask(&world, &["main", "spare"], all.len()).await;
        assert_eq!(attempts(&answered), [("main", "ok")], "after its rest a key is tried again");
        all.push(answered);
    }
    world.paid_as_billed(&all.iter().collect::<Vec<_>>()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_all_targets_away_people_hear_of_it_within_a_second() {
    // Health and chain are as they are by default, `away_patience` among them.
    for fault in [json!({"kind": "overloaded"}), json!({"kind": "reset"}), json!({"kind": "hang"})] {
        let scene = async || {
            let world = world("").await;
            world.order(json!({"for": "60s", "fault": fault})).await;
            let spare = json!({"scope": {"model": "sim-spare"}, "for": "60s", "fault": fault});
            world.control(outbound::Method::POST, "/control/faults", &spare).await;
            let all = crowd(&world, &["main", "spare"], 100, millis(80)).await;
            (world, all)
        };
        let Some(all) = on_time(scene).await else { continue };
        assert!(all.iter().all(|told| matches!(told.answered.outcome, Outcome::Failed { .. })), "{fault}");
        // The first ones find out: two targets that hang take twice the time to their first token.
        let found_out = millis(3_500);
        assert!(longest(&all, |asked| asked <= found_out) < 2 * SOON, "{fault}");
        let mut unasked = 0;
        for told in all.iter().filter(|told| told.asked > found_out) {
            // One at a time, two seconds apart, asks once more whether a target is there again.
            let probes = u32::try_from(told.answered.attempts.len()).unwrap();
            assert!(
                told.took <= millis(1_000) + PATIENCE * probes,
                "{fault}: {:?}, {probes} calls",
                told.took
            );
            unasked += usize::from(probes == 0);
        }
        assert!(unasked > 30, "{fault}: {unasked} of 55 were told without another call");
    }
}
