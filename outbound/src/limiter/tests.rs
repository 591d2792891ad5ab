use super::*;

const PAUSES: Pauses = Pauses {
    steps: Steps { base: Duration::from_secs(1), cap: Duration::from_secs(2) },
    longest: Duration::from_secs(60),
};

fn limiter(per_second: Option<f64>, now: Instant) -> Limiter {
    Limiter::new(Limits { per_second, ..Limits::default() }, PAUSES, now)
}

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// The next start of somebody who always wants one.
fn next(limiter: &mut Limiter, now: &mut Instant) -> Ticket {
    loop {
        match limiter.ready(*now, Tokens::default(), Standing::Quiet) {
            Ready::Now => {
                let ticket = limiter.start(*now, Tokens::default());
                limiter.ended(*now, ticket);
                return ticket;
            }
            Ready::At(at) => *now = at,
            Ready::WhenOneEnds => panic!("nothing bounds the calls at a time"),
        }
    }
}

fn many(limiter: &mut Limiter, now: &mut Instant) {
    next(limiter, now);
}

/// How long the pause is that a refusal brought about.
fn pause(limiter: &mut Limiter, now: Instant) -> Duration {
    match limiter.ready(now, Tokens::default(), Standing::Quiet) {
        Ready::At(at) => at - now,
        Ready::Now | Ready::WhenOneEnds => Duration::ZERO,
    }
}

#[test]
fn no_stretch_of_a_second_holds_more_than_the_limit_whatever_stalls_lie_between() {
    let mut random = fastrand::Rng::with_seed(3);
    for limit in [1_u32, 2, 7, 20, 100, 333] {
        let mut now = Instant::now();
        let mut limiter = limiter(Some(limit.into()), now);
        let mut starts = Vec::new();
        for _ in 0..limit * 20 {
            next(&mut limiter, &mut now);
            starts.push(now);
            if random.u32(0..limit) == 0 {
                now += millis(random.u64(0..400));
            }
        }
        for (at, first) in starts.iter().enumerate() {
            let within =
                starts[at..].iter().take_while(|start| **start - *first < SECOND + millis(30)).count();
            assert!(within <= limit as usize, "{limit}: {within}");
        }
    }
}

#[test]
fn a_short_stall_is_made_up_for() {
    let begun = Instant::now();
    let (mut now, mut limiter) = (begun, limiter(Some(100.0), begun));
    for number in 0..970 {
        next(&mut limiter, &mut now);
        if number % 50 == 0 {
            now += millis(60);
        }
    }
    assert!(now - begun < millis(10_200), "{:?}", now - begun);
}

#[test]
fn refusals_of_what_started_before_are_one_signal_and_only_a_longer_wish_counts() {
    let mut now = Instant::now();
    let mut limiter = limiter(Some(100.0), now);
    let running: Vec<_> = (0..90).map(|_| next(&mut limiter, &mut now)).collect();
    assert!(limiter.refused(now, running[0], Excess::Rate, None));
    let rate = limiter.rate(now).unwrap();
    for ticket in &running[1..] {
        assert!(!limiter.refused(now, *ticket, Excess::Rate, None));
    }
    assert!((limiter.rate(now).unwrap() - rate).abs() < 1e-9, "lowered once");
    assert_eq!(pause(&mut limiter, now), SECOND);
    assert!(!limiter.refused(now, running[5], Excess::Rate, Some(SECOND * 7)));
    assert_eq!(pause(&mut limiter, now), SECOND * 7);
    assert!(!limiter.refused(now, running[6], Excess::Rate, Some(SECOND * 3_600)));
    assert_eq!(pause(&mut limiter, now), SECOND * 60, "no wish is honoured beyond the cap");
}

#[test]
fn refusals_in_a_row_pause_longer_until_something_is_taken() {
    let mut now = Instant::now();
    let mut limiter = limiter(Some(100.0), now);
    (0..90).for_each(|_| many(&mut limiter, &mut now));
    let mut seconds = Vec::new();
    for _ in 0..4 {
        let ticket = next(&mut limiter, &mut now);
        limiter.refused(now, ticket, Excess::Rate, None);
        seconds.push(pause(&mut limiter, now).as_secs());
    }
    assert_eq!(seconds, [1, 2, 2, 2]);
    next(&mut limiter, &mut now);
    let ticket = next(&mut limiter, &mut now);
    limiter.refused(now, ticket, Excess::Rate, None);
    assert!(pause(&mut limiter, now) <= SECOND, "{:?}", pause(&mut limiter, now));
}

#[test]
fn a_refusal_lowers_the_rate_at_once_and_it_comes_back_slowly_up_to_the_limit() {
    let mut now = Instant::now();
    let mut limiter = limiter(Some(100.0), now);
    let last = (0..300).map(|_| next(&mut limiter, &mut now)).last().unwrap();
    assert!(limiter.refused(now, last, Excess::Rate, None));
    assert!(limiter.has_learned());
    let rate = |limiter: &Limiter, after: u64| limiter.rate(now + SECOND + millis(after)).unwrap();
    assert!((89.0..92.0).contains(&rate(&limiter, 0)), "{}", rate(&limiter, 0));
    assert!((92.5..95.0).contains(&rate(&limiter, 2_500)), "{}", rate(&limiter, 2_500));
    assert!((96.4..96.6).contains(&rate(&limiter, 9_000)), "never above: {}", rate(&limiter, 9_000));
    assert!((0.9..0.99).contains(&limiter.learned_part(now + SECOND)));
    limiter.ready(now + SECOND * 20, Tokens::default(), Standing::Quiet);
    assert!(!limiter.has_learned(), "and is forgotten there");
}

#[test]
fn one_refusal_never_takes_more_than_half() {
    let mut now = Instant::now();
    let mut limiter = limiter(Some(100.0), now);
    let running: Vec<_> = (0..300).map(|_| next(&mut limiter, &mut now)).collect();
    for ticket in running.iter().rev().take(95) {
        limiter.refused(now, *ticket, Excess::Rate, None);
    }
    let ticket = next(&mut limiter, &mut now);
    limiter.refused(now, ticket, Excess::Rate, None);
    assert!(limiter.rate(now).unwrap() > 20.0, "{:?}", limiter.rate(now));
}

#[test]
fn a_refusal_of_one_of_few_calls_teaches_no_rate() {
    for per_second in [None, Some(100.0)] {
        let mut now = Instant::now();
        let mut limiter = limiter(per_second, now);
        next(&mut limiter, &mut now);
        let ticket = next(&mut limiter, &mut now);
        assert!(limiter.refused(now, ticket, Excess::Rate, None));
        assert!(!limiter.has_learned());
        assert_eq!(pause(&mut limiter, now), millis(250));
    }
}

#[test]
fn a_share_of_less_than_one_start_a_second_is_one_in_a_longer_time() {
    let begun = Instant::now();
    let (mut now, mut limiter) = (begun, limiter(Some(20.0), begun));
    limiter.set_share(1.0 / 48.0);
    (0..11).for_each(|_| many(&mut limiter, &mut now));
    let took = (now - begun).as_secs_f64();
    assert!((24.0..25.0).contains(&took), "{took}");
    for nothing in [0.0, -1.0, f64::NAN] {
        limiter.set_share(nothing);
        assert!(pause(&mut limiter, now) > SECOND * 3_600, "{nothing}");
    }
}

#[test]
fn what_is_expected_is_what_comes() {
    let begun = Instant::now();
    let (mut now, mut limiter) = (begun, limiter(Some(100.0), begun));
    let expected = limiter.expected(begun, 500);
    (0..500).for_each(|_| many(&mut limiter, &mut now));
    assert!(expected.max(now) - expected.min(now) < millis(200), "{:?}", expected - begun);
}

#[test]
fn what_calls_have_taken_of_a_minute_is_told_with_the_part_that_there_is() {
    let now = Instant::now();
    let limits = Limits {
        per_second: Some(5.0),
        per_minute: Some(10.0),
        input_tokens_per_minute: Some(1_000.0),
        ..Limits::default()
    };
    let mut limiter = Limiter::new(limits, PAUSES, now);
    let used = |limiter: &mut Limiter, now| limiter.used(now).collect::<Vec<_>>();
    let ticket = limiter.start(now, Tokens { input: 400, output: 9 });
    assert_eq!(used(&mut limiter, now), [(Counted::Calls, 1, 10), (Counted::Input, 400, 1_000)]);
    limiter.settle(ticket, Tokens { input: 100, output: 9 });
    limiter.set_share(0.5);
    assert_eq!(used(&mut limiter, now), [(Counted::Calls, 1, 5), (Counted::Input, 100, 500)]);
    let later = now + Duration::from_secs(70);
    assert_eq!(used(&mut limiter, later), [(Counted::Calls, 0, 5), (Counted::Input, 0, 500)]);
}
