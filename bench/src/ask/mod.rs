//! How long questions take: every named query over a large generated set, cold and warm, out of rollups and out of facts.

mod generate;
mod rollups;
mod scene;

use super::table::{Goal, Samples, Table, short};
use account::queries;
use anyhow::{Context, Result};
use clap::Args;
use dev::console::say;
use generate::{DAYS, WHOLE, generate};
use scene::Scene;
use std::time::Instant;

/// How large the set is.
#[derive(Args, Clone, Copy)]
pub(super) struct Size {
    /// Of `ask`: calls that are generated
    #[arg(long, default_value_t = 100_000_000)]
    rows: u64,
}

/// A question: a named query with its parameters.
struct Asked {
    what: &'static str,
    name: &'static str,
    given: &'static [(&'static str, &'static str)],
    days: u64,
}

const QUESTIONS: &[Asked] = &[
    Asked { what: "cost by app, model, day", name: "cost", given: &[("by", "app,model,day")], days: 30 },
    Asked { what: "cost by app, provider, model", name: "cost", given: &[], days: 30 },
    Asked { what: "cost by rule, arm", name: "cost", given: &[("by", "rule,arm")], days: 30 },
    Asked { what: "tokens by app, tier", name: "tokens", given: &[("by", "app,tier")], days: 30 },
    Asked { what: "errors by target", name: "errors", given: &[("by", "target")], days: 30 },
    Asked { what: "cache by target", name: "cache", given: &[("by", "target")], days: 30 },
    Asked {
        what: "p95 of the model by hour",
        name: "latency",
        given: &[("by", "hour"), ("step", "model")],
        days: 30,
    },
    Asked { what: "routes of an app", name: "routes", given: &[("app", "acme#alpha0")], days: 30 },
    Asked { what: "top users", name: "top", given: &[], days: 30 },
    Asked { what: "finance of an app", name: "finance", given: &[("app", "acme#alpha0")], days: 30 },
    Asked { what: "billed by a provider", name: "billed", given: &[("provider", "openai")], days: 30 },
    Asked { what: "funnel by day", name: "funnel", given: &[("by", "app,day")], days: 30 },
    Asked { what: "sla by month", name: "sla", given: &[], days: DAYS },
    Asked { what: "bundles", name: "bundles", given: &[], days: 30 },
    Asked { what: "satisfaction", name: "satisfaction", given: &[], days: 30 },
    Asked { what: "safety hits", name: "safety_hits", given: &[], days: 30 },
    Asked { what: "false hits", name: "false_hits", given: &[], days: 30 },
    Asked { what: "counts of an app", name: "counts", given: &[("app", "acme#alpha0")], days: 30 },
    Asked { what: "drift of an app", name: "drift", given: &[("app", "acme#alpha0")], days: 30 },
];

/// What one way of asking took, in milliseconds.
struct Taken {
    from: String,
    cold: f64,
    warm: Samples,
    rows: u64,
}

/// Generates the set once and asks each question `rounds` times.
///
/// # Errors
/// When something does not start or answer.
pub(super) fn measure(rounds: usize, Size { rows }: Size) -> Result<Table> {
    let scene = Scene::new()?;
    let took = generate(&scene, rows)?;
    let sizes = sizes(&scene)?;
    let mut lines = Vec::new();
    let mut goals = Vec::new();
    for asked in QUESTIONS {
        scene.patience.check()?;
        let usual = take(&scene, asked, "auto", rounds)?;
        let query =
            queries::list().iter().find(|query| query.name == asked.name).context("a query is gone")?;
        let has_source = query.parameters.iter().any(|parameter| parameter.name == "source");
        let facts = if has_source { Some(take(&scene, asked, "facts", rounds)?) } else { None };
        say(&format!("{}: {} ms", asked.what, usual.warm.text()));
        let goal = match asked.what {
            "cost by app, model, day" => Some(200.0),
            "p95 of the model by hour" => Some(500.0),
            _ => None,
        };
        goals.extend(
            goal.map(|bar| Goal::at_most(&format!("{} in ms, warm", asked.what), usual.warm.median(), bar)),
        );
        let beside = facts.as_ref().filter(|_| usual.from != "model_calls");
        lines.push(vec![
            asked.what.to_owned(),
            usual.from.clone(),
            short(usual.cold),
            usual.warm.text(),
            short(usual.rows as f64),
            beside.map_or_else(String::new, |facts| facts.warm.text()),
            beside.map_or_else(String::new, |facts| short(facts.rows as f64)),
        ]);
    }
    let why = why(&scene, rows, rounds)?;
    goals.push(Goal::at_most("why of one message in ms, warm", why.warm.median(), 100.0));
    lines.push(vec![
        "why of one message".to_owned(),
        why.from.clone(),
        short(why.cold),
        why.warm.text(),
        String::new(),
        String::new(),
        String::new(),
    ]);
    scene.ask("DROP DATABASE {db}")?;
    Ok(table(rows, took.as_secs_f64(), &sizes, (lines, goals)))
}

/// Asks one question, first with the engine's own caches empty.
fn take(scene: &Scene, asked: &Asked, source: &str, rounds: usize) -> Result<Taken> {
    let query = queries::list().iter().find(|query| query.name == asked.name).context("a query is gone")?;
    let has = |name: &str| query.parameters.iter().any(|parameter| parameter.name == name);
    let mut given: Vec<(&str, String)> =
        asked.given.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    given.extend([("from", format!("{}d", asked.days)), ("to", "today".to_owned())]);
    given.extend(has("source").then(|| ("source", source.to_owned())));
    let once = || -> Result<(f64, queries::Answer)> {
        let begun = Instant::now();
        let answer = scene.query(asked.name, &given)?;
        Ok((begun.elapsed().as_secs_f64() * 1e3, answer))
    };
    forget(scene)?;
    let (cold, answer) = once()?;
    let mut warm = Vec::new();
    for _ in 0..rounds.max(1) {
        warm.push(once()?.0);
    }
    let from = answer.read_from.unwrap_or("facts").to_owned();
    Ok(Taken { from, cold, warm: Samples::new(warm), rows: answer.reading.rows })
}

/// Empties what the engine keeps in memory of files; the system's own cache of files stays.
fn forget(scene: &Scene) -> Result<()> {
    for cache in ["MARK", "UNCOMPRESSED", "QUERY CONDITION"] {
        scene.ask(&format!("SYSTEM DROP {cache} CACHE"))?;
    }
    Ok(())
}

/// The stories of messages from all over the set, by their ids alone.
fn why(scene: &Scene, rows: u64, rounds: usize) -> Result<Taken> {
    let sql = format!(
        "SELECT message FROM {{db}}.requests ORDER BY cityHash64(message) LIMIT {}",
        rounds.max(1) + 1
    );
    let ids: Vec<String> = scene.ask(&sql)?.lines().map(str::to_owned).collect();
    forget(scene)?;
    let mut taken = Vec::new();
    for id in &ids {
        let begun = Instant::now();
        let story = scene.net.runtime().block_on(scene.store.story(std::slice::from_ref(id)))?;
        taken.push(begun.elapsed().as_secs_f64() * 1e3);
        anyhow::ensure!(story.message.as_ref() == Some(id), "{id} of {rows} was not found");
        anyhow::ensure!(
            story.rows.get("model_calls").is_some_and(|calls| !calls.rows.is_empty()),
            "{id} has no call"
        );
    }
    let cold = taken.first().copied().unwrap_or(f64::NAN);
    let warm = Samples::new(taken.into_iter().skip(1));
    Ok(Taken { from: "whereabouts, facts".to_owned(), cold, warm, rows: 0 })
}

/// Rows, bytes and bytes per row of each table that has some.
fn sizes(scene: &Scene) -> Result<Vec<(String, u64, u64)>> {
    let sql = "SELECT table, sum(rows), sum(bytes_on_disk) FROM system.parts WHERE database = '{db}' AND active \
               GROUP BY table HAVING sum(rows) > 100 ORDER BY sum(bytes_on_disk) DESC";
    let read = |line: &str| {
        let mut fields = line.split('\t');
        let name = fields.next().context("a size has no table")?.to_owned();
        let mut number =
            || fields.next().and_then(|text| text.trim().parse().ok()).context("a size is no number");
        Ok((name, number()?, number()?))
    };
    scene.ask(sql)?.lines().map(read).collect()
}

fn table(
    rows: u64,
    seconds: f64,
    sizes: &[(String, u64, u64)],
    (mut lines, goals): (Vec<Vec<String>>, Vec<Goal>),
) -> Table {
    let total: u64 = sizes.iter().map(|(_, _, bytes)| bytes).sum();
    for (name, rows, bytes) in sizes {
        let per_row = *bytes as f64 / *rows as f64;
        lines.push(vec![
            format!("bytes per row of {name}"),
            name.clone(),
            String::new(),
            short(per_row),
            short(*rows as f64),
            String::new(),
            String::new(),
        ]);
    }
    let columns = ["question", "read from", "cold", "warm", "rows read", "warm, out of facts", "rows read"];
    Table {
        conditions: format!(
            "{} rows of `model_calls` over {DAYS} days, of 20 apps with 50,000 persons each, made inside the engine (the embedded one, \
             one process) in {} s, rollups day by day behind them, minutes of the last {} days; {} GB on disk. Every {WHOLE}th call has its message, request and reply as well. Questions are \
             about the last 30 days and, where they compare, the 30 before; milliseconds from the question to its table, the client included. \
             Cold: the engine's own caches are empty, the system's cache of files is not. Why: by the id alone, another message each time, \
             without the log.{}",
            short(rows as f64),
            short(seconds),
            rollups::MINUTES,
            short(total as f64 / 1e9),
            if cfg!(debug_assertions) { " The client was built without optimisation." } else { "" },
        ),
        columns: columns.map(str::to_owned).to_vec(),
        rows: lines,
        goals,
    }
}
