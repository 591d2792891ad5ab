//! Every limit, met and missed by the least that can be missed.

use super::*;

/// A key of `[[app]]` (or of a table in it), values just inside, values just outside, and what is told of these.
type Limit = (&'static [&'static str], &'static [&'static str], &'static str);

/// Limits of an app, each a value of its own or beside others that it depends on.
const APP: &[Limit] = &[
    (&["answer_within = '1ms'"], &["answer_within = '0s'"], "answer_within may not be zero"),
    (
        &["lost_after = '2m'", "answer_within = '10s'\nlost_after = '20s'"],
        &["lost_after = '119999ms'", "answer_within = '10s'\nlost_after = '19s'"],
        "lost_after must be at least twice answer_within",
    ),
    (
        &["merge_window = '59999ms'"],
        &["merge_window = '1m'", "merge_window = '2m'"],
        "merge_window must be shorter than answer_within",
    ),
    (
        &["duplicate_horizon = '1m'"],
        &["duplicate_horizon = '59999ms'", "duplicate_horizon = '0s'"],
        "duplicate_horizon must be at least one minute",
    ),
    (
        &["lost_after = '2h'\nforget_after = '7200001ms'"],
        &["lost_after = '2h'\nforget_after = '2h'"],
        "forget_after must be longer than lost_after",
    ),
    (
        &["forget_after = '3600001ms'"],
        &["forget_after = '1h'"],
        "forget_after must be longer than duplicate_horizon",
    ),
    (
        &["part_bytes = 256\ncanned = { cut = '' }", "part_bytes = 4600"],
        &[
            "part_bytes = 255\ncanned = { cut = '' }",
            "part_bytes = 4601",
            "part_bytes = 0\ncanned = { cut = '' }",
        ],
        "part_bytes must be from 256 to 4600: Easemob takes 5 KB with ext",
    ),
    (&["max_output_tokens = 1"], &["max_output_tokens = 0"], "max_output_tokens may not be zero"),
    (
        &["max_answer_parts = 1", "max_answer_parts = 1000"],
        &["max_answer_parts = 0", "max_answer_parts = 1001"],
        "max_answer_parts must be from 1 to 1000",
    ),
    (
        &["output = { max_characters = 1 }"],
        &["output = { max_characters = 0 }"],
        "output.max_characters may not be zero",
    ),
    (
        &["output = { max_per_minute = 1 }"],
        &["output = { max_per_minute = 0 }"],
        "output.max_per_minute may not be zero",
    ),
    (
        &["max_waiting_messages = 1", "max_waiting_messages = 200"],
        &["max_waiting_messages = 0", "max_waiting_messages = 201"],
        "max_waiting_messages must be from 1 to 200",
    ),
    (
        &["max_waiting_bytes = 1024", "max_waiting_bytes = 262144"],
        &["max_waiting_bytes = 1023", "max_waiting_bytes = 262145"],
        "max_waiting_bytes must be from 1024 to 262144",
    ),
    (
        &["history_turns = 0", "history_turns = 1000"],
        &["history_turns = 1001"],
        "history_turns may be at most 1000",
    ),
    (
        &["temperature_milli = 0", "temperature_milli = 2000"],
        &["temperature_milli = 2001"],
        "temperature_milli may be at most 2000",
    ),
];

/// The same of `[[target]]`.
const TARGET: &[Limit] = &[
    (&["timeout = '1ms'"], &["timeout = '0s'"], "timeout may not be zero"),
    (&["context_tokens = 1001"], &["context_tokens = 0"], "context_tokens may not be zero"),
    (&["model = 'm'"], &["model = ''"], "model may not be empty"),
    (&["region = 'cn'"], &["region = ''"], "region may not be empty"),
];

fn file(app: &str, target: &str) -> String {
    let more = |key: &str, value: &str| {
        let is_set = target.starts_with(key);
        if is_set { String::new() } else { format!("{key} = '{value}'\n") }
    };
    let consent = if app.contains("label") { "" } else { "consent = 'asked'\n" };
    format!(
        "[[app]]\nkey = 'acme#support'\nchain = ['main']\nallowed_regions = ['cn', '']\nbot = [{{ id = 'b' }}]\n{consent}{app}\n\
         [[target]]\nname = 'main'\nprovider = 'local'\n{}{}{target}\n",
        more("model", "m"),
        more("region", "cn"),
    )
}

/// Checks that values inside are taken and values outside are told as this place's, once and with these words.
fn check(place: &str, (inside, outside, words): &Limit, file: impl Fn(&str) -> String) {
    for value in *inside {
        let told = read(&file(value)).err();
        assert!(told.is_none(), "{value}: {told:?}");
    }
    for value in *outside {
        let told = read(&file(value)).unwrap_err();
        let of_it = told.iter().filter(|problem| problem.what == *words && problem.place == place);
        assert_eq!(of_it.count(), 1, "{value}: {told:?}");
    }
}

#[test]
fn every_limit_of_an_app_holds_to_the_last_unit() {
    for limit in APP {
        check("app \"acme#support\"", limit, |app| file(app, ""));
    }
}

#[test]
fn every_limit_of_a_target_holds_to_the_last_unit() {
    for limit in TARGET {
        check("target \"main\"", limit, |target| file("", target));
    }
}

#[test]
fn what_ends_an_answer_leaves_half_of_its_part() {
    let endings = |label: usize| {
        file(&format!("part_bytes = 256\nlabel = '{}'\ncanned = {{ cut = 'CUT' }}", "l".repeat(label)), "")
    };
    assert!(read(&endings(124)).is_ok());
    let told = read(&endings(125)).unwrap_err();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].what, "label and canned.cut must be shorter than half of part_bytes");
}

#[test]
fn an_answer_leaves_room_for_a_prompt_in_every_window() {
    let tokens = |answer: u32| file(&format!("max_output_tokens = {answer}"), "context_tokens = 2000");
    assert!(read(&tokens(1_999)).is_ok());
    let told = read(&tokens(2_000)).unwrap_err();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].what, "max_output_tokens leaves no room for a prompt in the window of main");
}
