use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;

use super::*;

fn cny(pico: i128) -> Vec<Money> {
    vec![Money { currency: "CNY".to_owned(), pico }]
}

fn purse(budget: &str) -> Purse {
    Purse::new(budget.parse().unwrap())
}

/// One in 10⁻¹².
const ONE: i128 = 1_000_000_000_000;

#[tokio::test(start_paused = true)]
async fn a_call_waits_for_what_others_leave_over_and_is_refused_when_they_leave_nothing() {
    let purse = purse("10CNY");
    let first = purse.reserve(cny(8 * ONE)).await.unwrap();
    let waits = tokio::time::timeout(Duration::from_secs(60), purse.reserve(cny(3 * ONE))).await;
    assert!(waits.is_err(), "eight are set apart");
    first.settle(cny(2 * ONE));
    let second = purse.reserve(cny(8 * ONE)).await.unwrap();
    drop(second);
    assert_eq!(purse.spent(), cny(10 * ONE), "a call whose end nobody saw has cost what was set apart");
    let refused = purse.reserve(cny(1)).await.unwrap_err();
    assert_eq!(refused.to_string(), "the budget of CNY is spent");
    assert!(purse.reserve(cny(0)).await.is_ok(), "what costs nothing can be had");
}

#[tokio::test(start_paused = true)]
async fn a_waiting_call_is_refused_as_soon_as_the_running_ones_have_used_too_much_up() {
    let purse = purse("10CNY");
    let first = purse.reserve(cny(8 * ONE)).await.unwrap();
    let (refused, ()) = tokio::join!(purse.reserve(cny(3 * ONE)), async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        first.settle(cny(8 * ONE));
    });
    assert_eq!(refused.unwrap_err().currency, "CNY");
}

#[tokio::test]
async fn currencies_do_not_stand_for_one_another_and_earlier_runs_count() {
    let purse = purse("10CNY,1USD");
    purse.book(cny(9 * ONE));
    let usd = vec![Money { currency: "USD".to_owned(), pico: ONE }];
    purse.reserve(usd.clone()).await.unwrap().settle(usd.clone());
    assert_eq!(purse.reserve(usd).await.unwrap_err().currency, "USD");
    assert!(purse.reserve(cny(2 * ONE)).await.is_err());
    assert!(purse.reserve(cny(ONE)).await.is_ok());
    let eur = vec![Money { currency: "EUR".to_owned(), pico: 0 }];
    assert_eq!(purse.reserve(eur).await.unwrap_err().currency, "EUR", "a currency without a budget");
}

#[tokio::test]
async fn without_a_limit_everything_is_had_and_counted() {
    let purse = purse("none");
    purse.reserve(cny(i128::MAX / 2)).await.unwrap().settle(cny(7));
    assert_eq!(purse.spent(), cny(7));
}

/// What a call sets apart, what it costs, how long it takes, and whether it ends without a word.
#[derive(Debug, Clone)]
struct Call {
    most: i128,
    cost: i128,
    ms: u64,
    is_lost: bool,
}

fn call() -> impl Strategy<Value = Call> {
    (0_i128..1_000, 0_u32..=100, 0_u64..50, proptest::bool::weighted(0.1))
        .prop_map(|(most, part, ms, is_lost)| Call { most, cost: most * i128::from(part) / 100, ms, is_lost })
}

proptest! {
    #[test]
    fn whatever_runs_at_a_time_never_more_than_the_budget_is_spent(
        calls in proptest::collection::vec(call(), 1..60),
        limit in 0_i128..5_000,
        starts in proptest::collection::vec(0_u64..100, 60),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let budget: Budget = format!("{}CNY", super::super::budget::decimal(limit)).parse().unwrap();
        let purse = Arc::new(Purse::new(budget));
        let real: i128 = runtime.block_on(async {
            let mut running = tokio::task::JoinSet::new();
            for (call, start) in calls.into_iter().zip(starts) {
                let purse = Arc::clone(&purse);
                running.spawn(async move {
                    tokio::time::sleep(Duration::from_millis(start)).await;
                    let Ok(reserve) = purse.reserve(cny(call.most)).await else { return 0 };
                    tokio::time::sleep(Duration::from_millis(call.ms)).await;
                    let now: i128 = purse.lock().values().map(|sums| sums.spent + sums.reserved).sum();
                    assert!(now <= limit, "{now} of {limit}");
                    if call.is_lost { drop(reserve) } else { reserve.settle(cny(call.cost)) }
                    call.cost
                });
            }
            let mut real = 0;
            // Every call ends: nobody waits for ever.
            while let Some(cost) = running.join_next().await {
                real += cost.unwrap();
            }
            real
        });
        let spent: i128 = purse.spent().iter().map(|money| money.pico).sum();
        prop_assert!(real <= spent && spent <= limit, "{real} cost, {spent} booked, {limit} allowed");
    }
}
