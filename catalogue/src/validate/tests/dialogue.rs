//! Sessions, commands, staff, and what a message does to the turn in flight.

use schemas::ids::UserId;

use super::*;
use crate::dialogue::{Command, WhileAnswering};
use crate::raw::RawCatalogue;

/// The good file, its app with those keys.
fn file(keys: &str) -> String {
    GOOD.replacen("key = \"acme#support\"", &format!("key = \"acme#support\"\n{keys}"), 1)
}

fn app(keys: &str) -> App {
    read(&file(keys)).unwrap().apps.into_values().next().unwrap()
}

fn problems(keys: &str) -> Vec<String> {
    let text = file(keys);
    let found = validate(&toml::from_str::<RawCatalogue>(&text).unwrap()).unwrap_err();
    told(&text, found).into_iter().map(|(_, what)| what).collect()
}

#[test]
fn an_app_that_says_nothing_of_it_has_the_bundle_that_it_had() {
    let json = String::from_utf8(read(GOOD).unwrap().to_json().unwrap()).unwrap();
    for key in ["mention", "while_answering", "session", "commands", "staff", "notice"] {
        assert!(!json.contains(&format!("\"{key}\"")), "{key}");
    }
}

#[test]
fn every_key_reaches_the_bundle() {
    let app = app(
        "while_answering = 'interrupt'\nsession = { idle = '30m', history_tokens = 900, history_age = '7d' }\n\
                   commands = { new = ['/new', ' 新会话 '], person = ['人工'], new_text = '' }\n\
                   staff = { ids = ['Carol'], prefixes = ['Agent_'], silence = '10m' }\n\
                   notice = { after = '20s', text = '稍等' }",
    );
    assert_eq!(app.while_answering, WhileAnswering::Interrupt);
    let helpdesk = UserId::new("bot_helpdesk").unwrap();
    assert_eq!((app.session.idle_ms(&helpdesk), app.session.history_tokens), (Some(1_800_000), Some(900)));
    assert_eq!(app.commands.words[&Command::New], ["/new", "新会话"]);
    assert_eq!((app.commands.text(Command::New), app.commands.text(Command::Person).is_empty()), ("", false));
    let staff = app.staff.unwrap();
    let has = |id: &str| staff.has(&UserId::new(id).unwrap());
    assert!(has("carol") && has("CAROL") && has("agent_9") && !has("caroline"));
    assert_eq!((staff.silence_ms, staff.desk.as_str()), (Some(600_000), "staff"));
    assert_eq!(app.notice.unwrap().after_ms, 20_000);
}

#[test]
fn a_bot_may_have_a_time_of_its_own() {
    let text = file("session.idle = '30m'").replacen("names = [", "idle = '5m', names = [", 1);
    let app = read(&text).unwrap().apps.into_values().next().unwrap();
    let idle = |bot: &str| app.session.idle_ms(&UserId::new(bot).unwrap());
    assert_eq!((idle("bot_helpdesk"), idle("another")), (Some(300_000), Some(1_800_000)));
}

#[test]
fn every_problem_is_told_with_its_line() {
    for (keys, what) in [
        ("while_answering = 'drop'", "\"drop\" is none of merge, queue, interrupt"),
        ("while_answering = 'interrupt'\ncancel = 'run_on'", "lets their calls run to the end"),
        ("mention.all = 'bot_other'", "is no bot of the app"),
        ("session.idle = '0s'", "session.idle may not be zero"),
        ("session.history_age = '0s'", "session.history_age may not be zero"),
        ("session.history_tokens = 0", "session.history_tokens may not be zero"),
        ("session.summary = { chain = ['other'] }", "session.summary: its chain names the target \"other\""),
        ("session.summary = { chain = [] }", "its chain names no target"),
        ("session.summary = { chain = ['main'], max_tokens = 0 }", "max_tokens may not be zero"),
        ("session.summary = { chain = ['main'], within = '2m' }", "shorter than answer_within"),
        ("commands.new = [' ']", "from 1 to 64 characters"),
        (
            "commands = { new = ['／ＮＥＷ'], stop = ['/new'] }",
            "commands.stop is one of commands.new as well",
        ),
        ("commands.person = ['人工']", "[app.staff] is missing"),
        ("staff.ids = ['BOT_helpdesk']", "it is a bot's"),
        ("staff.prefixes = ['bot_']", "no bot's id begins with it"),
        ("staff.prefixes = ['']", "a prefix is not empty"),
        ("staff.silence = '0s'", "staff.silence may not be zero"),
        ("notice = { after = '0s', text = 'x' }", "more than zero and shorter than answer_within"),
        ("notice = { after = '2m', text = 'x' }", "more than zero and shorter than answer_within"),
        ("notice = { after = '5s', text = ' ' }", "nobody would see it"),
    ] {
        let told = problems(keys);
        assert!(told.len() == 1 && told[0].contains(what), "{keys}: {told:?}");
    }
}
