//! What stands on the page.

use super::bars::{self, Bar, Row};
use super::columns;
use super::dots::{self, Axis, Dot, Tone};
use super::markup::Markup;
use crate::gate::{Gate, Ruling};
use crate::report::format::{amount, chance, count, distance, filled, footing, signed_tick, tick, value};
use crate::report::{Lang, Report, sentences, terminal};
use crate::summary::Summary;
use crate::summary::changes::Change;
use crate::summary::figure::Figure;
use crate::summary::groups::Group;
use crate::summary::metric::{Metric, Reading};

/// Changes that are drawn; the table has all of them.
const MOST_CHANGES: usize = 12;

/// Title, sides and what was replayed.
pub(super) fn head(page: &mut Markup, report: &Report<'_>, lang: Lang) {
    let words = lang.words();
    let head = &report.summary.head;
    page.raw("<header>\n<h1>").text(&sentences::title(report, lang)).raw("</h1>\n<p class=\"sides\">");
    for (class, name, arm) in [
        ("key baseline", words.baseline, &head.baseline),
        ("key candidate", words.candidate, &head.candidate),
    ] {
        page.raw("<span class=\"")
            .raw(class)
            .raw("\">")
            .text(name)
            .raw(": <bdi>")
            .text(&arm.name)
            .raw("</bdi></span> ");
    }
    page.raw("</p>\n<p class=\"quiet\">");
    page.text(words.models).raw(": ").text(head.models.label());
    for (word, of) in [(words.sample, &head.sample), (words.dataset, &head.dataset)] {
        if let Some(of) = of {
            page.raw(" · ").text(word).raw(": <bdi>").text(of).raw("</bdi>");
        }
    }
    page.raw(" · ").text(words.manifest).raw(": ").text(&head.manifest).raw("</p>\n</header>\n");
}

/// The figures that matter most, in sentences.
pub(super) fn in_short(page: &mut Markup, report: &Report<'_>, lang: Lang) {
    page.raw("<section>\n<h2>").text(lang.words().in_short).raw("</h2>\n<ul class=\"short\">\n");
    for sentence in sentences::in_short(report.summary, lang) {
        page.raw("<li>")
            .text(&sentence.text)
            .raw(" <span class=\"loop\">")
            .text(&sentence.footing)
            .raw("</span></li>\n");
    }
    page.raw("</ul>\n</section>\n");
}

/// What the gate says.
pub(super) fn gate(page: &mut Markup, gate: &Gate, lang: Lang) {
    let words = lang.words();
    let class = match gate.ruling {
        Ruling::Pass => "ruling better",
        Ruling::Fail => "ruling worse",
        Ruling::CannotTell => "ruling unclear",
    };
    page.raw("<section>\n<h2>").text(words.gate).raw(": <span class=\"").raw(class).raw("\">");
    page.text(lang.ruling(gate.ruling)).raw("</span></h2>\n");
    let rows: Vec<[String; 5]> = gate.judgements.iter().map(|told| sentences::judged(told, lang)).collect();
    page.table([words.condition, words.result, words.reason, words.value, words.needs], &rows);
    if let Some(incomplete) = sentences::incomplete(gate, lang) {
        page.raw("<p>").text(&incomplete).raw("</p>\n");
    }
    page.raw("</section>\n");
}

/// All plots.
pub(super) fn plots(page: &mut Markup, summary: &Summary, lang: Lang) {
    let words = lang.words();
    relative(page, summary, lang);
    cost(page, summary, lang);
    if let Some(latency) = &summary.latency {
        let figure = summary.figures_of(Metric::Latency).next();
        begin(
            page,
            words.latency_plot,
            words.latency_help,
            figure.map(|figure| (figure.closed, figure.open)),
            lang,
        );
        key(page, lang);
        columns::draw(page, words.latency_plot, latency, words.latency_unit);
        let names = ["p50", "p95", "p99"];
        let told = |millis: u64| format!("{} ms", count(millis));
        let quantiles = names.iter().zip(&latency.quantiles);
        let rows: Vec<[String; 3]> = quantiles
            .map(|(name, pair)| [(*name).to_owned(), told(pair.baseline), told(pair.candidate)])
            .collect();
        page.table([words.quantile, words.baseline, words.candidate], &rows);
        let column = |(index, pair): (usize, &crate::measure::Pair<u64>)| {
            let from = count(index as u64 * latency.width);
            let to = if index + 1 == latency.columns.len() {
                "∞".to_owned()
            } else {
                count((index as u64 + 1) * latency.width)
            };
            [format!("{from} – {to} ms"), count(pair.baseline), count(pair.candidate)]
        };
        let rows: Vec<[String; 3]> = latency.columns.iter().enumerate().map(column).collect();
        page.folded_table(words.table, [words.latency_unit, words.baseline, words.candidate], &rows);
        page.raw("</section>\n");
    }
    wins(page, summary, lang);
    let changes = &summary.changes;
    for (title, changes, metric) in [
        (words.verdict_plot, &changes.verdicts, Metric::VerdictChanged),
        (words.route_plot, &changes.routes, Metric::RouteChanged),
        (words.target_plot, &changes.targets, Metric::TargetChanged),
    ] {
        let figure = summary.figures_of(metric).next();
        changed(page, title, changes, figure.map(|figure| (figure.closed, figure.open)), lang);
    }
}

/// Opens the section of a plot, with what it stands upon.
fn begin(page: &mut Markup, title: &str, help: &str, loops: Option<(u64, u64)>, lang: Lang) {
    page.raw("<section class=\"plot\">\n<h2>").text(title);
    if let Some((closed, open)) = loops {
        page.raw(" <span class=\"loop\">").text(&footing(lang, closed, open)).raw("</span>");
    }
    page.raw("</h2>\n<p class=\"help\">").text(help).raw("</p>\n");
}

fn key(page: &mut Markup, lang: Lang) {
    let words = lang.words();
    page.raw("<p class=\"sides\"><span class=\"key baseline\">").text(words.baseline);
    page.raw("</span> <span class=\"key candidate\">").text(words.candidate).raw("</span></p>\n");
}

fn tone(figure: &Figure, more_is_better: bool) -> Tone {
    let above = figure.value > figure.metric.neutral().unwrap_or_default();
    match figure.is_shown() {
        false => Tone::Unclear,
        true if above == more_is_better => Tone::Better,
        true => Tone::Worse,
    }
}

fn relative(page: &mut Markup, summary: &Summary, lang: Lang) {
    let words = lang.words();
    let is_change = |figure: &&Figure| {
        matches!(figure.metric.reading(), Reading::Money | Reading::Means(_) | Reading::P95(_))
    };
    let figures: Vec<&Figure> = summary.figures.iter().filter(is_change).collect();
    let dot = |figure: &&Figure| Dot {
        name: sentences::name(figure, lang),
        value: figure.value,
        interval: figure.interval,
        told: told(figure),
        // Longer answers are neither better nor worse.
        tone: if figure.metric == Metric::Length { Tone::Unclear } else { tone(figure, false) },
    };
    let dots: Vec<Dot> = figures.iter().map(dot).collect();
    if dots.is_empty() {
        return;
    }
    begin(
        page,
        words.changes_plot,
        words.changes_help,
        Some((summary.coverage.closed, summary.coverage.open)),
        lang,
    );
    dots::draw(page, words.changes_plot, &dots, Axis { neutral: 0.0, ends: None, show: signed_tick });
    let rows: Vec<[String; 5]> = figures
        .iter()
        .map(|figure| {
            let [baseline, candidate] = sentences::sides(figure);
            let loops = footing(lang, figure.closed, figure.open);
            [sentences::name(figure, lang), baseline, candidate, told(figure), loops]
        })
        .collect();
    let head = [words.metric, words.baseline, words.candidate, words.change, words.loop_of];
    page.folded_table(words.table, head, &rows).raw("</section>\n");
}

/// A figure with its interval.
fn told(figure: &Figure) -> String {
    let own = value(figure.metric, figure.value);
    match terminal::interval(figure) {
        interval if interval.is_empty() => own,
        interval => format!("{own} ({interval})"),
    }
}

/// A plot for each currency, since currencies have no common axis.
fn cost(page: &mut Markup, summary: &Summary, lang: Lang) {
    let words = lang.words();
    for all in summary.figures_of(Metric::Cost) {
        let of_group = |kind: &str, group: &Group| {
            let figure = group.cost.iter().find(|cost| cost.currency == all.currency)?;
            Some((format!("{kind} {}", group.name), figure.clone()))
        };
        let mut figures = vec![(words.all.to_owned(), all.clone())];
        for (kind, groups) in [(words.class, &summary.classes), (words.target, &summary.targets)] {
            figures.extend(groups.iter().filter_map(|group| of_group(kind, group)));
        }
        let currency = all.currency.as_deref().unwrap_or_default();
        let bar = |class, value: Option<f64>| {
            let value = value.unwrap_or_default();
            Bar { class, value, told: format!("{} {currency}", amount(value)) }
        };
        let rows: Vec<Row> = figures
            .iter()
            .map(|(name, figure)| Row {
                name: name.clone(),
                bars: vec![bar("baseline", figure.baseline), bar("candidate", figure.candidate)],
            })
            .collect();
        begin(page, words.cost_plot, words.cost_help, Some((all.closed, all.open)), lang);
        key(page, lang);
        bars::draw(page, words.cost_plot, &rows);
        let rows: Vec<[String; 5]> = figures
            .iter()
            .map(|(name, figure)| {
                let [baseline, candidate] = sentences::sides(figure);
                [name.clone(), baseline, candidate, told(figure), footing(lang, figure.closed, figure.open)]
            })
            .collect();
        let head = [words.metric, words.baseline, words.candidate, words.change, words.loop_of];
        page.folded_table(words.table, head, &rows).raw("</section>\n");
    }
}

fn wins(page: &mut Markup, summary: &Summary, lang: Lang) {
    let words = lang.words();
    let Some(all) = summary.figures_of(Metric::WinRate).next() else { return };
    let mut figures = vec![(words.all.to_owned(), all)];
    for (kind, groups) in [(words.class, &summary.classes), (words.tier, &summary.tiers)] {
        let named = groups
            .iter()
            .filter_map(|group| Some((format!("{kind} {}", group.name), group.win_rate.as_ref()?)));
        figures.extend(named);
    }
    let dot = |(name, figure): &(String, &Figure)| Dot {
        name: name.clone(),
        value: figure.value,
        interval: figure.interval,
        told: told(figure),
        // Groups are not corrected for their number, so none of them is said to be better.
        tone: tone(figure, true),
    };
    let dots: Vec<Dot> = figures.iter().map(dot).collect();
    begin(page, words.wins_plot, words.wins_help, Some((all.closed, all.open)), lang);
    dots::draw(page, words.wins_plot, &dots, Axis { neutral: 0.5, ends: Some((0.0, 1.0)), show: tick });
    let rows: Vec<[String; 4]> = figures
        .iter()
        .map(|(name, figure)| {
            [name.clone(), told(figure), count(figure.turns), footing(lang, figure.closed, figure.open)]
        })
        .collect();
    page.folded_table(words.table, [words.wins_plot, words.value, words.turns, words.loop_of], &rows);
    page.raw("</section>\n");
}

fn changed(page: &mut Markup, title: &str, changes: &[Change], loops: Option<(u64, u64)>, lang: Lang) {
    let words = lang.words();
    let all: u64 = changes.iter().map(|change| change.turns).sum();
    if all == 0 {
        return;
    }
    let (same, changed): (Vec<&Change>, Vec<&Change>) =
        changes.iter().partition(|change| change.from == change.to);
    let same: u64 = same.iter().map(|change| change.turns).sum();
    let template = if changed.is_empty() { words.nothing_changed } else { words.changed_help };
    begin(page, title, &filled(template, &[("same", &count(same)), ("all", &count(all))]), loops, lang);
    if !changed.is_empty() {
        let row = |change: &&&Change| Row {
            name: format!("{} → {}", change.from, change.to),
            bars: vec![Bar { class: "candidate", value: change.turns as f64, told: count(change.turns) }],
        };
        let rows: Vec<Row> = changed.iter().take(MOST_CHANGES).map(|change| row(&change)).collect();
        bars::draw(page, title, &rows);
        let rows: Vec<[String; 3]> = changed
            .iter()
            .map(|change| [change.from.clone(), change.to.clone(), count(change.turns)])
            .collect();
        page.folded_table(words.table, [words.from, words.to, words.count], &rows);
    }
    page.raw("</section>\n");
}

/// Every figure.
pub(super) fn figures(page: &mut Markup, summary: &Summary, lang: Lang) {
    page.raw("<section>\n<h2>").text(lang.words().figures).raw("</h2>\n");
    figure_table(page, summary, lang);
    page.raw("</section>\n");
}

/// The figures against another replay.
pub(super) fn against(page: &mut Markup, summary: &Summary, lang: Lang) {
    let title = filled(lang.words().against, &[("name", &summary.head.baseline.name)]);
    page.raw("<section>\n<h2>").text(&title).raw("</h2>\n");
    figure_table(page, summary, lang);
    page.raw("</section>\n");
}

fn figure_table(page: &mut Markup, summary: &Summary, lang: Lang) {
    let words = lang.words();
    let row = |figure: &Figure| {
        let [baseline, candidate] = sentences::sides(figure);
        let least = figure.least_effect.map(|least| distance(figure.metric, least)).unwrap_or_default();
        [
            sentences::name(figure, lang),
            baseline,
            candidate,
            value(figure.metric, figure.value),
            terminal::interval(figure),
            least,
            figure.corrected.map(chance).unwrap_or_default(),
            footing(lang, figure.closed, figure.open),
        ]
    };
    let rows: Vec<[String; 8]> = summary.figures.iter().map(row).collect();
    let head = [
        words.metric,
        words.baseline,
        words.candidate,
        words.change,
        words.interval,
        words.least_effect,
        words.chance,
        words.loop_of,
    ];
    page.table(head, &rows);
}

/// What it rests upon, and how to read it.
pub(super) fn quality(page: &mut Markup, summary: &Summary, lang: Lang) {
    let words = lang.words();
    page.raw("<section>\n<h2>").text(words.quality).raw("</h2>\n<ul>\n");
    for line in sentences::quality(summary, lang) {
        page.raw("<li>").text(&line).raw("</li>\n");
    }
    page.raw("</ul>\n</section>\n<section>\n<h2>").text(words.reading).raw("</h2>\n<ul>\n");
    for line in words.how_to_read {
        page.raw("<li>").text(line).raw("</li>\n");
    }
    page.raw("</ul>\n</section>\n");
}
