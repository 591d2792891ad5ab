//! What is sent: the body of one REST call.

use schemas::answer::Answer;
use schemas::conversation::ChatKind;
use serde_json::{Value, json};

/// Most bytes of body and ext together, as Easemob counts them.
const LARGEST: usize = 5 * 1_024;

/// One message, ready to be sent any number of times.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) kind: ChatKind,
    /// User, group or room.
    pub(crate) to: String,
    pub(crate) body: Vec<u8>,
    pub(crate) characters: u32,
}

/// A part that cannot be sent as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unsendable {
    /// Its text is sealed, and this version has no keys.
    #[error("build the message: its text is sealed")]
    Sealed,
    /// Easemob would refuse it.
    #[error("build the message: body and ext are larger than Easemob takes")]
    TooLarge,
}

impl Unsendable {
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Sealed => "sealed",
            Self::TooLarge => TOO_LARGE,
        }
    }
}

/// Reason of a part that is too large, by our count or by Easemob's.
pub(crate) const TOO_LARGE: &str = "too_large";

/// The message of a part.
pub(crate) fn message(answer: &Answer) -> Result<Message, Unsendable> {
    let text = answer.text.plain().ok_or(Unsendable::Sealed)?;
    let conversation = &answer.lane.conversation;
    let kind = conversation.kind();
    let to = conversation.group_id().map_or(answer.user.as_str(), |group| group.as_str());
    let body = json!({ "msg": text });
    let ext = ext(answer, kind);
    if body.to_string().len() + ext.to_string().len() > LARGEST {
        return Err(Unsendable::TooLarge);
    }
    let send = json!({ "from": answer.bot, "to": [to], "type": "txt", "body": body, "ext": ext });
    Ok(Message {
        kind,
        to: to.to_owned(),
        body: send.to_string().into_bytes(),
        characters: u32::try_from(text.chars().count()).unwrap_or(u32::MAX),
    })
}

/// The mark by which clients and audits recognise a part and its repetitions, and the implicit label of what a model made; in a group also
/// the users whom it answers, so that their clients mention them.
fn ext(answer: &Answer, kind: ChatKind) -> Value {
    let mut ext = json!({ "huiyin": {
        "v": 1, "reply_id": answer.id, "turn": answer.turn, "part": answer.part, "parts": answer.parts,
    } });
    if let Some(label) = &answer.aigc {
        ext["AIGC"] = json!(label);
    }
    if kind == ChatKind::Group {
        let answered: Vec<_> = [&answer.user].into_iter().chain(&answer.others).collect();
        ext["em_at_list"] = json!(answered);
    }
    ext
}

#[cfg(test)]
mod tests {
    use schemas::aigc::ImplicitLabel;
    use schemas::text::{Sealed, Text};

    use super::*;

    fn answer(lane: &str) -> Answer {
        let example = include_str!("../../../schemas/examples/answers/valid-model.json");
        Answer { lane: lane.parse().unwrap(), ..serde_json::from_str(example).unwrap() }
    }

    fn sent(lane: &str) -> (ChatKind, String) {
        let message = message(&answer(lane)).unwrap();
        (message.kind, String::from_utf8(message.body).unwrap())
    }

    const MARK: &str = concat!(
        r#""huiyin":{"v":1,"reply_id":"6f9d3a52-0f0e-5c11-9f3b-0d5d2c7a1b06","#,
        r#""turn":"6f9d3a52-0f0e-5c11-9f3b-0d5d2c7a1b01","part":1,"parts":2}"#
    );

    #[test]
    fn a_message_to_a_user_is_exactly_this() {
        let expected = format!(
            r#"{{"from":"bot_helpdesk","to":["alice"],"type":"txt","body":{{"msg":"Open Settings,"}},"ext":{{{MARK}}}}}"#
        );
        assert_eq!(sent("acme#support/chat/bot_helpdesk/alice"), (ChatKind::Chat, expected));
    }

    #[test]
    fn a_message_to_a_group_mentions_who_is_answered_and_one_to_a_room_does_not() {
        let (kind, body) = sent("acme#support/group/184524748161025@alice");
        assert_eq!(kind, ChatKind::Group);
        assert!(body.contains(r#""to":["184524748161025"]"#));
        assert!(body.ends_with(&format!(r#""ext":{{{MARK},"em_at_list":["alice"]}}}}"#)), "{body}");
        let (kind, body) = sent("acme#support/chatroom/7");
        assert_eq!(kind, ChatKind::Chatroom);
        assert!(body.ends_with(&format!(r#""ext":{{{MARK}}}}}"#)), "{body}");
    }

    #[test]
    fn all_who_are_answered_in_a_group_are_mentioned() {
        let user = |id: &str| schemas::ids::UserId::new(id).unwrap();
        let body = |lane| {
            let answer = Answer { others: vec![user("bob"), user("carol")], ..answer(lane) };
            String::from_utf8(message(&answer).unwrap().body).unwrap()
        };
        assert!(body("acme#support/group/7").ends_with(r#","em_at_list":["alice","bob","carol"]}}"#));
        assert!(!body("acme#support/chatroom/7").contains("em_at_list"));
    }

    #[test]
    fn a_part_that_a_model_made_has_its_implicit_label_with_seven_fields() {
        let example = include_str!("../../../schemas/examples/answers/valid-labelled.json");
        let body = String::from_utf8(message(&serde_json::from_str(example).unwrap()).unwrap().body).unwrap();
        let id = "6f9d3a52-0f0e-5c11-9f3b-0d5d2c7a1b07";
        let label = format!(
            r#""AIGC":{{"Label":"1","ContentProducer":"001191110000EXAMPLE00X00001","ProduceID":"{id}","ReservedCode1":"","ContentPropagator":"acme#support","PropagateID":"{id}","ReservedCode2":""}}}}}}"#
        );
        assert!(body.ends_with(&label), "{body}");
    }

    #[test]
    fn five_kilobytes_of_body_and_ext_are_the_limit() {
        let with_text = |len: usize| {
            message(&Answer { text: "x".repeat(len).into(), ..answer("acme#support/chatroom/7") }).err()
        };
        let envelope = r#"{"msg":""}"#.len() + MARK.len() + 2;
        assert_eq!(with_text(LARGEST - envelope), None);
        assert_eq!(with_text(LARGEST - envelope + 1), Some(Unsendable::TooLarge));
    }

    #[test]
    fn the_largest_part_that_may_be_configured_fits_with_the_longest_names() {
        let user = schemas::ids::UserId::new("\"".repeat(64)).unwrap();
        let answer = Answer {
            // What decide counts: bytes of the text as JSON.
            text: "x".repeat(4_600 - 2).into(),
            user: user.clone(),
            part: u16::MAX,
            parts: u16::MAX,
            ..answer("acme#support/group/184524748161025")
        };
        assert!(message(&answer).is_ok());
        // Decide takes what others take off the text: each id as JSON, with its quotes and the comma.
        let text = "x".repeat(4_600 - 2 - 15 * (2 * 64 + 3));
        assert!(
            message(&Answer { text: text.into(), others: vec![user.clone(); 15], ..answer.clone() }).is_ok()
        );
        // And what the implicit label takes: as JSON, with its name and the comma.
        let labelled = include_str!("../../../schemas/examples/answers/valid-labelled.json");
        let label = serde_json::from_str::<Answer>(labelled).unwrap().aigc.unwrap();
        let provider = "\"".repeat(128);
        let label =
            ImplicitLabel { content_producer: provider.clone(), content_propagator: provider, ..*label };
        let size = json!(label).to_string().len() + r#""AIGC":,"#.len();
        let text = "x".repeat(4_600 - 2 - 15 * (2 * 64 + 3) - size);
        let labelled =
            Answer { text: text.into(), others: vec![user; 15], aigc: Some(Box::new(label)), ..answer };
        assert!(message(&labelled).is_ok());
    }

    #[test]
    fn a_sealed_text_is_not_sent() {
        let sealed = Text::Sealed(Sealed { key: "k".into(), bytes: vec![1] });
        let answer = Answer { text: sealed, ..answer("acme#support/chatroom/7") };
        assert_eq!(message(&answer).err(), Some(Unsendable::Sealed));
    }
}
