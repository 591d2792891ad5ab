//! Recorded logs: what a version read and wrote, byte for byte, and that this version does the same.
//!
//! A recording is never made anew: what it holds may be stored somewhere. Its hash stands in [`RECORDINGS`]. What a later version adds
//! comes into a recording of its own, beside the others: extend one of [`SCRIPTS`], play it with
//! `HUIYIN_RECORD=<script>/<name> cargo test -p conversation recorded` (which writes no file that is there), and add the name and the hash
//! that it prints.

mod dialogue;
mod line;
mod recording;
mod script;
mod tape;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use conversation::Conversations;
use pipeline::fold::{Fold, Refold};
use schemas::event::Event;
use schemas::wire;
use sha2::{Digest, Sha256};

use recording::{PARTITION, Recording, Step};

/// Name and SHA-256 of each recording.
const RECORDINGS: [(&str, &str); 7] = [
    // Every app has one chain, every request is a question.
    ("one-chain", "5e55e3814a2466e9024d85fdf00e4a722787e80505b51e942451f34c72529cd1"),
    // Calls are cut when their turns are called off, or run on; outcomes name the person.
    ("cut-calls", "10761a4081f148bca9fe29e7087ed536046626e63116212120006c67476a3bd3"),
    // An operator takes an answer back.
    ("taken-back", "4351ff65ec063b8b4e84e3d0560d86c056914373a23de07722351dd9c687cd1d"),
    // Personal data are hidden by placeholders and given back; an injection is stopped.
    ("placeholders", "15b9af416cef6a09dcd4e8c559a901a2165f6e751f99d4518415b013d25efd72"),
    // Held messages and answers are reviewed, and answers are taken back for late findings.
    ("reviews", "7fbae9860f0931936361387cc1129e6db98bde8ad1b49ea845ba17c7b15ec32a"),
    // Routes, experiments, sessions with summaries, commands, staff, conditions of targets, pins, the bound of a state.
    ("dialogue", "71a4af2d7209e7ee3d7b4162b564c0d4cb7acf0ef68d55c00dd86ac7afa1c969"),
    // Rules choose targets, and requests name them; an operator's act stands between.
    ("acts-and-routes", "99cba59cc5d2b743ae651263ea7ec90638cc6639e674b8da7012e498d848a1ff"),
];

type Play = fn() -> Recording;

/// What can be recorded: all that happens to messages, and what they lead to.
const SCRIPTS: [(&str, Play); 2] = [("script", script::play), ("dialogue", dialogue::play)];

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/recorded").join(format!("{name}.txt"))
}

fn sha256(text: &str) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn recordings() -> impl Iterator<Item = (&'static str, String)> {
    RECORDINGS.into_iter().map(|(name, hash)| {
        let text = std::fs::read_to_string(file(name)).unwrap();
        assert_eq!(sha256(&text), hash, "{name} is not what was recorded");
        (name, text)
    })
}

/// The first line in which two recordings differ.
fn difference(recorded: &str, folded: &str) -> Option<String> {
    let mut lines = recorded.lines().zip(folded.lines()).enumerate();
    let found = lines.find(|(_, (one, other))| one != other);
    let told = |(n, (one, other)): (usize, (&str, &str))| format!("line {}:\n- {one}\n+ {other}", n + 1);
    found.map(told).or_else(|| (recorded != folded).then(|| "one of them ends before the other".to_owned()))
}

/// The same inputs, and what this version writes for them.
fn refolded(recording: Recording) -> Recording {
    let mut again = Refold::new(line::fold(&recording), &line::driver(), PARTITION);
    let fold = |Step { input, .. }| {
        let outputs = again.feed_with_snapshots(&input).unwrap();
        Step { input, outputs }
    };
    Recording { bundles: recording.bundles, steps: recording.steps.into_iter().map(fold).collect() }
}

#[test]
fn what_was_recorded_is_folded_again_to_the_same_bytes() {
    for (name, text) in recordings() {
        let folded = refolded(Recording::parse(&text)).to_text();
        if let Some(difference) = difference(&text, &folded) {
            panic!("{name}, {difference}");
        }
    }
}

#[test]
fn what_was_recorded_is_folded_on_from_the_states_that_were_stored() {
    for (name, text) in recordings() {
        let recording = Recording::parse(&text);
        let mut stored: BTreeMap<Vec<u8>, Vec<u8>> = BTreeMap::new();
        for step in &recording.steps {
            let entries = stored.iter().map(|(key, value)| (key.as_slice(), value.as_slice()));
            let (control, states) = Conversations::restore(entries).unwrap();
            let mut fold = line::fold(&recording);
            let state = (fold.complete(control).unwrap(), states);
            let mut again = Refold::from_state(fold, &line::driver(), PARTITION, state);
            let outputs = again.feed_with_snapshots(&step.input).unwrap();
            assert_eq!(outputs, step.outputs, "{name}, offset {}", step.input.offset);
            for output in outputs.into_iter().filter(|output| &*output.topic == "states") {
                let key = output.key.unwrap();
                match output.value {
                    Some(value) => drop(stored.insert(key, value)),
                    None => drop(stored.remove(&key)),
                }
            }
        }
    }
}

#[test]
fn clock_records_are_written_as_they_were() {
    let mut clocks = 0;
    for (name, text) in recordings() {
        let recording = Recording::parse(&text);
        let fold = line::fold(&recording);
        for Step { input, .. } in &recording.steps {
            let event = wire::decode::<Event>(|name| input.header(name), input.value.as_deref());
            let Ok(Event::Clock(clock)) = event else { continue };
            let written = fold.clock(PARTITION, clock.due);
            assert_eq!((input.key.as_ref(), &input.value), (None, &written.value), "{name}");
            assert!(input.headers == written.headers, "{name}, offset {}", input.offset);
            clocks += 1;
        }
    }
    assert!(clocks > 10, "{clocks} clock records were found");
}

#[test]
fn one_byte_that_is_another_is_noticed_wherever_it_stands() {
    for (_, text) in recordings() {
        let folded = refolded(Recording::parse(&text)).to_text();
        let values: Vec<usize> = text.match_indices("\nv {").map(|(at, _)| at).collect();
        for at in values {
            let end = text[at + 1..].find('\n').map_or(text.len(), |length| at + 1 + length);
            let digit = text[..end].rfind(|c: char| c.is_ascii_digit()).unwrap();
            let mut changed = text.clone();
            changed.replace_range(digit..=digit, if &text[digit..=digit] == "1" { "2" } else { "1" });
            assert!(difference(&changed, &folded).is_some(), "byte {digit}");
        }
    }
}

#[test]
fn a_recording_holds_every_kind_of_event_and_every_topic_that_decide_writes() {
    let recorded: String = recordings().map(|(_, text)| text).collect();
    for kind in <Event as wire::Record>::KINDS {
        assert!(recorded.contains(&format!("h ce_type huiyin.events.{kind}\n")), "{kind}");
    }
    assert!(recorded.contains("h ce_type huiyin.requests.cancel\n"));
    for topic in ["decisions", "requests", "answers", "ledger", "states", "dead-letters"] {
        assert!(recorded.contains(&format!("\n< {topic}\n")), "{topic}");
    }
}

#[test]
fn a_script_is_recorded_beside_the_others_when_that_is_asked_for() {
    let asked = std::env::var("HUIYIN_RECORD").ok();
    let asked = asked.as_ref().and_then(|asked| asked.split_once('/'));
    for (script, play) in SCRIPTS {
        let text = play().to_text();
        assert_eq!(difference(&text, &refolded(Recording::parse(&text)).to_text()), None, "{script}");
        if let Some((_, name)) = asked.filter(|(of, _)| *of == script) {
            let file = file(name);
            assert!(!file.exists(), "{} is there, and no recording is made anew", file.display());
            std::fs::write(&file, &text).unwrap();
            println!("{name} {}", sha256(&text));
        }
    }
}
