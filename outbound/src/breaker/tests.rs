use super::*;

const LIMITS: Limits = Limits {
    window: Duration::from_secs(30),
    min_calls: 5,
    failure_share: 0.5,
    in_a_row: 5,
    open: Duration::from_secs(15),
    open_cap: Duration::from_secs(300),
};

fn call(breaker: &mut Breaker, now: Instant, health: Health) {
    let admission = breaker.admit(now, false).expect("the breaker lets a call through");
    breaker.finish(now, admission, health);
}

fn opened(now: Instant) -> Breaker {
    let mut breaker = Breaker::new(LIMITS);
    (0..5).for_each(|_| call(&mut breaker, now, Health::Bad));
    assert_eq!(breaker.state(now), State::Open(now + LIMITS.open));
    breaker
}

#[test]
fn four_failures_in_a_row_are_too_few_and_five_open_it() {
    let now = Instant::now();
    let mut breaker = Breaker::new(LIMITS);
    (0..4).for_each(|_| call(&mut breaker, now, Health::Bad));
    assert_eq!(breaker.state(now), State::Closed);
    call(&mut breaker, now, Health::Bad);
    assert_eq!(breaker.state(now), State::Open(now + LIMITS.open));
    assert!(breaker.admit(now, false).is_none());
}

#[test]
fn half_of_the_window_failing_opens_it_without_a_row() {
    let now = Instant::now();
    let mut breaker = Breaker::new(LIMITS);
    for health in [Health::Good, Health::Bad, Health::Good, Health::Bad, Health::Good] {
        call(&mut breaker, now, health);
    }
    assert_eq!(breaker.state(now), State::Closed, "two of five");
    call(&mut breaker, now, Health::Bad);
    assert!(matches!(breaker.state(now), State::Open(_)), "three of six");
}

#[test]
fn failures_that_left_the_window_are_forgotten() {
    let start = Instant::now();
    let mut breaker = Breaker::new(LIMITS);
    for _ in 0..3 {
        call(&mut breaker, start, Health::Bad);
    }
    call(&mut breaker, start, Health::Good);
    let later = start + LIMITS.window;
    call(&mut breaker, later, Health::Bad);
    assert_eq!(breaker.state(later), State::Closed, "one of one, four of five with the old ones");
    for second in 0..1000 {
        call(&mut breaker, later + Duration::from_secs(second), Health::Good);
    }
    assert!(breaker.slices.len() <= SLICES as usize, "{} slices", breaker.slices.len());
}

#[test]
fn neutral_and_unknown_calls_neither_open_it_nor_break_a_row() {
    let now = Instant::now();
    let mut breaker = Breaker::new(LIMITS);
    for _ in 0..100 {
        call(&mut breaker, now, Health::Neutral);
        call(&mut breaker, now, Health::Unknown);
    }
    assert_eq!(breaker.state(now), State::Closed);
    for _ in 0..5 {
        call(&mut breaker, now, Health::Neutral);
        call(&mut breaker, now, Health::Bad);
    }
    assert!(matches!(breaker.state(now), State::Open(_)));
}

#[test]
fn half_open_lets_one_probe_through_at_a_time() {
    let now = Instant::now();
    let mut breaker = opened(now);
    let later = now + LIMITS.open;
    assert_eq!(breaker.state(later), State::HalfOpen { probing: false });
    let probe = breaker.admit(later, false).unwrap();
    assert!(breaker.admit(later, false).is_none());
    assert!(breaker.admit(later, true).is_none(), "not even by force");
    breaker.finish(later, probe, Health::Good);
    assert_eq!(breaker.state(later), State::Closed);
}

#[test]
fn a_probe_that_was_given_up_makes_room_for_the_next() {
    let now = Instant::now();
    let mut breaker = opened(now);
    let later = now + LIMITS.open;
    let probe = breaker.admit(later, false).unwrap();
    breaker.finish(later, probe, Health::Unknown);
    assert_eq!(breaker.state(later), State::HalfOpen { probing: false });
    assert!(breaker.admit(later, false).is_some());
}

#[test]
fn failed_probes_double_the_open_time_up_to_its_cap_and_a_good_one_starts_over() {
    let mut now = Instant::now();
    let mut breaker = opened(now);
    let mut seconds = Vec::new();
    for _ in 0..6 {
        let State::Open(until) = breaker.state(now) else { panic!("open") };
        seconds.push((until - now).as_secs());
        now = until;
        call(&mut breaker, now, Health::Bad);
    }
    assert_eq!(seconds, [15, 30, 60, 120, 240, 300]);
    let State::Open(until) = breaker.state(now) else { panic!("open") };
    call(&mut breaker, until, Health::Neutral);
    (0..5).for_each(|_| call(&mut breaker, until, Health::Bad));
    assert_eq!(breaker.state(until), State::Open(until + LIMITS.open));
}

#[test]
fn calls_begun_before_the_opening_change_nothing_after_it() {
    let now = Instant::now();
    let mut breaker = Breaker::new(LIMITS);
    let mut slow: Vec<_> = (0..10).map(|_| breaker.admit(now, false).unwrap()).collect();
    (0..5).for_each(|_| call(&mut breaker, now, Health::Bad));
    let later = now + Duration::from_secs(10);
    slow.drain(..5).for_each(|admission| breaker.finish(later, admission, Health::Bad));
    assert_eq!(breaker.state(later), State::Open(now + LIMITS.open), "not opened anew");
    let closed = now + LIMITS.open;
    call(&mut breaker, closed, Health::Good);
    slow.drain(..).for_each(|admission| breaker.finish(closed, admission, Health::Bad));
    assert_eq!(breaker.state(closed), State::Closed, "not opened by the past");
}

#[test]
fn force_probes_an_open_breaker() {
    let now = Instant::now();
    let mut breaker = opened(now);
    let probe = breaker.admit(now, true).unwrap();
    assert_eq!(breaker.state(now), State::HalfOpen { probing: true });
    breaker.finish(now, probe, Health::Bad);
    assert_eq!(breaker.state(now), State::Open(now + LIMITS.open * 2));
}
