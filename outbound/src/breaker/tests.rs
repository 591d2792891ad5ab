use super::*;

const LIMITS: Limits = Limits {
    window: Duration::from_secs(30),
    min_lanes: 20,
    failure_share: 0.5,
    in_a_row: 5,
    open: Duration::from_secs(15),
    open_cap: Duration::from_secs(300),
    probe: Duration::from_secs(2),
};

fn call(breaker: &mut Breaker, now: Instant, lane: u64, health: Health) {
    let admission = breaker.admit(now, false).expect("the breaker lets a call through");
    breaker.finish(now, &admission, lane, health);
}

fn until(breaker: &Breaker, now: Instant) -> Instant {
    match breaker.state(now) {
        State::Open { until, .. } => until,
        state => panic!("{state:?}"),
    }
}

fn opened(now: Instant) -> Breaker {
    let mut breaker = Breaker::new(LIMITS);
    (0..5).for_each(|lane| call(&mut breaker, now, lane, Health::Bad));
    assert_eq!(until(&breaker, now), now + LIMITS.open);
    breaker
}

#[test]
fn four_failures_in_a_row_are_too_few_and_five_of_two_lanes_open_it() {
    let now = Instant::now();
    let mut breaker = Breaker::new(LIMITS);
    for lane in [1, 1, 1, 2] {
        call(&mut breaker, now, lane, Health::Bad);
    }
    assert_eq!(breaker.state(now), State::Closed);
    call(&mut breaker, now, 2, Health::Bad);
    assert_eq!(until(&breaker, now), now + LIMITS.open);
    assert!(breaker.admit(now, false).is_none() && breaker.admit(now, true).is_none());
}

#[test]
fn one_lane_alone_never_opens_it() {
    let now = Instant::now();
    let mut breaker = Breaker::new(LIMITS);
    (0..1_000).for_each(|_| call(&mut breaker, now, 7, Health::Bad));
    assert_eq!(breaker.state(now), State::Closed);
}

#[test]
fn a_row_of_failures_beside_a_success_in_the_window_does_not_open_it() {
    let now = Instant::now();
    let mut breaker = Breaker::new(LIMITS);
    call(&mut breaker, now, 9, Health::Good);
    call(&mut breaker, now, 8, Health::Good);
    for _ in 0..50 {
        call(&mut breaker, now, 1, Health::Bad);
        call(&mut breaker, now, 2, Health::Bad);
    }
    assert_eq!(breaker.state(now), State::Closed, "two lanes fail, two are served");
}

#[test]
fn half_of_many_lanes_failing_opens_it_without_a_row() {
    let now = Instant::now();
    let mut breaker = Breaker::new(LIMITS);
    for lane in 0..19 {
        call(&mut breaker, now, lane, if lane % 2 == 0 { Health::Bad } else { Health::Good });
    }
    assert_eq!(breaker.state(now), State::Closed, "ten of nineteen are too few to tell");
    assert!(!breaker.is_strained(now));
    call(&mut breaker, now, 19, Health::Bad);
    assert!(matches!(breaker.state(now), State::Open { .. }), "eleven of twenty");
}

#[test]
fn a_tenth_of_the_conversations_failing_never_opens_it_and_a_quarter_is_a_strain() {
    for part in [10, 4] {
        let mut now = Instant::now();
        let mut breaker = Breaker::new(LIMITS);
        let mut random = fastrand::Rng::with_seed(5);
        for _ in 0..20_000 {
            now += Duration::from_millis(random.u64(0..100));
            let lane = random.u64(0..400);
            call(&mut breaker, now, lane, if lane.is_multiple_of(part) { Health::Bad } else { Health::Good });
            assert_eq!(breaker.state(now), State::Closed);
        }
        assert_eq!(breaker.is_strained(now), part == 4);
    }
}

#[test]
fn failures_that_left_the_window_are_forgotten_and_memory_is_bounded() {
    let start = Instant::now();
    let mut breaker = Breaker::new(LIMITS);
    (0..3).for_each(|lane| call(&mut breaker, start, lane, Health::Bad));
    call(&mut breaker, start, 3, Health::Good);
    let later = start + LIMITS.window;
    call(&mut breaker, later, 4, Health::Bad);
    assert_eq!(breaker.judged(later), (1, 1), "four of five with the old ones");
    assert_eq!(breaker.state(later), State::Closed);
    (0..10_000).for_each(|lane| call(&mut breaker, later, lane, Health::Good));
    assert_eq!(breaker.lanes.len(), PLACES);
}

#[test]
fn neutral_and_unknown_calls_neither_open_it_nor_break_a_row() {
    let now = Instant::now();
    let mut breaker = Breaker::new(LIMITS);
    for lane in 0..100 {
        call(&mut breaker, now, lane, Health::Neutral);
        call(&mut breaker, now, lane, Health::Unknown);
    }
    assert_eq!(breaker.fails(now), None);
    for lane in 0..5 {
        call(&mut breaker, now, lane, Health::Neutral);
        call(&mut breaker, now, lane, Health::Bad);
    }
    assert!(matches!(breaker.state(now), State::Open { .. }));
}

#[test]
fn half_open_lets_one_probe_through_at_a_time() {
    let now = Instant::now();
    let mut breaker = opened(now);
    let later = now + LIMITS.open;
    assert_eq!(breaker.state(later), State::HalfOpen { probing: false, since: now });
    let probe = breaker.admit(later, false).unwrap();
    assert!(probe.is_probe() && breaker.admit(later, false).is_none());
    assert!(breaker.admit(later, true).is_none(), "not even who has nothing else");
    breaker.finish(later, &probe, 1, Health::Good);
    assert_eq!(breaker.state(later), State::Closed);
}

#[test]
fn a_probe_that_was_given_up_makes_room_for_the_next() {
    let now = Instant::now();
    let mut breaker = opened(now);
    let later = now + LIMITS.open;
    let probe = breaker.admit(later, false).unwrap();
    breaker.finish(later, &probe, 1, Health::Unknown);
    assert_eq!(breaker.state(later), State::HalfOpen { probing: false, since: now });
    assert!(breaker.admit(later, false).is_some());
}

#[test]
fn failed_probes_double_the_open_time_up_to_its_cap_and_a_good_one_starts_over() {
    let begun = Instant::now();
    let (mut now, mut breaker) = (begun, opened(begun));
    let mut seconds = Vec::new();
    for _ in 0..6 {
        let at = until(&breaker, now);
        seconds.push((at - now).as_secs());
        now = at;
        call(&mut breaker, now, 1, Health::Bad);
    }
    assert_eq!(seconds, [15, 30, 60, 120, 240, 300]);
    assert!(matches!(breaker.state(now), State::Open { since, .. } if since == begun));
    now = until(&breaker, now);
    call(&mut breaker, now, 1, Health::Neutral);
    (0..5).for_each(|lane| call(&mut breaker, now, lane, Health::Bad));
    assert_eq!(until(&breaker, now), now + LIMITS.open);
}

#[test]
fn who_has_no_other_target_probes_every_few_seconds_however_long_it_lasts() {
    let mut now = Instant::now();
    let mut breaker = opened(now);
    for _ in 0..100 {
        assert!(breaker.admit(now + LIMITS.probe / 2, true).is_none(), "not before its time");
        now += LIMITS.probe;
        if let State::Open { until, .. } = breaker.state(now)
            && until > now
        {
            assert!(breaker.admit(now, false).is_none(), "who has another target does not wait here");
        }
        let probe = breaker.admit(now, true).unwrap();
        breaker.finish(now, &probe, 1, Health::Bad);
    }
}

#[test]
fn calls_begun_before_the_opening_change_nothing_after_it() {
    let now = Instant::now();
    let mut breaker = Breaker::new(LIMITS);
    let slow: Vec<_> = (0..10).map(|_| breaker.admit(now, false).unwrap()).collect();
    (0..5).for_each(|lane| call(&mut breaker, now, lane, Health::Bad));
    assert!(!breaker.holds(&slow[0]), "what has not begun must ask again");
    let later = now + Duration::from_secs(10);
    (0..).zip(&slow[..5]).for_each(|(lane, it)| breaker.finish(later, it, lane, Health::Bad));
    assert_eq!(until(&breaker, later), now + LIMITS.open, "not opened anew");
    let closed = now + LIMITS.open;
    call(&mut breaker, closed, 1, Health::Good);
    (0..).zip(&slow[5..]).for_each(|(lane, it)| breaker.finish(closed, it, lane, Health::Bad));
    assert_eq!(breaker.state(closed), State::Closed, "not opened by the past");
}
