use super::*;
use crate::{class::Class, config::ChainConfig};

const READY: View = View { availability: Availability::Ready, may_repeat: true };
const BROKE: View = View { availability: Availability::Ready, may_repeat: false };

fn view(availability: Availability) -> View {
    View { availability, may_repeat: true }
}

fn first(target: usize) -> Step {
    Step::Try { target, repeat: false, forced: false }
}

fn again(target: usize) -> Step {
    Step::Try { target, repeat: true, forced: false }
}

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A plan with a minute's time, a clock, and targets of the capacity of their number plus one.
struct Story {
    plan: Plan,
    now: Instant,
    views: Vec<View>,
}

impl Story {
    fn of(targets: usize, change: impl FnOnce(&mut Rules)) -> Self {
        let now = Instant::now();
        let mut rules = ChainConfig { max_attempts: 10, ..ChainConfig::default() }.validate().unwrap();
        change(&mut rules);
        let capacities = (1..).take(targets);
        let plan = Plan::new(rules, now + secs(60), capacities, fastrand::Rng::with_seed(1));
        Self { plan, now, views: vec![READY; targets] }
    }

    fn next(&mut self) -> Step {
        self.plan.next(self.now, &self.views)
    }

    fn fail(&mut self, target: usize, class: Class) {
        self.plan.record(self.now, target, &Failure::new(class, ""));
    }

    /// Waits as often as told; the next step that is not a wait, and the time waited.
    fn after_waits(&mut self) -> (Step, Duration) {
        let began = self.now;
        loop {
            match self.next() {
                Step::Wait(time) => {
                    assert!(time > Duration::ZERO, "a wait moves on");
                    self.now += time;
                }
                step => return (step, self.now - began),
            }
        }
    }
}

#[test]
fn an_untried_free_target_is_next_at_once_whatever_may_be_repeated() {
    for class in
        [Class::RateLimited, Class::ServerError, Class::Timeout, Class::Auth, Class::ModelUnavailable]
    {
        let mut story = Story::of(3, |_| {});
        assert_eq!(story.next(), first(0));
        story.fail(0, class);
        assert_eq!(story.next(), first(1), "{class}");
        story.fail(1, class);
        assert_eq!(story.next(), first(2), "{class}");
    }
}

#[test]
fn the_same_target_comes_again_after_a_backoff_once_no_other_is_left() {
    let mut story = Story::of(2, |_| {});
    story.fail(0, Class::Auth);
    story.fail(1, Class::ServerError);
    let (step, waited) = story.after_waits();
    assert_eq!(step, again(1));
    assert!(waited <= Duration::from_millis(500), "{waited:?}");
}

#[test]
fn classes_that_forbid_it_are_never_repeated() {
    for class in [Class::QuotaExhausted, Class::Auth, Class::ModelUnavailable] {
        let mut story = Story::of(1, |_| {});
        story.fail(0, class);
        assert_eq!(story.next(), Step::Stop(Stop::Exhausted), "{class}");
    }
}

#[test]
fn timeout_and_protocol_together_are_repeated_once() {
    for classes in [[Class::Timeout, Class::Timeout], [Class::Timeout, Class::Protocol]] {
        let mut story = Story::of(1, |_| {});
        story.fail(0, classes[0]);
        assert_eq!(story.after_waits().0, again(0));
        story.fail(0, classes[1]);
        assert_eq!(story.next(), Step::Stop(Stop::Exhausted), "{classes:?}");
    }
}

#[test]
fn a_bad_request_goes_to_every_other_target_once() {
    let mut story = Story::of(2, |_| {});
    story.fail(0, Class::BadRequest);
    assert_eq!(story.next(), first(1));
    story.fail(1, Class::BadRequest);
    assert_eq!(story.next(), Step::Stop(Stop::Exhausted));
}

#[test]
fn a_used_up_cap_ends_it_everywhere_and_an_empty_answer_does_not() {
    let mut story = Story::of(2, |_| {});
    story.fail(0, Class::CapUsedUp);
    assert_eq!(story.next(), Step::Stop(Stop::Terminal));
    let mut story = Story::of(2, |_| {});
    story.fail(0, Class::Empty);
    assert_eq!(story.next(), first(1));
    story.fail(1, Class::Empty);
    assert!(matches!(story.after_waits().0, Step::Try { repeat: true, .. }));
}

#[test]
fn a_refused_content_goes_elsewhere_only_when_switched_on() {
    let mut story = Story::of(2, |_| {});
    story.fail(0, Class::ContentBlocked);
    assert_eq!(story.next(), Step::Stop(Stop::Terminal));
    let mut story = Story::of(2, |rules| rules.fallback_after_block = true);
    story.fail(0, Class::ContentBlocked);
    assert_eq!(story.next(), first(1));
    story.fail(1, Class::ContentBlocked);
    assert_eq!(story.next(), Step::Stop(Stop::Exhausted));
}

#[test]
fn an_input_too_long_goes_only_to_larger_targets() {
    let mut story = Story::of(3, |_| {});
    story.fail(1, Class::ContextTooLong);
    assert_eq!(story.next(), first(2), "0 is smaller than 1");
    story.fail(2, Class::ContextTooLong);
    assert_eq!(story.next(), Step::Stop(Stop::Exhausted));
}

#[test]
fn an_ambiguous_failure_ends_it_when_repeating_is_forbidden() {
    let lost = Failure::new(Class::Protocol, "").possibly_done();
    let mut story = Story::of(2, |rules| rules.repeat_ambiguous = false);
    story.plan.record(story.now, 0, &lost);
    assert_eq!(story.next(), Step::Stop(Stop::Ambiguous));
    let mut story = Story::of(2, |_| {});
    story.plan.record(story.now, 0, &lost);
    assert_eq!(story.next(), first(1));
}

#[test]
fn an_asked_wait_is_honoured_up_to_the_cap() {
    let limited = |seconds| Failure::new(Class::RateLimited, "").with_retry_after(Some(secs(seconds)));
    let mut story = Story::of(1, |_| {});
    story.plan.record(story.now, 0, &limited(20));
    assert_eq!(story.after_waits(), (again(0), secs(20)));
    let mut story = Story::of(1, |_| {});
    story.plan.record(story.now, 0, &limited(61));
    assert_eq!(story.next(), Step::Stop(Stop::Exhausted));
}

#[test]
fn an_asked_wait_beyond_a_shorter_cooldown_is_kept_whole() {
    let mut story = Story::of(1, |_| {});
    let limited = Failure::new(Class::RateLimited, "").with_retry_after(Some(secs(20)));
    story.plan.record(story.now, 0, &limited);
    story.views[0] = view(Availability::Cooling(story.now + secs(1)));
    assert_eq!(story.next(), Step::Wait(secs(20)));
}

#[test]
fn a_wait_that_leaves_no_useful_time_is_not_begun() {
    let mut story = Story::of(1, |_| {});
    let limited = Failure::new(Class::RateLimited, "").with_retry_after(Some(secs(60)));
    story.plan.record(story.now, 0, &limited);
    assert_eq!(story.next(), Step::Stop(Stop::Deadline));
}

#[test]
fn no_attempt_starts_with_less_than_the_useful_time() {
    let mut story = Story::of(1, |rules| rules.min_useful = secs(5));
    story.now += secs(55);
    assert_eq!(story.next(), first(0));
    story.now += Duration::from_millis(1);
    assert_eq!(story.next(), Step::Stop(Stop::Deadline));
}

#[test]
fn the_most_attempts_end_it() {
    let mut story = Story::of(1, |rules| rules.max_attempts = 3);
    for _ in 0..3 {
        assert!(matches!(story.after_waits().0, Step::Try { target: 0, .. }));
        story.fail(0, Class::ServerError);
    }
    assert_eq!(story.next(), Step::Stop(Stop::MaxAttempts));
}

#[test]
fn open_breakers_are_passed_over_and_never_waited_for() {
    let mut story = Story::of(3, |_| {});
    story.views[0] = view(Availability::Open(story.now + secs(1)));
    story.views[1] = view(Availability::Probing);
    assert_eq!(story.next(), first(2));
    story.fail(2, Class::Auth);
    assert_eq!(story.next(), Step::Stop(Stop::Unavailable));
}

#[test]
fn with_every_breaker_open_the_nearest_is_probed_only_when_switched_on() {
    let mut story = Story::of(3, |rules| rules.probe_when_all_open = true);
    for (target, seconds) in [30, 10, 20].into_iter().enumerate() {
        story.views[target] = view(Availability::Open(story.now + secs(seconds)));
    }
    assert_eq!(story.next(), Step::Try { target: 1, repeat: false, forced: true });
    story.fail(1, Class::ServerError);
    assert_eq!(story.next(), Step::Try { target: 2, repeat: false, forced: true }, "untried before tried");
    let views = story.views;
    let mut story = Story::of(3, |_| {});
    story.views = views;
    assert_eq!(story.next(), Step::Stop(Stop::Unavailable));
}

#[test]
fn a_cooldown_is_waited_for_when_it_ends_in_time() {
    let mut story = Story::of(2, |_| {});
    let until = story.now + secs(10);
    story.views = vec![view(Availability::Cooling(until + secs(5))), view(Availability::Cooling(until))];
    let Step::Wait(time) = story.next() else { panic!("waits") };
    assert!(time >= secs(10) && time <= secs(10) + Duration::from_millis(500), "{time:?}");
    story.now += time;
    story.views[1] = READY;
    assert_eq!(story.next(), first(1));
    let mut story = Story::of(1, |_| {});
    story.views = vec![view(Availability::Cooling(story.now + secs(600)))];
    assert_eq!(story.next(), Step::Stop(Stop::Unavailable));
}

#[test]
fn a_short_wait_for_a_tried_target_wins_over_a_longer_one_for_an_untried() {
    let mut story = Story::of(2, |_| {});
    story.views[1] = view(Availability::Cooling(story.now + secs(30)));
    story.fail(0, Class::ServerError);
    assert_eq!(story.after_waits().0, again(0));
}

#[test]
fn the_retry_budget_refuses_repeats_but_not_other_targets() {
    let mut story = Story::of(2, |_| {});
    story.views = vec![BROKE, BROKE];
    assert_eq!(story.next(), first(0));
    story.fail(0, Class::ServerError);
    assert_eq!(story.next(), first(1));
    story.fail(1, Class::ServerError);
    assert_eq!(story.next(), Step::Stop(Stop::Budget(0)));
}

#[test]
fn an_overload_is_waited_out_longer_than_an_error() {
    let mean = |class| {
        let waits = (0..200).map(|seed| {
            let mut story = Story::of(1, |_| {});
            story.plan.places[0].waits =
                FullJitter::new(story.plan.rules.steps, fastrand::Rng::with_seed(seed));
            story.fail(0, class);
            story.after_waits().1
        });
        waits.sum::<Duration>() / 200
    };
    let (error, overload) = (mean(Class::ServerError), mean(Class::Overloaded));
    assert!(overload > error * 3 && overload < error * 5, "{error:?} {overload:?}");
}

#[test]
fn every_run_of_failures_ends_within_the_attempts_and_the_deadline() {
    let mut random = fastrand::Rng::with_seed(42);
    for _ in 0..2000 {
        let targets = random.usize(0..4);
        let mut story = Story::of(targets, |_| {});
        let deadline = story.now + secs(60);
        let mut attempts = 0;
        let end = loop {
            for at in 0..targets {
                let until = story.now + secs(random.u64(1..20));
                story.views[at].availability = match random.u8(0..8) {
                    0 => Availability::Cooling(until),
                    1 => Availability::Open(until),
                    2 => Availability::Probing,
                    _ => Availability::Ready,
                };
            }
            match story.next() {
                Step::Try { target, .. } => {
                    assert!(story.now + secs(1) <= deadline, "useful time is left");
                    attempts += 1;
                    story.now += Duration::from_millis(random.u64(0..5000));
                    story.fail(target, Class::ALL[random.usize(0..Class::ALL.len())]);
                }
                Step::Wait(time) => story.now += time,
                Step::Stop(stop) => break stop,
            }
            assert!(attempts <= 10);
        };
        assert!(targets > 0 || end == Stop::Exhausted);
    }
}
