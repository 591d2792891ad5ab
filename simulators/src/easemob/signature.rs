//! The signature of a callback.

use base16ct::lower;
use md5::{Digest as _, Md5};
use serde_json::Number;

/// Lowercase hexadecimal MD5 of call id, secret and timestamp, put together without separators.
pub(crate) fn sign(call_id: &str, secret: &str, timestamp: &Number) -> String {
    let mut digest = Md5::new();
    for part in [call_id, secret, &timestamp.to_string()] {
        digest.update(part.as_bytes());
    }
    lower::encode_string(&digest.finalize())
}

#[cfg(test)]
mod tests {
    use super::sign;

    #[test]
    fn the_documented_vectors_hold() {
        let call_id = "acme#support_3b0f6f0e-7c1e-4d0a-9c55-2f1b8f0c9a11";
        assert_eq!(
            sign(call_id, "s3cr3t-A", &1_735_689_600_123_u64.into()),
            "9fcaf2f161e2002135cf4552b81b04fc"
        );
        let call_id = "acme#support_1501234567890123456";
        assert_eq!(
            sign(call_id, "s3cr3t-B", &1_735_689_600_456_u64.into()),
            "9da5e35585a28218c55ec94b9e248190"
        );
    }
}
