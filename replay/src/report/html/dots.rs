//! Values with their intervals around a line where neither side is better.

use super::markup::{Area, Markup, Point, cut};

/// Room for names on the left and values on the right.
const NAMES: f64 = 220.0;
const VALUES: f64 = 240.0;
const WIDTH: f64 = 920.0;
const ROW: f64 = 30.0;
const AXIS: f64 = 34.0;
/// Places of a name that fit.
const NAME_PLACES: usize = 30;

/// A value with its interval.
#[derive(Debug, Clone)]
pub(super) struct Dot {
    /// Its name.
    pub(super) name: String,
    /// Where it is.
    pub(super) value: f64,
    /// Its interval.
    pub(super) interval: Option<(f64, f64)>,
    /// Value and interval as text.
    pub(super) told: String,
    /// Which side is better.
    pub(super) tone: Tone,
}

/// Which side is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    /// The candidate.
    Better,
    /// The baseline.
    Worse,
    /// It is not shown, or neither more nor less is better.
    Unclear,
}

impl Tone {
    fn classes(self) -> [&'static str; 2] {
        match self {
            Self::Better => ["dot better", "span better"],
            Self::Worse => ["dot worse", "span worse"],
            Self::Unclear => ["dot unclear", "span unclear"],
        }
    }
}

/// How a plot of dots is laid out.
#[derive(Debug, Clone, Copy)]
pub(super) struct Axis {
    /// Where neither side is better.
    pub(super) neutral: f64,
    /// The ends, if they are fixed; else what the intervals need.
    pub(super) ends: Option<(f64, f64)>,
    /// How a value of the axis is written.
    pub(super) show: fn(f64) -> String,
}

/// Draws dots, one under the other.
pub(super) fn draw(page: &mut Markup, title: &str, dots: &[Dot], axis: Axis) {
    let (low, high) = axis.ends.unwrap_or_else(|| ends(dots, axis.neutral));
    let plot = WIDTH - NAMES - VALUES;
    let x = |value: f64| NAMES + (value.clamp(low, high) - low) / (high - low) * plot;
    let bottom = dots.len() as f64 * ROW + 4.0;
    page.open_plot(title, WIDTH, bottom + AXIS);
    for tick in ticks(low, high) {
        let at = x(tick);
        page.line("grid", Point { x: at, y: 0.0 }, Point { x: at, y: bottom });
        page.label("tick", Point { x: at, y: bottom + 18.0 }, &(axis.show)(tick));
    }
    let neutral = x(axis.neutral);
    page.line("neutral", Point { x: neutral, y: 0.0 }, Point { x: neutral, y: bottom });
    for (row, dot) in dots.iter().enumerate() {
        let y = (row as f64 + 0.5) * ROW;
        let [dot_class, span_class] = dot.tone.classes();
        page.label("name", Point { x: NAMES - 12.0, y: y + 5.0 }, &cut(&dot.name, NAME_PLACES));
        if let Some((from, to)) = dot.interval {
            let width = (x(to) - x(from)).max(2.0);
            page.rectangle(span_class, Area { x: x(from), y: y - 4.0, width, height: 8.0 });
        }
        // An interval that goes on beyond the axis.
        if dot.interval.is_some_and(|(from, _)| from < low) {
            page.label("tick", Point { x: x(low) - 1.0, y: y + 4.0 }, "◂");
        }
        if dot.interval.is_some_and(|(_, to)| to > high) {
            page.label("tick", Point { x: x(high) + 1.0, y: y + 4.0 }, "▸");
        }
        page.dot(dot_class, Point { x: x(dot.value), y });
        page.label("value", Point { x: WIDTH - VALUES + 12.0, y: y + 5.0 }, &dot.told);
    }
    page.close_plot();
}

/// What the values need, but no interval of a few conversations makes the others a line.
fn ends(dots: &[Dot], neutral: f64) -> (f64, f64) {
    let furthest = dots.iter().map(|dot| (dot.value - neutral).abs()).fold(0.02, f64::max) * 2.0;
    let bounded = |value: f64| value.clamp(neutral - furthest, neutral + furthest);
    let values = || {
        dots.iter().flat_map(|dot| {
            [dot.value, dot.interval.map_or(dot.value, |i| i.0), dot.interval.map_or(dot.value, |i| i.1)]
        })
    };
    let low = values().map(bounded).fold(neutral, f64::min);
    let high = values().map(bounded).fold(neutral, f64::max);
    let room = (high - low) * 0.08;
    (low - room, high + room)
}

/// Round values within an axis, some six of them.
pub(super) fn ticks(low: f64, high: f64) -> Vec<f64> {
    let rough = (high - low) / 5.0;
    let power = 10_f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].map(|step| step * power).into_iter().find(|step| *step >= rough);
    let step = step.unwrap_or(rough);
    let first = (low / step).ceil() as i64;
    (first..first + 12).map(|tick| tick as f64 * step).take_while(|tick| *tick <= high).collect()
}
