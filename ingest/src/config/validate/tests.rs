use super::*;
use catalogue::RawCatalogue;

const CATALOGUE: &str = r#"
    [[app]]
    key = "acme#support"
    chain = ["t"]
    allowed_regions = ["cn"]
    label = "AI"
    duplicate_horizon = "10m"
    [[app.bot]]
    id = "bot"
    [[target]]
    name = "t"
    provider = "local"
    model = "m"
    region = "cn"
"#;

fn check(section: &str) -> Result<Config, Vec<String>> {
    let raw: RawCatalogue = toml::from_str(CATALOGUE).unwrap();
    let bundle = catalogue::validate(&raw).unwrap();
    let raw: RawIngest = toml::from_str(section).unwrap();
    validate(&raw, &bundle)
        .map_err(|problems| problems.into_iter().map(|p| format!("{}: {}", p.place, p.what)).collect())
}

fn rule(lines: &str) -> String {
    format!(
        "listen = \"127.0.0.1:8700\"\n[[rule]]\npath = \"/a\"\napp = \"acme#support\"\nsecret = \"x\"\n{lines}"
    )
}

#[test]
fn a_rule_has_the_defaults_of_its_stage() {
    let config = check(&rule("stage = \"pre\"")).unwrap();
    let pre = &config.rules[0];
    assert_eq!((pre.window, pre.deadline), (Duration::from_secs(300), Duration::from_millis(150)));
    assert_eq!((pre.codes.intercepted.as_deref(), pre.codes.blocked.as_deref()), (None, Some("blocked")));
    // Far beyond the horizon of this app, and of what Easemob brings again.
    let config = check(&rule("stage = \"post\"")).unwrap();
    let post = &config.rules[0];
    assert_eq!((post.window, post.deadline), (Duration::from_secs(4 * 86_400), Duration::from_secs(5)));
    let config = check(&rule("stage = \"post\"\nwindow = \"9m\"").replace("\"/a\"", "\"/a/\"")).unwrap();
    assert_eq!((config.rules[0].window, config.rules[0].path.as_str()), (Duration::from_secs(540), "/a"));
    assert_eq!(config.limits.max_body_bytes, 65_536);
    assert_eq!(config.publisher_limits().records, 40_000);
}

#[test]
fn every_problem_is_named_with_its_place() {
    for (section, problem) in [
        ("listen = \"127.0.0.1:1\"".to_owned(), "ingest: it has no rule"),
        (rule("stage = \"both\""), "ingest.rule \"/a\": \"both\" is none of pre, post"),
        (rule("stage = \"pre\"\nwindow = \"10m\""), "window must be shorter than duplicate_horizon"),
        (rule("stage = \"pre\"\nwindow = \"0s\""), "window may not be zero"),
        (rule("stage = \"post\"\nwindow = \"0s\""), "window may not be zero"),
        (
            rule("stage = \"pre\"\n[limits]\nmax_failures = 45"),
            "ingest.limits: max_failures must be below 45",
        ),
        (rule("stage = \"pre\"\ndeadline = \"0s\""), "deadline may not be zero"),
        (rule("stage = \"pre\"").replace("\"/a\"", "\"a b\""), "its path must begin with /"),
        (rule("stage = \"pre\"").replace("\"x\"", "\"\""), "ingest.rule \"/a\": secret: it is empty"),
        (rule("stage = \"pre\"").replace("\"x\"", "\"x\\n\""), "secret: it holds a line break"),
        (rule("stage = \"pre\"").replace("#support", "#other"), "app \"acme#other\" is not configured"),
        (
            rule(&format!("stage = \"pre\"\ncodes.blocked = \"{}\"", "x".repeat(201))),
            "codes.blocked may have at most",
        ),
        (
            rule("stage = \"pre\"\n[limits]\nmax_in_flight = 0"),
            "ingest.limits: max_in_flight may not be zero",
        ),
        (
            rule("stage = \"pre\"")
                + "\n[[rule]]\npath = \"/a/\"\napp = \"acme#support\"\nsecret = \"y\"\nstage = \"post\"",
            "its path is used twice",
        ),
        (
            rule(
                "stage = \"pre\"\n[[source]]\npath = \"/a\"\napp = \"acme#support\"\nkind = \"feedback\"\nsecret = \"y\"",
            ),
            "its path is used twice",
        ),
        (
            rule(
                "stage = \"pre\"\n[[source]]\npath = \"/a/\"\napp = \"acme#support\"\nkind = \"feedback\"\nsecret = \"y\"",
            ),
            "its path is used twice",
        ),
    ] {
        let problems = check(&section).unwrap_err();
        assert!(problems.iter().any(|found| found.contains(problem)), "{problem:?} is not in {problems:?}");
    }
}

#[test]
fn an_unknown_key_is_refused_and_no_secret_is_shown() {
    let unknown = toml::from_str::<RawIngest>(&rule("stage = \"pre\"\nsecrets = \"s3cr3t-A\"")).unwrap_err();
    assert!(unknown.to_string().contains("unknown field"));
    let config = check(&rule("stage = \"pre\"")).unwrap();
    assert!(format!("{config:?}").contains("secret: ***"));
}

#[test]
fn a_source_of_findings_needs_an_app_that_remembers_its_answers() {
    let section = rule("stage = \"pre\"")
        + "\n[[source]]\npath = \"/f\"\napp = \"acme#support\"\nkind = \"finding\"\nsecret = \"y\"";
    let problems = check(&section).unwrap_err();
    assert!(problems.iter().any(|problem| problem.contains("set keep_answers of its app")), "{problems:?}");
}

const SECRET: &str = "0123456789abcdef0123456789abcdef";

#[test]
fn claims_are_of_an_app_with_tiers_and_have_secrets_that_nobody_guesses() {
    let raw: RawCatalogue =
        toml::from_str(&CATALOGUE.replace("[[app.bot]]", "[[app.tier]]\nname = \"gold\"\n[[app.bot]]"))
            .unwrap();
    let bundle = catalogue::validate(&raw).unwrap();
    let checked = |claims: &str| {
        let raw: RawIngest = toml::from_str(&rule(&format!("stage = \"pre\"\n{claims}"))).unwrap();
        validate(&raw, &bundle).map_err(|problems| problems.into_iter().map(|p| p.what).collect::<Vec<_>>())
    };
    let claim = |keys: &str| format!("[[claim]]\napp = \"acme#support\"\n{keys}\n");
    let two = claim(&format!("secrets = [\"{SECRET}\", \"{SECRET}x\"]"));
    let config = checked(&two).unwrap();
    let of = config.claims.values().next().unwrap();
    assert_eq!((of.field.as_str(), of.secrets.len()), ("huiyin_tier", 2));
    assert!(!format!("{config:?}").contains(SECRET));
    for (claims, why) in [
        (claim("secrets = []"), "it needs from 1 to 8 secrets"),
        (claim("secrets = [\"short\"]"), "secrets: a secret needs at least 32 characters"),
        (claim(&format!("secrets = [\"{SECRET} \"]")), "secrets: it begins or ends with a space"),
        (claim(&format!("field = \"a.b\"\nsecrets = [\"{SECRET}\"]")), "field must be 1 to 64 letters"),
        (
            claim(&format!("field = \"em_at_list\"\nsecrets = [\"{SECRET}\"]")),
            "field must be 1 to 64 letters",
        ),
        (two.replace("#support", "#other"), "app \"acme#other\" is not configured"),
        (two.repeat(2), "its app has another entry"),
    ] {
        let told = checked(&claims).unwrap_err();
        assert!(told.len() == 1 && told[0].contains(why), "{why}: {told:?}");
    }
    let told = check(&rule(&format!("stage = \"pre\"\n{two}"))).unwrap_err();
    assert!(told.len() == 1 && told[0].ends_with("its app has no [[app.tier]]"), "{told:?}");
}
