//! Lines of results as records of the replay's topic.

use pipeline::Outgoing;
use schemas::wire;

use super::error::RunError;
use crate::range::Manifest;
use crate::results::{End, Line, TurnResult};
use crate::shadow::MANIFEST;

/// Room that is made for a line, in bytes.
const USUAL_LINE: usize = 1_536;

/// The two records that a replay begins with: its manifest, and the head of its results.
///
/// # Errors
/// [`RunError::Line`].
pub fn head(manifest: &Manifest) -> Result<[Outgoing; 2], RunError> {
    let value = serde_json::to_vec(manifest).map_err(RunError::Line)?;
    Ok([
        record(MANIFEST, MANIFEST, None, value),
        line("head", "head", &Line::Head(Box::new(manifest.head())))?,
    ])
}

/// A turn.
pub(super) fn turn(result: TurnResult) -> Result<Outgoing, RunError> {
    let (id, key) = (result.turn.clone(), result.conversation.clone());
    let written = line(&id, "turn", &Line::Turn(Box::new(result)))?;
    Ok(Outgoing { key: Some(key.into_bytes()), ..written })
}

/// The end of a run. `run` tells it from the ends of other runs.
///
/// # Errors
/// [`RunError::Line`].
pub fn end(run: &str, end: &End) -> Result<Outgoing, RunError> {
    line(&format!("end:{run}"), "end", &Line::End(end.clone()))
}

fn line(id: &str, kind: &str, line: &Line) -> Result<Outgoing, RunError> {
    // Growing would copy it.
    let mut value = Vec::with_capacity(USUAL_LINE);
    serde_json::to_writer(&mut value, line).map_err(RunError::Line)?;
    Ok(record(id, kind, None, value))
}

fn record(id: &str, kind: &str, key: Option<Vec<u8>>, value: Vec<u8>) -> Outgoing {
    let header = |name: &'static str, value: &str| (name.into(), value.as_bytes().to_vec());
    // Its writer adds one.
    let mut headers = Vec::with_capacity(4);
    headers.extend([
        header(wire::ID, id),
        header("content-type", "application/json"),
        header(wire::KIND, kind),
    ]);
    Outgoing { topic: "".into(), partition: 0, key, headers, value: Some(value) }
}
