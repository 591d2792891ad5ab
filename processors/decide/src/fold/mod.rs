//! One step: an event or a timer meets the state of its conversation.

mod builder;
mod by_hand;
mod change;
mod command;
mod flagged;
mod media;
mod message;
mod outcome;
mod personal;
mod refuse;
mod retract;
mod review;
mod routed;
mod staff;
mod summary;
mod takeover;
mod tiers;
mod timer;
mod turn;

use catalogue::App;
use schemas::Millis;
use schemas::conversation::{Conversation, Lane};
use schemas::decision::Ruling;
use schemas::event::Event;
use schemas::ids::UserId;

use crate::bound::Bound;
use crate::reason::Reason;
use crate::rules::Rules;
use crate::seen;
use crate::state::State;
use crate::step::{At, Step};
use builder::{Cause, StepBuilder};
use message::Arrival;

pub(crate) use timer::due_of;
pub use timer::{due, fire};

/// Folds one event of a conversation. `rules` are those that hold in its partition, none before the first `config`
/// record. Control events (`config`, `clock`, `conditions`, `act`) belong to no conversation and change nothing here.
pub fn fold(
    rules: Option<&Rules>,
    at: At,
    conversation: &Conversation,
    state: Option<&State>,
    event: Event,
) -> Step {
    use schemas::wire::Record;
    let cause = Cause { input: event.kind(), ordinal: 0 };
    let step = StepBuilder::new(rules, at, conversation, state, cause);
    let Some((rules, app)) = rules.and_then(|rules| Some((rules, rules.app(conversation.app())?))) else {
        return unconfigured(step, state, &event);
    };
    let mut folding = Folding { rules, app, state: state.cloned().unwrap_or_default(), step };
    match event {
        Event::Message(message) => folding.message(&message, Arrival::InTime),
        Event::Missed(message) => folding.message(&message, Arrival::Missed),
        Event::Withdrawn(reference) => folding.take_back(&reference, change::Kind::Withdrawn),
        Event::Recall(reference) => folding.take_back(&reference, change::Kind::Recalled),
        Event::Edit(edit) => folding.edit(&edit),
        Event::Takeover(takeover) => folding.takeover(takeover),
        Event::Finding(finding) => folding.finding(&finding),
        Event::Retract(order) => folding.ordered_back(&order),
        Event::Answered(answered) => folding.answered(&answered),
        Event::Feedback(_) | Event::Reaction(_) => folding.note(),
        Event::Config(_) | Event::Clock(_) | Event::Conditions(_) | Event::Act(_) => {
            return Step { state: state.cloned(), outputs: Vec::new() };
        }
    }
    folding.finish(state)
}

/// No bundle holds, or it does not know the app: that is said, and nothing else happens.
fn unconfigured(mut step: StepBuilder, state: Option<&State>, event: &Event) -> Step {
    let draft = match event {
        Event::Message(message) | Event::Missed(message) => step.about(message),
        _ => step.draft(Ruling::Unconfigured),
    };
    if event.conversation().is_some() {
        step.rule(draft, Ruling::Unconfigured, None);
    }
    Step { state: state.cloned(), outputs: step.into_outputs() }
}

/// One input under way.
struct Folding<'a> {
    rules: &'a Rules,
    app: &'a App,
    state: State,
    step: StepBuilder,
}

impl Folding<'_> {
    /// Something that is only recorded.
    fn note(&mut self) {
        self.step.decide(self.step.draft(Ruling::Noted));
    }

    /// The lane of that name.
    fn lane_named(&self, name: &str) -> Lane {
        lane_named(&self.step.conversation, name)
    }

    /// Sets the times, chains the digest, and keeps nothing where nothing is left.
    fn finish(mut self, before: Option<&State>) -> Step {
        let now = self.step.now;
        let app = self.app;
        self.state.drop_idle_lanes();
        let keep = if self.state.holds_talk() {
            app.forget_after_ms
        } else {
            seen::kept_for(app.duplicate_horizon_ms)
        };
        self.state.core.forget_at = Some(now + keep);
        settle(self.state, before, now, self.step, Some(app))
    }
}

/// The end of every step. `app` is the conversation's, if it is configured: by it the state is bounded.
fn settle(
    mut state: State,
    before: Option<&State>,
    now: Millis,
    mut step: StepBuilder,
    app: Option<&App>,
) -> Step {
    state.core.time = now;
    state.forget_unnamed(before);
    let mut changes = state.weigh(before);
    if let Some(bound) = app.and_then(|app| bound_of(app, &step))
        && bound.keep(&mut state, before)
    {
        step.remark(Reason::StateFull);
        changes = state.weigh(before);
    }
    state.core.digest = changes.digest(before);
    let state = (!state.is_blank()).then_some(state);
    Step { state, outputs: step.into_outputs() }
}

/// How large the conversation's state may be.
fn bound_of(app: &App, step: &StepBuilder) -> Option<Bound> {
    Some(Bound::of(app.state_bytes?, step.key_bytes()))
}

/// Name of a lane in the state.
fn name_of(lane: &Lane) -> &str {
    lane.sender.as_ref().map(UserId::as_str).unwrap_or_default()
}

fn lane_named(conversation: &Conversation, name: &str) -> Lane {
    Lane { conversation: conversation.clone(), sender: UserId::new(name).ok() }
}
