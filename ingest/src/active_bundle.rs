//! The bundle in force, ready for callbacks: policies, bots, and the engine that judges texts.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use catalogue::{App, Bundle, Engines, findings};
use safety::{Action, Direction, Engine};
use schemas::ids::AppKey;
use schemas::verdict::Verdict;

use crate::address::Address;
use crate::callback::Content;
use crate::mention::Bots;
use crate::metrics;

/// What the engine says of a message.
pub(crate) struct Judged {
    pub(crate) verdict: Verdict,
    /// The strictest action of the rules that were hit and do not hold the message.
    pub(crate) milder: Action,
}

/// A bundle with what is computed from it once and shared by all handlers.
pub struct ActiveBundle {
    bundle: Arc<Bundle>,
    bots: BTreeMap<AppKey, Bots>,
    engines: Arc<Engines>,
}

impl ActiveBundle {
    /// Makes a bundle ready, whose engines these are.
    pub fn new(bundle: Arc<Bundle>, engines: Arc<Engines>) -> Self {
        let bots = bundle.apps.iter().map(|(key, app)| (key.clone(), Bots::new(&app.bots))).collect();
        Self { bundle, bots, engines }
    }

    /// An app's policies and bots; `None` when the bundle does not have the app.
    pub(crate) fn app(&self, key: &AppKey) -> Option<(&App, &Bots)> {
        Some((self.bundle.apps.get(key)?, self.bots.get(key)?))
    }

    /// The engine that judges an app's texts.
    pub(crate) fn engine(&self, app: &AppKey) -> &dyn Engine {
        self.engines.app(app).as_ref()
    }

    /// Judges all texts of a message of an app, and what it says without its mentions.
    pub(crate) fn judge(&self, app: &AppKey, content: &Content, address: Option<&Address>) -> Judged {
        let engine = self.engine(app);
        let began = Instant::now();
        let said = address.and_then(|address| address.said_otherwise(content.said.as_deref()));
        let texts: Vec<&str> = content.texts().chain(said).collect();
        let found = engine.judge_all(Direction::Input, &texts);
        let mut verdict = findings::verdict(engine, Direction::Input, &found, &texts);
        if let Some((findings, last)) =
            verdict.findings.as_mut().zip(said.and(u16::try_from(texts.len() - 1).ok()))
        {
            findings.drop_repeats(last);
        }
        metrics::judged(&verdict, began.elapsed());
        let hits = found.iter().flat_map(|finding| &finding.hits);
        let milder = hits.filter(|hit| !hit.shadow && hit.action != Action::Hold).map(|hit| hit.action).max();
        Judged { verdict: verdict.with_findings(), milder: milder.unwrap_or(Action::Pass) }
    }
}

/// Whether no rule is hit by any of the texts.
pub(crate) fn passes<'a>(engine: &dyn Engine, texts: impl Iterator<Item = &'a str>) -> bool {
    let texts: Vec<&str> = texts.collect();
    engine.judge_all(Direction::Input, &texts).action() == Action::Pass
}

/// A text with everything hidden that a rule hits.
pub(crate) fn masked(engine: &dyn Engine, text: &str) -> String {
    engine.judge(Direction::Input, text).masked(text)
}
