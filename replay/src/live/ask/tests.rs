use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::time::Duration;

use call::{Completion, Invoked, Terms};
use catalogue::Engines;
use pipeline::WallClock;
use safety::RuleSet;
use schemas::answered::{Attempt, Outcome};
use schemas::ids::RequestId;
use simulators::model::{self, Config};

use super::*;
use crate::live::scene::{self, PRICE, attempt, bundle};

fn rules(also: &str) -> Ready {
    let bundle = bundle(also);
    let engines = Arc::new(Engines::one(Arc::new(RuleSet::new(&[], "d1").unwrap())));
    Ready { hash: bundle.hash().unwrap(), bundle: Arc::new(bundle), engines }
}

/// One request of many.
fn request(number: u64) -> Request {
    Request { id: RequestId::derive(&number.to_string(), 0), ..scene::request() }
}

fn limits(at_once: usize) -> Limits {
    Limits { at_once: NonZeroUsize::new(at_once).unwrap(), per_second: None }
}

fn purse(budget: &str) -> Arc<Purse> {
    Arc::new(Purse::new(budget.parse().unwrap()))
}

async fn asking(purse: Arc<Purse>, rules: &Ready) -> (simulators::Handle, Asking) {
    let sim = model::start(Config { api_keys: vec!["sk-sim".into()], ..Config::default() }).await.unwrap();
    let section = format!(
        "[[target]]\nname = 'main'\nbase_url = '{}'\napi_key = 'sk-sim'\nstream = false",
        sim.url("/v1")
    );
    let settings = call::validate(&toml::from_str(&section).unwrap(), &rules.bundle).unwrap();
    let asking = Asking::new(settings, limits(4), purse, Arc::new(WallClock)).unwrap();
    (sim, asking)
}

#[tokio::test]
async fn a_request_of_the_past_is_answered_now_and_its_cost_is_booked() {
    let rules = rules(PRICE);
    let (_sim, asking) = asking(purse("5CNY"), &rules).await;
    let live = asking.answer(&rules, &request(1)).await.unwrap();
    assert!(matches!(live.outcome, Outcome::Done { .. }), "{live:?}");
    assert!(live.duration > Duration::ZERO && live.attempts[0].started_at > 1_700_000_000_000);
    assert_eq!(asking.purse().spent(), [live.attempts[0].cost.clone().unwrap()]);
}

#[test]
fn what_cannot_be_paid_is_refused_by_name_before_anything_is_asked() {
    let payable = |also: &str, budget: &str| {
        payable(&rules(also).bundle, &budget.parse().unwrap(), 1_800_000_000_000)
            .map_err(|error| error.to_string())
    };
    assert_eq!(payable(PRICE, "5CNY"), Ok(()));
    let other = payable(PRICE, "5USD").unwrap_err();
    assert!(
        other.contains("\"main\"") && other.contains("CNY") && other.contains("not converted"),
        "{other}"
    );
    let unpriced = payable("", "5CNY").unwrap_err();
    assert!(unpriced.contains("\"main\"") && unpriced.contains("[[price]]"), "{unpriced}");
    assert_eq!(payable("", "none"), Ok(()), "who sets no limit needs no price");
}

#[tokio::test]
async fn a_target_without_a_price_is_asked_only_without_a_limit() {
    let rules = rules("");
    let (_one, limited) = asking(purse("5CNY"), &rules).await;
    assert_eq!(limited.answer(&rules, &request(1)).await, Err(Unasked::Unpriced));
    let (_two, unlimited) = asking(purse("none"), &rules).await;
    assert!(unlimited.answer(&rules, &request(1)).await.is_ok());
}

/// A model that takes its time, and costs all that it may.
#[derive(Default)]
struct Slow {
    running: Mutex<(usize, usize)>,
    windows: Mutex<Vec<Duration>>,
}

impl Invoke for Slow {
    async fn invoke(&self, bundle: &Bundle, request: &Request, terms: Terms<'_>) -> Invoked {
        self.windows.lock().unwrap().push(terms.longest);
        {
            let mut running = self.running.lock().unwrap();
            running.0 += 1;
            running.1 = running.1.max(running.0);
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        self.running.lock().unwrap().0 -= 1;
        let target = request.chain[0].clone();
        let most = Ceiling::of(bundle, request, 1, 1_800_000_000_000).unwrap().most();
        let attempt = Attempt { cost: most.into_iter().next(), ..attempt(&target) };
        let completion = Completion { text: "好的。".to_owned(), truncated: false };
        Invoked { attempts: vec![attempt], result: Ok((target, completion)) }
    }

    fn set_share(&self, _share: f64) {}
}

#[tokio::test(start_paused = true)]
async fn the_budget_ends_calls_and_the_limit_holds_while_they_run() {
    let rules = rules(PRICE);
    let one = Ceiling::of(&rules.bundle, &request(0), 1, 1_800_000_000_000).unwrap().most()[0].pico;
    // For one call three attempts are set apart, and one is made.
    let budget = super::super::budget::decimal(one * 6);
    let purse = purse(&format!("{budget}CNY"));
    let asking = Asking::through(Slow::default(), limits(3), Arc::clone(&purse), Arc::new(WallClock));
    let asking = Arc::new(asking);
    let (rules, mut tasks) = (Arc::new(rules), tokio::task::JoinSet::new());
    for number in 0..20 {
        let (asking, rules) = (Arc::clone(&asking), Arc::clone(&rules));
        tasks.spawn(async move { asking.answer(&rules, &request(number)).await });
    }
    let all = tasks.join_all().await;
    let (answered, refused): (Vec<_>, Vec<_>) = all.into_iter().partition(Result::is_ok);
    assert_eq!(answered.len(), 4, "a fifth might have cost three times as much");
    assert!(refused.iter().all(|refused| *refused == Err(Unasked::Budget)));
    assert_eq!(purse.spent()[0].pico, one * 4);
    let slow = &asking.invoker;
    assert_eq!(slow.running.lock().unwrap().1, 2, "money for two at a time");
    assert!(slow.windows.lock().unwrap().iter().all(|window| *window == Duration::from_secs(10)));
}

#[tokio::test(start_paused = true)]
async fn once_ended_nobody_is_asked_and_what_runs_is_waited_for() {
    let rules = rules(PRICE);
    let asking = Asking::through(Slow::default(), limits(1), purse("none"), Arc::new(WallClock));
    let (one, two) = (request(1), request(2));
    let (first, second, ()) = tokio::join!(asking.answer(&rules, &one), asking.answer(&rules, &two), async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        asking.stop();
    });
    assert!(first.is_ok());
    assert_eq!(second, Err(Unasked::Stopped));
    assert_eq!(asking.answer(&rules, &one).await, Err(Unasked::Stopped));
}

/// A model that refuses everybody so often, and answers then.
struct Refusing {
    left: Mutex<usize>,
    class: Class,
}

impl Invoke for Refusing {
    async fn invoke(&self, _bundle: &Bundle, request: &Request, _terms: Terms<'_>) -> Invoked {
        let example = include_str!("../../../../schemas/examples/events/valid-answered-done.json");
        let answered: schemas::event::Event = serde_json::from_str(example).unwrap();
        let schemas::event::Event::Answered(answered) = answered else { panic!("no outcome") };
        let attempt = Attempt { target: request.chain[0].clone(), ..answered.attempts[0].clone() };
        let mut left = self.left.lock().unwrap();
        if *left == 0 {
            let completion = Completion { text: "好的。".to_owned(), truncated: false };
            return Invoked { result: Ok((attempt.target.clone(), completion)), attempts: vec![attempt] };
        }
        *left -= 1;
        let error = Some(self.class.label().to_owned());
        let refused = Attempt { error, cost: None, may_be_billed: false, ..attempt };
        let result = Err(call::Unanswered::Failed(self.class.label()));
        Invoked { attempts: vec![refused], result }
    }

    fn set_share(&self, _share: f64) {}
}

fn refusing(times: usize, class: Class) -> Asking<Refusing> {
    let model = Refusing { left: Mutex::new(times), class };
    Asking::through(model, limits(4), purse("5CNY"), Arc::new(WallClock))
}

#[tokio::test(start_paused = true)]
async fn a_target_that_refuses_everybody_is_waited_for_and_says_nothing_of_the_candidate() {
    let rules = rules(PRICE);
    let asking = refusing(2, Class::RateLimited);
    let began = Instant::now();
    let live = asking.answer(&rules, &request(1)).await.unwrap();
    assert!(matches!(live.outcome, Outcome::Done { .. }), "{live:?}");
    assert_eq!(began.elapsed(), Duration::from_secs(35));
    assert!(live.duration < Duration::from_secs(1), "the wait is not the model's");

    let asking = refusing(usize::MAX, Class::Auth);
    assert_eq!(asking.answer(&rules, &request(1)).await, Err(Unasked::Unserved));
    assert_eq!(asking.answer(&rules, &request(2)).await, Err(Unasked::Unserved), "nobody is asked any more");
    assert!(asking.purse().spent().is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_fails_by_the_request_or_the_model_is_what_the_candidate_did() {
    let rules = rules(PRICE);
    for class in [Class::BadRequest, Class::ServerError, Class::ContentBlocked] {
        let live = refusing(1, class).answer(&rules, &request(1)).await.unwrap();
        let reason = Outcome::Failed { reason: class.label().to_owned(), verdict: None };
        assert_eq!(live.outcome, reason);
    }
}

#[tokio::test(start_paused = true)]
async fn once_the_budget_refuses_nobody_waits_for_room() {
    let rules = rules(PRICE);
    let poor = purse("0.000001CNY");
    let slow = Limits { per_second: Some(0.001), ..limits(1) };
    let asking = Asking::through(Slow::default(), slow, poor, Arc::new(WallClock));
    let began = Instant::now();
    let (one, two, three) = (request(1), request(2), request(3));
    let all =
        tokio::join!(asking.answer(&rules, &one), asking.answer(&rules, &two), asking.answer(&rules, &three));
    assert_eq!(all, (Err(Unasked::Budget), Err(Unasked::Budget), Err(Unasked::Budget)));
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
}
