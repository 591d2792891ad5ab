//! Log lines about calls that fail.

use std::fmt::{Debug, Write as _};
use std::sync::{Arc, Mutex, Once};

use serde_json::json;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::{DefaultGuard, set_default, set_global_default};
use tracing::{Event, Level, Metadata, Subscriber};

use crate::server::{Answer, Server, completion};
use crate::world::{World, catalogue};

/// Lines at the default level, with all their fields.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<String>>>);

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, " {field}={value:?}").unwrap();
    }
}

impl Subscriber for Lines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= Level::INFO && metadata.target().starts_with("call::")
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(event.metadata().level().to_string());
        event.record(&mut line);
        self.0.lock().unwrap().push(line.0);
    }
}

/// What is logged while a test has no subscriber of its own.
static ELSEWHERE: Once = Once::new();

impl Lines {
    /// The lines of this test. A place that logs asks once whether anybody wants its lines, and remembers the answer: without a
    /// subscriber for all threads, a test that has none and comes there first would answer for this one.
    fn of_this_thread() -> (Self, DefaultGuard) {
        ELSEWHERE.call_once(|| drop(set_global_default(Self::default())));
        let lines = Self::default();
        let guard = set_default(lines.clone());
        (lines, guard)
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

#[tokio::test]
async fn a_failed_call_leaves_one_line_that_says_why_and_nothing_that_anybody_said() {
    let (main, spare) = (Server::start().await, Server::start().await);
    let world = World::of_servers(&main, &spare, &catalogue("m", "m")).await;
    let (lines, _guard) = Lines::of_this_thread();
    let refusal =
        json!({"error": {"code": "invalid_parameter", "message": "cannot read: my secret"}}).to_string();
    main.always(Some(Answer::new(400, refusal)));
    for _ in 0..5 {
        world.ask("my secret").await;
    }
    let all = lines.take();
    assert_eq!(all.len(), 2, "one more says that a price is missing: {all:?}");
    for part in [
        "WARN",
        "a model call failed",
        "target=\"main\"",
        "class=\"bad_request\"",
        "status=400",
        "code=\"invalid_parameter\"",
        "why=\"the provider refused with http status 400\"",
    ] {
        assert!(all[0].contains(part), "{part} in {}", all[0]);
    }
    main.always(Some(Answer::new(200, "<html>my secret</html>")));
    world.ask("my secret").await;
    let all = lines.take();
    assert_eq!(all.len(), 2, "what it cost is unknown: {all:?}");
    assert!(all[0].contains("content type application/json"), "{all:?}");
    assert!(!all.concat().contains("secret"));
}

#[tokio::test]
async fn an_unknown_end_is_named_and_a_good_answer_leaves_no_line() {
    let (main, spare) = (Server::start().await, Server::start().await);
    let world = World::of_servers(&main, &spare, &catalogue("m", "m")).await;
    let (lines, _guard) = Lines::of_this_thread();
    world.ask("hello").await;
    assert_eq!(lines.take(), [] as [&str; 0]);
    main.will([Answer::new(200, completion("ANSWER").replace("stop", "banana"))]);
    world.ask("hello").await;
    let all = lines.take();
    assert!(all.len() == 1 && all[0].contains("finish=\"banana\""), "{all:?}");
}
