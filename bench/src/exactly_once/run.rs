//! Runs one contestant on topics of its own.

use super::entrants::{Entrant, Who};
use super::latency::{self, Latency};
use super::results::Rate;
use super::shape::{self, Cleanup, INCARNATION};
use super::spec::Spec;
use super::streams::{Streams, Work};
use crate::contestant;
use anyhow::{Context, Result, ensure};
use dev::console::say;
use dev::rig::home::Home;
use dev::rig::process::Process;
use dev::rig::topics;
use dev::stack::Borrowed;
use pipeline::kafka::{Config, Reader, stamp};
use std::thread::sleep;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(120);

/// Topics of one contestant.
struct Topics {
    input: String,
    output: String,
    states: String,
}

/// Everything that the contestants share.
pub(super) struct Run<'a> {
    bootstrap: String,
    access: Config,
    home: &'a Home,
    streams: &'a Streams,
    filled: String,
    records: u64,
}

impl<'a> Run<'a> {
    pub(super) fn new(stack: &Borrowed, home: &'a Home, streams: &'a Streams, records: u64) -> Result<Self> {
        let bootstrap = stack.kafka();
        let access = shape::access(&bootstrap)?;
        let filled = format!("{}input", home.prefix());
        shape::create(&access, &filled, Cleanup::Delete)?;
        shape::fill(&access, &filled, records)?;
        say(&format!("input: {records} records"));
        Ok(Self { bootstrap, access, home, streams, filled, records })
    }

    /// Works off the filled input; the second half counts.
    pub(super) fn rate(&self, round: usize, entrant: &Entrant) -> Result<Rate> {
        let name = format!("rate-{round}-{}", short(entrant.name));
        let topics = self.topics(&name, Some(self.filled.clone()))?;
        let mut process = self.start(entrant, &name, &topics)?;
        let marks = self.await_marks(&mut process).with_context(|| format!("running {}", entrant.name))?;
        let [(first, began, before), (second, ended, after)] = marks;
        self.await_output(&topics.output).with_context(|| format!("running {}", entrant.name))?;
        drop(process);
        self.delete(&name)?;
        Ok(Rate { wall: (second - first) / (ended - began), cpu: (second - first) / (after - before) })
    }

    /// Takes records as they come.
    pub(super) fn latency(&self, round: usize, entrant: &Entrant) -> Result<Latency> {
        let name = format!("wait-{round}-{}", short(entrant.name));
        let topics = self.topics(&name, None)?;
        let mut process = self.start(entrant, &name, &topics)?;
        let begun = Instant::now();
        while !process.output()?.lines().any(|line| line == "ready") {
            process.check()?;
            ensure!(begun.elapsed() < PATIENCE, "{} is not ready", entrant.name);
            sleep(Duration::from_millis(50));
        }
        let latency = latency::measure(&self.access, &self.bootstrap, &topics.input, &topics.output);
        drop(process);
        self.delete(&name)?;
        latency.with_context(|| format!("running {}", entrant.name))
    }

    /// The latency of the same records without any contestant: they are read from the topic to which they are sent.
    pub(super) fn bare_latency(&self, round: usize) -> Result<Latency> {
        let name = format!("wait-{round}-bare");
        let topics = self.topics(&name, None)?;
        let latency = latency::measure(&self.access, &self.bootstrap, &topics.input, &topics.input)?;
        self.delete(&name)?;
        Ok(latency)
    }

    /// Removes the input.
    pub(super) fn clear(&self) -> Result<()> {
        topics::delete(&self.bootstrap, &[self.home.prefix()])
    }

    fn topics(&self, name: &str, filled: Option<String>) -> Result<Topics> {
        let topic = |kind: &str| format!("{}{name}-{kind}", self.home.prefix());
        let (output, states) = (topic("out"), topic("states"));
        shape::create(&self.access, &output, Cleanup::Delete)?;
        shape::create(&self.access, &states, Cleanup::Compact)?;
        stamp(&self.access, &states, shape::PARTITIONS, INCARNATION)?;
        let input = match filled {
            Some(filled) => filled,
            None => {
                let input = topic("in");
                shape::create(&self.access, &input, Cleanup::Delete)?;
                input
            }
        };
        Ok(Topics { input, output, states })
    }

    fn delete(&self, name: &str) -> Result<()> {
        topics::delete(&self.bootstrap, &[format!("{}{name}", self.home.prefix())])
    }

    fn start(&self, entrant: &Entrant, name: &str, topics: &Topics) -> Result<Process> {
        match entrant.who {
            Who::Ours { kind, is_whole, is_plain } => {
                let spec = Spec {
                    kind,
                    whole: is_whole,
                    plain: is_plain,
                    bootstrap: self.bootstrap.clone(),
                    deployment: self.home.name.clone(),
                    name: name.to_owned(),
                    input: topics.input.clone(),
                    output: topics.output.clone(),
                    states: topics.states.clone(),
                    records: self.records,
                };
                contestant::start(self.home, "exactly-once", name, &spec)
            }
            Who::Streams(settings) => {
                // Topics that it makes itself are named after the application.
                let application = format!("{}{name}", self.home.prefix());
                let work = Work {
                    bootstrap: &self.bootstrap,
                    application: &application,
                    input: &topics.input,
                    output: &topics.output,
                    records: self.records,
                    settings,
                };
                self.streams.start(self.home, &work)
            }
        }
    }

    /// Count, time and processor time at half and at all of the records.
    fn await_marks(&self, process: &mut Process) -> Result<[(f64, f64, f64); 2]> {
        let begun = Instant::now();
        loop {
            process.check()?;
            let output = process.output()?;
            let marks: Vec<(f64, f64, f64)> = output.lines().filter_map(mark).collect();
            if let [first, second] = marks.as_slice() {
                return Ok([*first, *second]);
            }
            ensure!(begun.elapsed() < PATIENCE, "it does not come to an end; {}", process.tail());
            sleep(Duration::from_millis(100));
        }
    }

    /// Waits until all outputs are written, so that no contestant is faster because it left some out.
    fn await_output(&self, output: &str) -> Result<()> {
        let reader = Reader::open(&self.access, output)?;
        let partitions: Vec<i32> = (0..shape::PARTITIONS).collect();
        let begun = Instant::now();
        loop {
            let written: i64 = reader.watermarks(&partitions)?.into_iter().map(|(_, end)| end).sum();
            if u64::try_from(written).is_ok_and(|written| written >= self.records) {
                return Ok(());
            }
            ensure!(begun.elapsed() < Duration::from_secs(20), "only {written} outputs are written");
            sleep(Duration::from_millis(50));
        }
    }
}

fn mark(line: &str) -> Option<(f64, f64, f64)> {
    let mut words = line.strip_prefix("mark ")?.split(' ').map(str::parse::<f64>);
    Some((words.next()?.ok()?, words.next()?.ok()?, words.next()?.ok()?))
}

/// A contestant's name as a topic's part.
fn short(name: &str) -> String {
    let word = |word: &str| word.chars().filter(char::is_ascii_alphanumeric).collect::<String>();
    name.split(' ').map(word).collect::<Vec<_>>().join("-").to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::{mark, short};

    #[test]
    fn a_mark_is_read_and_other_lines_are_not() {
        assert_eq!(mark("mark 500 1.5 0.25"), Some((500.0, 1.5, 0.25)));
        assert_eq!(mark("mark 500 1.5"), None);
        assert_eq!(mark("ready"), None);
    }

    #[test]
    fn a_contestants_name_can_be_part_of_a_topics() {
        assert_eq!(short("Kafka Streams, defaults"), "kafka-streams-defaults");
    }
}
