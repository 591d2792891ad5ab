use std::{
    future::{Ready, pending, ready},
    sync::Mutex,
};

use super::*;
use crate::{
    config::{ChainConfig, HealthConfig},
    plan::Availability,
};

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn chain(names: &[&str]) -> Chain {
    let health = HealthConfig::default().validate().unwrap();
    let link =
        |name: &&str| Link { target: Target::new(*name, &health), capacity: 0, attempt_timeout: secs(10) };
    Chain::new(ChainConfig::default().validate().unwrap(), names.iter().map(link).collect())
}

/// An attempt that fails with these classes in turn and then succeeds with the target's place.
fn failing(classes: &'static [Class]) -> impl FnMut(Slot) -> Ready<Result<usize, Failure>> {
    move |slot| {
        let class = classes.get(slot.number as usize);
        ready(class.map_or(Ok(slot.target), |class| Err(Failure::new(*class, "planned"))))
    }
}

fn places<T>(ran: &Ran<T>) -> Vec<usize> {
    ran.attempts.iter().map(|attempt| attempt.target).collect()
}

#[tokio::test(start_paused = true)]
async fn a_failing_target_is_left_without_a_wait() {
    let chain = chain(&["one", "two"]);
    let began = Instant::now();
    let ran = chain.run(began + secs(60), failing(&[Class::ServerError])).await;
    assert_eq!(ran.result, Ok(1));
    assert_eq!(began.elapsed(), Duration::ZERO);
    assert_eq!(places(&ran), [0, 1]);
    assert_eq!(ran.attempts[0].failure.as_ref().map(|it| it.class), Some(Class::ServerError));
    assert_eq!(ran.attempts[1].failure, None);
}

#[tokio::test(start_paused = true)]
async fn a_single_target_is_repeated_after_a_wait() {
    let chain = chain(&["one"]);
    let ran = chain.run(Instant::now() + secs(60), failing(&[Class::ServerError, Class::ServerError])).await;
    assert_eq!(ran.result, Ok(0));
    assert_eq!(places(&ran), [0, 0, 0]);
    assert!(ran.attempts[2].started > Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_hanging_target_leaves_time_for_the_next() {
    let chain = chain(&["one", "two"]);
    let attempt = |slot: Slot| async move { if slot.target == 0 { pending().await } else { Ok("answer") } };
    let ran = chain.run(Instant::now() + secs(60), attempt).await;
    assert_eq!(ran.result, Ok("answer"));
    let hung = &ran.attempts[0];
    assert_eq!(hung.took, secs(10));
    let failure = hung.failure.as_ref().unwrap();
    assert!(failure.class == Class::Timeout && failure.ambiguous);
    assert_eq!(ran.attempts[1].started, secs(10));
}

#[tokio::test(start_paused = true)]
async fn everything_hanging_ends_at_the_deadline_and_no_later() {
    let chain = chain(&["one", "two", "three"]);
    let began = Instant::now();
    let ran = chain.run(began + secs(15), |_| pending::<Result<(), _>>()).await;
    let ending = ran.result.unwrap_err();
    assert_eq!(ending.stop, Stop::Deadline);
    assert_eq!(ending.last.map(|failure| failure.class), Some(Class::Timeout));
    assert_eq!(began.elapsed(), secs(15));
    assert_eq!(ran.attempts.iter().map(|attempt| attempt.took).collect::<Vec<_>>(), [secs(10), secs(5)]);
}

#[tokio::test(start_paused = true)]
async fn an_open_breaker_moves_requests_on_and_ends_them_when_it_is_the_last() {
    let two = chain(&["one", "two"]);
    for _ in 0..5 {
        let ran = two.run(Instant::now() + secs(60), failing(&[Class::ServerError])).await;
        assert_eq!(ran.result, Ok(1));
    }
    let ran = two.run(Instant::now() + secs(60), failing(&[])).await;
    assert_eq!(places(&ran), [1], "the open one is not even asked");
    let alone = Chain::new(two.rules, two.links[..1].to_vec());
    let ran = alone.run(Instant::now() + secs(60), failing(&[])).await;
    assert_eq!(ran.result, Err(Ending { stop: Stop::Unavailable, last: None }));
    tokio::time::advance(secs(15)).await;
    let ran = two.run(Instant::now() + secs(60), failing(&[])).await;
    assert_eq!(places(&ran), [0], "probed and closed");
}

#[tokio::test(start_paused = true)]
async fn only_one_of_many_runs_probes_a_half_open_target() {
    let two = chain(&["one", "two"]);
    for _ in 0..5 {
        two.run(Instant::now() + secs(60), failing(&[Class::ServerError])).await.result.unwrap();
    }
    tokio::time::advance(secs(15)).await;
    let asked = Arc::new(Mutex::new([0; 2]));
    let runs: Vec<_> = (0..20)
        .map(|_| {
            let (two, asked) = (two.clone(), Arc::clone(&asked));
            tokio::spawn(async move {
                let attempt = |slot: Slot| {
                    asked.lock().unwrap()[slot.target] += 1;
                    async move {
                        sleep(secs(1)).await;
                        Ok(())
                    }
                };
                two.run(Instant::now() + secs(60), attempt).await.result
            })
        })
        .collect();
    for run in runs {
        run.await.unwrap().unwrap();
    }
    assert_eq!(*asked.lock().unwrap(), [1, 19]);
}

#[tokio::test(start_paused = true)]
async fn a_rate_limit_keeps_the_next_requests_away() {
    let two = chain(&["one", "two"]);
    let limited = |slot: Slot| {
        let failure = Failure::new(Class::RateLimited, "").with_retry_after(Some(secs(30)));
        ready(if slot.target == 0 { Err(failure) } else { Ok(()) })
    };
    assert_eq!(places(&two.run(Instant::now() + secs(60), limited).await), [0, 1]);
    assert_eq!(places(&two.run(Instant::now() + secs(60), limited).await), [1]);
    assert!(matches!(two.links[0].target.view(Instant::now()).availability, Availability::Cooling(_)));
    tokio::time::advance(secs(30)).await;
    assert_eq!(places(&two.run(Instant::now() + secs(60), limited).await), [0, 1]);
}

#[tokio::test(start_paused = true)]
async fn attempts_cut_short_by_their_request_never_open_the_breaker() {
    let one = chain(&["one"]);
    for _ in 0..20 {
        let ran = one.run(Instant::now() + secs(3), |_| pending::<Result<(), _>>()).await;
        ran.result.unwrap_err();
    }
    assert_eq!(one.links[0].target.view(Instant::now()).availability, Availability::Ready);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_dropped_teaches_the_target_nothing() {
    let one = chain(&["one"]);
    for _ in 0..20 {
        let run = one.run(Instant::now() + secs(60), |_| pending::<Result<(), _>>());
        tokio::time::timeout(secs(9), run).await.unwrap_err();
    }
    assert_eq!(one.links[0].target.view(Instant::now()).availability, Availability::Ready);
}

#[tokio::test(start_paused = true)]
async fn an_empty_chain_ends_at_once() {
    let ran = chain(&[]).run(Instant::now() + secs(60), failing(&[])).await;
    let ending = ran.result.unwrap_err();
    assert_eq!(ending.stop, Stop::Exhausted);
    assert_eq!(ending.to_string(), "call along the chain: stopped (exhausted)");
}
