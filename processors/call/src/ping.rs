//! One real call to one target, with the smallest question there is, to see whether its key, its model, its region and the network
//! are as they must be.

use std::sync::Arc;
use std::time::Duration;

use catalogue::{Bundle, Target};
use outbound::Class;
use pipeline::Clock;
use schemas::answered::Attempt;
use schemas::ids::TargetName;

use crate::ask::{AskError, Asker, Question};
use crate::settings::Settings;

/// What the model is asked.
const QUESTION: &str = "ping";

/// What came of it.
#[derive(Debug)]
pub struct Pinged {
    /// The last call, if one was made: its class of error if it failed, its tokens and its cost.
    pub attempt: Option<Attempt>,
    /// Why there was no answer; a class of error, or a local reason.
    pub failed: Option<&'static str>,
}

impl Pinged {
    /// What the target lacks; nothing if it answered. A model that used its single token up, or had nothing to say, answered.
    pub fn advice(&self, target: &Target) -> Option<String> {
        let class = self.failed.and_then(|label| Class::ALL.into_iter().find(|class| class.label() == label));
        let is_unconnected =
            self.attempt.as_ref().and_then(|attempt| attempt.code.as_deref()) == Some("connect");
        match (class, self.failed) {
            (Some(_), _) if is_unconnected => Some(
                "there is no connection: check base_url and whether it is up, and names, proxy and firewall on the way".to_owned(),
            ),
            (_, None) | (Some(Class::Empty | Class::CapUsedUp), _) => None,
            (Some(class), _) => Some(mend(class, target)),
            (None, Some("region")) => Some("allow its region in allowed_regions".to_owned()),
            (None, Some(reason)) => Some(format!("no call was made: {reason}")),
        }
    }
}

/// What is to be mended after a failure of that class.
fn mend(class: Class, target: &Target) -> String {
    let Target { model, region, timeout_ms, context_tokens, .. } = target;
    match class {
        Class::Auth => format!(
            "the key is refused: check api_key and its rights to {model:?}, and that it is of the region that base_url leads to"
        ),
        Class::QuotaExhausted => "money or an allowance has run out: top up the account behind api_key".to_owned(),
        Class::ModelUnavailable => format!(
            "there is no {model:?} at base_url: check the model's name, its retirement, and that region {region:?} has it"
        ),
        Class::RateLimited | Class::RampLimited => {
            "the rate is used up: somebody else uses the key, or its limits are low; requests_per_minute keeps below them".to_owned()
        }
        Class::Overloaded | Class::ServerError => {
            "the server does not answer or has no capacity: check base_url and whether it is up; if it is the vendor's, wait".to_owned()
        }
        Class::Timeout => format!(
            "nothing came within {timeout_ms} ms: check base_url, proxy and firewall; a model that is being loaded needs a longer timeout"
        ),
        Class::Protocol => "the reply is none of this provider's: check that base_url and provider belong together".to_owned(),
        Class::ContextTooLong => format!(
            "one word is too long for it: the model's window is smaller than context_tokens, {context_tokens}"
        ),
        Class::ContentBlocked => format!("the vendor's filter refuses {QUESTION:?}: ask the vendor"),
        Class::BadRequest => "the request is refused: a field may not be taken (omit), or base_url is not up to the version".to_owned(),
        Class::Empty | Class::CapUsedUp | Class::Cancelled => "nothing".to_owned(),
    }
}

/// Asks a target of the bundle for one token, in one call, which may cost what one token costs.
///
/// # Errors
/// [`AskError`] when no call can be made for reasons that are not the target's.
pub async fn ping(
    mut settings: Settings,
    bundle: &Bundle,
    name: &TargetName,
    clock: Arc<dyn Clock>,
) -> Result<Pinged, AskError> {
    settings.chain.max_attempts = Some(1);
    let longest = bundle.targets.get(name).map_or(0, |target| target.timeout_ms);
    let longest = Duration::from_millis(longest);
    let question = Question { max_output_tokens: 1, longest, ..Question::of(QUESTION) };
    let asked = Asker::new(settings, bundle, name, clock)?.ask(question).await?;
    Ok(Pinged { attempt: asked.attempts.into_iter().next_back(), failed: asked.answer.err() })
}
