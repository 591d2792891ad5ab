//! Which models take a temperature.

/// The version of the interface from which on no model takes one.
const WITHOUT_SAMPLING: &str = "2026-10-21";

/// The first version of each line of models that refuses sampling parameters; the lines that are not here take them.
const REFUSING: [(&str, (u32, u32)); 5] =
    [("opus", (4, 7)), ("sonnet", (5, 0)), ("haiku", (5, 0)), ("fable", (0, 0)), ("mythos", (0, 0))];

/// Whether a model takes a temperature in this version of the interface. One that it does not take is an error at the vendor, even
/// at its default.
pub(super) fn is_taken(model: &str, version: &str) -> bool {
    // Versions are days, which sort as texts do.
    version < WITHOUT_SAMPLING && !is_refused_by(&model.to_ascii_lowercase())
}

fn is_refused_by(model: &str) -> bool {
    let words = || model.split(|c: char| !c.is_ascii_alphanumeric());
    let Some((line, first)) = REFUSING.iter().find(|(line, _)| words().any(|word| word == *line)) else {
        return false;
    };
    // `claude-opus-4-7-20260101` has its version behind the name, `claude-3-5-sonnet-20241022` before it.
    let number = |word: &str| word.parse().ok().filter(|number: &u32| *number < 100);
    let behind = words().skip_while(|word| word != line).skip(1).map_while(number);
    let before = words().take_while(|word| word != line).filter_map(number);
    let mut numbers = behind.chain(before);
    (numbers.next().unwrap_or_default(), numbers.next().unwrap_or_default()) >= *first
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newer_models_take_no_temperature_and_older_ones_do() {
        let refusing = "claude-opus-4-7 claude-opus-4-8 claude-opus-5 claude-opus-5-5 claude-sonnet-5 claude-sonnet-5-5-20260901 \
            claude-haiku-5-5 claude-fable-5 claude-fable-5-1 claude-mythos-5-2 anthropic.claude-opus-4-7-v1:0 Claude-Sonnet-5@20260801";
        let taking = "claude-haiku-4-5 claude-haiku-4-5-20251001 claude-sonnet-4-5 claude-sonnet-4-6 claude-opus-4-5 claude-opus-4-6 \
            claude-opus-4-20250514 claude-3-5-sonnet-20241022 claude-3-haiku-20240307 claude-2.1 a-gateways-own-name";
        for model in refusing.split_whitespace() {
            assert!(!is_taken(model, "2023-06-01"), "{model}");
        }
        for model in taking.split_whitespace() {
            assert!(is_taken(model, "2023-06-01"), "{model}");
            assert!(!is_taken(model, "2026-10-21") && !is_taken(model, "2027-02-01"), "{model}");
        }
    }
}
