//! Whatever stands in the file, it is read or refused with its line, and every section is checked without a panic.

use mangle::Input;
use proptest::prelude::*;

use super::*;

const EXAMPLE: &str = include_str!("../../huiyin.example.toml");

/// The example without its comments, so that damage hits what is read.
fn example() -> String {
    let lines = EXAMPLE.lines().filter(|line| !line.trim_start().starts_with('#'));
    lines.map(|line| format!("{line}\n")).collect()
}

/// Values of the example replaced by others, whole.
fn other_values() -> impl Strategy<Value = Input> {
    let values = [
        "0",
        "-1",
        "18446744073709551615",
        "9223372036854775807",
        "1e999",
        "nan",
        "inf",
        "\"\"",
        "\"0s\"",
        "\"-1s\"",
        "true",
        "\"999999999999999999999y\"",
        "\"584554530y\"",
        "[]",
        "{}",
        "[[]]",
        "\"\\u0000\"",
        "1979-05-27",
        "\"9999-12-31\"",
        "\"0.0000001\"",
        "\"99999999999999999999\"",
        "\"${UNSET}\"",
        "\"${\"",
        "\"http://\"",
        "\"file:///\"",
    ];
    let lines: Vec<String> = example().lines().map(str::to_owned).collect();
    let replaced = (any::<prop::sample::Index>(), prop::sample::select(values.to_vec()));
    prop::collection::vec(replaced, 1..4).prop_map(move |replaced| {
        let mut lines = lines.clone();
        let with_value: Vec<usize> = (0..lines.len()).filter(|at| lines[*at].contains(" = ")).collect();
        for (at, value) in replaced {
            let line = &mut lines[*at.get(&with_value)];
            let name = line.split(" = ").next().unwrap_or_default();
            *line = format!("{name} = {value}");
        }
        Input(lines.join("\n").into_bytes())
    })
}

fn variable(name: &str) -> Option<String> {
    match name {
        "UNSET" => None,
        "HUIYIN_INSTANCE" => Some("huiyin-0".to_owned()),
        _ if name.contains("URL") => Some("http://127.0.0.1:1".to_owned()),
        _ => Some("0123456789abcdef0123456789abcdef".to_owned()),
    }
}

proptest! {
    #![proptest_config(mangle::cases(600))]

    #[test]
    fn config(file in prop_oneof![mangle::bytes([example()]), other_values()]) {
        let text = file.lossy();
        let lines = text.lines().count() + 1;
        if let Err(not) = text::text(file.0.clone()) {
            prop_assert!((1..=file.0.len().max(1)).contains(&not.line), "{not:?}");
        }
        match Config::parse(&text, None, variable) {
            Err(problems) => {
                prop_assert!(!problems.is_empty(), "refused without a word");
                for Finding { line, what } in problems {
                    prop_assert!(line.is_none_or(|line| (1..=lines).contains(&line)), "{line:?} of {lines}: {what}");
                    prop_assert!(line.is_some() || what.contains([':', '`', '.']), "{what}");
                }
            }
            Ok(config) => {
                let spans = |problems: Vec<common::Problem>| -> Vec<_> {
                    problems.into_iter().filter_map(|problem| problem.span).collect()
                };
                let found = config.ingest.as_ref().map(|raw| ingest::validate(raw, &config.bundle).map(|_| ()).map_err(spans));
                if let Some(Err(spans)) = found {
                    prop_assert!(spans.iter().all(|span| span.end <= text.len() * 4));
                }
                for warning in config.warnings(1_795_910_400_000) {
                    prop_assert!(warning.contains(": "), "{warning}");
                }
                let hash = config.bundle.hash().unwrap();
                let read = Bundle::from_json(&hash, &config.bundle.to_json().unwrap());
                prop_assert_eq!(read.unwrap().hash().unwrap(), hash);
            }
        }
    }
}
