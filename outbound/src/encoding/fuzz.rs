//! Whatever a server sends as compressed is unpacked within the limit, taken as it is, or refused by name; never a panic.

use mangle::Input;
use proptest::prelude::*;

use super::*;
use crate::encoding::tests::{BROTLI, TEXT, ZSTANDARD, ZSTANDARD_SUMMED, bytes, deflated, gzipped, zlibbed};

const SMALL: usize = 4 << 10;

fn body() -> impl Strategy<Value = Input> {
    let text = TEXT.as_bytes();
    let packed = [
        gzipped(text),
        zlibbed(text),
        deflated(text),
        bytes(BROTLI),
        bytes(ZSTANDARD),
        bytes(ZSTANDARD_SUMMED),
    ];
    mangle::bytes(packed)
}

proptest! {
    #![proptest_config(mangle::cases(2_000))]

    #[test]
    fn coded_body(body in body(), labels in "(gzip|deflate|br|zstd|identity|x)(, (gzip|deflate|br|zstd)){0,2}") {
        let headers = [(CONTENT_ENCODING, labels.parse().unwrap())].into_iter().collect();
        match decode(&headers, body.0.clone().into(), SMALL.max(body.0.len())) {
            Ok(text) => prop_assert!(text.len() <= SMALL.max(body.0.len())),
            Err(error) => prop_assert!(error.to_string().len() < 100),
        }
    }
}
