//! The body of a recall at Easemob.

use schemas::conversation::ChatKind;
use schemas::retract::Retract;
use serde_json::json;

/// Reason of a message that Easemob does not have, or has taken back before.
pub(crate) const NOT_FOUND: &str = "not_found";
/// Reason of a message that is older than the app may recall.
const TOO_LATE: &str = "too_late";
/// Reason of an app whose recall service is not open.
const SERVICE_CLOSED: &str = "recall_closed";

/// One recall, ready to be made any number of times.
#[derive(Debug)]
pub(crate) struct Recall {
    pub(crate) body: Vec<u8>,
}

impl Recall {
    /// Of the message that has this id at Easemob. It is forced: a message that is older than the app's recall time (two minutes unless
    /// Easemob was asked for more, seven days at most) is taken back from those who received it. Then it leaves the bot's own devices
    /// only if `from` is who sent it.
    pub(crate) fn new(retract: &Retract, easemob_id: &str) -> Self {
        let conversation = &retract.lane.conversation;
        let to = conversation.group_id().map_or(retract.user.as_str(), |group| group.as_str());
        let kind = match conversation.kind() {
            ChatKind::Chat => "chat",
            ChatKind::Group => "groupchat",
            ChatKind::Chatroom => "chatroom",
        };
        let body =
            json!({ "msg_id": easemob_id, "to": to, "chat_type": kind, "from": retract.bot, "force": true });
        Self { body: body.to_string().into_bytes() }
    }
}

/// Our word for what Easemob says of a recall that it refuses for good; `None` where its class says enough.
pub(crate) fn reason(description: &str) -> Option<&'static str> {
    let description = description.to_lowercase();
    let words = [
        ("not_found msg", NOT_FOUND),
        ("exceed recall time limit", TOO_LATE),
        ("recall service is unopened", SERVICE_CLOSED),
    ];
    words.into_iter().find(|(text, _)| description.contains(text)).map(|(_, word)| word)
}

/// The word of a failure that [`reason`] named.
pub(crate) fn known(code: Option<&str>) -> Option<&'static str> {
    [NOT_FOUND, TOO_LATE, SERVICE_CLOSED].into_iter().find(|word| code == Some(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(lane: &str) -> String {
        let example = include_str!("../../../schemas/examples/answers/valid-retract.json");
        let retract = Retract { lane: lane.parse().unwrap(), ..serde_json::from_str(example).unwrap() };
        String::from_utf8(Recall::new(&retract, "1501234567890990001").body).unwrap()
    }

    #[test]
    fn a_recall_is_exactly_this() {
        let expected = |kind: &str, to: &str| {
            format!(
                r#"{{"msg_id":"1501234567890990001","to":"{to}","chat_type":"{kind}","from":"bot_helpdesk","force":true}}"#
            )
        };
        assert_eq!(body("acme#support/chat/bot_helpdesk/alice"), expected("chat", "alice"));
        assert_eq!(body("acme#support/group/7@alice"), expected("groupchat", "7"));
        assert_eq!(body("acme#support/chatroom/8"), expected("chatroom", "8"));
    }

    #[test]
    fn what_easemob_says_has_one_word_and_is_found_again_by_it() {
        for (said, word) in [
            ("not_found msg", Some(NOT_FOUND)),
            ("exceed recall time limit", Some(TOO_LATE)),
            ("message recall service is unopened", Some(SERVICE_CLOSED)),
            ("param to can't be empty", None),
        ] {
            assert_eq!(reason(said), word);
            assert_eq!(known(word), word);
        }
        assert_eq!(known(Some("forbidden_op")), None);
    }
}
