use super::*;

const GOOD: &str = r#"
[deployment]
name = "demo"
instance = "${INSTANCE}"
partitions = 8
replication = 1

[kafka]
bootstrap = "127.0.0.1:9092"

[[app]]
key = "acme#support"
chain = ["main"]
allowed_regions = ["cn"]
label = "AI"
bot = [{ id = "bot" }]

[[target]]
name = "main"
provider = "local"
model = "m"
region = "cn"

[[price]]
provider = "local"
model = "m"
currency = "CNY"
from = "2026-01-01"
input = "2"
output = "8"

[ingest]
listen = "0.0.0.0:8700"

[[ingest.rule]]
path = "/before"
app = "acme#support"
stage = "pre"
secret = "${SECRET}"

[[call.target]]
name = "main"
base_url = "http://127.0.0.1:1/v1"
api_key = "sk-x"

[[deliver.app]]
key = "acme#support"
base_url = "https://a1.easemob.com"
client_id = "id"
client_secret = "hush"

[account]
url = "http://127.0.0.1:8123"
pseudonym_key = "${PSEUDONYM_KEY}"
"#;

/// 2026-11-29.
const TODAY: Millis = 1_795_910_400_000;

fn variable(name: &str) -> Option<String> {
    let value = match name {
        "INSTANCE" => "huiyin-3",
        "SECRET" => "rule-secret\n",
        "PSEUDONYM_KEY" => "0123456789abcdef0123456789abcdef",
        "BROKEN" => "one-line\nother-line",
        "PARTITIONS" => "8",
        "COMPANY" => "Acme",
        _ => return None,
    };
    Some(value.to_owned())
}

fn read(text: &str) -> Result<Config, Vec<Finding>> {
    Config::parse(text, None, variable)
}

fn good(text: &str) -> Config {
    read(text).map_err(|findings| format!("{findings:?}")).unwrap()
}

/// Everything that `check` has against a file, `LINE: what` each; warnings come last.
fn told(text: &str) -> Vec<String> {
    let show = |told: &str| {
        told.lines().map(|line| line.trim_start_matches(':').trim().to_owned()).collect::<Vec<_>>()
    };
    match read(text) {
        Err(findings) => show(&BadConfig::new(PathBuf::new(), findings).to_string()),
        Ok(config) => {
            let refused =
                crate::check::offline(&config).err().map(|error| error.to_string()).unwrap_or_default();
            let warnings = config.warnings(TODAY).join("\n");
            show(&format!("{refused}\n{warnings}"))
        }
    }
}

#[test]
fn a_good_file_is_read() {
    let config = good(GOOD);
    assert_eq!((config.ordinal, config.partitions, config.deployment.as_str()), (3, 8, "demo"));
    assert_eq!(config.bundle.apps.len(), 1);
    assert_eq!(config.ingest.as_ref().unwrap().rule[0].secret.expose(), "rule-secret");
    assert_eq!(told(GOOD).concat(), "");
}

/// The line of the first place where `text` stands in the file.
fn line_of(file: &str, text: &str) -> usize {
    file[..file.find(text).unwrap_or_else(|| panic!("{text} is not in the file"))].matches('\n').count() + 1
}

/// What is put into the good file, the text whose line is told, and what is told.
const REFUSED: &[(&str, &str, &str, &str)] = &[
    // What is no configuration.
    ("partitions = 8", "partitions = 8\ncolour = 1", "colour", "unknown field `colour`"),
    ("partitions = 8", "partitions = \"8\"", "partitions =", "invalid type: string"),
    ("partitions = 8", "partitions =", "partitions =", ""),
    ("partitions = 8", "partitions = 0", "partitions = 0", "deployment: partitions must be"),
    ("replication = 1", "replication = 0", "replication = 0", "deployment: replication must be"),
    ("name = \"demo\"", "name = \"Demo\"", "name = \"Demo\"", "deployment: name must be"),
    (
        "replication = 1",
        "replication = 1\ntopic_prefix = \"a/b\"",
        "topic_prefix",
        "deployment: topic_prefix must be",
    ),
    ("[kafka]", "[decide]\ndrivers = 65\n[kafka]", "drivers = 65", "decide: drivers must be"),
    ("[kafka]", "[decide]\nbatch_records = 0\n[kafka]", "batch_records", "decide: batch_records"),
    ("[kafka]", "[log]\nfilter = \"info,=\"\n[kafka]", "filter =", "log.filter: "),
    ("[kafka]", "[log]\nformat = \"xml\"\n[kafka]", "format =", "unknown variant `xml`"),
    ("[kafka]", "[admin]\ngrace = \"soon\"\n[kafka]", "grace =", "is no duration"),
    ("[kafka]", "[admin]\nlisten = \"localhost\"\n[kafka]", "listen = \"localhost\"", "socket address"),
    // Placeholders.
    ("\"${INSTANCE}\"", "\"${GONE}\"", "${GONE}", "GONE is not set"),
    ("\"${INSTANCE}\"", "\"${file:/nowhere}\"", "${file", "secret file /nowhere cannot be read"),
    ("\"${INSTANCE}\"", "\"${\"", "\"${\"", "is not closed"),
    ("partitions = 8", "partitions = ${COMPANY}", "partitions", "the value of ${COMPANY} is no number"),
    ("partitions = 8", "partitions = \"${PARTITIONS}\"", "partitions", "a number stands without quotes"),
    ("partitions = 8", "partitions = \"${PSEUDONYM_KEY}\"", "partitions", "invalid type: string \"***\""),
    (
        "\"cn\"]",
        "\"cn\"]\nsystem_prompt = \"\"\"\nRules\n of ${GONE}\n\"\"\"",
        " of ${GONE}",
        "GONE is not set",
    ),
    // Instances.
    ("\"${INSTANCE}\"", "\"ip-10-0-3-17\"", "instance =", "17 alone would be its number"),
    ("\"${INSTANCE}\"", "\"huiyin-7f9c4d-xk2x\"", "instance =", "an id that changes with each start"),
    // Brokers.
    ("\"127.0.0.1:9092\"", "\"\"", "bootstrap", "kafka.bootstrap"),
    (
        "[[app]]",
        "[kafka.properties]\n\"isolation.level\" = \"x\"\n[[app]]",
        "\"isolation.level\"",
        "kafka.properties.isolation.level: it cannot be set",
    ),
    ("[[app]]", "[kafka.properties]\n\"no.such\" = \"x\"\n[[app]]", "\"no.such\"", "no.such"),
    (
        "[[app]]",
        "[kafka.properties]\n\"sasl.password\" = \"${BROKEN}\"\n[[app]]",
        "\"sasl.password\"",
        "it holds a line break",
    ),
    // The catalogue.
    (
        "[\"main\"]",
        "[\"gone\"]",
        "[\"gone\"]",
        "its chain names the target \"gone\", which is not configured",
    ),
    ("{ id = \"bot\" }", "{ id = \"bot\" }, { id = \"Bot\" }", "\"Bot\"", "bot \"Bot\" is configured twice"),
    ("currency = \"CNY\"", "currency = \"RMB\"", "currency", "\"CNY\" is meant?"),
    ("from = \"2026-01-01\"", "from = \"2026-01-01\"\nuntil = \"2025-01-01\"", "until", "is not after from"),
    // Secrets that no request can carry.
    (
        "\"${SECRET}\"",
        "\"${BROKEN}\"",
        "secret = \"${BROKEN}\"",
        "ingest.rule \"/before\": secret: it holds a line break",
    ),
    ("\"${SECRET}\"", "\"\"", "secret = \"\"", "secret: it is empty"),
    ("\"sk-x\"", "\"${BROKEN}\"", "api_key", "call.target \"main\": api_key: it holds a line break"),
    ("\"sk-x\"", "\"sk-х\"", "api_key", "api_key: it holds a space or a character beyond ASCII"),
    ("\"hush\"", "\"hush\\t\"", "client_secret", "client_secret: it holds a control character"),
    ("client_id = \"id\"", "client_id = \" id\"", "client_id", "client_id: it begins or ends with a space"),
    (
        "[account]",
        "[account]\npassword = \"a\\nb\"",
        "password = ",
        "account: password: it holds a line break",
    ),
    (
        "\"${PSEUDONYM_KEY}\"",
        "\"short\"",
        "pseudonym_key",
        "account: pseudonym_key: it is shorter than 32 characters",
    ),
    // Other values of the sections.
    ("[account]", "[account.batch]\nblock_rows = 0\n[account]", "block_rows", "account.batch: block_rows"),
    (
        "[account]",
        "[account.retention_days]\nreplies = 0\n[account]",
        "replies = 0",
        "account: retention_days.replies",
    ),
    (
        "127.0.0.1:1/v1",
        "127.0.0.1:1/v1/chat/completions",
        "base_url = \"http://127.0.0.1:1",
        "its base_url names what is called under it",
    ),
    (
        "a1.easemob.com",
        "a1.easemob.com/acme/support",
        "base_url = \"https",
        "its base_url names the organisation",
    ),
    ("\"0.0.0.0:8700\"", "\"0.0.0.0:9600\"", "listen = \"0.0.0.0:9600\"", "is where [admin] listens, too"),
    (
        "[[ingest.rule]]",
        "[ingest.tls]\ncert_file = \"/nowhere.pem\"\nkey_file = \"/nowhere.key\"\n[[ingest.rule]]",
        "cert_file",
        "ingest.tls: cert_file: read certificates from /nowhere.pem",
    ),
    (
        "[[ingest.rule]]",
        "[ingest.limits]\nmax_in_flight = 0\n[[ingest.rule]]",
        "max_in_flight",
        "max_in_flight may not be zero",
    ),
    (
        "[[call.target]]",
        "[call]\nmax_running = 0\n[[call.target]]",
        "max_running",
        "max_running must be more than zero",
    ),
    (
        "[[call.target]]",
        "[call.health]\nbreaker_open = \"0s\"\n[[call.target]]",
        "breaker_open",
        "call.health",
    ),
    (
        "[[call.target]]\nname = \"main\"",
        "[[call.target]]\nname = \"other\"",
        "[[target]]",
        "it has no entry [[call.target]]",
    ),
    (
        "[[deliver.app]]\nkey = \"acme#support\"",
        "[[deliver.app]]\nkey = \"acme#sales\"",
        "[[app]]",
        "it has no entry [[deliver.app]]",
    ),
    ("label = \"AI\"\n", "", "[[app]]", "label is empty: answers that are not labelled need consent"),
    (
        "label = \"AI\"",
        "label = \"\"",
        "label = \"\"",
        "label is empty: answers that are not labelled need consent",
    ),
    ("label = \"AI\"", "label = \"AI\"\noutput.max_characters = 0", "max_characters", "may not be zero"),
    // What is taken and probably not meant.
    (
        "model = \"m\"\ncurrency",
        "model = \"n\"\ncurrency",
        "model = \"n\"",
        "price of \"n\": no target has its provider",
    ),
    (
        "model = \"m\"\ncurrency",
        "model = \"n\"\ncurrency",
        "name = \"main\"",
        "target \"main\": it has no price today",
    ),
    (
        "from = \"2026-01-01\"",
        "from = \"2030-01-01\"",
        "name = \"main\"",
        "the next one begins on 2030-01-01",
    ),
    ("\"hush\"", "'${SECRET}'", "'${SECRET}'", "nothing is filled: double quotes fill it"),
];

#[test]
fn everything_that_is_refused_or_not_meant_has_its_line() {
    for (from, to, at, what) in REFUSED {
        assert!(GOOD.contains(from), "{from}");
        let file = GOOD.replacen(from, to, 1);
        let (line, found) = (line_of(&file, at), told(&file));
        let fits = |told: &String| told.starts_with(&format!("{line}: ")) && told.contains(what);
        assert!(found.iter().any(fits), "{to}: not «{line}: … {what}» but {found:#?}");
        assert!(!found.concat().contains("one-line"), "{found:?}");
    }
}

#[test]
fn answers_without_a_label_are_on_record_for_half_a_year() {
    let file = GOOD.replacen("label = \"AI\"", "consent = \"terms of use\"", 1);
    let warned = |file: &str| good(file).warnings(TODAY);
    let kept = |days: &str| {
        let retention = format!("[account.retention_days]\nreplies = {days}\n[account]");
        let file = file.replacen("[account]", &retention, 1);
        (line_of(&file, "replies = "), warned(&file))
    };
    assert_eq!(told(&file).concat(), "");
    assert_eq!(kept("180").1.concat(), "");
    let (line, found) = kept("179");
    let expected = "account: retention_days.replies: 179 days are fewer than 180, and app \"acme#support\" sends answers without a label";
    assert_eq!(found, [format!(":{line}: {expected}")]);
    // With a label it is told as well.
    let labelled = GOOD.replacen("[account]", "[account.retention_days]\nreplies = 1\n[account]", 1);
    let found = told(&labelled).concat();
    assert!(found.ends_with("account: retention_days.replies: 1 days are fewer than 180"), "{found:?}");
    let (without, _) = file.split_once("[account]").unwrap();
    let found = warned(without);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with(&format!(":{}: ", line_of(without, "consent"))), "{found:?}");
    assert!(found[0].contains("no section [account]"), "{found:?}");
}

#[test]
fn everything_is_told_at_once() {
    let file = GOOD
        .replacen("partitions = 8", "partitions = 0", 1)
        .replacen("[\"main\"]", "[\"gone\"]", 1)
        .replacen("\"127.0.0.1:9092\"", "\"\"", 1)
        .replacen("\"CNY\"", "\"RMB\"", 1);
    assert_eq!(told(&file).len(), 4, "{:?}", told(&file));
    let file = GOOD
        .replacen("\"${PSEUDONYM_KEY}\"", "\"short\"", 1)
        .replacen("\"hush\"", "\"\"", 1)
        .replacen("\"sk-x\"", "\"a b\"", 1)
        .replacen("\"${SECRET}\"", "\"\"", 1);
    assert_eq!(told(&file).len(), 4, "{:?}", told(&file));
}

/// Changes to the good file, each of which is told alone, with the text whose line is told.
const MISTAKES: &[(&str, &str, &str, &str)] = &[
    ("partitions = 8", "partitions = \"8\"", "partitions =", "invalid type: string"),
    ("\"127.0.0.1:9092\"", "9092", "bootstrap", "invalid type: integer"),
    ("bot = [", "answer = 1\nbot = [", "answer =", "invalid type: integer"),
    (
        "provider = \"local\"\nmodel = \"m\"\nregion",
        "provider = 5\nmodel = \"m\"\nregion",
        "provider = 5",
        "invalid type: integer",
    ),
    ("input = \"2\"", "input = 2", "input = 2", "invalid type: integer"),
    ("stage = \"pre\"", "stage = \"soon\"", "stage =", "is none of"),
    ("\"sk-x\"", "\"${GONE}\"", "${GONE}", "GONE is not set"),
    ("client_secret = \"hush\"", "client_secret = \"hush\"\ncolour = 1", "colour", "unknown field `colour`"),
    ("\"${PSEUDONYM_KEY}\"", "\"short\"", "pseudonym_key", "shorter than 32"),
];

#[test]
fn mistakes_in_every_section_are_told_in_one_run_and_nothing_that_follows_from_them() {
    let mut all = GOOD.to_owned();
    for (from, to, at, what) in MISTAKES {
        let file = GOOD.replacen(from, to, 1);
        assert_ne!(file, GOOD, "{from}");
        let found = told(&file);
        assert!(found.len() == 1 && found[0].contains(what), "{to}: {found:#?}");
        assert!(found[0].starts_with(&format!("{}: ", line_of(&file, at))), "{to}: {found:#?}");
        all = all.replacen(from, to, 1);
    }
    let found = told(&all);
    assert_eq!(found.len(), MISTAKES.len(), "{found:#?}");
    for (_, _, at, what) in MISTAKES {
        let line = format!("{}: ", line_of(&all, at));
        assert!(found.iter().any(|told| told.starts_with(&line) && told.contains(what)), "{at}: {found:#?}");
    }
}

#[test]
fn many_mistakes_of_one_table_are_told_in_one_run() {
    let file = GOOD
        .replacen("label = \"AI\"\n", "", 1)
        .replacen(
            "key = \"acme#support\"",
            "key = \"acme#support\"\ncolour = 1\nanswer_within = 5\nlabel = 1",
            1,
        )
        .replacen("id = \"bot\"", "id = 1", 1)
        .replacen("[admin]", "", 1)
        + "[admin]\ngrace = \"soon\"\nlisten = 1\n";
    let found = told(&file);
    for at in ["colour", "answer_within", "label", "bot = [", "grace", "listen = 1"] {
        let line = format!("{}: ", line_of(&file, at));
        assert_eq!(found.iter().filter(|told| told.starts_with(&line)).count(), 1, "{at}: {found:#?}");
    }
    assert_eq!(found.len(), 6, "{found:#?}");
}

#[test]
fn what_is_not_there_is_told_once() {
    for (from, to, what) in [
        ("[kafka]\nbootstrap = \"127.0.0.1:9092\"\n", "", "section `[kafka]` is missing"),
        ("[kafka]", "[[kafka]]", "invalid type"),
        ("chain = [\"main\"]", "", "missing field `chain`"),
        ("chain = [\"main\"]", "chain = \"main\"", "invalid type: string"),
        ("allowed_regions = [\"cn\"]", "allowed_regions = [5]", "invalid type: integer"),
        ("model = \"m\"\nregion", "region", "missing field `model`"),
        ("key = \"acme#support\"\nchain", "chain", "missing field `key`"),
        ("region = \"cn\"\n\n[[price]]", "[[price]]", "missing field `region`"),
        ("path = \"/before\"", "", "missing field `path`"),
        ("url = \"http://127.0.0.1:8123\"", "", "missing field `url`"),
        ("partitions = 8", "partitions = ${GONE}", "GONE is not set"),
    ] {
        let found = told(&GOOD.replacen(from, to, 1));
        let of_it: Vec<_> = found.iter().filter(|told| told.contains(what)).collect();
        assert_eq!(of_it.len(), 1, "{to}: {found:#?}");
        // Without its key nobody knows which app it is, and others name it.
        assert!(found.len() == 1 || what.contains("`key`"), "{to}: {found:#?}");
    }
}

#[test]
fn every_error_of_a_text_that_is_no_toml_is_told() {
    let found = told("[deployment]\nname =\n[kafka\nbootstrap = \"${\"\n");
    assert!(found.len() >= 2 && found[0].starts_with("2: ") && found[1].starts_with("3: "), "{found:#?}");
    let found = told(&format!("[deployment{}]\n", ".a".repeat(200)));
    assert!(found.iter().any(|told| told.starts_with("read file: ")), "{found:#?}");
}

#[test]
fn limits_of_an_app_and_a_target_are_told_on_the_lines_of_their_keys() {
    for (section, limit) in [
        ("[[app]]", "answer_within = \"0s\""),
        ("[[app]]", "lost_after = \"1m\""),
        ("[[app]]", "merge_window = \"1m\""),
        ("[[app]]", "duplicate_horizon = \"59s\""),
        ("[[app]]", "forget_after = \"15m\""),
        ("[[app]]", "part_bytes = 255"),
        ("[[app]]", "max_output_tokens = 0"),
        ("[[app]]", "max_answer_parts = 0"),
        ("[[app]]", "max_waiting_messages = 0"),
        ("[[app]]", "max_waiting_bytes = 0"),
        ("[[app]]", "history_turns = 1001"),
        ("[[app]]", "temperature_milli = 2001"),
        ("[[target]]", "timeout = \"0s\""),
        ("[[target]]", "context_tokens = 0"),
    ] {
        let file = GOOD.replacen(section, &format!("{section}\n{limit}"), 1);
        let key = limit.split(' ').next().unwrap();
        let place = format!("{}: {} ", line_of(&file, limit), section.trim_matches(['[', ']']));
        let found = told(&file);
        let fits = |told: &String| told.starts_with(&place) && told.contains(&format!("\": {key} "));
        assert!(found.iter().any(fits), "{limit}: {found:#?}");
    }
}

#[test]
fn values_from_outside_are_texts_on_every_line_and_numbers_without_quotes() {
    let prompt = "# ${GONE}\nsystem_prompt = \"\"\"\n# Rules of ${COMPANY}\nYou work for ${COMPANY}.\n\"\"\" # ${GONE}\nlabel = '${COMPANY}'";
    let file = GOOD.replacen("label = \"AI\"\n", "", 1);
    let file = file.replacen("chain = [", &format!("{prompt}\nchain = ["), 1).replacen(
        "partitions = 8",
        "partitions = ${PARTITIONS}",
        1,
    );
    let config = good(&file);
    let app = config.bundle.apps.values().next().unwrap();
    assert_eq!(app.system_prompt, "# Rules of Acme\nYou work for Acme.\n");
    assert_eq!((app.label.as_str(), config.partitions), ("${COMPANY}", 8));
}

#[test]
fn a_file_is_read_as_editors_save_it_and_named_where_it_cannot_be() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("huiyin.toml");
    let saved = |bytes: Vec<u8>| {
        std::fs::write(&path, bytes).unwrap();
        Config::read(&path, None, variable).map(|config| config.deployment).map_err(|bad| bad.to_string())
    };
    let marked = format!(
        "\u{feff}# `${{NAME}}` is an environment variable, `${{file:/path}}` the content of a file.\n{GOOD}"
    );
    assert_eq!(saved(marked.into_bytes()).unwrap(), "demo");
    assert_eq!(saved(GOOD.replace('\n', "\r\n").into_bytes()).unwrap(), "demo");
    let gbk = [GOOD.as_bytes(), b"# \xD0\xA1\xD6\xFA\xCA\xD6\n"].concat();
    let line = GOOD.lines().count() + 1;
    assert!(saved(gbk).unwrap_err().ends_with(&format!(
        "huiyin.toml:{line}: the file is not UTF-8, it looks like GBK (GB 18030): save it as UTF-8"
    )));
    let utf16: Vec<u8> =
        "\u{feff}".chars().chain(GOOD.chars()).flat_map(|c| (c as u16).to_le_bytes()).collect();
    assert!(
        saved(utf16)
            .unwrap_err()
            .ends_with("huiyin.toml:1: the file is UTF-16 (little endian): save it as UTF-8")
    );
    let refused = saved(GOOD.replacen("partitions = 8", "partitions = 0", 1).into_bytes()).unwrap_err();
    assert!(refused.ends_with("huiyin.toml:5: deployment: partitions must be from 1 to 10000"), "{refused}");
}

#[test]
fn an_instance_of_the_command_line_has_no_line() {
    let found = Config::parse(GOOD, Some("ip-10-0-3-17".to_owned()), variable).err().unwrap();
    assert_eq!(found.len(), 1);
    assert!(found[0].line.is_none() && found[0].what.starts_with("--instance: "), "{found:?}");
    assert_eq!(Config::parse(GOOD, Some("7".to_owned()), variable).map_err(drop).unwrap().ordinal, 7);
}

#[test]
fn certificates_may_have_lines() {
    let file = GOOD.replacen("[[app]]", "[kafka.properties]\n\"ssl.ca.pem\" = \"${BROKEN}\"\n[[app]]", 1);
    let found = told(&file);
    assert!(!found.concat().contains("line break"), "{found:?}");
}

#[test]
fn the_number_of_drivers_has_its_place() {
    assert_eq!(good(&format!("{GOOD}\n[decide]\ndrivers = 3\n")).decide.drivers, 3);
}

#[test]
fn the_example_file_is_good_and_leaves_nothing_to_warn_of() {
    let example = include_str!("../../huiyin.example.toml");
    let config =
        Config::parse(example, None, example_value).map_err(|problems| format!("{problems:?}")).unwrap();
    crate::check::offline(&config).unwrap();
    assert_eq!(config.warnings(TODAY), Vec::<String>::new());
    assert_eq!(config.partitions, 48);
}

#[test]
fn the_example_of_each_family_is_good_and_leaves_nothing_to_warn_of_but_prices_that_nobody_publishes() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/families");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files: Vec<_> = files.filter(|path| path.extension().is_some_and(|end| end == "toml")).collect();
    assert!(files.len() >= 3, "{files:?}");
    for path in files {
        let example = std::fs::read_to_string(&path).unwrap();
        let beside_others = format!("{}\n{example}", include_str!("../../huiyin.example.toml"));
        let parsed = Config::parse(&beside_others, None, example_value);
        let config = parsed.map_err(|problems| format!("{}: {problems:?}", path.display())).unwrap();
        crate::check::offline(&config).unwrap();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        // Spark sells packs of tokens, nobody lists the old models of v1, and what one's own server costs is one's own to say.
        let is_unpriced =
            ["spark", "ernie-v1", "ollama", "vllm", "llama-cpp"].iter().any(|stem| name.starts_with(stem));
        let mut warnings = config.warnings(TODAY);
        warnings.retain(|told| !(is_unpriced && told.contains("it has no price today")));
        assert_eq!(warnings, Vec::<String>::new(), "{name}");
    }
}

#[test]
fn what_the_readmes_show_of_targets_labels_and_the_filter_is_good() {
    let of_label = |line: &&str| line.starts_with("label") || line.starts_with("aigc");
    let unlabelled: Vec<&str> =
        include_str!("../../huiyin.example.toml").lines().filter(|line| !of_label(line)).collect();
    for readme in [include_str!("../../../README.md"), include_str!("../../../README.zh.md")] {
        let blocks: Vec<&str> = readme.split("```toml\n").skip(1).collect();
        assert!(blocks.iter().any(|block| block.contains("[[filter.dictionary]]")));
        let folder = tempfile::tempdir().unwrap();
        let words = readme.split("```text\n").nth(1).unwrap().split("```").next().unwrap();
        std::fs::write(folder.path().join("words.tsv"), words).unwrap();
        for block in blocks {
            let example = block.split("```").next().unwrap();
            let beside_others = if example.starts_with("label") {
                unlabelled.join("\n").replacen("[[app]]\n", &format!("[[app]]\n{example}"), 1)
            } else {
                format!("{}\n{example}", include_str!("../../huiyin.example.toml"))
            };
            let config = Config::parse_in(folder.path(), &beside_others, None, example_value);
            let config = config.map_err(|found| format!("{found:?}"));
            crate::check::offline(&config.unwrap()).unwrap();
        }
    }
}

/// The environment of the examples.
fn example_value(name: &str) -> Option<String> {
    Some(match name {
        "HUIYIN_INSTANCE" => "0".to_owned(),
        "HUIYIN_KAFKA" => "kafka-1:9092,kafka-2:9092".to_owned(),
        name if name.ends_with("_URL") => "http://127.0.0.1:1".to_owned(),
        _ => "a-value-that-is-long-enough-for-any-key".to_owned(),
    })
}
