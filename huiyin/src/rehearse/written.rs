//! What the line wrote in a rehearsal, sorted by kind.

use decide::Output;
use schemas::answer::Answer;
use schemas::cancel::Cancel;
use schemas::decision::Decision;
use schemas::request::{PromptLine, Request, RequestKind, Role};
use schemas::retract::Retract;

/// What the line wrote in a rehearsal.
#[derive(Debug, Default)]
pub(crate) struct Written {
    pub(crate) decisions: Vec<Decision>,
    pub(crate) requests: Vec<Request>,
    pub(crate) cancels: Vec<Cancel>,
    pub(crate) answers: Vec<Answer>,
    pub(crate) retracts: Vec<Retract>,
}

/// The lines of a prompt, each with who says it.
pub(crate) fn prompt_lines(request: &Request) -> Vec<String> {
    let word = |role| match role {
        Role::System => "system",
        Role::User => "user",
        Role::Assistant => "assistant",
    };
    let line = |line: &PromptLine| format!("{}: {}", word(line.role), line.text.plain().unwrap_or_default());
    request.prompt.iter().map(line).collect()
}

impl Written {
    /// Of what the fold wrote.
    pub(crate) fn of(outputs: Vec<Output>) -> Self {
        let mut written = Self::default();
        outputs.into_iter().for_each(|output| written.add(output));
        written
    }

    pub(super) fn add(&mut self, output: Output) {
        match output {
            Output::Decision(decision) => self.decisions.push(*decision),
            Output::Request(request) => self.requests.push(request),
            Output::Cancel(cancel) => self.cancels.push(cancel),
            Output::Answer(answer) => self.answers.push(answer),
            Output::Retract(retract) => self.retracts.push(retract),
            Output::Ledger(_) => {}
        }
    }

    /// The last decision that has a route.
    pub(crate) fn routed(&self) -> Option<&Decision> {
        self.decisions.iter().rfind(|decision| decision.route.is_some())
    }

    /// The last question to a model.
    pub(crate) fn question(&self) -> Option<&Request> {
        self.requests.iter().rfind(|request| request.kind == RequestKind::Answer)
    }

    /// The texts that people read, in order.
    pub(crate) fn says(&self) -> Vec<&str> {
        self.answers.iter().filter_map(|answer| answer.text.plain()).collect()
    }

    /// What was written later, behind it.
    pub(crate) fn and(&mut self, later: Self) {
        self.decisions.extend(later.decisions);
        self.requests.extend(later.requests);
        self.cancels.extend(later.cancels);
        self.answers.extend(later.answers);
        self.retracts.extend(later.retracts);
    }
}
