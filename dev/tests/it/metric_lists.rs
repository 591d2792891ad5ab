//! Every metric is named by a constant in its crate's list, and every constant is in the list.

use std::collections::BTreeSet;

use crate::tree::crates;

/// Constants of the lists of one crate that name a metric, and those that the lists show.
fn listed(sources: &[(std::path::PathBuf, String)]) -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut defined, mut shown) = (BTreeSet::new(), BTreeSet::new());
    for (path, text) in sources.iter().filter(|(path, _)| path.ends_with("metrics.rs")) {
        let joined = text.replace('\n', " ");
        for piece in joined.split("const ").skip(1) {
            let Some((name, rest)) = piece.split_once(':') else { continue };
            let value = rest.split(';').next().unwrap_or_default();
            if let Some(metric) =
                value.split('"').nth(1).filter(|v| v.starts_with("huiyin_") && value.contains("&str"))
            {
                let well_formed =
                    metric.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
                assert!(
                    well_formed && metric.split('_').count() >= 4,
                    "{}: {metric} is no huiyin_<step>_<noun>_<unit>",
                    path.display()
                );
                defined.insert(name.trim().to_owned());
            }
        }
        for list in joined.split("METRICS: &[Metric] =").skip(1) {
            let list = list.split("];").next().unwrap_or_default();
            let words = list.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            shown.extend(words.map(str::to_owned));
        }
    }
    (defined, shown)
}

#[test]
fn every_metric_stands_in_its_crates_list() {
    let mut metrics = 0;
    for part in crates().into_iter().filter(|part| part.name != "dev" && part.name != "simulators") {
        let sources = part.sources();
        let (defined, shown) = listed(&sources);
        for name in &defined {
            assert!(shown.contains(name), "{}: {name} is not in METRICS", part.name);
        }
        metrics += defined.len();
        for (path, text) in &sources {
            for call in ["counter!(", "gauge!(", "histogram!("] {
                for (at, _) in text.match_indices(call).filter(|(at, _)| !text[..*at].ends_with("describe_"))
                {
                    let piece = &text[at + call.len()..];
                    let argument = piece.split([',', ')']).next().unwrap_or_default().trim();
                    let name = argument.rsplit("::").next().unwrap_or_default();
                    // The list's own file may wrap the macros in functions that take a name.
                    let wrapped =
                        path.ends_with("metrics.rs") && argument.bytes().all(|b| b.is_ascii_lowercase());
                    assert!(
                        wrapped || defined.contains(name),
                        "{}: {call}{argument}… is not in the crate's list",
                        path.display()
                    );
                }
            }
        }
    }
    assert!(metrics > 10, "the lists were not found");
}
