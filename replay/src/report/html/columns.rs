//! How values of both sides are spread, as columns side by side.

use super::dots::ticks;
use super::markup::{Area, Markup, Point};
use crate::report::format::count;
use crate::summary::distribution::Distribution;

const WIDTH: f64 = 920.0;
const HEIGHT: f64 = 220.0;
const LEFT: f64 = 46.0;
const AXIS: f64 = 42.0;

/// Draws a distribution; `unit` names what is on the horizontal axis.
pub(super) fn draw(page: &mut Markup, title: &str, distribution: &Distribution, unit: &str) {
    let columns = &distribution.columns;
    let most = columns.iter().map(|pair| pair.baseline.max(pair.candidate)).max().unwrap_or_default().max(1);
    let top = 8.0;
    let y = |turns: f64| top + (HEIGHT - top) * (1.0 - turns / most as f64);
    let step = (WIDTH - LEFT - 10.0) / columns.len() as f64;
    page.open_plot(title, WIDTH, HEIGHT + AXIS);
    for tick in ticks(0.0, most as f64).into_iter().filter(|tick| tick.fract() == 0.0) {
        page.line("grid", Point { x: LEFT, y: y(tick) }, Point { x: WIDTH - 10.0, y: y(tick) });
        page.label("name", Point { x: LEFT - 8.0, y: y(tick) + 5.0 }, &count(tick as u64));
    }
    // A label for every few columns, so that they do not touch.
    let every = columns.len().div_ceil(8).max(1);
    for (index, pair) in columns.iter().enumerate() {
        let x = LEFT + index as f64 * step;
        for (class, turns, side) in [("baseline", pair.baseline, 0.08), ("candidate", pair.candidate, 0.5)] {
            let height = HEIGHT - y(turns as f64);
            page.rectangle(
                class,
                Area { x: x + side * step, y: HEIGHT - height, width: step * 0.42, height },
            );
        }
        if index % every == 0 {
            page.label("tick", Point { x, y: HEIGHT + 17.0 }, &count(index as u64 * distribution.width));
        }
    }
    page.line("axis", Point { x: LEFT, y: HEIGHT }, Point { x: WIDTH - 10.0, y: HEIGHT });
    page.label("tick", Point { x: f64::midpoint(LEFT, WIDTH), y: HEIGHT + 36.0 }, unit);
    page.close_plot();
}
