use super::*;
use crate::{
    failure::Failure,
    retry::Steps,
    vendor::{Counting, Vendor},
};

const PAUSES: Pauses = Pauses {
    steps: Steps { base: Duration::from_millis(500), cap: Duration::from_secs(2) },
    longest: Duration::from_secs(60),
};
const SECOND: Duration = Duration::from_secs(1);
const BOTH: [Counting; 2] = [Counting::Fixed, Counting::Sliding];

fn pace(limits: Limits) -> Arc<Pace> {
    Pace::new(PaceNames { target: "one".into(), key: 1, limit: "requests" }, limits, PAUSES)
}

fn per_second(limit: f64) -> Arc<Pace> {
    pace(Limits { per_second: Some(limit), ..Limits::default() })
}

fn secs(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

/// When a message was asked for, and how long it took until it was taken.
#[derive(Debug, Clone, Copy)]
struct Sent {
    conversation: usize,
    end: Duration,
    took: Duration,
}

/// Asks until the vendor takes it.
async fn send(pace: &Arc<Pace>, vendor: &Vendor, conversation: usize) {
    let key: Arc<str> = conversation.to_string().into();
    let mut again = false;
    loop {
        let claim = Claim {
            key: &key,
            again,
            latest: Instant::now() + secs(3_600.0),
            tokens: Tokens::default(),
            weight: crate::Weight::MIN,
        };
        let turn = pace.turn(claim).await.unwrap();
        match vendor.call().await {
            Ok(()) => return,
            Err(Failure { retry_after, .. }) => turn.refused(retry_after),
        }
        again = true;
    }
}

/// Messages of some conversations in turn, which come evenly within some time.
struct Load {
    messages: usize,
    within: Duration,
    conversations: usize,
}

/// Tells how each message of a load fared.
async fn load(
    pace: &Arc<Pace>,
    vendor: &Arc<Vendor>,
    Load { messages, within, conversations }: Load,
) -> Vec<Sent> {
    let begun = Instant::now();
    let tasks: Vec<_> = (0..messages)
        .map(|number| {
            let (pace, vendor) = (Arc::clone(pace), Arc::clone(vendor));
            tokio::spawn(async move {
                tokio::time::sleep(within.mul_f64(number as f64 / messages as f64)).await;
                let (asked, conversation) = (Instant::now(), number % conversations);
                send(&pace, &vendor, conversation).await;
                Sent { conversation, end: begun.elapsed(), took: asked.elapsed() }
            })
        })
        .collect();
    let mut sent = Vec::new();
    for task in tasks {
        sent.push(task.await.unwrap());
    }
    sent
}

fn last(sent: &[Sent]) -> Duration {
    sent.iter().map(|sent| sent.end).max().unwrap()
}

/// Jain's index of what each conversation got by this time.
fn fairness(sent: &[Sent], conversations: usize, by: Duration) -> f64 {
    let mut got = vec![0.0; conversations];
    sent.iter().filter(|sent| sent.end <= by).for_each(|sent| got[sent.conversation] += 1.0);
    let (sum, squares) = got.iter().fold((0.0, 0.0), |(sum, squares), got| (sum + got, squares + got * got));
    sum * sum / (conversations as f64 * squares)
}

#[tokio::test(start_paused = true)]
async fn three_times_the_limit_is_worked_off_at_the_limit_without_a_refusal() {
    for counting in BOTH {
        for limit in [20.0, 50.0, 100.0] {
            let (pace, vendor) = (per_second(limit), Arc::new(Vendor::new(counting, limit as usize, SECOND)));
            let messages = limit as usize * 60;
            let sent = load(&pace, &vendor, Load { messages, within: secs(20.0), conversations: 40 }).await;
            let ideal = messages as f64 / limit;
            let took = last(&sent).as_secs_f64();
            assert!(took <= ideal * 1.1 && took <= ideal / 0.95, "{counting:?} {limit}: {took}");
            let most = vendor.most_calls() as f64;
            assert!(most <= limit * 1.02, "{counting:?} {limit}: {most}");
            assert_eq!(vendor.refused(), 0, "{counting:?} {limit}");
            let fair = fairness(&sent, 40, secs(20.0));
            assert!(fair >= 0.95, "{counting:?} {limit}: {fair}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn one_refusal_costs_less_than_three_seconds() {
    for counting in BOTH {
        for refusals in [0, 1] {
            let (pace, vendor) = (per_second(20.0), Arc::new(Vendor::new(counting, 20, SECOND)));
            let load = load(&pace, &vendor, Load { messages: 800, within: secs(20.0), conversations: 40 });
            let inject = async {
                tokio::time::sleep(secs(8.0)).await;
                vendor.inject(refusals);
            };
            let (sent, ()) = tokio::join!(load, inject);
            let took = last(&sent).as_secs_f64();
            assert!(took < 41.5 + if refusals > 0 { 3.0 } else { 0.0 }, "{counting:?} {refusals}: {took}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_limit_that_nobody_configured_or_half_of_it_gone_is_learned() {
    for counting in BOTH {
        for (pace, limit) in [(pace(Limits::default()), 20), (per_second(100.0), 50), (per_second(40.0), 10)]
        {
            let vendor = Arc::new(Vendor::new(counting, limit, SECOND));
            let sent =
                load(&pace, &vendor, Load { messages: limit * 60, within: secs(15.0), conversations: 40 })
                    .await;
            let took = last(&sent).as_secs_f64();
            assert!(took < 60.0 * 1.25, "{counting:?} {limit}: {took}");
            let calls = vendor.refused() + sent.len();
            assert!(calls < sent.len() * 11 / 10, "{counting:?} {limit}: {calls} calls");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn refusals_far_below_the_pace_hold_up_nobody_for_long() {
    let (pace, vendor) = (per_second(100.0), Arc::new(Vendor::new(Counting::Fixed, 100, SECOND)));
    let spoil = async {
        for _ in 0..20 {
            tokio::time::sleep(SECOND).await;
            vendor.inject(1);
        }
    };
    let (sent, ()) = tokio::join!(
        load(&pace, &vendor, Load { messages: 400, within: secs(20.0), conversations: 40 }),
        spoil
    );
    let mut took: Vec<_> = sent.iter().map(|sent| sent.took).collect();
    took.sort();
    assert!(took[200] < secs(0.1) && took[395] < SECOND, "{:?} {:?}", took[200], took[395]);
    assert!(vendor.refused() >= 19);
}

#[tokio::test(start_paused = true)]
async fn who_waited_in_a_pause_comes_back_at_the_pace() {
    let pace = per_second(10.0);
    let key: Arc<str> = "a".into();
    let claim = Claim {
        key: &key,
        again: false,
        latest: Instant::now() + secs(60.0),
        tokens: Tokens::default(),
        weight: crate::Weight::MIN,
    };
    pace.turn(claim).await.unwrap().refused(Some(secs(5.0)));
    let begun = Instant::now();
    let mut starts = Vec::new();
    for _ in 0..10 {
        drop(pace.turn(claim).await.unwrap());
        starts.push(begun.elapsed());
    }
    assert!(starts[0].abs_diff(secs(5.0)) < secs(0.01), "{starts:?}");
    assert!(starts.windows(2).all(|pair| pair[1] - pair[0] > secs(0.09)), "{starts:?}");
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_cannot_end_in_time_ends_at_once_and_a_flood_does_not_lengthen_anothers() {
    let pace = per_second(10.0);
    let (flood, quiet): (Arc<str>, Arc<str>) = ("flood".into(), "quiet".into());
    let latest = Instant::now() + secs(10.0);
    let mut tasks = Vec::new();
    for _ in 0..200 {
        let (pace, flood) = (Arc::clone(&pace), Arc::clone(&flood));
        tasks.push(tokio::spawn(async move {
            let asked = Instant::now();
            let turn = pace
                .turn(Claim {
                    key: &flood,
                    again: false,
                    latest,
                    tokens: Tokens::default(),
                    weight: crate::Weight::MIN,
                })
                .await;
            (turn.is_ok(), asked.elapsed())
        }));
    }
    tokio::task::yield_now().await;
    let asked = Instant::now();
    drop(
        pace.turn(Claim {
            key: &quiet,
            again: false,
            latest,
            tokens: Tokens::default(),
            weight: crate::Weight::MIN,
        })
        .await
        .unwrap(),
    );
    assert!(asked.elapsed() < secs(0.5), "{:?}", asked.elapsed());
    let mut served = 0;
    for task in tasks {
        let (ok, took) = task.await.unwrap();
        served += usize::from(ok);
        assert!(ok || took < SECOND, "an end without a turn after {took:?}");
    }
    assert!((85..=98).contains(&served), "{served}");
}

#[tokio::test(start_paused = true)]
async fn a_lower_rate_ends_the_waits_that_it_makes_hopeless() {
    let pace = per_second(10.0);
    let key: Arc<str> = "a".into();
    let claim = Claim {
        key: &key,
        again: false,
        latest: Instant::now() + secs(8.0),
        tokens: Tokens::default(),
        weight: crate::Weight::MIN,
    };
    let first = pace.turn(claim).await.unwrap();
    let tasks: Vec<_> = (0..60)
        .map(|_| {
            let (pace, key) = (Arc::clone(&pace), Arc::clone(&key));
            tokio::spawn(async move {
                let claim = Claim {
                    key: &key,
                    again: false,
                    latest: claim.latest,
                    tokens: Tokens::default(),
                    weight: crate::Weight::MIN,
                };
                (pace.turn(claim).await.is_ok(), Instant::now())
            })
        })
        .collect();
    tokio::time::sleep(secs(2.0)).await;
    let at = Instant::now();
    first.refused(Some(secs(5.0)));
    let mut hopeless = 0;
    for task in tasks {
        let (ok, ended) = task.await.unwrap();
        if !ok {
            hopeless += 1;
            assert!(ended - at < secs(0.1), "{:?}", ended - at);
        }
    }
    assert!(hopeless >= 20, "{hopeless}");
}

#[tokio::test(start_paused = true)]
async fn calls_at_a_time_are_bounded_and_an_end_lets_the_next_begin() {
    let pace = pace(Limits { at_once: Some(3), ..Limits::default() });
    let key: Arc<str> = "a".into();
    let claim = Claim {
        key: &key,
        again: false,
        latest: Instant::now() + secs(60.0),
        tokens: Tokens::default(),
        weight: crate::Weight::MIN,
    };
    let mut held = Vec::new();
    for _ in 0..3 {
        held.push(pace.turn(claim).await.unwrap());
    }
    let waiting = Arc::clone(&pace);
    let other = Arc::clone(&key);
    let next = tokio::spawn(async move {
        waiting
            .turn(Claim {
                key: &other,
                again: false,
                latest: claim.latest,
                tokens: Tokens::default(),
                weight: crate::Weight::MIN,
            })
            .await
            .map(drop)
    });
    tokio::time::sleep(secs(5.0)).await;
    assert!(!next.is_finished());
    held.pop();
    tokio::time::timeout(secs(0.01), next).await.unwrap().unwrap().unwrap();
    pace.set_share(0.1);
    held.clear();
    let one = pace.turn(claim).await.unwrap();
    assert!(tokio::time::timeout(secs(1.0), pace.turn(claim)).await.is_err(), "a share is one at least");
    drop(one);
}

#[tokio::test(start_paused = true)]
async fn a_share_scales_the_pace_and_applies_to_those_who_wait() {
    let pace = per_second(100.0);
    pace.set_share(0.25);
    let vendor = Arc::new(Vendor::new(Counting::Sliding, 25, SECOND));
    let sent = load(&pace, &vendor, Load { messages: 250, within: Duration::ZERO, conversations: 10 }).await;
    assert!((9.5..10.6).contains(&last(&sent).as_secs_f64()), "{:?}", last(&sent));
    assert_eq!(vendor.refused(), 0);
    pace.set_share(0.0);
    let key: Arc<str> = "a".into();
    let claim = Claim {
        key: &key,
        again: false,
        latest: Instant::now() + secs(60.0),
        tokens: Tokens::default(),
        weight: crate::Weight::MIN,
    };
    assert_eq!(pace.turn(claim).await.unwrap_err(), PaceError::NotInTime);
    pace.set_share(1.0);
    drop(pace.turn(claim).await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_minutes_limit_lets_a_few_through_at_once_and_keeps_to_the_minute() {
    for counting in BOTH {
        let pace = pace(Limits { per_second: Some(20.0), per_minute: Some(60.0), ..Limits::default() });
        let vendor = Arc::new(Vendor::new(counting, 60, Duration::from_secs(60)));
        let sent =
            load(&pace, &vendor, Load { messages: 180, within: Duration::ZERO, conversations: 10 }).await;
        assert!(last(&sent) < secs(180.0 / 0.95), "{:?}", last(&sent));
        assert_eq!(vendor.refused(), 0);
        assert!(sent.iter().filter(|sent| sent.took < SECOND).count() >= 5, "a few need not wait");
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_is_sent_away_by_a_disturbance_and_may_come_again() {
    let pace = per_second(1.0);
    let key: Arc<str> = "a".into();
    let claim = Claim {
        key: &key,
        again: false,
        latest: Instant::now() + secs(60.0),
        tokens: Tokens::default(),
        weight: crate::Weight::MIN,
    };
    drop(pace.turn(claim).await.unwrap());
    let waiting = pace.turn(claim);
    tokio::pin!(waiting);
    assert!(tokio::time::timeout(secs(0.1), &mut waiting).await.is_err());
    pace.disturb();
    assert_eq!(waiting.await.unwrap_err(), PaceError::Disturbed);
    drop(pace.turn(claim).await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_is_given_back_is_somebody_elses() {
    let pace = per_second(1.0);
    let key: Arc<str> = "a".into();
    let claim = Claim {
        key: &key,
        again: false,
        latest: Instant::now() + secs(60.0),
        tokens: Tokens::default(),
        weight: crate::Weight::MIN,
    };
    let begun = Instant::now();
    pace.turn(claim).await.unwrap().give_back();
    drop(pace.turn(claim).await.unwrap());
    assert!(begun.elapsed() < secs(0.1), "{:?}", begun.elapsed());
}

/// A vendor that takes so many calls at a time, each for a second.
#[derive(Default)]
struct Parallel {
    running: std::sync::atomic::AtomicU32,
    refused: std::sync::atomic::AtomicU32,
    most: std::sync::atomic::AtomicU32,
}

impl Parallel {
    async fn call(&self) -> bool {
        use std::sync::atomic::Ordering::Relaxed;
        tokio::time::sleep(secs(0.005)).await;
        if self.running.fetch_add(1, Relaxed) >= self.most.load(Relaxed) {
            self.running.fetch_sub(1, Relaxed);
            self.refused.fetch_add(1, Relaxed);
            return false;
        }
        tokio::time::sleep(SECOND).await;
        self.running.fetch_sub(1, Relaxed);
        true
    }
}

#[tokio::test(start_paused = true)]
async fn places_shrink_on_refusals_of_too_many_at_a_time_and_grow_back() {
    use std::sync::atomic::Ordering::Relaxed;
    let (pace, vendor) =
        (pace(Limits { at_once: Some(60), ..Limits::default() }), Arc::new(Parallel::default()));
    let allowed = |pace: &Arc<Pace>| pace.state().limiter.most_at_once().unwrap();
    vendor.most.store(20, Relaxed);
    let until = Instant::now() + secs(600.0);
    let callers: Vec<_> = (0..60)
        .map(|number: usize| {
            let (pace, vendor) = (Arc::clone(&pace), Arc::clone(&vendor));
            tokio::spawn(async move {
                let key: Arc<str> = (number % 2).to_string().into();
                let (mut again, mut taken) = (false, 0_u32);
                while Instant::now() < until {
                    let claim = Claim {
                        key: &key,
                        again,
                        latest: until + secs(60.0),
                        tokens: Tokens::default(),
                        weight: crate::Weight::MIN,
                    };
                    let turn = pace.turn(claim).await.unwrap();
                    again = !vendor.call().await;
                    if again {
                        turn.exceeded(Excess::AtOnce, None);
                    } else {
                        taken += 1;
                    }
                }
                taken
            })
        })
        .collect();
    tokio::time::sleep(secs(60.0)).await;
    assert!((14..=24).contains(&allowed(&pace)), "{}", allowed(&pace));
    let refused = vendor.refused.load(Relaxed);
    tokio::time::sleep(secs(240.0)).await;
    let refused = vendor.refused.load(Relaxed) - refused;
    assert!(refused < 240, "{refused} of nearly 5,000 calls were refused");
    // The vendor takes more from now on.
    vendor.most.store(1_000, Relaxed);
    tokio::time::sleep(secs(240.0)).await;
    assert_eq!(allowed(&pace), 60, "one more for each round, up to what is configured");
    let mut taken = 0;
    for caller in callers {
        taken += caller.await.unwrap();
    }
    assert!(taken > 20 * 270, "{taken}: places are used");
}

#[tokio::test(start_paused = true)]
async fn a_lone_call_that_is_refused_for_others_is_not_repeated_at_once() {
    let pace = pace(Limits::default());
    let key: Arc<str> = "a".into();
    let began = Instant::now();
    for _ in 0..4 {
        let claim = Claim {
            key: &key,
            again: false,
            latest: began + secs(60.0),
            tokens: Tokens::default(),
            weight: crate::Weight::MIN,
        };
        pace.turn(claim).await.unwrap().exceeded(Excess::AtOnce, None);
    }
    assert_eq!(pace.state().limiter.most_at_once(), Some(1));
    assert!(began.elapsed() > secs(0.5), "{:?}", began.elapsed());
}
