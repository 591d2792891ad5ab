use super::*;

const CATALOGUE: &str = r#"
    [[target]]
    name = "judge"
    provider = "openai"
    model = "m"
    region = "cn"
"#;

fn check(text: &str) -> Result<Settings, Vec<String>> {
    let bundle = catalogue::validate(&toml::from_str(CATALOGUE).unwrap()).unwrap();
    let read = |name: &str| match name {
        "rubric.toml" => Ok("criteria = [\"Short\"]".to_owned()),
        "bad.toml" => Ok("criteria = []".to_owned()),
        _ => Err("No such file".to_owned()),
    };
    let raw: RawReplay = toml::from_str(text).unwrap();
    let told =
        |found: Vec<Problem>| found.into_iter().map(|one| format!("{}: {}", one.place, one.what)).collect();
    validate(&raw, &bundle, read).map_err(told)
}

#[test]
fn an_empty_section_asks_eight_at_a_time_and_has_no_judge() {
    let settings = check("").unwrap();
    assert_eq!((settings.limits.at_once.get(), settings.limits.per_second), (8, None));
    assert_eq!((settings.budget, settings.judge), (None, None));
}

#[test]
fn a_judge_has_its_rubric_from_the_section_or_from_a_file() {
    let judge = |also: &str| check(&format!("[judge]\ntarget = \"judge\"\n{also}")).unwrap().judge.unwrap();
    assert_eq!(judge("").rubric, Rubric::default());
    assert_eq!(judge("budget = \"5CNY\"").budget, Some("5CNY".parse().unwrap()));
    assert_eq!(judge("rubric_file = \"rubric.toml\"").rubric.criteria, ["Short"]);
    assert_eq!(judge("rubric = { criteria = [\"True\"] }").rubric.criteria, ["True"]);
}

#[test]
fn what_cannot_be_is_told_with_its_place() {
    for (text, told) in [
        ("at_once = 0", "replay: at_once must be more than zero"),
        ("calls_per_second = -1.0", "replay: calls_per_second must be more than zero"),
        ("budget = \"much\"", "replay: budget: \"much\" is no amount of money"),
        ("[judge]\ntarget = \"gone\"", "replay.judge: there is no [[target]] of that name"),
        ("[judge]\ntarget = \"judge\"\nat_once = 0", "replay.judge: at_once must be more than zero"),
        ("[judge]\ntarget = \"judge\"\nmax_output_tokens = 0", "replay.judge: max_output_tokens"),
        (
            "[judge]\ntarget = \"judge\"\nrubric_file = \"gone.toml\"",
            "replay.judge: rubric_file: No such file",
        ),
        ("[judge]\ntarget = \"judge\"\nrubric_file = \"bad.toml\"", "replay.judge: rubric: a rubric needs"),
        (
            "[judge]\ntarget = \"judge\"\nrubric_file = \"rubric.toml\"\nrubric = { criteria = [\"a\"] }",
            "replay.judge: rubric_file and rubric exclude each other",
        ),
    ] {
        let found = check(text).unwrap_err();
        assert!(found.len() == 1 && found[0].starts_with(told), "{text}: {found:?}");
    }
}
