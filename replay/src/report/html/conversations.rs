//! The worst conversations, both answers side by side.

use super::markup::Markup;
use crate::report::Lang;
use crate::report::format::filled;
use crate::results::Preference;
use crate::summary::worst::{Shown, ShownSide, Worst};

/// The worst conversations.
pub(super) fn worst(page: &mut Markup, worst: &[Worst], lang: Lang) {
    let words = lang.words();
    page.raw("<section>\n<h2>").text(words.worst).raw("</h2>\n<p class=\"help\">");
    page.text(if worst.is_empty() { words.worst_none } else { words.worst_help }).raw("</p>\n");
    for (number, conversation) in (1..).zip(worst) {
        page.raw("<article>\n<h3>").text(&format!("{number}. "));
        page.text(&filled(words.conversation, &[("name", &conversation.conversation)]));
        page.raw(" <span class=\"quiet\">").text(&conversation.app).raw("</span></h3>\n");
        conversation.shown.iter().for_each(|shown| turn(page, shown, lang));
        page.raw("</article>\n");
    }
    page.raw("</section>\n");
}

fn turn(page: &mut Markup, shown: &Shown, lang: Lang) {
    let words = lang.words();
    page.raw("<div class=\"turn\">\n<p class=\"question\"><strong>")
        .text(words.question)
        .raw("</strong> <bdi>");
    page.text(&shown.question).raw("</bdi></p>\n<div class=\"pair\">\n");
    side(page, "side baseline", words.baseline, &shown.sides.baseline, lang);
    side(page, "side candidate", words.candidate, &shown.sides.candidate, lang);
    page.raw("</div>\n<p class=\"quiet\">");
    page.text(match shown.better {
        Some(Preference::Baseline) => words.judged_baseline,
        Some(Preference::Tie) => words.judged_tie,
        Some(Preference::Candidate) => words.judged_candidate,
        None => words.not_judged,
    });
    if let Some(score) = shown.score.filter(|score| *score != 0.0) {
        page.text(&format!(" ({score:+.1})").replace('-', "−"));
    }
    if !shown.why.is_empty() {
        page.raw(": <bdi>").text(&shown.why).raw("</bdi>");
    }
    page.raw(" · <code>").text(&shown.turn).raw("</code></p>\n</div>\n");
}

fn side(page: &mut Markup, class: &'static str, name: &str, side: &ShownSide, lang: Lang) {
    let words = lang.words();
    page.raw("<div class=\"").raw(class).raw("\">\n<p class=\"who\">").text(name);
    if let Some(target) = &side.target {
        page.raw(" · <bdi>").text(target).raw("</bdi>");
    }
    if let Some(verdict) = side.verdict {
        page.raw(" · ").text(words.verdict).raw(" ").text(verdict.label());
    }
    page.raw("</p>\n<p class=\"said\" dir=\"auto\">");
    if side.answer.is_empty() {
        page.raw("<em>").text(words.no_answer);
        if let Some(error) = &side.error {
            page.raw(": ").text(error);
        }
        page.raw("</em>");
    } else {
        page.text(&side.answer);
    }
    page.raw("</p>\n</div>\n");
}
