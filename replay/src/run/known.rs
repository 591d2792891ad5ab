//! What the line asked in the range: production's own fold, made again ahead of the candidate's.

use std::collections::{HashMap, HashSet};

use conversation::Folded;
use decide::Output;
use schemas::ids::{RequestId, TurnId};
use schemas::request::{Request, RequestKind};

use super::error::RunError;
use crate::compare::{Hash, with_targets};
use crate::world::{Line, Step};

/// Requests of the line in the range, and the turns that it opened.
#[derive(Debug, Default)]
pub(super) struct Known {
    requests: HashMap<RequestId, Hash>,
    opened: HashSet<TurnId>,
}

impl Known {
    /// What the line's fold made of a record.
    pub(super) fn take(&mut self, line: &Line, step: &Step) -> Result<(), RunError> {
        for folded in &step.folded {
            if let Folded::Output(Output::Request(request)) = folded {
                self.requests.insert(request.id, hash(line, request)?);
                if request.kind != RequestKind::AnswerReview {
                    self.opened.insert(request.turn);
                }
            }
        }
        Ok(())
    }

    /// The line asked it, so that the log has its end, or will have it.
    pub(super) fn has(&self, request: RequestId) -> bool {
        self.requests.contains_key(&request)
    }

    /// The line opened the turn in the range.
    pub(super) fn has_opened(&self, turn: TurnId) -> bool {
        self.opened.contains(&turn)
    }

    /// The line asked the same, of the same models.
    pub(super) fn is_same(&self, line: &Line, request: &Request) -> Result<bool, RunError> {
        let Some(known) = self.requests.get(&request.id) else { return Ok(false) };
        Ok(*known == hash(line, request)?)
    }
}

fn hash(line: &Line, request: &Request) -> Result<Hash, RunError> {
    let ready = line.bundles().get(&request.bundle)?;
    Ok(with_targets(request, &ready.bundle))
}
