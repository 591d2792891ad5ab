//! The line without a broker, a model or Easemob, in virtual time: ingest's rules, the fold and the review of answers as they run, on
//! messages that nobody sent. `huiyin explain` and `huiyin test` stand on it.

mod attempt;
mod callback;
pub(crate) mod targets;
pub(crate) mod why;
mod written;

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context, bail};
use call::rehearse::Script;
use catalogue::App;
use conversation::{Bundles, Deployment, Ready, Rehearsal, Settings};
use decide::Output;
use futures_util::FutureExt;
use ingest::ActiveBundle;
use ingest::config::{Codes, RawCodes};
use ingest::rehearse::{Incoming, Rehearsed, after_delivery, before_delivery};
use pipeline::Clock;
use schemas::Millis;
use schemas::answered::{Answered, Outcome};
use schemas::conditions::{Conditions, TargetConditions};
use schemas::conversation::Conversation;
use schemas::event::{Event, Takeover};
use schemas::findings::Finding;
use schemas::ids::{AppKey, MessageId, TargetName, UserId};
use schemas::request::Request;
use schemas::retract::LateFinding;
use schemas::review::Level;
use schemas::tier::TierClaim;

use crate::config::Config;
use crate::line;

pub(crate) use attempt::{image_tokens, images, prompt_tokens};
pub(crate) use callback::{Place, Spoken};
pub(crate) use written::{Written, prompt_lines};

/// A configuration, made ready for any number of rehearsals.
pub(crate) struct House {
    deployment: Deployment,
    settings: Settings,
    bundles: Arc<Bundles>,
    ready: Arc<Ready>,
    active: ActiveBundle,
    codes: BTreeMap<AppKey, Codes>,
}

/// One rehearsal: the line for one app.
pub(crate) struct Stage<'a> {
    house: &'a House,
    app: AppKey,
    rehearsal: Rehearsal,
    /// What was said, by Easemob's ids.
    said: BTreeMap<String, Spoken>,
    /// Requests that no outcome has ended, oldest first.
    pending: Vec<Request>,
    written: Written,
}

/// What a model answers.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reply {
    pub(crate) text: String,
    /// It was cut at its cap.
    pub(crate) truncated: bool,
    /// The first of the chain if absent.
    pub(crate) target: Option<TargetName>,
    /// What a reviewer says if the filter holds it.
    pub(crate) level: Option<Level>,
}

/// For how long a claim holds that somebody is said to have.
const CLAIMED_MS: Millis = 3_600_000;

/// The time of a rehearsal.
struct At(Millis);

impl Clock for At {
    fn now(&self) -> i64 {
        self.0
    }
}

/// The value of a placeholder whose secret is not at hand. A rehearsal calls nobody, so that it needs none.
pub(crate) fn variable(name: &str) -> Option<String> {
    crate::variable(name).or_else(|| Some("0123456789abcdef0123456789abcdef".to_owned()))
}

impl House {
    /// Of a configuration.
    pub(crate) fn new(config: &Config) -> anyhow::Result<Self> {
        let hash = config.bundle.hash().context("hash bundle")?;
        let known = [(hash.clone(), config.bundle.clone())];
        let bundles = Arc::new(Bundles::with(known, config.sections().contents()));
        let ready = bundles.get(&hash).context("build the filter")?;
        let rules = config.ingest.iter().flat_map(|ingest| &ingest.rule);
        let before = rules.filter(|rule| rule.stage.get_ref() == "pre");
        let codes = before.filter_map(|rule| {
            Some((AppKey::new(rule.app.get_ref().clone()).ok()?, Codes::from(&rule.codes)))
        });
        Ok(Self {
            deployment: line::deployment(config),
            settings: line::settings(config),
            active: ActiveBundle::new(Arc::clone(&ready.bundle), Arc::clone(&ready.engines)),
            codes: codes.collect(),
            bundles,
            ready,
        })
    }

    /// What is configured.
    pub(crate) fn ready(&self) -> &Ready {
        &self.ready
    }

    /// The app of that key, or the only one.
    pub(crate) fn app(&self, key: Option<&AppKey>) -> anyhow::Result<(&AppKey, &App)> {
        let apps = &self.ready.bundle.apps;
        match (key, apps.len()) {
            (Some(key), _) => {
                apps.get_key_value(key).with_context(|| format!("the app {key} is not configured"))
            }
            (None, 1) => apps.first_key_value().context("no app is configured"),
            (None, 0) => bail!("no app is configured"),
            (None, _) => {
                let keys: Vec<&str> = apps.keys().map(AppKey::as_str).collect();
                bail!("several apps are configured, so one must be named: {}", keys.join(", "))
            }
        }
    }

    /// The bot of that id, or the app's first.
    pub(crate) fn bot(app: &App, id: Option<UserId>) -> anyhow::Result<UserId> {
        match id {
            Some(id) => app
                .bots
                .contains_key(&id)
                .then_some(id.clone())
                .with_context(|| format!("the app has no bot {id}")),
            None => app.bots.keys().next().cloned().context("the app has no bot"),
        }
    }
}

impl<'a> Stage<'a> {
    /// The line of an app, in which nothing has happened. Time begins at `now`.
    pub(crate) fn new(house: &'a House, app: AppKey, now: Millis) -> anyhow::Result<Self> {
        let hash = house.ready.hash.clone();
        let rehearsal = Rehearsal::new(&house.deployment, &house.settings, &house.bundles, hash, now)?;
        let (said, pending, written) = (BTreeMap::new(), Vec::new(), Written::default());
        Ok(Self { house, app, rehearsal, said, pending, written })
    }

    pub(crate) fn now(&self) -> Millis {
        self.rehearsal.now()
    }

    /// When the next timer fires, while no request is under way: a merge window closes then.
    pub(crate) fn opens(&self) -> Option<Millis> {
        self.rehearsal.due().filter(|_| self.pending.is_empty())
    }

    /// What was written since the last time.
    pub(crate) fn take(&mut self) -> Written {
        std::mem::take(&mut self.written)
    }

    /// A message comes before its delivery. `found` is what its callback's verdict has beside what the filter finds.
    pub(crate) fn say(&mut self, spoken: Spoken, found: Vec<Finding>) -> anyhow::Result<Rehearsed> {
        let codes = self.house.codes.get(&self.app).cloned();
        let codes = codes.unwrap_or_else(|| Codes::from(&RawCodes::default()));
        let body = spoken.callback(&self.app, self.host());
        let claim = spoken.tier.clone();
        let claim = claim.map(|tier| TierClaim { tier, expires_at: spoken.sent_at + CLAIMED_MS });
        let incoming = Incoming { body: &body, claim, received_at: self.now() };
        let mut told = before_delivery(&self.house.active, &self.app, &codes, incoming)?;
        if let Some(message) = told.message.as_mut() {
            let verdict = &mut message.verdict;
            verdict.rules.extend(found.iter().map(|finding| finding.rule.clone()));
            verdict.rules.sort();
            verdict.rules.dedup();
            verdict.findings.get_or_insert_default().list.extend(found);
            self.append(&Event::Message(message.clone()))?;
        }
        self.said.insert(spoken.id.clone(), spoken);
        Ok(told)
    }

    /// A message is taken back.
    pub(crate) fn recall(&mut self, id: &str) -> anyhow::Result<()> {
        let body = self.known(id)?.recall(&self.app, self.now());
        self.after_delivery(&body)
    }

    /// A message has another text.
    pub(crate) fn edit(&mut self, id: &str, text: &str) -> anyhow::Result<()> {
        let body = self.known(id)?.edit(&self.app, text, self.now());
        self.after_delivery(&body)
    }

    /// A person takes the conversation over, or hands it back.
    pub(crate) fn take_over(
        &mut self,
        conversation: Conversation,
        person: Option<UserId>,
    ) -> anyhow::Result<()> {
        self.append(&Event::Takeover(Takeover { conversation, person, at: self.now() }))
    }

    /// Call tells how its targets are: those that are not named can be called at once.
    pub(crate) fn tell(&mut self, targets: BTreeMap<TargetName, TargetConditions>) -> anyhow::Result<()> {
        self.append(&Event::Conditions(Conditions { targets, at: self.now() }))
    }

    /// Somebody outside finds that the answer to a message may not stand.
    pub(crate) fn find(
        &mut self,
        conversation: Conversation,
        id: &str,
        category: Option<String>,
    ) -> anyhow::Result<()> {
        let message = Some(MessageId::of(&self.app, "chat", id)?);
        let (id, at) = (format!("finding-{}", self.now()), self.now());
        self.append(&Event::Finding(LateFinding { id, conversation, reply: None, message, category, at }))
    }

    /// The oldest request that waits for a model or a reviewer.
    pub(crate) fn waiting(&self, is_it: impl Fn(&Request) -> bool) -> Option<&Request> {
        self.pending.iter().find(|request| is_it(request))
    }

    /// A model answers the oldest request that waits for one.
    pub(crate) fn answer(&mut self, reply: Reply) -> anyhow::Result<()> {
        let request = self.end("no request waits for a model", |request| !request.kind.is_review())?;
        let Reply { text, truncated, target, level } = reply;
        let ready = self.house.ready();
        let target =
            target.or_else(|| request.chain.first().cloned()).context("the request has no target")?;
        let attempt = attempt::made(&ready.bundle, &request, &target, &text, self.now())?;
        let rules = call::Rules { bundle: Arc::clone(&ready.bundle), engines: Arc::clone(&ready.engines) };
        let script = Script { attempt, text, truncated, level };
        let ended = call::rehearse::rehearse(script, &rules, &request, &At(self.now())).now_or_never();
        let ended = ended.context("review the answer")?;
        let answered = Answered {
            attempts: ended.attempts,
            review: ended.review,
            ..self.ended(&request, ended.outcome)
        };
        self.append(&Event::Answered(answered))
    }

    /// Nobody answers the oldest request that waits for a model, for this reason.
    pub(crate) fn fail(&mut self, reason: String) -> anyhow::Result<()> {
        let request = self.end("no request waits for a model", |request| !request.kind.is_review())?;
        let answered = self.ended(&request, Outcome::Failed { reason, verdict: None });
        self.append(&Event::Answered(answered))
    }

    /// A reviewer says this of the oldest text that waits for one.
    pub(crate) fn review(&mut self, level: Level) -> anyhow::Result<()> {
        let request = self.end("no text waits for a review", |request| request.kind.is_review())?;
        let reviewer = request.chain.first().cloned().context("the request has no reviewer")?;
        let attempt = attempt::of_reviewer(&reviewer, self.now());
        let outcome = Outcome::Reviewed { level, category: None, reviewer };
        let answered = Answered { attempts: vec![attempt], ..self.ended(&request, outcome) };
        self.append(&Event::Answered(answered))
    }

    /// The oldest request that waits vanishes: nothing ever comes of it.
    pub(crate) fn vanish(&mut self) -> anyhow::Result<()> {
        self.end("no request waits", |_| true).map(drop)
    }

    /// Lets time pass until then. Timers fire, and what nobody answered by its time expires.
    pub(crate) fn pass_until(&mut self, until: Millis) -> anyhow::Result<()> {
        loop {
            let expires = self.pending.iter().map(|request| request.answer_by.max(self.now())).min();
            let Some(at) = expires.filter(|at| *at <= until) else { break };
            let written = self.rehearsal.pass_until(at)?;
            self.sort(written)?;
            // What a timer has ended meanwhile expires no more.
            if let Some(place) = self.pending.iter().position(|request| request.answer_by <= at) {
                let request = self.pending.remove(place);
                let answered = self.ended(&request, Outcome::Expired);
                self.append(&Event::Answered(answered))?;
            }
        }
        let written = self.rehearsal.pass_until(until)?;
        self.sort(written)
    }

    /// Where files lie of which nothing else is said: where the app shows pictures, on the first of its hosts.
    fn host(&self) -> &'a str {
        let app = self.house.ready.bundle.apps.get(&self.app);
        let first = app.and_then(|app| app.media.as_ref()?.hosts.first());
        first.map_or("files.example", String::as_str)
    }

    fn known(&self, id: &str) -> anyhow::Result<&Spoken> {
        self.said.get(id).with_context(|| format!("no message {id:?} was said"))
    }

    fn after_delivery(&mut self, body: &[u8]) -> anyhow::Result<()> {
        let incoming = Incoming { body, claim: None, received_at: self.now() };
        let events = after_delivery(&self.house.active, &self.app, incoming)?;
        events.iter().try_for_each(|event| self.append(event))
    }

    /// Takes the oldest request of those that wait.
    fn end(&mut self, why_not: &'static str, is_it: impl Fn(&Request) -> bool) -> anyhow::Result<Request> {
        let place = self.pending.iter().position(is_it).context(why_not)?;
        Ok(self.pending.remove(place))
    }

    fn ended(&self, request: &Request, outcome: Outcome) -> Answered {
        let started_at = request.decided_at;
        Answered::of(request, outcome, started_at, self.now().max(started_at))
    }

    fn append(&mut self, event: &Event) -> anyhow::Result<()> {
        let written = self.rehearsal.append(event)?;
        self.sort(written)
    }

    /// Sorts what was written. A request that is cancelled ends at once.
    fn sort(&mut self, outputs: Vec<Output>) -> anyhow::Result<()> {
        for output in outputs {
            let cancelled = match &output {
                Output::Cancel(cancel) => Some(cancel.request),
                _ => None,
            };
            if let Output::Request(request) = &output {
                self.pending.push(request.clone());
            }
            self.written.add(output);
            if let Some(place) = self.pending.iter().position(|request| Some(request.id) == cancelled) {
                let request = self.pending.remove(place);
                let answered = self.ended(&request, Outcome::Cancelled);
                self.append(&Event::Answered(answered))?;
            }
        }
        Ok(())
    }
}
