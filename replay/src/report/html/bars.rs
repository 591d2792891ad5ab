//! Bars, one under the other.

use super::markup::{Area, Markup, Point, cut};

const NAMES: f64 = 220.0;
const VALUES: f64 = 160.0;
const WIDTH: f64 = 920.0;
const BAR: f64 = 16.0;
const GAP: f64 = 12.0;
const NAME_PLACES: usize = 30;

/// Bars of one name.
#[derive(Debug, Clone)]
pub(super) struct Row {
    /// The name.
    pub(super) name: String,
    /// Its bars.
    pub(super) bars: Vec<Bar>,
}

/// One bar.
#[derive(Debug, Clone)]
pub(super) struct Bar {
    /// Class of the side that it is of.
    pub(super) class: &'static str,
    /// How long it is.
    pub(super) value: f64,
    /// The value as text.
    pub(super) told: String,
}

/// Draws bars.
pub(super) fn draw(page: &mut Markup, title: &str, rows: &[Row]) {
    let bars = || rows.iter().flat_map(|row| &row.bars);
    let longest = bars().map(|bar| bar.value).fold(f64::MIN_POSITIVE, f64::max);
    let height = bars().count() as f64 * BAR + rows.len() as f64 * GAP;
    page.open_plot(title, WIDTH, height);
    let mut y = GAP / 2.0;
    for row in rows {
        let middle = y + row.bars.len() as f64 * BAR / 2.0 + 5.0;
        page.label("name", Point { x: NAMES - 12.0, y: middle }, &cut(&row.name, NAME_PLACES));
        for bar in &row.bars {
            let width = (bar.value / longest * (WIDTH - NAMES - VALUES)).max(1.5);
            page.rectangle(bar.class, Area { x: NAMES, y, width, height: BAR - 2.0 });
            page.label("value", Point { x: NAMES + width + 8.0, y: y + BAR - 4.0 }, &bar.told);
            y += BAR;
        }
        y += GAP;
    }
    page.close_plot();
}
