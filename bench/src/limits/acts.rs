//! The scenes at a limit: what people write, what their vendors allow, and what is read off afterwards.

use super::app::{App, Counting, Known, ModelLimit};
use super::figures::{Figures, Watched, percentile, seconds};
use super::findings::{Findings, Subject, Value};
use super::line::Line;
use super::load::{Order, Place, Played, Stream};
use super::outcome::{Outcome, Records};
use super::scene::Scene;
use anyhow::Result;
use dev::console::say;
use serde_json::json;
use std::time::Duration;

/// How long people write in most scenes, and in the short form.
pub(super) const LENGTH: Duration = Duration::from_secs(20);
/// Messages per second to the app beside the busy one.
const QUIET: u32 = 2;
/// Seconds between two messages of a person. It is longer than a model takes, since messages that come in the meantime would be
/// answered together.
const APART: u64 = 2;
/// Private chats beside groups, per second.
const PRIVATE: u32 = 20;
/// The line is waited for as long as its sends take at the limit, times this.
const MOST_OVER: f64 = 1.5;
const AT_LEAST: Duration = Duration::from_secs(10);
/// How long one refusal is felt.
const AFTER_REFUSAL_MS: i64 = 15_000;
/// An answer that cannot be had comes as a text this long after `answer_by` at the latest.
const IN_TIME_MS: i64 = 60_000 + 5_000;
/// The last messages of the model's scene are given up by then.
const MODEL_DRAIN: Duration = Duration::from_secs(75);

/// Private messages to an app.
pub(super) fn private(app: &App, per_second: u32, length: Duration, conversations: u64) -> Stream {
    Stream { app: app.key(), place: Place::Private, per_second, length, conversations }
}

fn groups(app: &App, per_second: u32, length: Duration) -> Stream {
    Stream { app: app.key(), place: Place::Groups, per_second, length, conversations: per_second.into() }
}

/// How long the line is waited for once everything was said.
fn drain(stream: &Stream, limit: u32) -> Duration {
    let ideal = stream.count() as f64 / f64::from(limit);
    Duration::from_secs_f64((ideal * MOST_OVER - stream.length.as_secs_f64()).max(0.0)) + AT_LEAST
}

/// What became of a scene's streams.
pub(super) struct Told {
    pub(super) played: Played,
    pub(super) outcomes: Vec<Vec<Outcome>>,
    ended: i64,
}

impl Told {
    /// When a stream was watched.
    fn watched(&self, stream: &Stream) -> Watched {
        let length = i64::try_from(stream.length.as_millis()).unwrap_or_default();
        Watched { begun: self.played.begun, asked_until: self.played.begun + length, ended: self.ended }
    }

    /// Figures of a stream without a limit.
    pub(super) fn figures(&self, streams: &[Stream], at: usize) -> Figures {
        Figures::of(&self.outcomes[at], self.watched(&streams[at]))
    }

    /// Figures of a stream against its app's limit.
    fn limited(&self, line: &Line<'_>, streams: &[Stream], at: usize, limit: u32) -> Result<Figures> {
        let stream = &streams[at];
        let traffic = line.easemob_traffic(&stream.app)?.remove(stream.place.path()).unwrap_or_default();
        let figures = self.figures(streams, at);
        Ok(figures.against(limit, &traffic, &self.outcomes[at], self.watched(stream)))
    }
}

/// Plays streams on a line that was started, and reads what became of them.
pub(super) fn tell(
    line: &mut Line<'_>,
    streams: &[Stream],
    orders: &[Order],
    drain: Duration,
) -> Result<Told> {
    let (played, ended) = line.play(streams, orders, drain)?;
    let records = Records::of(line)?;
    let outcomes: Vec<Vec<Outcome>> = played.asked.iter().map(|asked| records.outcomes(asked)).collect();
    if !records.reasons().is_empty() {
        say(&format!("given up: {}", records.reasons()));
    }
    Ok(Told { played, outcomes, ended })
}

/// Three times what Easemob allows to one app, with a quiet one beside it.
pub(super) fn burst(scene: &Scene, counting: Counting, length: Duration, found: &mut Findings) -> Result<()> {
    let apps = [App::new("busy", counting), App::new("quiet", counting)];
    let limit = apps[0].users;
    let busy = private(&apps[0], 3 * limit, length, u64::from(3 * limit) * APART);
    let streams = [busy, private(&apps[1], QUIET, length, 10)];
    let mut line = Line::start(scene, apps.to_vec())?;
    let told = tell(&mut line, &streams, &[], drain(&streams[0], limit))?;
    let name = format!("{limit}/s to users, asked for {}/s, {}", 3 * limit, counting.name());
    found.row(name, Subject::Users, counting, told.limited(&line, &streams, 0, limit)?);
    let name = format!("a quiet app beside it, {}", counting.name());
    found.row(name, Subject::Quiet, counting, told.figures(&streams, 1));
    Ok(())
}

/// Twice what Easemob allows to each of two apps, with a quiet one beside them.
pub(super) fn double(scene: &Scene, length: Duration, found: &mut Findings) -> Result<()> {
    let limit = 50;
    let busy = |counting: Counting| App { users: limit, ..App::new(counting.name(), counting) };
    let apps = [busy(Counting::Fixed), busy(Counting::Sliding), App::new("quiet", Counting::Sliding)];
    let streams = [
        private(&apps[0], 2 * limit, length, u64::from(2 * limit) * APART),
        private(&apps[1], 2 * limit, length, u64::from(2 * limit) * APART),
        private(&apps[2], QUIET, length, 10),
    ];
    let mut line = Line::start(scene, apps.to_vec())?;
    let told = tell(&mut line, &streams, &[], drain(&streams[0], limit))?;
    for (at, app) in apps.iter().take(2).enumerate() {
        let name = format!("{limit}/s to users, asked for {}/s, {}", 2 * limit, app.name);
        found.row(name, Subject::Users, app.counting, told.limited(&line, &streams, at, limit)?);
    }
    found.row(
        "a quiet app beside them".to_owned(),
        Subject::Quiet,
        Counting::Sliding,
        told.figures(&streams, 2),
    );
    Ok(())
}

/// Twice what Easemob allows to groups, with private chats of the same apps beside them: first these alone, then both,
/// then both with one send to a group refused.
pub(super) fn in_groups(scene: &Scene, length: Duration, found: &mut Findings) -> Result<()> {
    let apps = [App::new("fixed", Counting::Fixed), App::new("sliding", Counting::Sliding)];
    let limit = apps[0].groups;
    let alone = apps.clone().map(|app| private(&app, PRIVATE, length, 100));
    let mut line = Line::start(scene, apps.to_vec())?;
    let told = tell(&mut line, &alone, &[], AT_LEAST)?;
    let p99 = |outcomes: &[Outcome]| percentile(outcomes, 99.0);
    let usual = p99(&told.outcomes.concat());
    found.row(
        "private chats alone".to_owned(),
        Subject::Private,
        Counting::Sliding,
        Figures::of(&told.outcomes.concat(), told.watched(&alone[0])),
    );
    let streams: Vec<Stream> =
        apps.iter().map(|app| groups(app, 2 * limit, length)).chain(alone.clone()).collect();
    line.forget()?;
    let told = tell(&mut line, &streams, &[], drain(&streams[0], limit))?;
    for (at, app) in apps.iter().enumerate() {
        let name = format!("{limit}/s to groups, asked for {}/s, {}", 2 * limit, app.name);
        found.row(name, Subject::Groups, app.counting, told.limited(&line, &streams, at, limit)?);
        let name = format!("private chats beside them, {}", app.name);
        found.row(name, Subject::Private, app.counting, told.figures(&streams, 2 + at));
    }
    found.value(Value::PrivateRatio, p99(&told.outcomes[2..].concat()) / usual);
    drop(line);

    let app = App::new("refused", Counting::Sliding);
    let streams = [groups(&app, 2 * limit, length), private(&app, PRIVATE, length, 100)];
    let at = length / 2;
    let scope = json!({ "app": app.key(), "path": Place::Groups.path() });
    let body = json!({ "scope": scope, "fault": { "kind": "reach_limit" } });
    let refusal = Order { after: at, path: "faults", body };
    let mut line = Line::start(scene, vec![app.clone()])?;
    let told = tell(&mut line, &streams, &[refusal], drain(&streams[0], limit))?;
    let name = format!("the same groups, one send refused, {}", app.counting.name());
    let figures = told.limited(&line, &streams, 0, limit)?;
    let refused = told.played.begun + i64::try_from(at.as_millis())?;
    found.value(Value::OneRefusal, lost(&told.outcomes[0], refused, limit));
    found.row(name, Subject::OneRefusal, app.counting, figures);
    found.row(
        "private chats beside them, one group's send refused".to_owned(),
        Subject::Private,
        app.counting,
        told.figures(&streams, 1),
    );
    found.value(Value::PrivateRatioOfOneRefusal, p99(&told.outcomes[1]) / usual);
    Ok(())
}

/// Seconds of sending at the limit that are missing in the time after a moment.
fn lost(outcomes: &[Outcome], from: i64, limit: u32) -> f64 {
    let within = from..from + AFTER_REFUSAL_MS;
    let accepted = outcomes.iter().filter_map(|outcome| outcome.at).filter(|at| within.contains(at)).count();
    seconds(AFTER_REFUSAL_MS) - accepted as f64 / f64::from(limit)
}

/// A fifth of what Easemob allows, and one send in twenty refused.
pub(super) fn refusals(scene: &Scene, length: Duration, found: &mut Findings) -> Result<()> {
    let app = App::new("refused", Counting::Sliding);
    let per_second = app.users / 5;
    let scope = json!({ "app": app.key(), "path": Place::Private.path() });
    let fault =
        json!({ "scope": scope, "times": u32::MAX, "one_in": 20, "fault": { "kind": "reach_limit" } });
    let orders = [Order { after: Duration::ZERO, path: "faults", body: fault }];
    let streams = [private(&app, per_second, length, 100)];
    let mut line = Line::start(scene, vec![app.clone()])?;
    let told = tell(&mut line, &streams, &orders, AT_LEAST + LENGTH)?;
    let mut figures = told.limited(&line, &streams, 0, app.users)?;
    // Not saturated: there is no more to send than the limit allows.
    (figures.throughput, figures.last) = (f64::NAN, f64::NAN);
    let name = format!("{}/s to users, asked for {per_second}/s, one in twenty refused", app.users);
    found.row(name, Subject::FewRefusals, app.counting, figures);
    Ok(())
}

/// Twice what a model allows, with its limit configured and without.
pub(super) fn model(scene: &Scene, length: Duration, found: &mut Findings) -> Result<()> {
    let per_second = 20;
    let app = |name: &str, counting: Counting, known: Known| App {
        model: Some(ModelLimit { per_second, known }),
        ..App::new(&format!("{name}-{}", counting.name()), counting)
    };
    let apps = [
        app("told", Counting::Fixed, Known::Told),
        app("told", Counting::Sliding, Known::Told),
        app("unknown", Counting::Fixed, Known::Unknown),
        app("unknown", Counting::Sliding, Known::Unknown),
    ];
    // Everybody writes once, since two messages of a person who still waits would be answered together.
    let streams = apps.clone().map(|app| {
        let once = private(&app, 2 * per_second, length, u64::MAX);
        Stream { conversations: once.count(), ..once }
    });
    let mut line = Line::start(scene, apps.to_vec())?;
    let told = tell(&mut line, &streams, &[], MODEL_DRAIN)?;
    let mut late = 0;
    for (at, app) in apps.iter().enumerate() {
        let Some(limit) = app.model else { continue };
        let (traffic, outcomes) = (line.model_traffic(app)?, &told.outcomes[at]);
        let watched = told.watched(&streams[at]);
        let mut figures = told.figures(&streams, at).against(per_second, &traffic, outcomes, watched);
        figures.fairness = f64::NAN;
        let what = if limit.known == Known::Told { "configured" } else { "not configured" };
        let name = format!(
            "a model's {per_second}/s, {what}, asked for {}/s, {}",
            2 * per_second,
            app.counting.name()
        );
        found.row(name, Subject::Model(limit.known), app.counting, figures);
        late += outcomes.iter().filter(|one| one.took_ms().is_none_or(|took| took > IN_TIME_MS)).count();
    }
    found.value(Value::LateOfModel, late as f64);
    Ok(())
}
