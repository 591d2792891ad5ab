use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};

use call::Completion;
use pipeline::WallClock;
use pipeline::call::{Cancellation, Place};

use super::*;

const CATALOGUE: &str = r#"
    [[app]]
    key = "acme#support"
    chain = ["main"]
    allowed_regions = ["cn"]
    label = "AI"
    [[app.bot]]
    id = "bot"
    [[target]]
    name = "main"
    provider = "openai"
    model = "m"
    region = "cn"
"#;

const PRICE: &str = r#"
    [[price]]
    provider = "openai"
    model = "m"
    currency = "CNY"
    from = "2020-01-01"
    input = "1"
    cached = "1"
    output = "10"
"#;

fn bundle(also: &str) -> Bundle {
    catalogue::validate(&toml::from_str(&format!("{CATALOGUE}{also}")).unwrap()).unwrap()
}

fn request() -> Request {
    let example = include_str!("../../../../schemas/examples/requests/valid-answer.json");
    let mut request: Request = serde_json::from_str(example).unwrap();
    request.lane = "acme#support/group/7@alice".parse().unwrap();
    request.chain = vec![TargetName::new("main").unwrap()];
    request.max_output_tokens = 1_000;
    request
}

/// A model whose calls end without a word of what they cost.
#[derive(Default)]
struct Silent(AtomicUsize);

impl Invoke for Silent {
    async fn invoke(&self, _: &Bundle, request: &Request, _: Terms<'_>) -> Invoked {
        self.0.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(Duration::from_secs(2)).await;
        let example = include_str!("../../../../schemas/examples/events/valid-answered-done.json");
        let answered: serde_json::Value = serde_json::from_str(example).unwrap();
        let mut attempt: Attempt = serde_json::from_value(answered["attempts"][0].clone()).unwrap();
        (attempt.target, attempt.cost, attempt.may_be_billed) = (request.chain[0].clone(), None, true);
        let completion = Completion { text: "好".to_owned(), truncated: false };
        Invoked { attempts: vec![attempt], result: Ok((request.chain[0].clone(), completion)) }
    }

    fn set_share(&self, _: f64) {}
}

fn paid(budget: &str) -> Paid<Silent> {
    let limits = Limits { at_once: NonZeroUsize::new(8).unwrap(), per_second: None };
    let purse = Arc::new(Purse::new(budget.parse().unwrap()));
    Paid::new(Silent::default(), limits, purse, Arc::new(WallClock))
}

async fn ask(paid: &Paid<Silent>, bundle: &Bundle, longest: u64) -> Result<(), Unanswered> {
    let (cancellation, place) = (Cancellation::never(), Place::unwatched());
    let longest = Duration::from_secs(longest);
    let terms = Terms { longest, cancellation: &cancellation, place: &place };
    paid.invoke(bundle, &request(), terms).await.result.map(drop)
}

#[tokio::test(start_paused = true)]
async fn what_there_is_no_money_for_fails_without_a_call_and_an_unknown_cost_is_the_most() {
    let bundle = bundle(PRICE);
    let one = Ceiling::of(&bundle, &request(), 1, WallClock.now()).unwrap().most()[0].pico;
    let paid = paid(&format!("{}CNY", crate::live::budget::decimal(one * 4)));
    assert_eq!(ask(&paid, &bundle, 60).await, Ok(()));
    assert_eq!(paid.purse.spent()[0].pico, one, "one attempt at its most");
    assert_eq!(ask(&paid, &bundle, 60).await, Ok(()));
    assert_eq!(ask(&paid, &bundle, 60).await, Err(Unanswered::Failed("budget")));
    assert_eq!(paid.invoker.0.load(Ordering::Relaxed), 2);
}

#[tokio::test(start_paused = true)]
async fn a_call_waits_for_money_no_longer_than_it_may_take() {
    let bundle = bundle(PRICE);
    let one = Ceiling::of(&bundle, &request(), 1, WallClock.now()).unwrap().most()[0].pico;
    let paid = paid(&format!("{}CNY", crate::live::budget::decimal(one * 5)));
    let (first, second, third) =
        tokio::join!(ask(&paid, &bundle, 60), ask(&paid, &bundle, 1), ask(&paid, &bundle, 60));
    assert_eq!((first, second, third), (Ok(()), Err(Unanswered::Failed("late")), Ok(())));
}

#[tokio::test(start_paused = true)]
async fn a_target_without_a_price_is_asked_only_without_a_limit() {
    let bundle = bundle("");
    assert_eq!(ask(&paid("5CNY"), &bundle, 60).await, Err(Unanswered::Failed("unpriced")));
    assert_eq!(ask(&paid("none"), &bundle, 60).await, Ok(()));
}
