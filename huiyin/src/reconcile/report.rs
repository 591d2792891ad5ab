//! What was found, for people and for programs.

use serde_json::json;

use super::Found;
use crate::table;

/// Gaps that people are told; programs get all.
const MOST_TOLD: usize = 100;

pub(super) fn text(found: &Found) -> String {
    let lines: Vec<[String; 3]> =
        (found.lines.iter()).map(|line| [line.step.clone(), line.left.clone(), line.right.clone()]).collect();
    let mut text = table::aligned(["STEP", "IS", "MUST BE"], &lines);
    if !found.gaps.is_empty() {
        let gaps: Vec<[String; 3]> = (found.gaps.iter().take(MOST_TOLD))
            .map(|gap| [gap.step.clone(), gap.id.clone(), gap.what.clone()])
            .collect();
        text.push('\n');
        text.push_str(&table::aligned(["GAP", "ID", "WHAT"], &gaps));
        if found.gaps.len() > MOST_TOLD {
            text.push_str(&format!("and {} more, which --json tells\n", found.gaps.len() - MOST_TOLD));
        }
    }
    text.push('\n');
    found.missing.iter().for_each(|what| text.push_str(&format!("not compared: {what}\n")));
    text.push_str(match (found.gaps.len(), found.missing.is_empty()) {
        (0, true) => "everything agrees\n",
        (0, false) => "no gap in what could be compared\n",
        _ => "",
    });
    match found.gaps.len() {
        0 => {}
        1 => text.push_str("1 gap\n"),
        several => text.push_str(&format!("{several} gaps\n")),
    }
    text
}

pub(super) fn json(found: &Found) -> anyhow::Result<String> {
    let shown = json!({ "lines": found.lines, "gaps": found.gaps, "not_compared": found.missing });
    Ok(serde_json::to_string(&shown)? + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_ends_with_what_came_of_it() {
        let mut found = Found::default();
        found.line("accepted = decided", 3, "3 = 3 asked");
        assert!(text(&found).ends_with("\neverything agrees\n"));
        found.missing.push("events/0 begins at offset 7".into());
        assert!(text(&found).ends_with("no gap in what could be compared\n"));
        found.gap("asked = ended", "t1", "no end");
        let told = text(&found);
        assert!(told.ends_with("1 gap\n") && told.contains("asked = ended  t1  no end"), "{told}");
        assert!(json(&found).unwrap().contains("\"gaps\":[{\"step\":\"asked = ended\",\"id\":\"t1\""));
    }
}
