//! What is told of a message.

use std::collections::BTreeMap;

use catalogue::estimate::{TOKENS_PER_LINE, tokens};
use catalogue::language::language_of;
use catalogue::route::Spoken as Language;
use catalogue::{App, Bundle};
use ingest::rehearse::Rehearsed;
use schemas::Millis;
use schemas::conditions::Condition;
use schemas::decision::{Complexity, Decision, PinTold};
use schemas::event::Message;
use schemas::findings::Finding;
use schemas::ids::TargetName;
use schemas::request::{Request, Role};
use schemas::text::Text;
use schemas::tier::Tier;
use schemas::verdict::{Action, Verdict};
use serde::Serialize;

use super::cost::Cost;
use crate::config::Config;
use crate::rehearse::why::{self, RuleTold};
use crate::rehearse::{Written, image_tokens, images, prompt_tokens};

/// What is known of a message.
pub(super) struct Material<'a> {
    /// What became of its callback; absent for a message of the log.
    pub(super) heard: Option<&'a Rehearsed>,
    /// Its record, if there is one.
    pub(super) message: Option<&'a Message>,
    pub(super) written: &'a Written,
    /// What was said before is not known.
    pub(super) cold: bool,
    /// When it came, where time passed behind it.
    pub(super) began: Option<Millis>,
}

/// What is told of a message.
#[derive(Debug, Default, Serialize)]
pub(super) struct Explained {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) message: Option<About>,
    /// What Easemob is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) callback: Option<Callback>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) verdict: Option<VerdictTold>,
    /// Language of the text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) language: Option<&'static str>,
    /// The tier of whoever wrote it, and by what.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tier: Option<Tier>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) complexity: Option<Complexity>,
    /// Each decision, in order.
    pub(super) decisions: Vec<DecisionTold>,
    /// How long it waited to be decided on, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) waited_ms: Option<Millis>,
    /// The rule that was taken, or `chain`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) route: Option<String>,
    pub(super) rules: Vec<RuleTold>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) arms: BTreeMap<String, String>,
    /// Targets that were asked for and could not be called at once.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) conditions: BTreeMap<TargetName, Condition>,
    /// Targets that the chain leaves out for that.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) avoided: Vec<TargetName>,
    /// The target that the session stays on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) pin: Option<PinTold>,
    /// The template of the rule could not be filled in.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) template_failed: bool,
    pub(super) chain: Vec<TargetTold>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) parameters: Option<Parameters>,
    pub(super) prompt: Vec<Line>,
    /// Estimated tokens of the prompt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) prompt_tokens: Option<u64>,
    /// How many pictures the model is shown.
    #[serde(skip_serializing_if = "is_zero")]
    pub(super) images: usize,
    /// What people are told at once.
    pub(super) says: Vec<String>,
    /// The first records of its partition are gone: what was said before may be missing.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) cold: bool,
}

/// Who wrote it, to whom and when.
#[derive(Debug, Serialize)]
pub(super) struct About {
    /// Its id, for one of the log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<String>,
    pub(super) from: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) bot: Option<String>,
    pub(super) conversation: String,
    pub(super) kind: &'static str,
    pub(super) sent_at: String,
}

#[derive(Debug, Serialize)]
pub(super) struct Callback {
    pub(super) result: &'static str,
    pub(super) reply: String,
}

#[derive(Debug, Serialize)]
pub(super) struct VerdictTold {
    pub(super) action: Action,
    pub(super) rules: Vec<String>,
    pub(super) findings: Vec<Finding>,
}

#[derive(Debug, Serialize)]
pub(super) struct DecisionTold {
    pub(super) ruling: &'static str,
    pub(super) reasons: Vec<String>,
}

/// A target of the chain.
#[derive(Debug, Serialize)]
pub(super) struct TargetTold {
    pub(super) name: TargetName,
    pub(super) provider: &'static str,
    pub(super) model: String,
    pub(super) region: String,
    /// Why it is not asked, whatever the others do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) skipped: Option<&'static str>,
    /// What its call would cost; null where it has no price.
    pub(super) cost: Option<Cost>,
}

#[derive(Debug, Serialize)]
pub(super) struct Parameters {
    pub(super) temperature_milli: Option<u32>,
    pub(super) max_output_tokens: u32,
    pub(super) thinking: Option<bool>,
    pub(super) stop: Vec<String>,
    pub(super) answer_within_ms: Millis,
}

/// A line of the prompt.
#[derive(Debug, Serialize)]
pub(super) struct Line {
    pub(super) role: Role,
    pub(super) text: String,
    /// Estimated, without the pictures.
    pub(super) tokens: u32,
    /// How many pictures are shown with it.
    #[serde(skip_serializing_if = "is_zero")]
    pub(super) images: usize,
}

/// All that is told of a message under a bundle.
pub(super) fn explained(config: &Config, bundle: &Bundle, material: &Material<'_>) -> Explained {
    let Material { heard, message, written, cold, began } = material;
    let about = |message: &Message| About {
        id: heard.is_none().then(|| message.id.to_string()),
        from: message.sender.to_string(),
        bot: message.bot.as_ref().map(ToString::to_string),
        conversation: message.conversation.to_string(),
        kind: message.kind.label(),
        sent_at: crate::timestamp::told(message.sent_at),
    };
    let said = message.and_then(|message| message.text.as_ref()).and_then(Text::plain);
    let mut explained = Explained {
        message: message.map(about),
        callback: heard.map(|heard| Callback { result: heard.result, reply: heard.reply.clone() }),
        verdict: verdict(*message, written),
        language: said.map(|said| Language::from(language_of(said, [])).label()),
        tier: written.decisions.iter().find_map(|decision| decision.tier.clone()),
        decisions: written.decisions.iter().map(decision).collect(),
        waited_ms: began.and_then(|began| waited(began, written)),
        says: written.says().into_iter().map(str::to_owned).collect(),
        cold: *cold,
        ..Explained::default()
    };
    if let Some(decision) = written.routed() {
        explained.by_route(decision);
    }
    if let Some(request) = written.question() {
        explained.by_request(config, bundle, request);
    }
    explained
}

impl Explained {
    fn by_route(&mut self, decision: &Decision) {
        self.rules = why::rules(decision);
        let Some(route) = &decision.route else { return };
        self.route = Some(route.rule.clone());
        if let Some(why) = &route.why {
            self.complexity = why.complexity.clone();
            self.arms = why.arms.clone();
            self.conditions = why.conditions.clone();
            self.avoided = why.avoided.clone();
            self.pin = why.pin.clone();
            self.template_failed = why.template_failed;
        }
    }

    fn by_request(&mut self, config: &Config, bundle: &Bundle, request: &Request) {
        let input = prompt_tokens(request);
        let app = bundle.apps.get(request.lane.conversation.app());
        let target = |name: &TargetName| {
            let target = bundle.targets.get(name)?;
            let input = input + image_tokens(request, target.provider);
            Some(TargetTold {
                name: name.clone(),
                provider: target.provider.label(),
                model: target.model.clone(),
                region: target.region.clone(),
                skipped: skipped(config, app, name, &target.region),
                cost: Cost::of(bundle, target, input, request.max_output_tokens, request.decided_at),
            })
        };
        self.chain = request.chain.iter().filter_map(target).collect();
        self.parameters = Some(Parameters {
            temperature_milli: request.temperature_milli,
            max_output_tokens: request.max_output_tokens,
            thinking: request.thinking,
            stop: request.stop.clone(),
            answer_within_ms: request.answer_by - request.decided_at,
        });
        let line = |line: &schemas::request::PromptLine| {
            let text = line.text.plain().unwrap_or_default().to_owned();
            let tokens = tokens(&text).saturating_add(TOKENS_PER_LINE);
            Line { role: line.role, tokens, images: line.images.len(), text }
        };
        self.prompt = request.prompt.iter().map(line).collect();
        self.prompt_tokens = Some(input);
        self.images = images(request);
    }
}

/// The verdict that was applied, with what ingest and the fold found.
fn verdict(message: Option<&Message>, written: &Written) -> Option<VerdictTold> {
    let applied = written.decisions.iter().find_map(|decision| decision.verdict.as_ref());
    let came = message.map(|message| &message.verdict);
    let of = applied.or(came)?;
    let listed = |verdict: &Verdict| verdict.findings.iter().flat_map(|found| found.list.clone()).collect();
    let findings: Vec<Finding> =
        came.map(listed).filter(|found: &Vec<_>| !found.is_empty()).unwrap_or_else(|| listed(of));
    Some(VerdictTold { action: of.action, rules: of.rules.clone(), findings })
}

fn is_zero(number: &usize) -> bool {
    *number == 0
}

fn decision(decision: &Decision) -> DecisionTold {
    DecisionTold { ruling: decision.ruling.label(), reasons: decision.reasons.clone() }
}

fn waited(began: Millis, written: &Written) -> Option<Millis> {
    let waited = written.decisions.last()?.at - began;
    (waited > 0).then_some(waited)
}

/// Why a target of a chain is not asked, as far as the configuration says it.
fn skipped(config: &Config, app: Option<&App>, name: &TargetName, region: &str) -> Option<&'static str> {
    if app.is_some_and(|app| app.allowed_regions.iter().all(|allowed| allowed != region)) {
        return Some("its region is not among allowed_regions");
    }
    let call = config.call.as_ref()?;
    let has_entry = call.target.iter().any(|entry| entry.name.get_ref() == name.as_str());
    (!has_entry).then_some("it has no [[call.target]]")
}
