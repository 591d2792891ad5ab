use super::Limits;
use crate::model::config::LimitConfig;
use crate::traffic::Fate;
use crate::window::Counting;
use std::time::Duration;

fn limited(limits: LimitConfig) -> Limits {
    let all = Limits::default();
    all.set("m", limits);
    all
}

#[test]
fn requests_over_a_fixed_or_a_sliding_second_are_refused_with_the_time_to_come_back() {
    let arrivals = [900, 950, 999, 1_000, 1_899, 1_900];
    for (counting, expected) in [
        (Counting::Sliding, [true, true, false, false, false, true]),
        (Counting::Fixed, [true, true, false, true, true, false]),
    ] {
        let limits = LimitConfig { requests_per_s: 2, counting, ..LimitConfig::default() };
        let all = limited(LimitConfig { retry_after: Some(Duration::from_millis(1_500)), ..limits });
        let let_in = arrivals.map(|at| all.arrive(("m", None), 0, at).is_ok());
        assert_eq!(let_in, expected, "{counting:?}");
        let again = all.arrive(("m", None), 0, 1_901).err().and_then(|again| again.retry_after.retry_after);
        assert_eq!(again, Some(Duration::from_millis(1_500)));
        assert!(all.arrive(("another", None), 0, 900).is_ok(), "each model has limits of its own");
    }
}

#[test]
fn a_minute_that_is_full_spends_nothing_of_the_second() {
    let all = limited(LimitConfig { requests_per_s: 2, requests_per_min: 2, ..LimitConfig::default() });
    let let_in = [0, 0, 59_500, 60_000, 60_001, 60_002].map(|at| all.arrive(("m", None), 0, at).is_ok());
    assert_eq!(let_in, [true, true, false, true, true, false]);
}

#[test]
fn so_many_run_at_a_time_and_one_that_ends_makes_room() {
    let all = limited(LimitConfig { concurrent: 2, ..LimitConfig::default() });
    let (one, two) = (all.arrive(("m", None), 0, 0).unwrap(), all.arrive(("m", None), 0, 0).unwrap());
    assert!(all.arrive(("m", None), 0, 0).is_err());
    one.end(Fate::Accepted);
    drop(one);
    let three = all.arrive(("m", None), 0, 0).unwrap();
    drop((two, three));
    let told = all.told(false);
    let sums = ["calls", "accepted", "refused", "unanswered", "running", "most_running"];
    assert_eq!(sums.map(|name| told["m"][name].as_u64()), [4, 1, 1, 2, 0, 2].map(Some));
    all.forget();
    assert_eq!(all.told(false)["m"]["calls"], 0);
}
