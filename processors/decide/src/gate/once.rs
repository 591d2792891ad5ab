//! Answers under bundles of earlier versions: the label stands once, below the whole answer. Logs that were decided so are folded again
//! to the same bytes.

use catalogue::App;

use super::LetOut;
use crate::parts;

/// The answer, its last block closed and the label below it, and not more of it than may be sent.
pub(super) fn let_out<'a>(app: &App, limit: usize, text: &'a str) -> LetOut<'a> {
    let most = app.max_answer_parts as usize;
    let parts = parts::split(&labelled(text, &app.label), limit);
    if parts.len() <= most {
        return LetOut { parts, said: text };
    }
    let endings = [&app.canned.cut, &app.label].into_iter().filter(|ending| !ending.is_empty());
    let ending: String = endings.map(|ending| format!("\n\n{ending}")).collect();
    let cut = parts::split_off(text, limit, most, &ending);
    LetOut { parts: cut.parts, said: cut.said.trim_end() }
}

fn labelled(text: &str, label: &str) -> String {
    if label.is_empty() { text.to_owned() } else { format!("{}\n\n{label}", parts::closed(text)) }
}
