use crate::raw::RawCatalogue;
use crate::validate::tests::{read, told};
use crate::validate::warnings;

/// 2026-11-30, 12:00 UTC.
const NOW: i64 = 1_796_040_000_000;

fn file(provider: &str, model: &str, more: &str) -> String {
    format!(
        "[[app]]\nkey = 'acme#support'\nchain = ['main']\nallowed_regions = ['us']\nlabel = 'AI'\nbot = [{{ id = 'bot' }}]\n\
         [[target]]\nname = 'main'\nprovider = '{provider}'\nmodel = '{model}'\nregion = 'us'\n{more}"
    )
}

fn warned(text: &str) -> Vec<String> {
    let raw: RawCatalogue = toml::from_str(text).unwrap();
    let told = told(text, warnings(&raw, &read(text).unwrap(), NOW));
    told.into_iter()
        .filter(|(_, what)| what.contains("its model"))
        .map(|(line, what)| line + ": " + &what)
        .collect()
}

#[test]
fn unknown_retired_and_retiring_models_are_told_with_their_line() {
    let begin = "name = 'main': target \"main\": its model ";
    for (provider, model, what) in [
        ("openai", "gpt-9", "\"gpt-9\" is in no table of models, so its window is taken as 32768 tokens"),
        ("openai", "gpt-4-turbo", "\"gpt-4-turbo\" was retired on 2026-10-23"),
        ("claude", "claude-sonnet-4-5-20250929", "\"claude-sonnet-4-5-20250929\" was retired on 2026-11-30"),
        ("ernie", "ernie-5.0", "\"ernie-5.0\" was retired on 2026-10-29"),
        ("openai", "o3", "\"o3\" retires on 2026-12-11"),
    ] {
        let told = warned(&file(provider, model, ""));
        assert!(told.iter().any(|told| told.starts_with(&format!("{begin}{what}"))), "{model}: {told:?}");
    }
    for (provider, model) in [("openai", "gpt-4o"), ("claude", "claude-opus-5-5"), ("local", "whatever")] {
        let told = warned(&file(provider, model, ""));
        assert!(!told.iter().any(|told| told.starts_with(begin)), "{model}: {told:?}");
    }
}

#[test]
fn a_row_of_the_file_makes_a_model_known_and_moves_its_retirement() {
    let row = "[[model]]\nprovider = 'openai'\nmodel = 'gpt-9'\n";
    assert!(!warned(&file("openai", "gpt-9", row)).iter().any(|told| told.contains("table of models")));
    let row = "[[model]]\nprovider = 'openai'\nmodel = 'o3'\nretires = '2028-01-01'\n";
    assert!(!warned(&file("openai", "o3", row)).iter().any(|told| told.contains("retires on")));
}

#[test]
fn rows_that_are_wrong_are_refused_with_their_line() {
    for (keys, line, what) in [
        ("provider = 'gpt'", "provider = 'gpt'", "is none of openai"),
        ("context_tokens = 0", "model = 'm'", "context_tokens may not be zero"),
        ("sampling = ['heat']", "sampling = ['heat']", "\"heat\" is none of temperature, top_p"),
        ("temperature_milli = [2, 1]", "temperature_milli = [2, 1]", "the least temperature comes first"),
        ("thinking = 'yes'", "thinking = 'yes'", "is none of none, switchable, always"),
        ("thinking_by = 'magic'", "thinking_by = 'magic'", "is none of reasoning_effort"),
        ("system = 'root'", "system = 'root'", "is none of system, developer, top_level, user"),
        ("caching = 'yes'", "caching = 'yes'", "is none of none, automatic, marked"),
        ("output_cap = 'most'", "output_cap = 'most'", "is none of max_tokens"),
        ("retires = 'soon'", "retires = 'soon'", "is no day such as"),
    ] {
        let provider = if keys.starts_with("provider") { "" } else { "provider = 'local'\n" };
        let text = file("local", "m", &format!("[[model]]\n{provider}model = 'm'\n{keys}\n"));
        let told = told(&text, read(&text).unwrap_err());
        assert!(told.iter().any(|(l, w)| l == line && w.contains(what)), "{keys}: {told:?}");
    }
}
