//! Callbacks as Easemob makes them, each with its own id, time and signature; about 700 bytes.

use super::pool::Work;
use crate::deployment::{APP, BOT, SECRET};
use md5::{Digest, Md5};
use std::io::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};

/// What every message says after its number: some 200 bytes of what people write.
const SAID: &str = "你好，我昨天在你们的网店买的蓝牙耳机今天收到了，左边的耳机一直连不上手机，\
                    重新配对三次都不行，请问是应该换货还是可以先远程检测一下？";

/// The reply to a message that is in the log.
pub(crate) const INTERCEPTED: &str = r#"{"valid":false}"#;

/// Makes callbacks of messages to the bot.
#[derive(Clone)]
pub(crate) struct Callbacks {
    /// Sets the ids of this load apart from those of others.
    run: u64,
    /// People who write in turn, each in a conversation of their own.
    people: u64,
}

impl Callbacks {
    /// Loads with different `run`s share no message id.
    pub(crate) fn new(run: u64, people: u64) -> Self {
        Self { run, people }
    }

    /// Who writes message `number`.
    pub(crate) fn person(&self, number: u64) -> u64 {
        number % self.people
    }

    /// The JSON of message `number`.
    pub(crate) fn body(&self, number: u64) -> String {
        let (run, person) = (self.run, self.person(number));
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let call_id = format!("{APP}_{run:08x}-{number:012}");
        let security = signature(&call_id, now);
        format!(
            r#"{{"callId":"{call_id}","timestamp":{now},"chat_type":"chat","from":"user{person}","to":"{BOT}","msg_id":"{run:08}{number:012}","payload":{{"bodies":[{{"type":"txt","msg":"ask#{number}# {SAID}"}}],"ext":{{"em_apns_ext":{{"em_push_title":"新消息"}},"client":"android-4.5.0"}},"from":"user{person}","to":"{BOT}","meta":{{}},"type":"chat"}},"securityVersion":"1.0.0","security":"{security}"}}"#
        )
    }
}

impl Work for Callbacks {
    fn request(&self, number: u64, out: &mut Vec<u8>) {
        let body = self.body(number);
        out.clear();
        // Writing to a vector cannot fail.
        write!(
            out,
            "POST /callbacks/bench HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n{body}",
            body.len()
        )
        .ok();
    }

    fn is_good(&self, body: &[u8]) -> bool {
        body == INTERCEPTED.as_bytes()
    }
}

/// Easemob's signature: MD5 of call id, secret and timestamp, in lowercase hexadecimal.
fn signature(call_id: &str, timestamp: u128) -> String {
    let mut digest = Md5::new();
    digest.update(call_id);
    digest.update(SECRET);
    digest.update(timestamp.to_string());
    let digits = b"0123456789abcdef";
    let nibbles = digest.finalize().into_iter().flat_map(|byte| [byte >> 4, byte & 15]);
    nibbles.map(|nibble| char::from(digits[usize::from(nibble)])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_callback_is_json_of_its_usual_size_with_ids_of_its_own() {
        let callbacks = Callbacks::new(7, 10);
        let read = |number| serde_json::from_str::<serde_json::Value>(&callbacks.body(number)).unwrap();
        let (one, other) = (read(3), read(13));
        assert!((600..800).contains(&callbacks.body(3).len()), "{}", callbacks.body(3).len());
        assert_eq!(one["from"], other["from"]);
        for name in ["callId", "msg_id", "security"] {
            assert_ne!(one[name], other[name], "{name}");
        }
        let timestamp = one["timestamp"].as_u64().unwrap();
        assert_eq!(one["security"], signature(one["callId"].as_str().unwrap(), timestamp.into()));
    }
}
