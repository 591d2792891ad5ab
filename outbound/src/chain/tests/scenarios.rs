//! How requests of several apps fare at targets with keys and limits: keys that die, outages, storms.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use super::*;

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// A target with so many keys, each with these limits; its calls take so many tokens.
fn link(name: &str, keys: usize, limits: Limits, tokens: Tokens) -> Link {
    let health = HealthConfig::default().validate("health").unwrap();
    let pace =
        |key| Pace::new(PaceNames { target: name.into(), key, limit: "requests" }, limits, health.pauses());
    let keys: Vec<_> = (1..=keys).map(pace).collect();
    let target = Target::keyed(name, &health, keys.clone());
    Link { target, keys, tokens, capacity: 0, attempt_timeout: secs(20) }
}

fn chain(links: Vec<Link>) -> Chain {
    Chain::new(ChainConfig::default().validate("chain").unwrap(), links)
}

fn keyed(keys: usize) -> Chain {
    chain(vec![link("one", keys, Limits::default(), Tokens::default())])
}

fn origin(app: &str, lane: u64) -> Origin {
    Origin { tenant: app.into(), lane, weight: crate::Weight::MIN }
}

fn used<T>(ran: &Ran<T>) -> Vec<(usize, usize)> {
    ran.attempts.iter().map(|attempt| (attempt.target, attempt.key)).collect()
}

/// Runs a request whose attempts with these keys of the first target fail like this.
async fn run(chain: &Chain, origin: &Origin, refused: &BTreeMap<usize, Class>) -> Ran<()> {
    let attempt = |slot: Slot| {
        let class = refused.get(&slot.key).filter(|_| slot.target == 0);
        std::future::ready(class.map_or(Ok(()), |class| Err(Failure::new(*class, ""))))
    };
    chain.run(origin, Instant::now() + secs(60), attempt).await
}

#[tokio::test(start_paused = true)]
async fn calls_take_turns_with_the_keys_and_go_to_the_one_that_has_least_to_do() {
    let three = keyed(3);
    let mut keys = Vec::new();
    for lane in 0..6 {
        tokio::time::advance(millis(1)).await;
        keys.extend(used(&run(&three, &origin("a", lane), &BTreeMap::new()).await));
    }
    assert_eq!(keys, [(0, 0), (0, 1), (0, 2), (0, 0), (0, 1), (0, 2)]);
    // The first key is kept busy.
    let busy = three.clone();
    let long = tokio::spawn(async move {
        let slow = |_: Slot| async {
            sleep(secs(9)).await;
            Ok(())
        };
        busy.run(&origin("a", 9), Instant::now() + secs(60), slow).await.attempts[0].key
    });
    tokio::task::yield_now().await;
    for lane in 0..6 {
        tokio::time::advance(millis(1)).await;
        assert_ne!(used(&run(&three, &origin("a", lane), &BTreeMap::new()).await), [(0, 0)]);
    }
    assert_eq!(long.await.unwrap(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_refused_key_rests_alone_and_costs_nobody_an_answer() {
    for class in [Class::Auth, Class::QuotaExhausted] {
        let two = keyed(2);
        let dead = BTreeMap::from([(0, class)]);
        let begun = Instant::now();
        let mut refusals = 0;
        for lane in 0..40 {
            tokio::time::advance(millis(1)).await;
            let ran = run(&two, &origin("a", lane), &dead).await;
            assert!(ran.result.is_ok(), "{class}");
            refusals += ran.attempts.len() - 1;
        }
        assert_eq!(refusals, 2, "{class}: believed when a second lane met it");
        assert!(begun.elapsed() < millis(50), "nobody waited: {:?}", begun.elapsed());
        tokio::time::advance(secs(600)).await;
        tokio::time::advance(millis(1)).await;
        let mut keys = Vec::new();
        for lane in 0..4 {
            tokio::time::advance(millis(1)).await;
            keys.extend(used(&run(&two, &origin("a", lane), &BTreeMap::new()).await));
        }
        assert!(keys.contains(&(0, 0)), "it is tried again after its rest: {keys:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn keys_that_die_one_after_the_other_take_the_target_away_with_the_last() {
    let links = vec![
        link("one", 3, Limits::default(), Tokens::default()),
        link("two", 1, Limits::default(), Tokens::default()),
    ];
    let (with_spare, alone) = (chain(links.clone()), chain(links[..1].to_vec()));
    let mut dead = BTreeMap::new();
    for key in 0..3 {
        dead.insert(key, Class::Auth);
        for lane in 0..10 {
            tokio::time::advance(millis(1)).await;
            let ran = run(&with_spare, &origin("a", lane), &dead).await;
            assert!(ran.result.is_ok());
            let last = used(&ran).last().copied().unwrap();
            assert_eq!(last.0, usize::from(key == 2), "the target serves as long as a key does");
        }
    }
    let ran = run(&with_spare, &origin("a", 77), &dead).await;
    assert_eq!(used(&ran), [(1, 0)], "nobody asks it with a dead key");
    let begun = Instant::now();
    let ending = run(&alone, &origin("a", 78), &dead).await.result.unwrap_err();
    assert_eq!((ending.stop, begun.elapsed()), (Stop::Unavailable, Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn what_one_app_meets_with_a_key_is_believed_of_others_only_when_a_second_does() {
    let two = keyed(2);
    let dead = BTreeMap::from([(0, Class::Auth), (1, Class::Auth)]);
    for lane in 0..4 {
        assert!(run(&two, &origin("a", lane), &dead).await.result.is_err());
    }
    assert_eq!(run(&two, &origin("b", 1), &BTreeMap::new()).await.attempts.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_key_at_its_limit_sends_the_request_to_the_next_key_without_a_wait() {
    let two = keyed(2);
    let begun = Instant::now();
    let ran = run(&two, &origin("a", 1), &BTreeMap::from([(0, Class::RateLimited)])).await;
    assert_eq!((used(&ran), begun.elapsed()), (vec![(0, 0), (0, 1)], Duration::ZERO));
    let ran = run(&two, &origin("a", 2), &BTreeMap::new()).await;
    assert_eq!(used(&ran), [(0, 1)], "the first one is paused");
}

#[tokio::test(start_paused = true)]
async fn a_failing_server_is_not_asked_again_with_each_of_its_keys() {
    let links = vec![
        link("one", 3, Limits::default(), Tokens::default()),
        link("two", 1, Limits::default(), Tokens::default()),
    ];
    for class in [Class::ServerError, Class::Timeout, Class::Overloaded, Class::BadRequest] {
        let all = (0..3).map(|key| (key, class)).collect();
        let ran = run(&chain(links.clone()), &origin("a", 1), &all).await;
        assert_eq!(used(&ran).iter().filter(|(target, _)| *target == 0).count(), 1, "{class}");
        assert!(ran.result.is_ok());
    }
    let all = (0..3).map(|key| (key, Class::ContentBlocked)).collect();
    let ran = run(&chain(links), &origin("a", 2), &all).await;
    assert_eq!((used(&ran).len(), ran.result.unwrap_err().stop), (1, Stop::Terminal), "nor any other vendor");
}

#[tokio::test(start_paused = true)]
async fn with_all_targets_away_every_request_ends_within_a_second() {
    let two = chain(vec![
        link("one", 2, Limits::default(), Tokens::default()),
        link("two", 1, Limits::default(), Tokens::default()),
    ]);
    let begun = Instant::now();
    let mut running = Vec::new();
    for number in 0..600 {
        let two = two.clone();
        running.push(tokio::spawn(async move {
            sleep(millis(number * 50)).await;
            let asked = Instant::now();
            let down = |_: Slot| async {
                sleep(millis(5)).await;
                Err::<(), _>(Failure::new(Class::ServerError, ""))
            };
            let ending = two.run(&origin("a", number), asked + secs(60), down).await.result.unwrap_err();
            (asked - begun, asked.elapsed(), ending.stop)
        }));
    }
    for run in running {
        let (asked, took, stop) = run.await.unwrap();
        // The first ones find out.
        let most = if asked < secs(1) { secs(3) } else { secs(1) };
        assert!(took <= most, "asked at {asked:?}: ended after {took:?} ({})", stop.label());
    }
}

#[tokio::test(start_paused = true)]
async fn a_saturated_target_is_left_for_one_that_is_free() {
    for limits in [
        Limits { at_once: Some(2), ..Limits::default() },
        Limits { per_minute: Some(6.0), ..Limits::default() },
        Limits { tokens_per_minute: Some(6_000.0), ..Limits::default() },
    ] {
        let tokens = Tokens { input: 800, output: 200 };
        let two =
            chain(vec![link("one", 1, limits, tokens), link("two", 1, Limits::default(), Tokens::default())]);
        let begun = Instant::now();
        let mut running = Vec::new();
        for lane in 0..30 {
            let two = two.clone();
            running.push(tokio::spawn(async move {
                let slow = |slot: Slot| async move {
                    sleep(secs(5)).await;
                    Ok(slot.target)
                };
                two.run(&origin("a", lane), Instant::now() + secs(60), slow).await.result
            }));
            tokio::task::yield_now().await;
        }
        let mut spare = 0;
        for run in running {
            spare += run.await.unwrap().unwrap();
        }
        assert!(begun.elapsed() < secs(7), "{limits:?}: {:?}", begun.elapsed());
        assert!(spare >= 20, "{limits:?}: {spare} of 30 went to the free one");
    }
}

/// A model that counts the tokens of a minute, and takes some time.
struct Minute {
    limit: u64,
    taken: Mutex<std::collections::VecDeque<(Instant, u64)>>,
    refused: AtomicUsize,
}

impl Minute {
    fn take(&self, tokens: u64) -> Result<(), Failure> {
        let now = Instant::now();
        let mut taken = self.taken.lock().unwrap();
        while taken.pop_front_if(|(at, _)| now - *at >= secs(60)).is_some() {}
        if taken.iter().map(|(_, tokens)| tokens).sum::<u64>() + tokens > self.limit {
            self.refused.fetch_add(1, Ordering::Relaxed);
            return Err(Failure::new(Class::RateLimited, ""));
        }
        taken.push_back((now, tokens));
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn a_limit_of_tokens_is_used_and_never_exceeded() {
    let limits = Limits { tokens_per_minute: Some(60_000.0), ..Limits::default() };
    let one = chain(vec![link("one", 1, limits, Tokens { input: 700, output: 500 })]);
    let model = Arc::new(Minute { limit: 60_000, taken: Mutex::default(), refused: AtomicUsize::new(0) });
    let begun = Instant::now();
    let mut running = Vec::new();
    // Each call uses 1,000 tokens, whatever was reserved for it.
    for lane in 0..240 {
        let (one, model) = (one.clone(), Arc::clone(&model));
        running.push(tokio::spawn(async move {
            let attempt = |slot: Slot| {
                let (one, model) = (&one, &model);
                async move {
                    model.take(1_000)?;
                    sleep(secs(2)).await;
                    one.links[0].keys[0].settle(slot.ticket, Tokens { input: 700, output: 300 });
                    Ok(())
                }
            };
            one.run(&origin("a", lane), Instant::now() + secs(600), attempt).await.result
        }));
    }
    for run in running {
        run.await.unwrap().unwrap();
    }
    assert_eq!(model.refused.load(Ordering::Relaxed), 0);
    let took = begun.elapsed();
    assert!(took < secs(260), "four minutes' worth took {took:?}");
}

/// The 99th percentile of how long calls of a quiet app take, one each second of two minutes, with or without a storm.
async fn quiet_p99(limits: Limits, quiet: Tokens, storm: Option<Tokens>) -> Duration {
    let health = link("one", 1, limits, quiet);
    let one = chain(vec![health.clone()]);
    let stormy = storm.map(|tokens| chain(vec![Link { tokens, ..health }]));
    let call = |chain: Chain, origin: Origin, at: Duration, time: Duration| async move {
        sleep(at).await;
        let asked = Instant::now();
        let attempt = |_: Slot| async {
            sleep(secs(2)).await;
            Ok(())
        };
        let ran = chain.run(&origin, asked + time, attempt).await;
        (ran.result.is_ok(), asked.elapsed())
    };
    let flood = stormy.into_iter().flat_map(|chain| {
        let storm = move |number| {
            tokio::spawn(call(chain.clone(), origin("storm", number), millis(number * 40), secs(20)))
        };
        (0..3_000).map(storm)
    });
    let flood: Vec<_> = flood.collect();
    let running: Vec<_> = (0..180)
        .map(|number| {
            tokio::spawn(call(one.clone(), origin("quiet", number), secs(number) + millis(7), secs(120)))
        })
        .collect();
    let mut took = Vec::new();
    for run in running {
        let (ok, time) = run.await.unwrap();
        assert!(ok);
        took.push(time);
    }
    flood.into_iter().for_each(|task| task.abort());
    took.sort();
    took[took.len() * 99 / 100]
}

#[tokio::test(start_paused = true)]
async fn a_storm_of_one_app_costs_another_no_more_than_a_third_of_its_time() {
    let same = Tokens { input: 300, output: 200 };
    let large = Tokens { input: 3_000, output: 1_000 };
    let kept = Limits { kept: 0.05, ..Limits::default() };
    for (limits, storm) in [
        (Limits { per_second: Some(10.0), ..kept }, same),
        (Limits { per_minute: Some(600.0), ..kept }, same),
        (Limits { at_once: Some(8), ..kept }, same),
        (Limits { at_once: Some(40), ..kept }, same),
        (Limits { tokens_per_minute: Some(600_000.0), ..kept }, same),
        (Limits { tokens_per_minute: Some(600_000.0), ..kept }, large),
        (
            Limits {
                input_tokens_per_minute: Some(400_000.0),
                output_tokens_per_minute: Some(200_000.0),
                ..kept
            },
            large,
        ),
        (Limits { per_minute: Some(600.0), at_once: Some(30), ..kept }, same),
    ] {
        let alone = quiet_p99(limits, same, None).await;
        let beside = quiet_p99(limits, same, Some(storm)).await;
        let times = beside.as_secs_f64() / alone.as_secs_f64();
        assert!(times <= 1.3, "{limits:?} {storm:?}: {alone:?} alone, {beside:?} beside a storm");
    }
}

#[tokio::test(start_paused = true)]
async fn a_target_that_flaps_costs_attempts_and_no_answers() {
    let two = chain(vec![
        link("one", 1, Limits::default(), Tokens::default()),
        link("two", 1, Limits::default(), Tokens::default()),
    ]);
    let begun = Instant::now();
    let asked_while_down = Arc::new(AtomicUsize::new(0));
    let mut running = Vec::new();
    for number in 0..6_000_u64 {
        let (two, asked_while_down) = (two.clone(), Arc::clone(&asked_while_down));
        running.push(tokio::spawn(async move {
            sleep(millis(number * 40)).await;
            let attempt = |slot: Slot| {
                // Ten seconds up, ten seconds down.
                let down = slot.target == 0 && begun.elapsed().as_secs() / 10 % 2 == 1;
                asked_while_down.fetch_add(usize::from(down), Ordering::Relaxed);
                async move {
                    sleep(millis(100)).await;
                    if down { Err(Failure::new(Class::ServerError, "")) } else { Ok(()) }
                }
            };
            let asked = Instant::now();
            let ran = two.run(&origin("a", number), asked + secs(30), attempt).await;
            (ran.result.is_ok(), asked.elapsed())
        }));
    }
    for run in running {
        let (ok, took) = run.await.unwrap();
        assert!(ok && took < secs(1), "{took:?}");
    }
    let asked = asked_while_down.load(Ordering::Relaxed);
    assert!(asked < 1_000, "{asked} of 3,000 went there while it was down");
}

#[tokio::test(start_paused = true)]
async fn a_target_whose_answers_come_ever_later_is_left_when_they_come_too_late() {
    let slow = Link { attempt_timeout: secs(4), ..link("one", 1, Limits::default(), Tokens::default()) };
    let two = chain(vec![slow, link("two", 1, Limits::default(), Tokens::default())]);
    let begun = Instant::now();
    let mut running = Vec::new();
    for number in 0..2_000_u64 {
        let two = two.clone();
        running.push(tokio::spawn(async move {
            sleep(millis(number * 50)).await;
            let attempt = |slot: Slot| async move {
                // A tenth of a second more with each second.
                sleep(if slot.target == 0 { begun.elapsed() / 10 } else { millis(100) }).await;
                Ok(())
            };
            let asked = Instant::now();
            let ran = two.run(&origin("a", number), asked + secs(20), attempt).await;
            (asked - begun, ran.result.is_ok(), asked.elapsed())
        }));
    }
    let mut late = 0;
    for run in running {
        let (asked, ok, took) = run.await.unwrap();
        assert!(ok && took < secs(5), "{took:?}");
        late += usize::from(asked > secs(50) && took > secs(1));
    }
    assert!(late < 30, "{late} of a thousand still waited for it after its breaker had opened");
}

#[tokio::test(start_paused = true)]
async fn a_limit_on_how_fast_the_rate_grows_is_followed() {
    let one = chain(vec![link("one", 1, Limits::default(), Tokens::default())]);
    // Five calls a second at first, half as many more every ten seconds.
    let begun = Instant::now();
    let taken = Arc::new(Mutex::new(std::collections::VecDeque::<Instant>::new()));
    let refused = Arc::new(AtomicUsize::new(0));
    let mut running = Vec::new();
    for number in 0..1_200_u64 {
        let (one, taken, refused) = (one.clone(), Arc::clone(&taken), Arc::clone(&refused));
        running.push(tokio::spawn(async move {
            sleep(millis(number * 50)).await;
            let attempt = |_: Slot| async {
                let now = Instant::now();
                let steps = i32::try_from(now.duration_since(begun).as_secs() / 10).unwrap();
                let allowed = 5.0 * 1.5_f64.powi(steps);
                let mut taken = taken.lock().unwrap();
                while taken.pop_front_if(|at| now - *at >= secs(1)).is_some() {}
                if taken.len() as f64 >= allowed {
                    refused.fetch_add(1, Ordering::Relaxed);
                    return Err(Failure::new(Class::RampLimited, ""));
                }
                taken.push_back(now);
                Ok(())
            };
            one.run(&origin("a", number), Instant::now() + secs(120), attempt).await.result
        }));
    }
    let mut answered = 0;
    for run in running {
        answered += usize::from(run.await.unwrap().is_ok());
    }
    assert_eq!(answered, 1_200);
    assert!(begun.elapsed() < secs(90), "{:?}", begun.elapsed());
    let refused = refused.load(Ordering::Relaxed);
    assert!(refused < 240, "{refused} refusals of 1,200 calls");
}

#[tokio::test(start_paused = true)]
async fn conversations_that_wait_as_they_were_told_hold_nobody_up() {
    // A tenth of a hundred conversations fails and is told to come again in eight seconds.
    let mut took = Vec::new();
    let mut left = Vec::new();
    for failing in [0, 10] {
        let limits = Limits { per_second: Some(100.0), at_once: Some(60), kept: 0.05, ..Limits::default() };
        let one = chain(vec![link("one", 1, limits, Tokens::default())]);
        let rests = Arc::new(AtomicUsize::new(0));
        let begun = Instant::now();
        let mut running = Vec::new();
        for conversation in 0..100_u64 {
            let (one, rests) = (one.clone(), Arc::clone(&rests));
            running.push(tokio::spawn(async move {
                sleep(millis(conversation * 10)).await;
                let mut took = Vec::new();
                while begun.elapsed() < secs(60) {
                    let asked = Instant::now();
                    let attempt = |slot: Slot, _| async move {
                        sleep(millis(500)).await;
                        let fails = conversation % 10 < failing / 10 && slot.number == 0;
                        let asked = Failure::new(Class::Overloaded, "").with_retry_after(Some(secs(8)));
                        if fails { Err(asked) } else { Ok(()) }
                    };
                    let rest = || rests.fetch_add(1, Ordering::Relaxed);
                    let ran =
                        one.run_resting(&origin("a", conversation), asked + secs(60), rest, attempt).await;
                    assert!(ran.result.is_ok());
                    took.push(asked.elapsed());
                    sleep(millis(500)).await;
                }
                (conversation, took)
            }));
        }
        let mut others = Vec::new();
        for run in running {
            let (conversation, times) = run.await.unwrap();
            if conversation % 10 > 0 {
                others.extend(times);
            }
        }
        others.sort();
        took.push((others.len() as f64, others[others.len() * 99 / 100].as_secs_f64()));
        left.push(rests.load(Ordering::Relaxed));
    }
    let [(answers, p99), (answers_beside, p99_beside)] = took[..] else { panic!("two runs") };
    assert!(answers_beside >= answers * 0.9, "{answers_beside} of {answers} answers");
    assert!(p99_beside <= p99 * 1.1, "{p99_beside} in place of {p99} seconds");
    assert!(left[0] == 0 && left[1] >= 60, "each wait leaves its place: {left:?}");
}

#[tokio::test(start_paused = true)]
async fn a_model_that_takes_few_at_a_time_is_soon_asked_by_no_more() {
    let one = keyed(1);
    let (running, refused) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let began = Instant::now();
    let all: Vec<_> = (0..48)
        .map(|lane| {
            let (one, running, refused) = (one.clone(), Arc::clone(&running), Arc::clone(&refused));
            tokio::spawn(async move {
                let attempt = |_: Slot| async {
                    if running.fetch_add(1, Ordering::Relaxed) >= 6 {
                        running.fetch_sub(1, Ordering::Relaxed);
                        refused.fetch_add(1, Ordering::Relaxed);
                        sleep(millis(5)).await;
                        return Err(Failure::new(Class::RateLimited, "").of_calls_at_once(true));
                    }
                    sleep(secs(2)).await;
                    running.fetch_sub(1, Ordering::Relaxed);
                    Ok(())
                };
                one.run(&origin("a", lane), began + secs(120), attempt).await.result
            })
        })
        .collect();
    for run in all {
        run.await.unwrap().unwrap();
    }
    let refused = refused.load(Ordering::Relaxed);
    assert!(refused < 42 * 3, "{refused}: the first crowd, and fewer each time");
    assert!(began.elapsed() < secs(30), "{:?}: 48 calls, 6 at a time, take 16 s at best", began.elapsed());
}
