//! The answer to a prompt: fixed by rule, else one that proves what the model was shown.

use super::config::Answer;
use super::request::ChatRequest;

/// Most characters quoted from a message.
const QUOTED: usize = 300;

/// Answers a request. Equal requests get equal answers.
pub(crate) fn answer(request: &ChatRequest, rules: &[Answer]) -> String {
    let last = request.last_user();
    if let Some(rule) = rules.iter().find(|rule| last.contains(&rule.contains)) {
        return rule.reply.clone();
    }
    let earlier = request.user_texts().count().saturating_sub(1);
    let heard = format!("I hear you say: \"{}\".", quoted(last));
    match request.user_texts().next().filter(|_| earlier > 0) {
        None => format!("{heard} This is the first thing you tell me."),
        Some(first) => {
            let noun = if earlier == 1 { "message" } else { "messages" };
            format!(
                "{heard} I remember {earlier} earlier {noun}; you told me earlier: \"{}\".",
                quoted(first)
            )
        }
    }
}

fn quoted(text: &str) -> String {
    text.chars().take(QUOTED).collect()
}

#[cfg(test)]
mod tests {
    use super::answer;
    use crate::model::config::Answer;
    use crate::model::request::{ChatRequest, Turn};

    fn request(users: &[&str]) -> ChatRequest {
        let turns = users.iter().flat_map(|text| [Turn::new("user", *text), Turn::new("assistant", "ok")]);
        ChatRequest { turns: turns.collect(), ..ChatRequest::default() }
    }

    #[test]
    fn the_usual_answer_proves_how_much_history_was_shown() {
        assert_eq!(
            answer(&request(&["hi"]), &[]),
            "I hear you say: \"hi\". This is the first thing you tell me."
        );
        assert_eq!(
            answer(&request(&["my cat is Momo", "and then?", "what is its name?"]), &[]),
            "I hear you say: \"what is its name?\". I remember 2 earlier messages; \
             you told me earlier: \"my cat is Momo\"."
        );
    }

    #[test]
    fn a_rule_on_the_last_message_wins() {
        let rules = [Answer { contains: "badge".into(), reply: "Ask the desk.".into() }];
        assert_eq!(answer(&request(&["hi", "my badge?"]), &rules), "Ask the desk.");
        assert_ne!(answer(&request(&["my badge?", "hi"]), &rules), "Ask the desk.");
    }
}
