//! Recorded logs as the topics of a line.

use std::sync::Arc;

use catalogue::Bundle;
use conversation::{Bundles, Deployment, Settings, States};
use pipeline::{Outgoing, Record, StartPolicy};
use schemas::ids::BundleHash;
use schemas::topic::TopicNames;

use super::recording::Recording;
use crate::dataset::Chosen;
use crate::range::{Arguments, FORM, Manifest, Outputs, Span};
use crate::results::{Line as ResultLine, Models, TurnResult};
use crate::run::{Engine, Logs, Part, Progress, Tally, recorded};
use crate::shadow::Kind;
use crate::world::Line;

/// Partitions of the deployment whose logs were recorded.
const PARTITIONS: i32 = 2;

/// What a replay wrote.
pub(super) type Written = Vec<(Kind, Outgoing)>;

/// A log, with what the line wrote of it.
pub(super) struct Tape {
    pub(super) inputs: Vec<Record>,
    outputs: Vec<Outgoing>,
    bundles: Vec<(BundleHash, Bundle)>,
}

impl Tape {
    /// A recording of processors/conversation.
    pub(super) fn recorded(name: &str) -> Self {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../processors/conversation/tests/it/recorded");
        let recording = Recording::parse(&std::fs::read_to_string(format!("{folder}/{name}.txt")).unwrap());
        let bundles = recording.bundles.iter().map(|(hash, json)| {
            let hash = BundleHash::new(hash.clone()).unwrap();
            let bundle = Bundle::from_json(&hash, json.as_bytes()).unwrap();
            (hash, bundle)
        });
        let bundles = bundles.collect();
        let (mut inputs, mut outputs) = (Vec::new(), Vec::new());
        for step in recording.steps {
            inputs.push(step.input);
            outputs.extend(step.outputs);
        }
        Self { inputs, outputs, bundles }
    }

    /// What the line wrote to a topic.
    pub(super) fn topic(&self, name: &str) -> Vec<Record> {
        let of_topic = self.outputs.iter().filter(|output| &*output.topic == name);
        let record = |(offset, output): (i64, &Outgoing)| Record {
            topic: Arc::clone(&output.topic),
            partition: output.partition,
            offset,
            timestamp: self.inputs.last().map_or(0, |last| last.timestamp),
            key: output.key.clone(),
            headers: output.headers.iter().cloned().collect(),
            value: output.value.clone(),
        };
        (0..).zip(of_topic).map(record).collect()
    }

    pub(super) fn line(&self, candidate: Option<&Bundle>) -> Line {
        let deployment = Deployment {
            name: "recorded".to_owned(),
            kafka: pipeline::simulation::offline(),
            topics: TopicNames::new(""),
            partitions: PARTITIONS,
        };
        let settings = Settings { ordinal: 0, start: StartPolicy::Earliest, batch_records: 1 };
        let candidate = candidate.map(|bundle| (bundle.hash().unwrap(), bundle.clone()));
        let bundles = self.bundles.iter().cloned().chain(candidate);
        Line::new(deployment, settings, Arc::new(Bundles::of(bundles)))
    }

    pub(super) fn span(&self) -> Span {
        Span { partition: 0, lead: 0, warm: 0, first: 0, end: self.inputs.len() as i64 }
    }

    pub(super) fn logs(&self, span: Span) -> Logs {
        let events: Vec<Record> =
            self.inputs.iter().filter(|r| (span.lead..span.end).contains(&r.offset)).cloned().collect();
        Logs {
            events: Box::new(events.into_iter()),
            decisions: Box::new(self.topic("decisions").into_iter()),
            requests: Box::new(self.topic("requests").into_iter()),
            answers: Box::new(self.topic("answers").into_iter()),
            crashed: Vec::new(),
        }
    }

    /// Replays it with recorded models.
    pub(super) fn replay(
        &self,
        span: Span,
        sample: Option<&str>,
        candidate: Option<&Bundle>,
    ) -> (Tally, Written) {
        self.replay_of(&self.line(candidate), &manifest(span, sample), candidate)
    }

    /// Replays all of it under its own bundles, with this of the outputs.
    pub(super) fn replay_writing(&self, outputs: Outputs) -> (Tally, Written) {
        self.replay_of(&self.line(None).writing(outputs), &manifest(self.span(), None), None)
    }

    fn replay_of(&self, line: &Line, manifest: &Manifest, candidate: Option<&Bundle>) -> (Tally, Written) {
        let (progress, span) = (Progress::default(), manifest.spans[0]);
        let engine = Engine {
            manifest,
            line,
            candidate: candidate.map(|bundle| bundle.hash().unwrap()),
            fallback: None,
            chosen: None,
            progress: &progress,
        };
        recorded(&engine, Part { span, logs: self.logs(span), states: States::default(), sink: Vec::new() })
            .unwrap()
    }
}

pub(super) fn manifest(span: Span, sample: Option<&str>) -> Manifest {
    Manifest {
        form: FORM,
        name: "again".parse().unwrap(),
        arguments: Arguments {
            from: "2h".into(),
            to: "1h".into(),
            apps: Vec::new(),
            sample: sample.map(str::to_owned),
            dataset: None,
            candidate: None,
            models: Models::Recorded,
            fork_at: None,
            warm_up: None,
            state: None,
            outputs: Outputs::All,
        },
        from: 0,
        to: 1,
        warm_up: 0,
        version: "1".into(),
        engine: safety::ENGINE,
        incarnation: "i".into(),
        spans: vec![span],
    }
}

/// The turns of what was written.
pub(super) fn turns(written: &Written) -> Vec<TurnResult> {
    let of_results = written.iter().filter(|(kind, _)| *kind == Kind::Results);
    let turn = |(_, record): &(Kind, Outgoing)| match serde_json::from_slice(record.value.as_deref()?).ok()? {
        ResultLine::Turn(turn) => Some(*turn),
        _ => None,
    };
    of_results.filter_map(turn).collect()
}

/// These turns as those of a data set.
pub(super) fn chosen(turns: &[TurnResult]) -> Chosen {
    let line = |turn: &TurnResult| {
        let line = serde_json::json!({
            "record": "turn", "conversation": format!("named {}", turn.conversation), "turn": turn.turn,
            "messages": [], "app": turn.app, "at": 1, "question": "",
        });
        line.to_string()
    };
    let head = serde_json::json!({
        "record": "head", "format": 1, "by": "random", "from": 0, "to": 1, "limit": 9, "seed": 0, "made_at": 0,
        "turns": turns.len(),
    });
    let lines: Vec<String> = std::iter::once(head.to_string()).chain(turns.iter().map(line)).collect();
    let dataset = crate::dataset::read(&lines.join("\n")).unwrap();
    Chosen::of(&dataset, |conversation| format!("named {conversation}")).unwrap()
}
