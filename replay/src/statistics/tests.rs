use super::estimate::Needs;
use super::quantile;
use super::ratio::{self, Part};
use super::sequential::Watch;
use super::share::{self, Count};
use super::{Estimate, Seed};

fn parts(values: &[(f64, f64)]) -> Vec<Part> {
    values.iter().map(|(above, below)| Part { above: *above, below: *below }).collect()
}

fn spread() -> Vec<Part> {
    parts(&[(1.0, 2.0), (3.0, 3.0), (0.0, 1.0), (2.0, 5.0), (4.0, 4.0), (1.0, 3.0), (0.5, 2.0)])
}

fn counts(values: &[(f64, f64)]) -> Vec<Count> {
    values.iter().map(|(hits, turns)| Count { hits: *hits, turns: *turns }).collect()
}

/// Limits and chances say the same as the interval does.
fn agrees_with_its_interval(estimate: &Estimate) {
    let (low, high) = estimate.interval();
    assert!(low < high, "{low} {high}");
    let width = high - low;
    for (limit, above, below) in [
        (low - width * 0.02, true, false),
        (high + width * 0.02, false, true),
        (f64::midpoint(low, high), false, false),
    ] {
        assert_eq!(estimate.chance_if_not_above(limit) < 0.025, above, "{limit} of {low} {high}");
        assert_eq!(estimate.chance_if_not_below(limit) < 0.025, below, "{limit} of {low} {high}");
        assert_eq!(estimate.chance_if_at(limit) < 0.05, above || below);
    }
}

#[test]
fn chances_agree_with_intervals_whatever_the_figure() {
    agrees_with_its_interval(&ratio::estimate(&spread(), Seed::of("m")).unwrap());
    let hits = counts(&[(1.0, 4.0), (0.0, 3.0), (3.0, 6.0), (0.0, 2.0), (2.0, 5.0), (1.0, 1.0)]);
    agrees_with_its_interval(&share::share(&hits).unwrap());
    agrees_with_its_interval(&share::difference(&hits).unwrap());
    let pairs: Vec<Vec<(f64, f64)>> =
        (1..30).map(|i| (0..i % 4 + 1).map(|k| (f64::from(i), f64::from(i + k))).collect()).collect();
    agrees_with_its_interval(&quantile::change(&pairs, 0.5, Seed::of("m")).unwrap().estimate.unwrap());
}

#[test]
fn equal_seeds_give_equal_figures_and_others_move_the_ends_a_little() {
    let estimate = |seed: &str| ratio::estimate(&spread(), Seed::of(seed)).unwrap();
    assert_eq!(estimate("m"), estimate("m"));
    assert_ne!(estimate("m").interval(), estimate("n").interval());
    assert_eq!(estimate("m").point, 11.5 / 20.0);
}

#[test]
fn too_few_conversations_have_no_interval_and_nothing_below_the_line_no_figure() {
    assert_eq!(ratio::estimate(&spread()[..4], Seed::of("m")), None);
    assert_eq!(ratio::estimate(&parts(&[(1.0, 0.0); 9]), Seed::of("m")), None);
    assert_eq!(share::share(&counts(&[(1.0, 2.0); 4])), None);
    assert_eq!(share::difference(&counts(&[(0.0, 0.0); 9])), None);
    assert_eq!(quantile::change(&[], 0.95, Seed::of("m")), None);
    assert_eq!(quantile::change(&[vec![(0.0, 1.0)]], 0.95, Seed::of("m")), None);
    let few = quantile::change(&[vec![(2.0, 3.0)], vec![(1.0, 1.0)]], 0.95, Seed::of("m")).unwrap();
    assert_eq!((few.baseline, few.candidate, few.estimate), (2.0, 3.0, None));
}

#[test]
fn what_never_differs_has_an_interval_without_width_and_what_never_happens_one_with() {
    let same = ratio::estimate(&parts(&[(1.0, 2.0); 9]), Seed::of("m")).unwrap();
    assert_eq!((same.point, same.interval()), (0.5, (0.5, 0.5)));
    assert!(same.chance_if_not_above(0.4) <= 0.5 && same.chance_if_not_below(0.4) == 1.0);
    let never = share::share(&counts(&[(0.0, 3.0); 50])).unwrap();
    let (low, high) = never.interval();
    // By conversations: 0 of 50, not 0 of 150.
    assert!(low == 0.0 && (0.06..0.08).contains(&high), "{low} {high}");
    assert_eq!(never.chance_if_not_above(0.0), 1.0);
    let equal = share::difference(&counts(&[(0.0, 3.0); 50])).unwrap();
    let (low, high) = equal.interval();
    assert!(low < 0.0 && high > 0.0 && high < 0.02, "{low} {high}");
}

#[test]
fn wilson_s_interval_of_single_turns_is_the_published_one() {
    let mut each = vec![(1.0, 1.0); 81];
    each.extend([(0.0, 1.0); 182]);
    let (low, high) = share::share(&counts(&each)).unwrap().interval();
    // R. G. Newcombe (1998), table I: 0.2553 to 0.3662, here with Student's quantile.
    assert!((low - 0.2553).abs() < 0.001 && (high - 0.3662).abs() < 0.001, "{low} {high}");
}

#[test]
fn four_times_the_conversations_show_half_the_effect() {
    let once = ratio::estimate(&spread().repeat(4), Seed::of("m")).unwrap();
    let fourfold = ratio::estimate(&spread().repeat(16), Seed::of("m")).unwrap();
    let times = once.least_effect() / fourfold.least_effect();
    assert!((1.9..2.3).contains(&times), "{times}");
    let Needs::Conversations(needed) = once.needs(once.point + once.least_effect() / 2.0) else { panic!() };
    assert!((112..=113).contains(&needed), "{needed}");
    assert_eq!(once.needs(once.point), Needs::TooMany);
    assert_eq!(once.needs(once.point + 1e-9), Needs::TooMany);
}

#[test]
fn a_quantile_is_the_value_that_so_many_turns_do_not_exceed() {
    let pairs: Vec<Vec<(f64, f64)>> = (1..=100).map(|i| vec![(f64::from(i), f64::from(2 * i))]).collect();
    let change = quantile::change(&pairs, 0.95, Seed::of("m")).unwrap();
    assert_eq!((change.baseline, change.candidate), (95.0, 190.0));
    let (low, high) = change.estimate.unwrap().interval();
    assert!((low - 1.0).abs() < 1e-9 && (high - 1.0).abs() < 1e-9, "each doubles: {low} {high}");
}

#[test]
fn a_watch_narrows_around_its_mean_and_never_widens() {
    let mut watch = Watch::new(&[4, 4]);
    assert_eq!((watch.interval(), watch.mean(), watch.conversations()), ((0.0, 1.0), 0.5, 0));
    let mut before = watch.interval();
    for turn in 0..200_u64 {
        watch.see(if turn % 4 == 0 { 1.0 } else { 3.0 }, 4);
        let now = watch.interval();
        assert!(now.0 >= before.0 && now.1 <= before.1, "{now:?}");
        before = now;
    }
    watch.see(0.0, 0);
    assert_eq!((watch.conversations(), watch.mean()), (200, 0.625));
    assert!(before.0 > 0.5 && before.0 < 0.625 && before.1 > 0.625 && before.1 < 0.75, "{before:?}");
    assert!(watch.excludes(0.5) && !watch.excludes(0.625));
}
