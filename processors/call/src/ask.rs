//! Questions to one target, outside of any conversation. They go the way of every call: the same family, the same client, the same
//! classes. Nothing of them is written to a topic.

use std::sync::Arc;
use std::time::Duration;

use catalogue::Bundle;
use outbound::{BuildError, Class};
use pipeline::Clock;
use pipeline::call::{Cancellation, Place};
use schemas::answered::Attempt;
use schemas::conversation::{Conversation, Lane};
use schemas::ids::{AppKey, BadId, MessageId, RequestId, TargetName, TurnId, UserId};
use schemas::request::{PromptLine, Request, RequestKind, Role};

use crate::ceiling::{Ceiling, Unpriced};
use crate::invoke::{Completion, Invoke, Terms, Unanswered};
use crate::invoker::Invoker;
use crate::settings::Settings;

/// A target cannot be asked at all.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// No HTTP client can be built.
    #[error("build an HTTP client")]
    Client(#[from] BuildError),
    /// The question cannot be put together.
    #[error("make a question")]
    Id(#[from] BadId),
    /// Nobody knows what it may cost.
    #[error("find a price")]
    Price(#[from] Unpriced),
    /// The bundle cannot be hashed.
    #[error("hash bundle")]
    Hash(#[from] serde_json::Error),
}

/// What a target is asked.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// The operator's line before it; none if it is empty.
    pub system: &'a str,
    /// The text.
    pub text: &'a str,
    /// Sampling temperature in thousandths; the provider's default if absent.
    pub temperature_milli: Option<u32>,
    /// Most tokens of the answer.
    pub max_output_tokens: u32,
    /// Longest time for all attempts.
    pub longest: Duration,
}

impl<'a> Question<'a> {
    /// A text without an operator's line, with an answer of one token within ten seconds.
    pub fn of(text: &'a str) -> Self {
        Self {
            system: "",
            text,
            temperature_milli: None,
            max_output_tokens: 1,
            longest: Duration::from_secs(10),
        }
    }
}

/// What a target said.
#[derive(Debug)]
pub struct Asked {
    /// Every call that was made, in order.
    pub attempts: Vec<Attempt>,
    /// The answer, not reviewed; or a class of error, or a local reason.
    pub answer: Result<Completion, &'static str>,
}

impl Asked {
    /// The provider's own filter refused the question or the answer.
    pub fn is_blocked(&self) -> bool {
        matches!(self.answer, Err(label) if label == Class::ContentBlocked.label())
    }
}

/// Asks one target of a bundle.
pub struct Asker<'a> {
    invoker: Invoker,
    bundle: &'a Bundle,
    target: &'a TargetName,
    clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for Asker<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Asker").field("target", self.target).finish_non_exhaustive()
    }
}

impl<'a> Asker<'a> {
    /// Prepares calls; none is made yet. Needs a tokio runtime with time.
    ///
    /// # Errors
    /// [`AskError`] when no HTTP client can be built.
    pub fn new(
        mut settings: Settings,
        bundle: &'a Bundle,
        target: &'a TargetName,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, AskError> {
        settings.chain.min_useful = Duration::ZERO;
        Ok(Self { invoker: Invoker::new(settings, Arc::clone(&clock))?, bundle, target, clock })
    }

    /// Asks, and waits for the answer.
    ///
    /// # Errors
    /// [`AskError`] when no call can be made for reasons that are not the target's.
    pub async fn ask(&self, question: Question<'_>) -> Result<Asked, AskError> {
        let request = self.request(question)?;
        let terms = Terms {
            longest: question.longest,
            cancellation: &Cancellation::never(),
            place: &Place::unwatched(),
        };
        let invoked = self.invoker.invoke(self.bundle, &request, terms).await;
        let answer = match invoked.result {
            Ok((_, completion)) => Ok(completion),
            Err(Unanswered::Expired) => Err(Class::Timeout.label()),
            Err(Unanswered::Cancelled) => Err(Class::Cancelled.label()),
            Err(Unanswered::Failed(reason)) => Err(reason),
        };
        Ok(Asked { attempts: invoked.attempts, answer })
    }

    /// The most that a question can cost, and what it is taken to have cost, if at most so many attempts are made.
    ///
    /// # Errors
    /// [`AskError`] when the target has no price, or the question cannot be put together.
    pub fn ceiling(&self, question: Question<'_>, attempts: u32) -> Result<Ceiling, AskError> {
        Ok(Ceiling::of(self.bundle, &self.request(question)?, attempts, self.clock.now())?)
    }

    fn request(&self, question: Question<'_>) -> Result<Request, AskError> {
        let now = self.clock.now();
        let region = self.bundle.targets.get(self.target).map(|target| target.region.clone());
        let app = AppKey::new("huiyin#ping")?;
        let (bot, user) = (UserId::new("bot")?, UserId::new("ping")?);
        let cause = format!("{}/{now}/{}/{}", self.target, question.system, question.text);
        let system = Some(question.system).filter(|text| !text.is_empty());
        let lines = system.map(|text| PromptLine::new(Role::System, text)).into_iter();
        let longest = i64::try_from(question.longest.as_millis()).unwrap_or(i64::MAX);
        Ok(Request {
            id: RequestId::derive(&cause, 0),
            kind: RequestKind::Answer,
            turn: TurnId::derive(&cause, 0),
            lane: Lane {
                conversation: Conversation::with_bot(app.clone(), bot.clone(), user.clone()),
                sender: None,
            },
            message: MessageId::of(&app, "chat", "1")?,
            bot,
            user,
            tier: None,
            weight: None,
            chain: vec![self.target.clone()],
            allowed_regions: region.into_iter().collect(),
            prompt: lines.chain([PromptLine::new(Role::User, question.text)]).collect(),
            max_output_tokens: question.max_output_tokens,
            temperature_milli: question.temperature_milli,
            thinking: None,
            stop: Vec::new(),
            fallback_after_block: None,
            hedge_after_ms: None,
            answer_by: now.saturating_add(longest),
            bundle: self.bundle.hash()?,
            route: None,
            decided_at: now,
        })
    }
}
