//! Whatever Easemob, or a gateway before it, answers to a send, a recall or a token request is read or refused, never a panic.

use mangle::Input;
use outbound::{HeaderMap, StatusCode};
use proptest::prelude::*;

use super::*;

const EXAMPLES: [&str; 7] = [
    r#"{"path":"/messages/users","uri":"https://a1.easemob.com/acme/support/messages/users","timestamp":1735689600123,"organization":"acme","application":"8be024f0","action":"post","data":{"alice":"1501234567890123456"},"duration":0,"applicationName":"support"}"#,
    r#"{"data":{"184524748161025":1501234567890123456}}"#,
    r#"{"access_token":"YWMt","expires_in":5184000,"application":"8be024f0"}"#,
    r#"{"error":"message_send_error","exception":"MessageSendException","timestamp":1,"duration":0,"error_description":"message send reach limit","error_code":14010}"#,
    r#"{"error":"unauthorized","error_description":"Unable to authenticate due to corrupt access token"}"#,
    r#"{"error":"message_recall_error","timestamp":1,"duration":0,"error_description":"not_found msg"}"#,
    r#"{"error":"resource_limited","error_description":"You have exceeded the limit"}"#,
];

fn body() -> impl Strategy<Value = Input> {
    prop_oneof![9 => mangle::json(EXAMPLES), 1 => mangle::bytes(["<html>502</html>", ""])]
}

proptest! {
    #![proptest_config(mangle::cases(2_000))]

    #[test]
    fn easemob_reply(body in body(), status in prop_oneof![6 => Just(200_u16), 4 => 200_u16..600]) {
        let reply = Reply {
            status: StatusCode::from_u16(status).unwrap(),
            headers: HeaderMap::new(),
            body: body.0.clone().into(),
            received: std::time::SystemTime::UNIX_EPOCH,
        };
        match sent(&reply, "alice") {
            Ok(id) => {
                prop_assert!((200..300).contains(&status));
                prop_assert!(id.len() <= 128, "an id of {} bytes goes into a record", id.len());
            }
            Err(Refused::Token) => prop_assert_eq!(status, 401),
            Err(Refused::Unanswered(_)) => prop_assert!(false, "there is a reply"),
            Err(Refused::Failed(failure)) => {
                prop_assert!(!(200..300).contains(&status), "a success is a taken message");
                prop_assert!(failure.to_string().len() < 4_096 && failure.code.is_none_or(|code| code.len() <= 512));
            }
        }
        match recalled(&reply) {
            Ok(_) => prop_assert!((200..300).contains(&status)),
            Err(Refused::Token) => prop_assert_eq!(status, 401),
            Err(Refused::Unanswered(_)) => prop_assert!(false, "there is a reply"),
            Err(Refused::Failed(_)) => prop_assert!(!(200..300).contains(&status), "a success is a recall"),
        }
        match granted(&reply) {
            Ok(Granted { token, life }) => {
                prop_assert!(!token.is_empty() && life <= LONGEST_LIFE);
                // What no header carries is no token.
                let call = outbound::Request::post_json(outbound::Url::parse("http://x/").unwrap(), "");
                prop_assert!(call.bearer(token.expose()).is_ok());
            }
            Err(failure) => prop_assert!(failure.class != Class::BadRequest),
        }
    }
}
