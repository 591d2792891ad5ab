//! The rollups of a generated set, besides the whereabouts of ids, which sum nothing up: filled by the queries of their views, day by day, each day grouped once.

use super::generate::DAYS;
use super::scene::Scene;
use anyhow::{Context, Result, ensure};
use dev::console::say;
use std::time::Instant;

/// Days of the set that have minutes: those of an operator who looks at the last days so closely.
pub(super) const MINUTES: u64 = 7;

/// Views that are away while the set is made.
pub(super) struct Rollups(Vec<View>);

struct View {
    name: String,
    target: String,
    columns: String,
    select: String,
}

impl Rollups {
    /// Takes the views away.
    ///
    /// # Errors
    /// When the engine refuses, or a view is not of the form that all have.
    pub(super) fn detach(scene: &Scene) -> Result<Self> {
        let sql = "SELECT name, extract(create_table_query, ' TO [^. ]+[.]`?([a-z_]+)'), replaceAll(as_select, '\\n', ' ') FROM system.tables \
                   WHERE database = '{db}' AND engine = 'MaterializedView' AND NOT startsWith(name, 'whereabouts') ORDER BY name FORMAT TSVRaw";
        let told = scene.ask(sql)?;
        let views = told.lines().map(|line| {
            let mut fields = line.splitn(3, '\t').map(str::to_owned);
            let mut field = || {
                fields.next().filter(|field| !field.is_empty()).with_context(|| format!("reading {line:.80}"))
            };
            let (name, target, select) = (field()?, field()?, field()?);
            let of_view = format!(
                "SELECT arrayStringConcat(groupArray(name), ', ') FROM (SELECT name FROM system.columns \
                 WHERE database = '{{db}}' AND table = '{name}' ORDER BY position)"
            );
            let columns = scene.ask(&of_view)?.trim().to_owned();
            ensure!(select.contains(" GROUP BY "), "{name} groups nothing");
            Ok(View { name, target, columns, select })
        });
        let views: Vec<View> = views.collect::<Result<_>>()?;
        ensure!(!views.is_empty(), "there is no view");
        for view in &views {
            scene.ask(&format!("DETACH TABLE {{db}}.{} SYNC", view.name))?;
        }
        Ok(Self(views))
    }

    /// Fills the rollups and puts the views back.
    ///
    /// # Errors
    /// When the engine refuses, or somebody interrupts.
    pub(super) fn fill(&self, scene: &Scene) -> Result<()> {
        let begun = Instant::now();
        for view in &self.0 {
            let first = if view.target == "usage_minute" { MINUTES } else { DAYS + 1 };
            for ago in (0..=first).rev() {
                scene.patience.check()?;
                scene.ask(&view.of_day(ago)?)?;
            }
            say(&format!("{} filled, {} s", view.name, begun.elapsed().as_secs()));
            scene.ask(&format!("ATTACH TABLE {{db}}.{}", view.name))?;
        }
        Ok(())
    }

    /// The sums of the rollups are the numbers of facts.
    ///
    /// # Errors
    /// When they are not.
    pub(super) fn check(&self, scene: &Scene) -> Result<()> {
        for (rollup, sum, facts) in [
            ("usage_hour", "sum(calls)", "model_calls"),
            ("user_day", "sum(calls)", "model_calls"),
            ("user_day", "sum(messages)", "messages"),
        ] {
            let told = scene.ask(&format!(
                "SELECT (SELECT {sum} FROM {{db}}.{rollup}), (SELECT count() FROM {{db}}.{facts})"
            ))?;
            let (sums, count) = told.trim().split_once('\t').context("reading sums")?;
            ensure!(sums == count, "{rollup} has {sums} of {count} {facts}");
        }
        Ok(())
    }
}

impl View {
    /// Adds what the view makes of a day so many days ago.
    fn of_day(&self, ago: u64) -> Result<String> {
        let Self { name, target, columns, select } = self;
        let whole = select.split_once(" AS facts").and_then(|(head, _)| head.rsplit_once("FROM "));
        let (_, facts) = whole.with_context(|| format!("finding the facts of {name}"))?;
        let since = |ago: i64| format!("toStartOfDay(now(), 'UTC') - INTERVAL {ago} DAY");
        let ago = i64::try_from(ago)?;
        let of_day =
            format!("(SELECT * FROM {facts} WHERE at >= {} AND at < {})", since(ago), since(ago - 1));
        let select =
            select.replacen(&format!("FROM {facts} AS facts"), &format!("FROM {of_day} AS facts"), 1);
        Ok(format!("INSERT INTO {{db}}.{target} ({columns}) SELECT {columns} FROM ({select})"))
    }
}
