use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};

use call::Completion;
use pipeline::WallClock;
use pipeline::call::{Cancellation, Place};

use super::*;
use crate::live::scene::{PRICE, attempt, bundle, request};

/// A model whose calls end without a word of what they cost.
#[derive(Default)]
struct Silent(AtomicUsize);

impl Invoke for Silent {
    async fn invoke(&self, _: &Bundle, request: &Request, _: Terms<'_>) -> Invoked {
        self.0.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(Duration::from_secs(2)).await;
        let target = request.chain[0].clone();
        let attempt = Attempt { cost: None, may_be_billed: true, ..attempt(&target) };
        let completion = Completion { text: "好".to_owned(), truncated: false };
        Invoked { attempts: vec![attempt], result: Ok((target, completion)) }
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
