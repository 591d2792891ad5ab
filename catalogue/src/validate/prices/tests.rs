use proptest::prelude::*;
use schemas::Millis;

use common::Problems;
use toml::Spanned;

use super::*;
use crate::Bundle;
use crate::validate::day::day;
use crate::validate::tests::{read, told};
use crate::validate::warnings;

const APP: &str = "[[app]]\nkey = 'acme#support'\nchain = ['main']\nallowed_regions = ['cn', 'us']\nlabel = 'AI'\nbot = [{ id = 'bot' }]\n\
                   [[target]]\nname = 'main'\nprovider = 'openai'\nmodel = 'm'\nregion = 'cn'\n\
                   [[target]]\nname = 'west'\nprovider = 'openai'\nmodel = 'm'\nregion = 'us'\n";

/// Prices of the model `m`, a row for each line of keys.
fn with(rows: &[&str]) -> String {
    let row = |keys: &&str| {
        let mut keys: Vec<&str> = keys.split("; ").collect();
        for default in
            ["provider = 'openai'", "model = 'm'", "currency = 'CNY'", "output = '8'", "input = '2'"]
        {
            let name = default.split(' ').next().unwrap_or_default();
            if !keys.iter().any(|key| key.split(' ').next() == Some(name)) {
                keys.push(default);
            }
        }
        format!("[[price]]\n{}\n", keys.join("\n"))
    };
    APP.to_owned() + &rows.iter().map(row).collect::<String>()
}

fn at(text: &str) -> Millis {
    day("test", &Spanned::new(0..0, text.to_owned()), &mut Problems::default()).unwrap()
}

fn input(bundle: &Bundle, target: &str, on: &str) -> Option<i64> {
    let target = &bundle.targets[&TargetName::new(target).unwrap()];
    bundle.price(target, at(on)).map(|price| price.rates.input_pico / 1_000_000)
}

#[test]
fn the_row_that_holds_follows_from_its_days_and_its_region() {
    let rows = ["from = '2026-01-01'; input = '2'", "from = '2025-01-01'; input = '20'"];
    for rows in [rows, [rows[1], rows[0]]] {
        let bundle = read(&with(&rows)).unwrap();
        for (on, price) in [
            ("2024-12-31", None),
            ("2025-01-01", Some(20)),
            ("2025-12-31", Some(20)),
            ("2026-01-01", Some(2)),
        ] {
            assert_eq!(input(&bundle, "main", on), price, "{on}");
        }
    }
    // The row of its own region goes before the one of any, whichever is younger.
    let bundle = read(&with(&[
        "from = '2026-06-01'; input = '5'",
        "from = '2025-01-01'; until = '2027-01-01'; region = 'us'; input = '3'",
        "from = '2020-01-01'; input = '1'",
    ]))
    .unwrap();
    for (target, on, price) in [
        ("main", "2026-05-31", Some(1)),
        ("main", "2026-06-01", Some(5)),
        ("west", "2024-12-31", Some(1)),
        ("west", "2026-07-01", Some(3)),
        ("west", "2027-01-01", Some(5)),
    ] {
        assert_eq!(input(&bundle, target, on), price, "{target} on {on}");
    }
    // A row without an end ends where the next begins, and does not come back when that one ends.
    let bundle =
        read(&with(&["from = '2026-01-01'; input = '4'", "from = '2026-03-01'; until = '2026-04-01'"]))
            .unwrap();
    assert_eq!(input(&bundle, "main", "2026-03-31"), Some(2));
    assert_eq!(input(&bundle, "main", "2026-04-01"), None);
}

#[test]
fn rows_that_contradict_one_another_are_refused_with_their_line() {
    for (rows, line, what) in [
        (
            &["from = '2026-01-01'", "input = '9'; from = '2026-01-01'"][..],
            "from = '2026-01-01'",
            "two rows of one provider, model and region begin on 2026-01-01",
        ),
        (
            &["from = '2026-02-01'", "from = '2026-01-01'; until = '2026-02-02'"],
            "until = '2026-02-02'",
            "it holds until 2026-02-02, but the next row begins on 2026-02-01 already",
        ),
        (
            &["from = '2026-01-01'; until = '2025-12-31'"],
            "until = '2025-12-31'",
            "until 2025-12-31 is not after from 2026-01-01",
        ),
        (&["from = '2026-01-01'; until = '2026-01-01'"], "until = '2026-01-01'", "is not after from"),
        (
            &["from = '2026-01-01'; currency = 'USD'", "from = '2025-01-01'"],
            "currency = 'USD'",
            "it is in USD, and the row of 2025-01-01 in CNY: one model has one currency",
        ),
        (
            &["from = '2025-01-01'", "from = '2026-01-01'; region = 'us'; currency = 'USD'"],
            "currency = 'USD'",
            "target \"west\" would be paid in CNY and, from 2026-01-01 on, in USD",
        ),
        (
            &["from = '2025-01-01'; currency = 'RMB'"],
            "currency = 'RMB'",
            "currency \"RMB\" is no ISO 4217 code in capitals; \"CNY\" is meant?",
        ),
        (&["from = '2025-01-01'; currency = 'cny'"], "currency = 'cny'", "\"CNY\" is meant?"),
        (
            &["from = '2025-01-01'; input = '1000000000000'"],
            "input = '1000000000000'",
            "decimal text below 10^12",
        ),
        (&["from = '2025-01-01'; provider = 'gpt'"], "provider = 'gpt'", "is none of openai"),
    ] {
        let text = with(rows);
        let told = told(&text, read(&text).unwrap_err());
        assert!(told.iter().any(|(l, w)| l == line && w.contains(what)), "{rows:?}: {told:?}");
    }
}

#[test]
fn rows_that_only_look_like_a_contradiction_are_taken() {
    for rows in [
        // One ends on the day on which the next begins.
        &["from = '2025-01-01'; until = '2026-01-01'", "from = '2026-01-01'"][..],
        // Other regions, models and providers have days and currencies of their own.
        &["from = '2026-01-01'; region = 'cn'", "from = '2026-01-01'; region = 'us'; currency = 'USD'"],
        &["from = '2026-01-01'", "from = '2026-01-01'; model = 'n'; currency = 'USD'"],
        &["from = '2026-01-01'", "from = '2026-01-01'; provider = 'local'; currency = 'USD'"],
        // The row of any region never holds for the target that has its own.
        &[
            "from = '2026-01-01'; region = 'cn'",
            "from = '2026-01-01'; region = 'us'",
            "from = '2026-01-01'; currency = 'USD'",
        ],
    ] {
        let text = with(rows);
        assert!(read(&text).is_ok(), "{rows:?}: {:?}", read(&text));
    }
}

#[test]
fn what_is_probably_not_meant_is_told_with_its_line() {
    for (rows, line, what) in [
        (
            &[][..],
            "name = 'main'",
            "target \"main\": it has no price today, so its calls have no cost: no [[price]] is of its",
        ),
        (
            &["from = '2026-01-01'; model = 'acme-lage'"],
            "model = 'acme-lage'",
            "no target has its provider, model and region",
        ),
        (
            &["from = '2026-01-01'; region = 'eu'"],
            "model = 'm'",
            "no target has its provider, model and region",
        ),
        (&["from = '2026-01-01'; region = 'us'"], "name = 'main'", "it has no price today"),
        (&["from = '2030-01-01'"], "name = 'west'", "the next one begins on 2030-01-01"),
        (
            &["from = '2030-01-01'"],
            "model = 'm'",
            "it holds from 2030-01-01 on only, and none holds until then",
        ),
        (&["from = '2025-01-01'; until = '2026-01-01'"], "name = 'main'", "the last one ended on 2026-01-01"),
        (
            &["from = '2025-01-01'; until = '2027-01-01'"],
            "model = 'm'",
            "it ends on 2027-01-01, and none follows",
        ),
    ] {
        let text = with(rows);
        let raw: RawCatalogue = toml::from_str(&text).unwrap();
        let bundle = read(&text).unwrap();
        let told = told(&text, warnings(&raw, &bundle, at("2026-11-29")));
        assert!(told.iter().any(|(l, w)| l == line && w.contains(what)), "{rows:?}: {told:?}");
    }
    for rows in [
        &["from = '2026-01-01'"][..],
        &["from = '2026-01-01'", "from = '2030-01-01'"],
        &["from = '2025-01-01'; until = '2027-01-01'", "from = '2027-01-01'"],
    ] {
        let text = with(rows);
        let raw: RawCatalogue = toml::from_str(&text).unwrap();
        let told = warnings(&raw, &read(&text).unwrap(), at("2026-11-29"));
        assert!(
            !told.iter().any(|told| told.what.contains("price") || told.what.contains("cost")),
            "{rows:?}: {told:?}"
        );
    }
}

#[test]
fn a_row_of_hours_holds_in_them_and_that_of_the_whole_day_in_the_others() {
    let bundle = read(&with(&[
        "from = '2026-01-01'; input = '8'",
        "from = '2026-01-01'; input = '2'; hours = '00:30-08:30'; time_zone = '+08:00'",
        "from = '2027-01-01'; input = '3'; hours = '00:30-08:30'; time_zone = '+08:00'",
    ]))
    .unwrap();
    let target = &bundle.targets[&TargetName::new("main").unwrap()];
    for (on, hour, price) in [
        ("2026-06-01", 16, 8),
        ("2026-06-01", 17, 2),
        ("2026-06-01", 0, 2),
        ("2026-06-01", 1, 8),
        ("2027-06-01", 17, 3),
        ("2027-06-01", 1, 8),
    ] {
        let row = bundle.price(target, at(on) + hour * 3_600_000).unwrap();
        assert_eq!(row.rates.input_pico / 1_000_000, price, "{on} {hour}");
    }
    let ids: Vec<String> = bundle.prices.iter().map(Price::id).collect();
    assert_eq!(ids[1], "openai/m/*/1767225600000/00:30-08:30+08:00");
}

#[test]
fn steps_times_and_hours_that_make_no_sense_are_refused_with_their_line() {
    let whole = "from = '2026-01-01'";
    for (rows, line, what) in [
        (&["from = '2026-01-01'; hours = '1-2'"][..], "hours = '1-2'", "are no hours such as 00:30-08:30"),
        (&["from = '2026-01-01'; hours = '00:30-08:30'"], "hours = '00:30-08:30'", "without hours is needed"),
        (
            &[whole, "from = '2026-01-01'; hours = '01:00-02:00'; time_zone = 'CST'"],
            "hours = '01:00-02:00'",
            "is no time zone",
        ),
        (
            &["from = '2026-01-01'; time_zone = '+08:00'"],
            "time_zone = '+08:00'",
            "is of hours, which are not there",
        ),
        (
            &[
                whole,
                "from = '2026-01-01'; hours = '01:00-03:00'",
                "from = '2026-01-01'; hours = '02:00-04:00'",
            ],
            "hours = '02:00-04:00'",
            "another row of the model holds in some of them",
        ),
        (
            &[whole, "from = '2026-01-01'; hours = '01:00-03:00'; currency = 'USD'"],
            "currency = 'USD'",
            "it is in USD, and that of the whole day in CNY",
        ),
        (&["from = '2026-01-01'; share = '2'"], "share = '2'", "is of gpu_hour, which is not there"),
        (&["from = '2026-01-01'; gpu_hour = 'dear'"], "gpu_hour = 'dear'", "decimal text"),
        (
            &[
                "from = '2026-01-01'; step = [{ above = 9, input = '1', output = '1' }, { above = 9, input = '1', output = '1' }]",
            ],
            "step = [{ above = 9, input = '1', output = '1' }, { above = 9, input = '1', output = '1' }]",
            "each above the one before",
        ),
        (
            &["from = '2026-01-01'; step = [{ above = 0, input = '1', output = '1' }]"],
            "step = [{ above = 0, input = '1', output = '1' }]",
            "above zero",
        ),
    ] {
        let text = with(rows);
        let told = told(&text, read(&text).unwrap_err());
        assert!(told.iter().any(|(l, w)| l == line && w.contains(what)), "{rows:?}: {told:?}");
    }
    let text = APP.to_owned()
        + "[[price]]\nprovider = 'openai'\nmodel = 'm'\ncurrency = 'CNY'\nfrom = '2026-01-01'\ninput = '1'\n";
    assert!(read(&text).unwrap_err().iter().any(|p| p.what.contains("input and output, or gpu_hour")));
    assert!(read(&text.replace("input = '1'", "gpu_hour = '9.5'")).is_ok());
}

proptest! {
    /// Rows of few days, regions and ends, so that they meet: the order in which they stand decides nothing, not even the hash.
    #[test]
    fn the_order_of_the_rows_decides_nothing(
        rows in prop::collection::vec((1u32..5, prop::option::of(1u32..6), 0usize..3), 1..6),
        order in any::<prop::sample::Index>(),
    ) {
        let keys: Vec<String> = rows.iter().enumerate().map(|(number, (from, until, region))| {
            let region = ["", "; region = 'cn'", "; region = 'us'"][*region];
            let until = until.map(|month| format!("; until = '2026-0{month}-01'")).unwrap_or_default();
            format!("input = '{number}'; from = '2026-0{from}-01'{until}{region}")
        }).collect();
        let mut turned: Vec<&str> = keys.iter().map(String::as_str).collect();
        let straight = with(&turned);
        turned.rotate_left(order.index(keys.len()));
        turned.reverse();
        match (read(&straight), read(&with(&turned))) {
            (Ok(one), Ok(other)) => prop_assert_eq!(one.hash().unwrap(), other.hash().unwrap()),
            (Err(_), Err(_)) => {}
            (one, other) => prop_assert!(false, "{:?} and {:?}", one.is_ok(), other.is_ok()),
        }
    }

    /// Whatever is taken: at no time do two rows of one scope hold, and what holds is the row that began last.
    #[test]
    fn at_most_one_row_of_a_scope_holds(months in prop::collection::btree_set(1u32..12, 1..6), ends in prop::collection::vec(any::<bool>(), 6)) {
        let months: Vec<u32> = months.into_iter().collect();
        let keys: Vec<String> = months.iter().zip(&ends).map(|(month, ends)| {
            let until = if *ends { format!("; until = '2026-{:02}-01'", month + 1) } else { String::new() };
            format!("input = '{month}'; from = '2026-{month:02}-01'{until}")
        }).collect();
        let bundle = read(&with(&keys.iter().map(String::as_str).collect::<Vec<_>>())).unwrap();
        let target = &bundle.targets[&TargetName::new("main").unwrap()];
        for month in 1..=12 {
            let on = format!("2026-{month:02}-15");
            let covering = bundle.prices.iter().filter(|price| price.covers(target, at(&on))).count();
            prop_assert!(covering <= 1);
            let began = months.iter().zip(&ends).rfind(|(from, _)| **from <= month);
            let holds = began.filter(|(from, ends)| !**ends || **from == month).map(|(from, _)| i64::from(*from));
            prop_assert_eq!(input(&bundle, "main", &on), holds, "{}", on);
        }
    }
}
