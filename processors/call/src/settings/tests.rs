use catalogue::Provider;
use outbound::Timeouts;

use super::*;

const CATALOGUE: &str = r#"
    [[app]]
    key = "acme#support"
    chain = ["main", "spare"]
    allowed_regions = ["cn"]
    label = "AI"
    [[app.bot]]
    id = "bot"
    [[target]]
    name = "main"
    provider = "openai"
    model = "m1"
    region = "cn"
    timeout = "20s"
    [[target]]
    name = "spare"
    provider = "local"
    model = "m2"
    region = "cn"
    timeout = "60s"
"#;

const GOOD: &str = r#"
    [[target]]
    name = "main"
    base_url = "https://api.example.com/v1/"
    api_key = "sk-hush"
    organization = "org-1"
    [[target]]
    name = "spare"
    base_url = "http://127.0.0.1:11434/v1"
"#;

fn checked(section: &str) -> Result<Settings, Vec<String>> {
    let bundle = catalogue::validate(&toml::from_str(CATALOGUE).unwrap()).unwrap();
    let raw: RawCall = toml::from_str(section).unwrap();
    validate(&raw, &bundle)
        .map_err(|problems| problems.into_iter().map(|it| format!("{}: {}", it.place, it.what)).collect())
}

#[test]
fn a_complete_section_is_taken_and_shows_no_key() {
    let settings = checked(GOOD).unwrap();
    assert_eq!((settings.addresses.len(), settings.max_running), (2, 2_000));
    assert!(!format!("{settings:?}").contains("sk-hush"));
    assert_eq!(settings.overload, Overload::Shed, "one target leaves room for the other");
    assert_eq!(checked(&format!("overload = \"wait\"\n{GOOD}")).unwrap().overload, Overload::Wait);
}

#[test]
fn every_target_needs_one_entry_and_every_entry_a_target() {
    let entries = r#"
        max_running = 0
        [[target]]
        name = "main"
        base_url = "https://api.example.com/v1"
        [[target]]
        name = "other"
        base_url = "http://127.0.0.1/v1"
    "#;
    let expected = [
        "call: max_running must be more than zero",
        "call.target \"main\": its api_key is not set",
        "call.target \"other\": there is no [[target]] of that name",
        "target \"spare\": it has no entry [[call.target]]",
    ];
    assert_eq!(checked(entries).unwrap_err(), expected);
    let twice = format!("{GOOD}[[target]]\nname = \"spare\"\nbase_url = \"http://127.0.0.1/v1\"");
    assert_eq!(checked(&twice).unwrap_err(), ["call.target \"spare\": it is configured twice"]);
}

#[test]
fn an_address_that_cannot_be_called_is_refused() {
    let addresses = [
        "api.example.com/v1",
        "ftp://host/v1",
        "https://me:hush@host/v1",
        "http://",
        "https://host/v1?key=hush",
        "https://host/v1/chat/completions",
        "https://host/v1/chat/completions/",
        "https://host/v1/Chat/Completions",
        "https://host/v1/completions",
        "https://host/v1/responses",
    ];
    for address in addresses {
        let section = GOOD.replace("http://127.0.0.1:11434/v1", address);
        let problems = checked(&section).unwrap_err();
        assert_eq!(problems.len(), 1, "{address}");
        assert!(problems[0].starts_with("call.target \"spare\": its base_url"), "{problems:?}");
        assert!(!problems[0].contains("hush"));
    }
}

#[test]
fn a_key_that_no_header_takes_is_refused() {
    for (from, to, why) in [
        ("sk-hush", "sk-hush\\n", "api_key: it holds a line break"),
        ("sk-hush", "sk-hush ", "api_key: it begins or ends with a space"),
        ("sk-hush", "sk-hush，", "api_key: it holds a space or a character beyond ASCII"),
        ("sk-hush", "Bearer sk-hush", "api_key: it begins with Bearer, which is put before it"),
        ("org-1", "org 1", "organization: it holds a space"),
        ("org-1", "", "organization: it is empty"),
    ] {
        let problems = checked(&GOOD.replace(from, to)).unwrap_err();
        assert_eq!(problems.len(), 1, "{to}");
        assert!(problems[0].starts_with(&format!("call.target \"main\": {why}")), "{problems:?}");
        assert!(!problems[0].contains("hush"));
    }
}

#[test]
fn an_organization_is_refused_where_the_provider_takes_none() {
    let raw: RawCall = toml::from_str(GOOD).unwrap();
    let demands = Demands { takes_organization: false, ..families::of(Provider::Openai, None).demands() };
    let mut problems = Problems::default();
    address(&raw.target[0], "call.target \"main\"", demands, &mut problems);
    let told = problems.finish(Some(())).unwrap_err();
    assert_eq!(
        told.iter().map(|it| it.what.as_str()).collect::<Vec<_>>(),
        ["organization: its provider takes none"]
    );
}

#[test]
fn only_fields_that_are_no_part_of_the_question_may_be_left_out() {
    let section = format!("{GOOD}omit = [\"user\", \"max_tokens\"]");
    let addresses = checked(&section).unwrap().addresses;
    let omitted = |name: &str| addresses[&TargetName::new(name).unwrap()].omit.clone();
    assert_eq!((omitted("spare"), omitted("main")), (vec!["user", "max_tokens"], vec![]));
    let problems = checked(&format!("{GOOD}omit = [\"usr\", \"messages\"]")).unwrap_err();
    let all = "safety_identifier, temperature, max_tokens, max_completion_tokens, stop, stream_options";
    let expected = ["usr", "messages"].map(|name| {
        format!("call.target \"spare\": \"{name}\" is no field that may be left out: user, {all}")
    });
    assert_eq!(problems, expected);
}

#[test]
fn the_client_may_not_cut_a_target_short() {
    let section = format!("client.idle_timeout = '30s'\n{GOOD}");
    let expected =
        ["target \"spare\": its timeout of 60000 ms is longer than call.client.idle_timeout, raise that"];
    assert_eq!(checked(&section).unwrap_err(), expected);
}

#[test]
fn every_problem_of_every_table_is_told_with_its_place() {
    let tables =
        "health.breaker_open = '0s'\nhealth.pause_base = '1h'\nclient.proxy = 'on'\nchain.max_attempts = 0\n";
    let expected = [
        "call.client: proxy must be off, environment or an http address",
        "call.chain: max_attempts must be more than zero",
        "call.health: pause_base must not exceed pause_cap",
        "call.health: breaker_open must be more than zero",
    ];
    assert_eq!(checked(&format!("{tables}{GOOD}")).unwrap_err(), expected);
}

#[test]
fn an_unknown_key_is_refused() {
    let error = toml::from_str::<RawCall>("max_runing = 3").unwrap_err();
    assert!(error.to_string().contains("max_runing"), "{error}");
}

#[test]
fn what_a_provider_allows_is_taken_as_it_is_written_and_nothing_is_refused() {
    let limits = "requests_per_second = 2.5\nrequests_per_minute = 60\nmax_concurrent = 4\n\
        tokens_per_minute = 1e6\ninput_tokens_per_minute = 9e5\noutput_tokens_per_minute = 1e5\n";
    let section = GOOD.replacen("organization = \"org-1\"\n", limits, 1);
    let settings = checked(&section).unwrap();
    let expected = Limits {
        per_second: Some(2.5),
        per_minute: Some(60.0),
        at_once: Some(4),
        tokens_per_minute: Some(1e6),
        input_tokens_per_minute: Some(9e5),
        output_tokens_per_minute: Some(1e5),
        kept: 0.05,
    };
    assert_eq!(settings.limits["main"], expected);
    assert_eq!(settings.limits["spare"], Limits { kept: 0.05, ..Limits::default() });
    for (limit, key) in [
        ("requests_per_second = 0", "requests_per_second"),
        ("requests_per_second = -1.0", "requests_per_second"),
        ("requests_per_minute = nan", "requests_per_minute"),
        ("requests_per_minute = inf", "requests_per_minute"),
        ("tokens_per_minute = 0", "tokens_per_minute"),
        ("input_tokens_per_minute = -2.5", "input_tokens_per_minute"),
        ("output_tokens_per_minute = nan", "output_tokens_per_minute"),
        ("max_concurrent = 0", "max_concurrent"),
    ] {
        let section = GOOD.replacen("organization = \"org-1\"", limit, 1);
        let expected = format!("call.target \"main\": its {key} must be more than zero");
        assert_eq!(checked(&section).unwrap_err(), [expected], "{limit}");
    }
}

/// The problems of one target of this provider, whose entry has these keys beside its name and address.
fn problems(provider: &str, keys: &str) -> Vec<String> {
    problems_of(provider, "m", "https://host", keys)
}

fn problems_of(provider: &str, model: &str, base: &str, keys: &str) -> Vec<String> {
    let target = "[[target]]\nname = \"main\"\nregion = \"cn\"\ntimeout = \"20s\"\n";
    let catalogue = format!("{target}provider = {provider:?}\nmodel = {model:?}");
    let bundle = catalogue::validate(&toml::from_str(&catalogue).unwrap()).unwrap();
    let section = format!("[[target]]\nname = \"main\"\nbase_url = {base:?}\n{keys}");
    let told = validate(&toml::from_str(&section).unwrap(), &bundle).err().unwrap_or_default();
    told.into_iter().map(|problem| problem.what).collect()
}

#[test]
fn a_target_chooses_only_what_its_wire_leaves_open() {
    let cases = [
        ("claude", "api_key = \"k\"\napi_version = \"2026-10-21\"\nprompt_cache = \"1h\"", ""),
        ("claude", "api_key = \"k\"\napi_version = \"latest\"", "api_version: it is a day"),
        ("claude", "api_key = \"k\"\nprompt_cache = \"2h\"", "is none of off, 5m, 1h"),
        ("claude", "api_key = \"k\"\norganization = \"o\"", "its provider takes none"),
        ("claude", "api_key = \"k\"\nomit = [\"max_tokens\"]", "no field that may be left out"),
        ("claude", "", "its api_key is not set"),
        ("openai", "api_key = \"k\"\nprompt_cache = \"5m\"", "prompt_cache: its wire takes none"),
        ("ernie", "api_key = \"k\"\napi_version = \"2026-10-21\"", "api_version: its wire takes none"),
        ("ernie", "api_key = \"k\"\napp_id = \"a\"", ""),
        ("ernie", "api_key = \"k\"\napi_secret = \"s\"", "api_secret: its wire takes none"),
        ("ernie", "wire = \"v1\"\napi_key = \"k\"\napi_secret = \"s\"", ""),
        ("ernie", "wire = \"v1\"\napi_key = \"k\"", "its api_secret is not set"),
        ("ernie", "wire = \"v3\"\napi_key = \"k\"", "is none of v2, v1"),
    ];
    for (provider, keys, expected) in cases {
        let told = problems(provider, keys);
        let fits =
            if expected.is_empty() { told.is_empty() } else { told.len() == 1 && told[0].contains(expected) };
        assert!(fits, "{provider} {keys}: {told:?}");
    }
}

#[test]
fn a_target_has_times_of_its_own_and_streams_unless_it_says_otherwise() {
    let times = "connect_timeout = '1s'\nproxy = 'http://me:hush@10.0.0.1:3128'\nfirst_token_timeout = '9s'\nidle_timeout = '4s'\n";
    let section = GOOD.replacen("organization = \"org-1\"\n", times, 1) + "stream = false";
    let settings = checked(&section).unwrap();
    assert!(!format!("{settings:?}").contains("hush"));
    let of = |name: &str| {
        let name = TargetName::new(name).unwrap();
        (settings.addresses[&name].stream, settings.timing[&name].clone())
    };
    let seconds = |first_token, idle| Timeouts {
        first_token: Duration::from_secs(first_token),
        idle: Duration::from_secs(idle),
    };
    let ((main_streams, main), (spare_streams, spare)) = (of("main"), of("spare"));
    assert_eq!((main_streams, main.timeouts, main.client.is_some()), (true, seconds(9, 4), true));
    assert_eq!((spare_streams, spare.timeouts, spare.client.is_some()), (false, seconds(20, 20), false));
}

#[test]
fn a_time_that_never_runs_out_or_has_no_meaning_is_a_problem() {
    let place = "call.target \"main\": ";
    for (key, problem) in [
        (
            "first_token_timeout = '21s'",
            "its first_token_timeout is longer than the target's timeout of 20000 ms",
        ),
        ("idle_timeout = '21s'", "its idle_timeout is longer than the target's timeout of 20000 ms"),
        ("connect_timeout = '1m'", "its connect_timeout is longer than the target's timeout of 20000 ms"),
        ("connect_timeout = '0s'", "connect_timeout must be more than zero"),
        ("idle_timeout = '0s'", "idle_timeout must be more than zero"),
        ("proxy = 'on'", "proxy must be off, environment or an http address"),
        ("stream = false\nidle_timeout = '1s'", "its idle_timeout is for streams, and stream is false"),
    ] {
        let section = GOOD.replacen("organization = \"org-1\"", key, 1);
        assert_eq!(checked(&section).unwrap_err(), [format!("{place}{problem}")], "{key}");
    }
}

#[test]
fn the_address_fits_the_wire_and_the_model() {
    const KEYS: &str = "api_key = \"k\"\n";
    let signed = format!("{KEYS}wire = \"websocket\"\napi_secret = \"s\"\napp_id = \"a\"\n");
    let cases = [
        ("spark", "generalv3.5", "wss://spark-api.xf-yun.com", signed.as_str(), ""),
        ("spark", "generalv3.5", "https://spark-api.xf-yun.com", &signed, "begins with wss://"),
        ("spark", "mine", "wss://spark-api.xf-yun.com", &signed, "needs a path"),
        ("spark", "mine", "wss://spark-api.xf-yun.com/v1.1/mine", &signed, ""),
        ("spark", "4.0Ultra", "wss://spark-api.xf-yun.com", KEYS, "its wire is none"),
        ("spark", "4.0Ultra", "https://spark-api-open.xf-yun.com/v1", KEYS, ""),
        ("spark", "spark-x", "https://spark-api-open.xf-yun.com/v1", KEYS, "another generation"),
        ("spark", "4.0Ultra", "https://h/v1", "wire = \"v1\"\napi_key = \"k\"", "is none of http, websocket"),
        ("tongyi", "qwen-plus", "https://dashscope.aliyuncs.com/api/v1", KEYS, "compatible mode"),
        ("tongyi", "qwq-plus", "https://h/v1", "api_key = \"k\"\nstream = false", "answers in streams only"),
        ("tongyi", "qwen-plus", "https://h/v1", "api_key = \"k\"\nstream = false", ""),
        ("local", "m", "http://127.0.0.1:11434", "wire = \"ollama\"", ""),
        ("local", "m", "http://127.0.0.1:11434/v1", "wire = \"ollama\"", "the server's root"),
    ];
    for (provider, model, base, keys, expected) in cases {
        let told = problems_of(provider, model, base, keys);
        let fits =
            if expected.is_empty() { told.is_empty() } else { told.len() == 1 && told[0].contains(expected) };
        assert!(fits, "{provider} {model} {base} {keys}: {told:?}");
    }
}

#[test]
fn a_target_may_have_several_keys_and_each_is_checked() {
    let with = |keys: &str| GOOD.replacen("api_key = \"sk-hush\"\n", keys, 1);
    let keys = |section: &str| {
        let settings = checked(section).unwrap();
        let keys = settings.keys.get("main").map_or(&[][..], Vec::as_slice);
        keys.iter().map(|key| key.expose().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(keys(&with("api_keys = [\"sk-a\", \"sk-b\"]\n")), ["sk-a", "sk-b"], "api_key may be left out");
    assert_eq!(keys(&with("api_key = \"sk-hush\"\napi_keys = [\"sk-a\"]\n")), ["sk-hush", "sk-a"]);
    assert_eq!(keys(GOOD), ["sk-hush"]);
    assert!(!checked(GOOD).unwrap().keys.contains_key("spare"), "a local server may have none");
    for (written, problem) in [
        ("[\"\"]", "number 1: it is empty"),
        ("[\"sk-a\", \"sk-b \"]", "number 2: it begins or ends with a space"),
        ("[\"Bearer sk-a\"]", "number 1: it begins with Bearer, which is put before it"),
        ("[\"sk-a\", \"sk-a\"]", "number 2: it is there twice"),
    ] {
        let expected = format!("call.target \"main\": api_keys: {problem}");
        let told = checked(&with(&format!("api_keys = {written}\n"))).unwrap_err();
        assert_eq!(told, [expected], "{written}");
    }
    let twice = with("api_key = \"sk-a\"\napi_keys = [\"sk-a\"]\n");
    assert_eq!(checked(&twice).unwrap_err(), ["call.target \"main\": api_keys: number 1: it is there twice"]);
}

#[test]
fn no_key_is_ever_shown() {
    let section = GOOD.replacen("api_key =", "api_keys = [\"sk-other\"]\napi_key =", 1);
    let raw: RawCall = toml::from_str(&section).unwrap();
    let shown = format!("{raw:?} {:?}", checked(&section).unwrap());
    assert!(!shown.contains("sk-hush") && !shown.contains("sk-other"), "{shown}");
}

/// A catalogue with a route that shows pictures to a server of the operator's own.
const SHOWING: &str = r#"
    [[app]]
    key = "acme#support"
    chain = ["main"]
    allowed_regions = ["cn"]
    label = "AI"
    media = { hosts = ["a1.easemob.com"] }
    [[app.bot]]
    id = "bot"
    [[app.route]]
    name = "pictures"
    when = { message = ["image"] }
    then = { chain = ["main"], vision = true }
    [[model]]
    provider = "local"
    model = "m"
    vision = true
    [[target]]
    name = "main"
    provider = "local"
    model = "m"
    region = "cn"
"#;

#[test]
fn a_target_that_is_shown_pictures_needs_a_wire_that_takes_them() {
    let bundle = catalogue::validate(&toml::from_str(SHOWING).unwrap()).unwrap();
    let checked = |wire: &str| {
        let section = format!(
            "[[target]]\nname = \"main\"\nbase_url = \"http://127.0.0.1:1/{wire}\"\nwire = \"{wire}\""
        );
        let raw: RawCall = toml::from_str(&section).unwrap();
        validate(&raw, &bundle)
            .map(drop)
            .map_err(|problems| problems.into_iter().map(|it| it.what).collect::<Vec<_>>())
    };
    assert_eq!(checked("chat"), Ok(()));
    let why = "a route shows pictures to it (vision), and its wire takes none by their address";
    assert_eq!(checked("ollama"), Err(vec![why.to_owned()]));
}
