//! A recording: what a fold read of one partition of `events`, and all that it wrote for each record, as text.
//!
//! Each line is a word and its rest. `bundle` and its value come first. `>` begins an input with its offset and its append time, `<` an
//! output with its topic; `k` (key), `h` (header: name and value) and `v` (value) belong to the record above. A record without a value is
//! a tombstone. A header that the record before it on the same topic has at the same place is not repeated: `=` and how many of them.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::str::Lines;
use std::sync::Arc;

use pipeline::{Header, Headers, Outgoing, Record};

/// Partition that is recorded.
pub(crate) const PARTITION: i32 = 0;
/// Topic of the inputs.
const EVENTS: &str = "events";

/// One input, and what came of it.
pub(crate) struct Step {
    pub(crate) input: Record,
    pub(crate) outputs: Vec<Outgoing>,
}

#[derive(Default)]
pub(crate) struct Recording {
    /// Hashes of bundles and their bytes.
    pub(crate) bundles: Vec<(String, String)>,
    pub(crate) steps: Vec<Step>,
}

impl Recording {
    pub(crate) fn to_text(&self) -> String {
        let mut text = String::new();
        for (hash, value) in &self.bundles {
            writeln!(text, "bundle {hash}\nv {value}").unwrap();
        }
        let mut writer = Writer { text, last: BTreeMap::new() };
        for Step { input, outputs } in &self.steps {
            writer.line(">", &format!("{} {}", input.offset, input.timestamp));
            writer.rest(EVENTS, (input.key.as_deref(), input.value.as_deref()), input.headers.to_vec());
            for output in outputs {
                writer.line("<", &output.topic);
                let headers = output.headers.clone();
                writer.rest(&output.topic, (output.key.as_deref(), output.value.as_deref()), headers);
            }
        }
        writer.text
    }

    pub(crate) fn parse(text: &str) -> Self {
        let mut recording = Self::default();
        let mut reader = Reader { lines: text.lines(), last: BTreeMap::new() };
        while let Some(line) = reader.lines.next() {
            let (word, rest) = line.split_once(' ').expect("a word and its rest");
            match word {
                "bundle" => {
                    let value = reader.lines.next().and_then(|line| line.strip_prefix("v "));
                    recording.bundles.push((rest.to_owned(), value.expect("its value").to_owned()));
                }
                ">" => recording.steps.push(Step { input: reader.input(rest), outputs: Vec::new() }),
                "<" => {
                    let step = recording.steps.last_mut().expect("an input before an output");
                    step.outputs.push(reader.output(rest));
                }
                _ => panic!("{word:?} begins no record"),
            }
        }
        recording
    }
}

/// Headers of the last record of each topic.
type Last = BTreeMap<String, Vec<Header>>;

struct Writer {
    text: String,
    last: Last,
}

impl Writer {
    fn line(&mut self, word: &str, rest: &str) {
        assert!(!rest.contains('\n'), "what is recorded is one line");
        writeln!(self.text, "{word} {rest}").unwrap();
    }

    fn rest(&mut self, topic: &str, (key, value): (Option<&[u8]>, Option<&[u8]>), headers: Vec<Header>) {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("what is recorded is text");
        key.into_iter().for_each(|key| self.line("k", &text(key)));
        let last = self.last.insert(topic.to_owned(), headers.clone()).unwrap_or_default();
        let mut same = 0;
        for (place, (name, value)) in headers.iter().enumerate() {
            if last.get(place).is_some_and(|last| last == &headers[place]) {
                same += 1;
                continue;
            }
            self.same(&mut same);
            self.line("h", &format!("{name} {}", text(value)));
        }
        self.same(&mut same);
        value.into_iter().for_each(|value| self.line("v", &text(value)));
    }

    fn same(&mut self, count: &mut usize) {
        if *count > 0 {
            self.line("=", &std::mem::take(count).to_string());
        }
    }
}

struct Reader<'a> {
    lines: Lines<'a>,
    last: Last,
}

impl Reader<'_> {
    fn input(&mut self, place: &str) -> Record {
        let (offset, time) = place.split_once(' ').expect("an offset and a time");
        let Outgoing { topic, partition, key, headers, value } = self.output(EVENTS);
        let headers = headers.into_iter().collect::<Headers>();
        let (offset, timestamp) = (offset.parse().unwrap(), time.parse().unwrap());
        Record { topic, partition, offset, timestamp, key, headers, value }
    }

    /// Reads key, headers and value of the record that has just begun.
    fn output(&mut self, topic: &str) -> Outgoing {
        let (mut key, mut value, mut headers) = (None, None, Vec::<Header>::new());
        let last = self.last.remove(topic).unwrap_or_default();
        while let Some(line) = self.lines.clone().next() {
            match line.split_once(' ').expect("a word and its rest") {
                ("k", text) => key = Some(text.into()),
                ("h", header) => {
                    let (name, value) = header.split_once(' ').expect("a name and a value");
                    headers.push((name.to_owned().into(), value.into()));
                }
                ("=", count) => {
                    let from = headers.len();
                    headers.extend_from_slice(&last[from..from + count.parse::<usize>().unwrap()]);
                }
                ("v", text) => value = Some(text.into()),
                _ => break,
            }
            self.lines.next();
        }
        self.last.insert(topic.to_owned(), headers.clone());
        Outgoing { topic: Arc::from(topic), partition: PARTITION, key, headers, value }
    }
}
