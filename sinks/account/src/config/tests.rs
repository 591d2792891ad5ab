use super::*;

const SHORT: &str = r#"
    url = "http://127.0.0.1:8123"
    pseudonym_key = "0123456789abcdef0123456789abcdef"
"#;

/// A short section with some keys changed or added.
fn raw(more: &str) -> RawAccount {
    let mut table: toml::Table = SHORT.parse().unwrap();
    table.extend(more.parse::<toml::Table>().unwrap());
    table.try_into().unwrap()
}

pub(crate) fn config(more: &str) -> AccountConfig {
    validate(&raw(more)).unwrap()
}

fn refused(more: &str) -> Vec<String> {
    let problems = validate(&raw(more)).unwrap_err();
    problems.into_iter().map(|problem| format!("{}.{}", problem.place, problem.what)).collect()
}

#[test]
fn an_address_and_a_key_are_enough() {
    let raw: RawAccount = toml::from_str(SHORT).unwrap();
    let config = validate(&raw).unwrap();
    assert!(!format!("{config:?}").contains("0123456789abcdef"));
}

#[test]
fn keys_that_cannot_work_are_refused_by_name() {
    for (key, told) in [
        ("url = 'tcp://127.0.0.1:9000'", "account.url: it does not start with http://"),
        ("url = 'http://user:secret@127.0.0.1'", "account.url: user, password and database have keys"),
        ("url = 'http://'", "account.url: it is no address"),
        ("url = \"http://127.0.0.1:8123\\n\"", "account.url: it is no address"),
        ("database = 'a`b'", "account.database: "),
        ("cluster = \"x'y\"", "account.cluster: "),
        ("user = ''", "account.user: it is empty"),
        ("user = \"a\\tb\"", "account.user: it holds a control character"),
        ("password = \"hush\\n\"", "account.password: it holds a line break"),
        ("password = ' hush'", "account.password: it begins or ends with a space"),
        ("send_timeout = '0s'", "account.send_timeout: "),
        ("end_timeout = '5m'", "account.end_timeout: "),
        ("query_timeout = '0s'", "account.query_timeout: "),
        ("pseudonym_key = 'short'", "account.pseudonym_key: it is shorter than 32 characters"),
        ("pseudonym_key = ''", "account.pseudonym_key: it is empty"),
        (
            "pseudonym_key = \"0123456789abcdef\\n0123456789abcdef\"",
            "account.pseudonym_key: it holds a line break",
        ),
        ("deduplication_window = 100", "account.deduplication_window: "),
        ("[retention_days]\nreplies = 0", "account.retention_days.replies: "),
        ("[retention_days]\nreply = 30", "account.retention_days.reply: there is no such table"),
        ("[batch]\nblock_rows = 0", "account.batch.block_rows: "),
    ] {
        let problems = refused(key);
        assert!(problems.len() == 1 && problems[0].starts_with(told), "{key}: {problems:?}");
        assert!(!problems[0].contains("hush"));
    }
    let all = refused("url = 'x'\npseudonym_key = 'k'\n[batch]\ninserts = 0\n[retention_days]\nmessages = 0");
    assert_eq!(all.len(), 4, "{all:?}");
    assert!(toml::from_str::<RawAccount>("password = 'p'").is_err());
    // Passwords are what a database takes: spaces within and every script.
    for good in ["p w", "пароль", "a@b:c/d?e#f\\\"'"] {
        let mut table: toml::Table = SHORT.parse().unwrap();
        table.insert("password".into(), good.into());
        assert!(validate(&table.try_into().unwrap()).is_ok(), "{good}");
    }
    assert!(toml::from_str::<RawAccount>("url = 'http://x'\npseudonym_key = 'k'\npasswd = 'y'").is_err());
}

#[test]
fn every_key_has_a_meaning_in_the_schema() {
    let schema = schemars::schema_for!(RawAccount).to_value();
    let keys = schema["properties"].as_object().unwrap();
    let silent: Vec<_> = keys.iter().filter(|(_, key)| key["description"].as_str().is_none()).collect();
    assert!(silent.is_empty() && keys.len() > 12, "{silent:?}");
}
