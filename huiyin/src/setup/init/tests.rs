use std::io::{Cursor, empty, sink};

use super::*;

fn nobody() -> Option<&'static mut Terminal<std::io::Sink, std::io::Empty>> {
    None
}

fn init(output: PathBuf) -> Init {
    Init {
        app: Some("acme#support".into()),
        bot: Some("helpdesk".into()),
        provider: Some("openai".into()),
        model: Some("m-1".into()),
        base_url: None,
        region: "cn".into(),
        easemob: "https://a1.easemob.com".into(),
        kafka: "127.0.0.1:9092".into(),
        clickhouse: "http://127.0.0.1:8123".into(),
        output,
    }
}

fn variable(_: &str) -> Option<String> {
    Some("0123456789abcdef0123456789abcdef".to_owned())
}

#[test]
fn what_is_written_passes_the_check_for_every_provider() {
    let folder = tempfile::tempdir().unwrap();
    for provider in Provider::ALL {
        let path = folder.path().join(provider.label());
        let said = Init { provider: Some(provider.label().into()), ..init(path.clone()) }.write(nobody());
        assert!(said.unwrap().contains("HUIYIN_MODEL_KEY"));
        let config = Config::read(&path, None, variable).unwrap();
        let report = crate::check::offline(&config).unwrap();
        assert!(report.starts_with("configuration ok: 1 apps, 1 targets"), "{report}");
        assert_eq!(report.matches("warning: ").count(), 1, "{report}");
        assert!(report.contains("it has no price today"), "{report}");
    }
}

#[test]
fn its_comments_become_settings_that_pass_the_check_as_well() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("huiyin.toml");
    init(path.clone()).write(nobody()).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    let is_setting =
        |line: &str| line.starts_with("# [[") || (line.starts_with("# ") && line.contains(" = "));
    let uncommented = text.lines().map(|line| if is_setting(line) { &line[2..] } else { line });
    let uncommented: Vec<&str> = uncommented.collect();
    std::fs::write(&path, uncommented.join("\n")).unwrap();
    let config = Config::read(&path, None, variable).unwrap();
    assert_eq!(crate::check::offline(&config).unwrap().matches("warning: ").count(), 0);
    assert_eq!((config.bundle.prices.len(), config.bundle.filter.rules.len()), (1, 1));
}

#[test]
fn a_file_that_is_there_stays_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("huiyin.toml");
    std::fs::write(&path, "mine").unwrap();
    let refused = init(path.clone()).write(nobody()).unwrap_err().to_string();
    assert!(refused.contains("is there already"), "{refused}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine");
}

#[test]
fn what_is_not_given_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("huiyin.toml");
    let mut questions = Vec::new();
    let mut terminal =
        Terminal { questions: &mut questions, answers: Cursor::new("acme#shop\n m \"2\" ${X}\n") };
    Init { app: None, model: None, ..init(path.clone()) }.write(Some(&mut terminal)).unwrap();
    assert_eq!(String::from_utf8(questions).unwrap(), "App Key (org#app): Model as the provider names it: ");
    let config = Config::read(&path, None, variable).unwrap();
    assert!(config.bundle.apps.keys().any(|key| key.as_str() == "acme#shop"));
    assert_eq!(config.bundle.targets.values().next().unwrap().model, "m \"2\" ${X}");
}

#[test]
fn without_an_answer_or_with_one_that_cannot_be_nothing_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = || folder.path().join("huiyin.toml");
    let mut silent = Terminal { questions: sink(), answers: empty() };
    let broken = [
        (Init { bot: None, ..init(path()) }.write(nobody()), "--bot is not given"),
        (Init { bot: None, ..init(path()) }.write(Some(&mut silent)), "no answer to: IM user id"),
        (Init { app: Some("acme".into()), ..init(path()) }.write(nobody()), "read the App Key"),
        (Init { provider: Some("gpt".into()), ..init(path()) }.write(nobody()), "it is openai or local"),
        (Init { base_url: Some("nowhere".into()), ..init(path()) }.write(nobody()), "no configuration"),
        (Init { easemob: "https://a1.easemob.com/acme".into(), ..init(path()) }.write(nobody()), "base_url"),
    ];
    for (refused, what) in broken {
        let refused = refused.unwrap_err().to_string();
        assert!(refused.contains(what), "{refused}");
        assert!(!path().exists(), "{refused}");
    }
}
