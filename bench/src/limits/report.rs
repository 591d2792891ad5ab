//! The table and the goals.

use super::app::Known;
use super::figures::Figures;
use super::findings::{Findings, Row, Subject, Value};
use super::floor::Floor;
use crate::table::{Goal, Samples, Table, short};

const COLUMNS: [&str; 14] = [
    "allowed and asked for",
    "asked",
    "answered",
    "told",
    "lost",
    "silent",
    "refused",
    "worst fixed second ÷ limit",
    "worst sliding second ÷ limit",
    "throughput ÷ limit",
    "last answer ÷ ideal",
    "fairness",
    "p50 in s",
    "p99 in s",
];

/// Everything that was found, beside its goals.
pub(super) fn table(found: &Findings, conditions: String) -> Table {
    let mut rows: Vec<Vec<String>> = found.floors.iter().map(floor).collect();
    rows.extend(found.rows.iter().map(cells));
    rows.extend(found.values.iter().filter_map(|(value, measured)| Some(single(named(*value)?, measured))));
    Table { conditions, columns: COLUMNS.map(str::to_owned).to_vec(), rows, goals: goals(found) }
}

fn floor((name, floors): &(String, Vec<Floor>)) -> Vec<String> {
    let of = |what: fn(&Floor) -> f64| text(floors.iter().map(what));
    let none = String::new;
    vec![
        name.clone(),
        of(|floor| floor.asked),
        of(|floor| floor.accepted),
        none(),
        none(),
        none(),
        of(|floor| floor.refused),
        of(|floor| floor.fixed),
        of(|floor| floor.sliding),
        of(|floor| floor.throughput),
        of(|floor| floor.last),
        none(),
        none(),
        none(),
    ]
}

fn cells(row: &Row) -> Vec<String> {
    let of = |what: fn(&Figures) -> f64| text(row.figures.iter().map(what));
    vec![
        row.name.clone(),
        of(|figures| figures.asked),
        of(|figures| figures.answered),
        of(|figures| figures.told),
        of(|figures| figures.lost),
        of(|figures| figures.silent),
        of(|figures| figures.refused),
        of(|figures| figures.fixed),
        of(|figures| figures.sliding),
        of(|figures| figures.throughput),
        of(|figures| figures.last),
        of(|figures| figures.fairness),
        of(|figures| figures.p50),
        of(|figures| figures.p99),
    ]
}

/// The median and the range; nothing for what a row has not, and ∞ for what did not come in one of the rounds.
fn text(values: impl Iterator<Item = f64>) -> String {
    let values: Vec<f64> = values.collect();
    if values.iter().any(|value| value.is_infinite()) {
        return "∞".to_owned();
    }
    let samples = Samples::new(values);
    if samples.median().is_nan() { String::new() } else { samples.text() }
}

/// A value that has no goal, as a row.
fn single(name: &str, measured: &[f64]) -> Vec<String> {
    let mut cells = vec![String::new(); COLUMNS.len()];
    (cells[0], cells[1]) = (name.to_owned(), Samples::new(measured.iter().copied()).text());
    cells
}

fn named(value: Value) -> Option<&'static str> {
    match value {
        Value::FirstAfterOutage => Some("from the end of the outage to the first accepted send in s"),
        Value::CallsOfOutage => Some("calls during the outage"),
        Value::MostOfOutage => Some("most of them in one second"),
        Value::SilenceOfToken => Some("longest silence around the refused tokens in s"),
        _ => None,
    }
}

fn goals(found: &Findings) -> Vec<Goal> {
    let mut goals = of_limits(found);
    goals.extend(of_models(found));
    let bars = [
        (Value::PrivateRatio, "p99 of private chats beside saturated groups against the same alone", 1.3),
        (Value::PrivateRatioOfOneRefusal, "the same with one group's send refused", 1.3),
        (Value::OneRefusal, "seconds of sending lost within 15 s of one refusal", 3.0),
        (Value::BackAfterFirst, "seconds from the first good answer after an outage to the service", 5.0),
        (Value::BackAfterOutage, "seconds from the end of the outage to the service", 5.0),
        (Value::AfterToken, "seconds from the last refused token to the first accepted send", 5.0),
    ];
    for (value, what, bar) in bars {
        goals.extend(measured(found, value).map(|measured| Goal::at_most(what, measured, bar)));
    }
    goals
}

fn of_limits(found: &Findings) -> Vec<Goal> {
    let mut goals = Vec::new();
    let over = |row: &Row| matches!(row.subject, Subject::Users | Subject::Groups);
    let easemob = |row: &Row| !matches!(row.subject, Subject::Model(_));
    goals.extend(most(found, easemob, Figures::unanswered).map(|value| {
        Goal::at_most("people in one scenario whose answer is lost, late or replaced", value, 0.0)
    }));
    goals.extend(
        most(found, |_| true, |figures| figures.again)
            .map(|value| Goal::at_most("sends beyond the first to one message", value, 0.0)),
    );
    let worst = found.rows.iter().filter(|row| over(row));
    let worst = worst.flat_map(|row| row.figures.iter().map(|figures| figures.worst(row.counting)));
    goals.extend(worst.reduce(f64::max).map(|value| {
        Goal::at_most("calls in the worst second, as the vendor counts, against the limit", value, 1.02)
    }));
    goals.extend(least(found, over, |figures| figures.throughput).map(|value| {
        Goal::at_least("sends per second against the limit, while there is more to send", value, 0.95)
    }));
    goals.extend(
        most(found, over, |figures| figures.last)
            .map(|value| Goal::at_most("time to the last answer against messages ÷ limit", value, 1.1)),
    );
    goals.extend(
        least(found, over, |figures| figures.fairness)
            .map(|value| Goal::at_least("fairness among conversations", value, 0.95)),
    );
    let few = |row: &Row| row.subject == Subject::FewRefusals;
    goals.extend(
        most(found, few, |figures| figures.p99)
            .map(|value| Goal::at_most("p99 in s with one send in twenty refused", value, 3.0)),
    );
    goals
}

fn of_models(found: &Findings) -> Vec<Goal> {
    let mut goals = Vec::new();
    for (known, what) in [(Known::Told, "configured"), (Known::Unknown, "learned")] {
        let subject = |row: &Row| row.subject == Subject::Model(known);
        goals.extend(
            least(found, subject, |figures| figures.answered / figures.asked).map(|value| {
                Goal::at_least(&format!("share answered at a model's limit, {what}"), value, 1.0)
            }),
        );
    }
    let told = found.rows.iter().filter(|row| row.subject == Subject::Model(Known::Told));
    let worst = told.flat_map(|row| row.figures.iter().map(|figures| figures.worst(row.counting)));
    goals.extend(worst.reduce(f64::max).map(|value| {
        Goal::at_most("calls in the worst second against a model's configured limit", value, 1.02)
    }));
    goals.extend(measured(found, Value::LateOfModel).map(|value| {
        Goal::at_most("people who got neither an answer nor a text by answer_by + 5 s", value, 0.0)
    }));
    goals
}

/// The worst of the rounds; a value that is no number stays one, and misses every goal.
fn measured(found: &Findings, value: Value) -> Option<f64> {
    let (_, values) = found.values.iter().find(|(known, _)| *known == value)?;
    values.iter().copied().reduce(larger)
}

fn most(found: &Findings, of: impl Fn(&Row) -> bool, what: fn(&Figures) -> f64) -> Option<f64> {
    all(found, of, what).reduce(larger)
}

fn least(found: &Findings, of: impl Fn(&Row) -> bool, what: fn(&Figures) -> f64) -> Option<f64> {
    all(found, of, what).reduce(|one, other| -larger(-one, -other))
}

fn all(found: &Findings, of: impl Fn(&Row) -> bool, what: fn(&Figures) -> f64) -> impl Iterator<Item = f64> {
    found.rows.iter().filter(move |row| of(row)).flat_map(move |row| row.figures.iter().map(what))
}

fn larger(one: f64, other: f64) -> f64 {
    if one.is_nan() || other.is_nan() { f64::NAN } else { one.max(other) }
}

/// One scenario in a line, for whoever watches.
pub(super) fn line(row: &Row) -> String {
    let cells = cells(row).into_iter().zip(COLUMNS).skip(1).filter(|(cell, _)| !cell.is_empty());
    let cells: Vec<String> = cells.map(|(cell, column)| format!("{column} {cell}")).collect();
    format!("{}: {}", row.name, cells.join(", "))
}

/// A value in a line.
pub(super) fn value(value: Value, measured: &[f64]) -> String {
    format!("{value:?}: {}", measured.iter().map(|value| short(*value)).collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::app::Counting;

    fn figures() -> Figures {
        Figures {
            asked: 600.0,
            answered: 600.0,
            told: 0.0,
            lost: 0.0,
            silent: 0.0,
            again: 0.0,
            refused: 0.0,
            fixed: 1.4,
            sliding: 1.0,
            throughput: 0.98,
            last: 1.03,
            fairness: 0.99,
            p50: 1.0,
            p99: 2.0,
        }
    }

    fn row(counting: Counting, figures: Figures) -> Row {
        let subject = Subject::Users;
        Row { name: "a".to_owned(), subject, counting, figures: vec![figures] }
    }

    fn missed(rows: Vec<Row>) -> Vec<String> {
        let found = Findings { rows, ..Findings::default() };
        goals(&found).into_iter().filter(|goal| !goal.met).map(|goal| goal.what).collect()
    }

    #[test]
    fn a_limit_is_judged_as_its_vendor_counts_and_by_the_worst_scenario() {
        assert_eq!(missed(vec![row(Counting::Sliding, figures())]), Vec::<String>::new());
        let both = vec![row(Counting::Sliding, figures()), row(Counting::Fixed, figures())];
        assert_eq!(missed(both).len(), 1);
    }

    #[test]
    fn what_was_lost_or_never_came_misses_its_goals() {
        let lossy = Figures { answered: 599.0, lost: 1.0, last: f64::INFINITY, ..figures() };
        assert_eq!(missed(vec![row(Counting::Sliding, lossy)]).len(), 2);
        let nothing = Figures { throughput: f64::NAN, fairness: f64::NAN, ..figures() };
        assert_eq!(missed(vec![row(Counting::Sliding, figures()), row(Counting::Sliding, nothing)]).len(), 2);
    }

    #[test]
    fn rows_have_a_cell_for_each_column() {
        let row = row(Counting::Fixed, Figures { last: f64::INFINITY, ..figures() });
        assert_eq!(cells(&row).len(), COLUMNS.len());
        assert!(line(&row).contains("last answer ÷ ideal ∞"));
        assert_eq!(single("x", &[1.0]).len(), COLUMNS.len());
    }
}
