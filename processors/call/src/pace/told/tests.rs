use super::*;

/// 2026-11-22T08:00:00Z.
const NOW: u64 = 1_795_334_400;

fn of(headers: &[(&'static str, &str)]) -> Vec<(Counted, f64, f64, Option<Duration>)> {
    let headers =
        headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
    let all = told(&headers, SystemTime::UNIX_EPOCH + Duration::from_secs(NOW));
    all.map(|it| (it.counted, it.limit, it.remaining, it.reset)).collect()
}

fn millis(millis: u64) -> Option<Duration> {
    Some(Duration::from_millis(millis))
}

#[test]
fn openai_tells_requests_and_tokens_with_durations() {
    let told = of(&[
        ("x-ratelimit-limit-requests", "60"),
        ("x-ratelimit-remaining-requests", "59"),
        ("x-ratelimit-reset-requests", "1s"),
        ("x-ratelimit-limit-tokens", "150000"),
        ("x-ratelimit-remaining-tokens", "149984"),
        ("x-ratelimit-reset-tokens", "6m0s"),
    ]);
    let expected = [
        (Counted::Calls, 60.0, 59.0, millis(1_000)),
        (Counted::Tokens, 150_000.0, 149_984.0, millis(360_000)),
    ];
    assert_eq!(told, expected);
}

#[test]
fn anthropic_tells_input_and_output_apart_with_instants() {
    let told = of(&[
        ("anthropic-ratelimit-requests-limit", "50"),
        ("anthropic-ratelimit-requests-remaining", "0"),
        ("anthropic-ratelimit-requests-reset", "2026-11-22T08:00:30Z"),
        ("anthropic-ratelimit-input-tokens-limit", "40000"),
        ("anthropic-ratelimit-input-tokens-remaining", "39000"),
        ("anthropic-ratelimit-input-tokens-reset", "2026-11-22T08:00:01.5+00:00"),
        ("anthropic-ratelimit-output-tokens-limit", "8000"),
        ("anthropic-ratelimit-output-tokens-remaining", "8000"),
        ("anthropic-ratelimit-output-tokens-reset", "2026-11-22T07:59:59Z"),
    ]);
    let expected = [
        (Counted::Calls, 50.0, 0.0, millis(30_000)),
        (Counted::Input, 40_000.0, 39_000.0, millis(1_500)),
        (Counted::Output, 8_000.0, 8_000.0, millis(0)),
    ];
    assert_eq!(told, expected);
}

#[test]
fn qianfan_tells_no_reset() {
    let told = of(&[
        ("X-Ratelimit-Limit-Requests", "300"),
        ("X-Ratelimit-Remaining-Requests", "299"),
        ("X-Ratelimit-Limit-Output-Tokens", "100000"),
        ("X-Ratelimit-Remaining-Output-Tokens", "70000"),
    ]);
    assert_eq!(told, [(Counted::Calls, 300.0, 299.0, None), (Counted::Output, 100_000.0, 70_000.0, None)]);
}

#[test]
fn durations_are_read_as_vendors_write_them_and_nothing_else_is() {
    for (text, expected) in [
        ("6ms", millis(6)),
        ("1.2s", millis(1_200)),
        ("2m59.56s", millis(179_560)),
        ("1h0m0s", millis(3_600_000)),
        ("1d", millis(86_400_000)),
        ("12", millis(12_000)),
        ("", None),
        ("s", None),
        ("soon", None),
        ("-1s", None),
        ("1e400s", None),
        ("1.2.3s", None),
        ("3 s", None),
    ] {
        let read = duration(text);
        let near = |(a, b): (Duration, Duration)| a.abs_diff(b) < Duration::from_micros(10);
        assert!(
            read.is_some() == expected.is_some() && read.zip(expected).is_none_or(near),
            "{text}: {read:?}"
        );
    }
}

#[test]
fn what_is_missing_or_unreadable_is_left_out() {
    assert_eq!(of(&[]), []);
    assert_eq!(of(&[("x-ratelimit-limit-requests", "60")]), []);
    assert_eq!(of(&[("x-ratelimit-limit-requests", "many"), ("x-ratelimit-remaining-requests", "1")]), []);
    let told = of(&[
        ("x-ratelimit-limit-requests", "60"),
        ("x-ratelimit-remaining-requests", "1"),
        ("x-ratelimit-reset-requests", "tomorrow"),
    ]);
    assert_eq!(told, [(Counted::Calls, 60.0, 1.0, None)]);
}
