//! One self-contained page: no script, no font, no picture, nothing that is fetched. Its policy forbids even that.
//!
//! - `markup`: the only way by which text gets into the page, escaped
//! - `dots`, `bars`, `columns`: plots as inline SVG, each with its table
//! - `sections`: what stands on the page
//! - `conversations`: the worst conversations, side by side

mod bars;
mod columns;
mod conversations;
mod dots;
mod markup;
mod sections;

use super::{Lang, Report, sentences};
use markup::Markup;

/// The page.
pub fn html(report: &Report<'_>, lang: Lang) -> String {
    let mut page = Markup::default();
    page.raw("<!doctype html>\n<html lang=\"")
        .text(lang.tag())
        .raw("\">\n<head>\n<meta charset=\"utf-8\">\n");
    page.raw("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n");
    page.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light dark\">\n<title>");
    page.text(&sentences::title(report, lang)).raw("</title>\n<style>\n").raw(include_str!("page.css"));
    page.raw("</style>\n</head>\n<body>\n<main>\n");
    sections::head(&mut page, report, lang);
    sections::in_short(&mut page, report, lang);
    if let Some(gate) = report.gate {
        sections::gate(&mut page, gate, lang);
    }
    sections::plots(&mut page, report.summary, lang);
    sections::figures(&mut page, report.summary, lang);
    if let Some(against) = report.against {
        sections::against(&mut page, against, lang);
    }
    conversations::worst(&mut page, &report.summary.worst, lang);
    sections::quality(&mut page, report.summary, lang);
    page.raw("</main>\n</body>\n</html>\n");
    page.into_string()
}
