//! `decide` as the fold driver runs it: records in, records out.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use decide::{At, Key, LazyState, Output, Rules, Telling};
use pipeline::fold::{Context, Entry, Fold, FoldError, Input, Step};
use pipeline::{Outgoing, Record, Refused};
use schemas::conditions::Conditions;
use schemas::conversation::partition_of;
use schemas::event::{Clock, Event};
use schemas::ids::BundleHash;
use schemas::line::Line;
use schemas::state::{ControlState, STATE_VERSION, Told};
use schemas::topic::Topic;
use schemas::wire::{self, DecodeError, EncodeError, Encoded};

use crate::{Bundles, Deployment, Folded, Tap, metrics};

/// The version of this program, as decisions have it.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The conversation fold of one deployment. A clone shares what was made of bundles, and the tap.
#[derive(Clone)]
pub struct Conversations {
    bundles: Arc<Bundles>,
    /// Of the bundles that hold in any partition.
    rules: Arc<Mutex<HashMap<BundleHash, Rules>>>,
    topics: Arc<BTreeMap<Topic, Arc<str>>>,
    source: Arc<str>,
    partitions: i32,
    telling: Telling,
    tap: Option<Tap>,
    line: Line,
    headers: Headers,
}

/// What outputs have for headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Headers {
    /// Those of their kind.
    Plain,
    /// Decisions also say which version of the program decided.
    Versioned,
    /// None.
    Absent,
}

/// Control state of one partition: the bundle that holds, made ready, with what call told of its targets.
#[derive(Clone, Default)]
pub struct Control {
    state: ControlState,
    rules: Option<Rules>,
}

impl Control {
    /// The bundle that holds, if one was told.
    pub fn bundle(&self) -> Option<&BundleHash> {
        self.state.bundle.as_ref()
    }
}

impl Conversations {
    /// The fold of a deployment.
    pub fn new(deployment: &Deployment, bundles: Arc<Bundles>) -> Self {
        let topics = Topic::ALL.into_iter().map(|topic| (topic, Arc::from(deployment.topics.of(topic))));
        Self {
            bundles,
            rules: Arc::default(),
            topics: Arc::new(topics.collect()),
            source: format!("/huiyin/{}/decide", deployment.name).into(),
            partitions: deployment.partitions,
            telling: Telling::Bounded,
            tap: None,
            line: Line::Real,
            headers: Headers::Plain,
        }
    }

    /// The fold of a line that says with each decision which version of the program decided, so that another one that decides otherwise is told from
    /// everything else.
    #[must_use]
    pub fn versioned(self) -> Self {
        Self { headers: Headers::Versioned, ..self }
    }

    /// The same whose outputs have no headers: they are looked at, and never written to a topic.
    #[must_use]
    pub fn bare(self) -> Self {
        Self { headers: Headers::Absent, ..self }
    }

    /// The fold in the line of a replay: it takes the records with its mark and no others, and marks what it writes.
    #[must_use]
    pub fn on(self, line: Line) -> Self {
        Self { line, ..self }
    }

    /// The same, which also hands what it folds and writes to `tap`, so that nobody has to read bytes that were just written.
    #[must_use]
    pub fn tapped(self, tap: Tap) -> Self {
        Self { tap: Some(tap), ..self }
    }

    /// The same whose decisions tell of every rule that was looked at. They are for people to read, and never written to a topic.
    #[must_use]
    pub fn telling_all(self) -> Self {
        Self { telling: Telling::All, ..self }
    }

    fn rules(&self, hash: &BundleHash) -> Result<Rules, FoldError> {
        let mut made = self.rules.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(rules) = made.get(hash) {
            return Ok(rules.clone());
        }
        let ready = self.bundles.get(hash).map_err(|error| FoldError::Control(told(&error)))?;
        let rules = Rules::new(&ready.bundle, hash.clone(), Arc::clone(&ready.engines)).telling(self.telling);
        made.retain(|_, rules| rules.is_shared());
        made.insert(hash.clone(), rules.clone());
        Ok(rules)
    }

    /// What a partition is folded under from here on.
    fn under(&self, state: ControlState) -> Result<Control, FoldError> {
        let rules = state.bundle.as_ref().map(|hash| self.rules(hash)).transpose()?;
        let told = state.conditions.clone().map(Arc::new);
        Ok(Control { rules: rules.map(|rules| rules.told(told)), state })
    }

    fn encode<R: wire::Record>(&self, record: &R) -> Result<Encoded, EncodeError> {
        match self.headers {
            Headers::Absent => wire::encode_bare(record),
            Headers::Plain | Headers::Versioned => wire::encode(record, &self.source),
        }
    }

    fn outgoing(&self, partition: i32, output: &Output) -> Result<Outgoing, EncodeError> {
        let encoded = match output {
            Output::Decision(decision) => {
                metrics::decision(decision);
                self.encode(decision.as_ref())
            }
            Output::Request(request) => self.encode(request),
            Output::Cancel(cancel) => self.encode(cancel),
            Output::Answer(answer) => self.encode(answer),
            Output::Retract(retract) => {
                metrics::retract(retract.reason.label());
                self.encode(retract)
            }
            Output::Ledger(entry) => {
                metrics::ledger_entry(entry.kind.label());
                self.encode(entry)
            }
        }?;
        let mut headers = encoded.headers;
        if matches!(output, Output::Decision(_)) && self.headers == Headers::Versioned {
            headers.push((wire::VERSION.into(), VERSION.into()));
        }
        if self.headers != Headers::Absent {
            self.line.mark(&mut headers);
        }
        Ok(Outgoing {
            topic: self.topic(encoded.topic),
            partition,
            key: encoded.key,
            headers,
            value: Some(encoded.value),
        })
    }

    fn tell(&self, outputs: Vec<Output>) {
        if let Some(tap) = &self.tap {
            tap.take(outputs.into_iter().map(Folded::Output));
        }
    }

    fn topic(&self, topic: Topic) -> Arc<str> {
        self.topics.get(&topic).cloned().unwrap_or_else(|| Arc::from(topic.name()))
    }
}

/// An error with everything that caused it.
fn told(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |told, cause| format!("{told}: {cause}"))
}

fn at(context: &Context<'_, Control>) -> At {
    At { partition: context.partition, offset: context.offset, time: context.time }
}

fn refused(error: &DecodeError) -> Refused {
    let reason = error.label();
    if error.may_be_newer() { Refused::Pause { reason } } else { Refused::DeadLetter { reason } }
}

impl Fold for Conversations {
    type Message = Event;
    type Key = Key;
    type State = LazyState;
    type Control = Control;

    fn decode(&self, record: &Record) -> Result<Input<Key, Event>, Refused> {
        self.line.admit(|name| record.header(name)).map_err(|foreign| {
            metrics::foreign();
            Refused::DeadLetter { reason: foreign.label() }
        })?;
        let event: Event =
            wire::decode(|name| record.header(name), record.value.as_deref()).map_err(|e| refused(&e))?;
        let Some(conversation) = event.conversation() else {
            return Ok(match event {
                Event::Clock(_) => Input::Clock,
                // The log's time counts, and not that of whoever wrote it.
                Event::Conditions(told) => {
                    Input::Control(Event::Conditions(Conditions { at: record.timestamp, ..told }))
                }
                event => Input::Control(event),
            });
        };
        let key = Key::from(conversation.clone());
        if partition_of(key.as_str().as_bytes(), self.partitions) != record.partition {
            return Err(Refused::DeadLetter { reason: "foreign_partition" });
        }
        Ok(Input::Keyed(key, event))
    }

    fn control(&mut self, before: &Control, message: Event) -> Result<Control, FoldError> {
        let before = ControlState { version: STATE_VERSION, ..before.state.clone() };
        match message {
            Event::Config(switch) => self.under(ControlState { bundle: Some(switch.bundle), ..before }),
            Event::Conditions(Conditions { targets, at }) => {
                metrics::conditions(&targets);
                self.under(ControlState { conditions: Some(Told { at, targets }), ..before })
            }
            _ => self.under(before),
        }
    }

    fn fold(
        &self,
        context: Context<'_, Control>,
        key: &Key,
        state: Option<&LazyState>,
        message: Event,
    ) -> Result<Step<LazyState>, Refused> {
        let rules = context.control.rules.as_ref();
        if let Some(tap) = &self.tap {
            tap.event(&message);
        }
        let step = LazyState::fold(rules, at(&context), key, state, message).map_err(|error| {
            // The partition stops, as it would if this had been found when the states were restored.
            let (partition, offset) = (context.partition, context.offset);
            tracing::error!(%error, partition, offset, "read the state of a conversation");
            Refused::Pause { reason: "restore" }
        })?;
        let outputs = step.outputs.iter().map(|output| self.outgoing(context.partition, output)).collect();
        match outputs {
            Ok(outputs) => {
                self.tell(step.outputs);
                Ok(Step { state: step.state, outputs })
            }
            Err(error) => {
                tracing::error!(%error, partition = context.partition, offset = context.offset, "encode a decided record");
                Err(Refused::DeadLetter { reason: "encode" })
            }
        }
    }

    fn fire(
        &self,
        context: Context<'_, Control>,
        key: &Key,
        state: &LazyState,
        ordinal: usize,
    ) -> Step<LazyState> {
        let rules = context.control.rules.as_ref();
        let step = state.fire(rules, at(&context), key, ordinal);
        let encode = |output| match self.outgoing(context.partition, output) {
            Ok(outgoing) => Some(outgoing),
            Err(error) => {
                // The timer has fired all the same: if it were kept, it would be due for ever.
                tracing::error!(%error, partition = context.partition, offset = context.offset, "encode a timer's record");
                None
            }
        };
        let outputs = step.outputs.iter().filter_map(encode).collect();
        self.tell(step.outputs);
        Step { state: step.state, outputs }
    }

    fn due(&self, state: &LazyState) -> Option<i64> {
        state.due()
    }

    fn clock(&self, partition: i32, time: i64) -> Outgoing {
        // A clock record has no rules between its fields, so it can always be encoded.
        let encoded = wire::encode(&Event::Clock(Clock { due: time }), &self.source);
        let (mut headers, value) = encoded.map(|e| (e.headers, Some(e.value))).unwrap_or_default();
        self.line.mark(&mut headers);
        Outgoing { topic: self.topic(Topic::Events), partition, key: None, headers, value }
    }

    fn snapshot(
        &self,
        key: &Key,
        before: Option<&LazyState>,
        after: Option<&LazyState>,
    ) -> Vec<(Vec<u8>, Option<Vec<u8>>)> {
        let entries = LazyState::entries(key, before, after);
        entries.into_iter().map(|(key, value)| (key.into_bytes(), value)).collect()
    }

    fn snapshot_control(&self, control: &Control) -> (Vec<u8>, Vec<u8>) {
        let (key, value) = decide::control_entry(&control.state);
        (key.into_bytes(), value)
    }

    fn restore<'a>(
        entries: impl Iterator<Item = Entry<'a>>,
    ) -> Result<(Control, HashMap<Key, LazyState>), FoldError> {
        let (state, states) =
            decide::restore(entries).map_err(|error| FoldError::Restore(error.to_string()))?;
        Ok((Control { state, rules: None }, states.into_iter().collect()))
    }

    fn complete(&mut self, control: Control) -> Result<Control, FoldError> {
        self.under(control.state)
    }
}

#[cfg(test)]
mod tests {
    use schemas::event::Feedback;
    use schemas::topic::TopicNames;

    use super::*;

    fn offline(bundles: Bundles) -> Conversations {
        let deployment = Deployment {
            name: "test".to_owned(),
            kafka: pipeline::simulation::offline(),
            topics: TopicNames::new(""),
            partitions: 1,
        };
        Conversations::new(&deployment, Arc::new(bundles))
    }

    #[test]
    fn a_bundle_without_its_words_stops_the_partition_and_with_them_decides_by_them() {
        let text = "[[app]]\nkey = \"acme#support\"\nbot = [{ id = \"bot_helpdesk\" }]\nchain = [\"m\"]\nallowed_regions = [\"cn\"]\nlabel = \"AI\"\n\
             [[target]]\nname = \"m\"\nprovider = \"local\"\nmodel = \"m\"\nregion = \"cn\"\n\
             [[filter.dictionary]]\nname = \"starter\"\nshipped = \"starter\"\naction = \"block\"";
        let raw: catalogue::RawCatalogue = toml::from_str(text).unwrap();
        let bundle = catalogue::validate(&raw).unwrap();
        let hash = bundle.hash().unwrap();
        let switch = || Event::Config(schemas::event::ConfigSwitch { bundle: hash.clone(), at: 5 });
        let mut lacking = offline(Bundles::of([(hash.clone(), bundle.clone())]));
        let refused = lacking.control(&Control::default(), switch()).err().unwrap().to_string();
        assert!(
            refused.contains("get the words of \"starter\"") && refused.contains("is not there"),
            "{refused}"
        );

        let mut whole = offline(Bundles::with([(hash.clone(), bundle)], raw.contents()));
        let control = whole.control(&Control::default(), switch()).unwrap();
        let text = include_str!("../../../schemas/examples/events/valid-message.json");
        let mut message: serde_json::Value = serde_json::from_str(text).unwrap();
        message["text"]["plain"] = "best online casino".into();
        let Ok(message) = serde_json::from_value::<schemas::event::Message>(message) else {
            panic!("{text}")
        };
        let time = message.sent_at;
        let key = Key::from(message.conversation.clone());
        let context = Context { partition: 0, offset: 7, time, control: &control };
        let step = whole.fold(context, &key, None, Event::Message(message)).unwrap();
        let outputs: Vec<String> = step
            .outputs
            .iter()
            .map(|o| String::from_utf8_lossy(o.value.as_deref().unwrap()).into_owned())
            .collect();
        assert!(
            outputs.iter().any(|o| o.contains("starter/gambling") && o.contains("blocked")),
            "{outputs:?}"
        );
    }

    #[test]
    fn a_bundle_without_its_table_of_tiers_stops_the_partition_and_with_it_decides_by_it() {
        let text = "[[app]]\nkey = \"acme#support\"\nbot = [{ id = \"bot_helpdesk\" }]\nchain = [\"m\"]\nallowed_regions = [\"cn\"]\nlabel = \"AI\"\n\
             tier_table = \"t\"\n[[app.tier]]\nname = \"gold\"\n\
             [[target]]\nname = \"m\"\nprovider = \"local\"\nmodel = \"m\"\nregion = \"cn\"";
        let mut raw: catalogue::RawCatalogue = toml::from_str(text).unwrap();
        raw.files = [("t".to_owned(), Ok("ALICE\tgold".into()))].into_iter().collect();
        let bundle = catalogue::validate(&raw).unwrap();
        let hash = bundle.hash().unwrap();
        let switch = || Event::Config(schemas::event::ConfigSwitch { bundle: hash.clone(), at: 5 });
        let mut lacking = offline(Bundles::of([(hash.clone(), bundle.clone())]));
        let refused = lacking.control(&Control::default(), switch()).err().unwrap().to_string();
        assert!(refused.contains("get the tier table of acme#support"), "{refused}");

        let mut whole = offline(Bundles::with([(hash.clone(), bundle)], raw.contents()));
        let control = whole.control(&Control::default(), switch()).unwrap();
        let text = include_str!("../../../schemas/examples/events/valid-message.json");
        let message: schemas::event::Message = serde_json::from_str(text).unwrap();
        let context = Context { partition: 0, offset: 7, time: message.sent_at, control: &control };
        let key = Key::from(message.conversation.clone());
        let step = whole.fold(context, &key, None, Event::Message(message)).unwrap();
        let outputs = step.outputs.iter();
        let outputs: Vec<_> = outputs.map(|o| String::from_utf8_lossy(o.value.as_deref().unwrap())).collect();
        assert!(outputs.iter().any(|o| o.contains(r#""tier":{"name":"gold","by":"table"}"#)), "{outputs:?}");
    }

    #[test]
    fn a_line_folds_its_own_records_alone_and_marks_what_it_writes() {
        let text = include_str!("../../../schemas/examples/events/valid-message.json");
        let message: schemas::event::Message = serde_json::from_str(text).unwrap();
        let encoded = wire::encode(&Event::Message(message), "/huiyin/demo/ingest").unwrap();
        let record = |marks: &[&str]| Record {
            topic: "events".into(),
            partition: 0,
            offset: 7,
            timestamp: 5,
            key: encoded.key.clone(),
            headers: (encoded.headers.iter().cloned())
                .chain(marks.iter().map(|mark| (wire::REPLAY.into(), mark.as_bytes().to_vec())))
                .collect(),
            value: Some(encoded.value.clone()),
        };
        let refused = |fold: &Conversations, marks: &[&str]| fold.decode(&record(marks)).err();
        let given_up = Some(Refused::DeadLetter { reason: "replay" });
        let (real, shadow) =
            (offline(Bundles::of([])), offline(Bundles::of([])).on(Line::of(Some("cheaper"))));
        assert_eq!(refused(&real, &[]), None);
        assert_eq!(refused(&real, &["cheaper"]), given_up);
        assert_eq!(refused(&shadow, &["cheaper"]), None);
        assert_eq!([refused(&shadow, &[]), refused(&shadow, &["other"])], [given_up.clone(), given_up]);
        let mark = (wire::REPLAY.into(), b"cheaper".to_vec());
        assert!(shadow.clock(0, 5).headers.contains(&mark) && !real.clock(0, 5).headers.contains(&mark));
    }

    #[test]
    fn a_conversation_that_cannot_be_read_stops_its_partition_at_its_next_record_and_no_other_does() {
        let fold = offline(Bundles::of([]));
        let (alice, bob) = ("acme#support/chat/bot/alice", "acme#support/chat/bot/bob");
        let turn = format!("{alice}|h||0000000000");
        let entries = [
            (alice, r#"{"version":1,"time":5,"forget_at":9}"#),
            (&turn, r#"{"version":1,"asked":[}"#),
            (bob, r#"{"version":1,"time":5,"forget_at":9}"#),
        ];
        let entries = entries.iter().map(|(key, value)| (key.as_bytes(), value.as_bytes()));
        let (control, states) = Conversations::restore(entries).unwrap();
        let refusal = |name: &str| {
            let feedback = Feedback {
                id: "1".into(),
                conversation: name.parse().unwrap(),
                easemob_id: None,
                rating: Some(5),
                text: None,
                at: 6,
            };
            let context = Context { partition: 0, offset: 7, time: 6, control: &control };
            let key = Key::parse(name).unwrap();
            fold.fold(context, &key, states.get(&key), Event::Feedback(feedback)).err()
        };
        assert_eq!(refusal(alice), Some(Refused::Pause { reason: "restore" }));
        assert_eq!(refusal(bob), None);
    }
}
