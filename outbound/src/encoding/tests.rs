use std::io::Write;

use bytes::Bytes;
use flate2::{
    Compression,
    write::{DeflateEncoder, GzEncoder, ZlibEncoder},
};

use super::*;

const LIMIT: usize = 1 << 20;
pub(super) const TEXT: &str = r#"{"choices":[{"message":{"content":"你好，世界"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1000,"completion_tokens":200}}"#;
/// [`TEXT`] by other hands.
pub(super) const BROTLI: &str = "1b8400601c87b1f324fcd28fa209e711e4b6d42f7fa255c60889c140d3cfd09a6653a78fb1414b797be9e4f4c07689da927361d496700a\
     8187ac44a670910ed7d4a417c97ff1cee77ff39e0a4c592f406868a9853b3fd79e635d7d261dae7d02667450fc09";
pub(super) const ZSTANDARD: &str = "28b52ffd2085b5030042871a22b0271dc08a0f558a4a250df40bf6ab9a247e4b59362c596913d24872e5962f3099aaef21067457e7a1b1\
     5547880848674dc376d28d2dd3104783f7b6cd4fd765259964e1a58b70f4de24208ac6d338220ee3b1709ea7b766ebaabbf42c28ccc9ee\
     04e99c6aeda2ee020200f3148704029b01";
/// Without the size, with a sum.
pub(super) const ZSTANDARD_SUMMED: &str = "28b52ffd0458b5030042871a22b0271dc08a0f558a4a250df40bf6ab9a247e4b59362c596913d24872e5962f3099aaef21067457e7a1b1\
     5547880848674dc376d28d2dd3104783f7b6cd4fd765259964e1a58b70f4de24208ac6d338220ee3b1709ea7b766ebaabbf42c28ccc9ee\
     04e99c6aeda2ee020200f3148704029b01bedb1b59";
/// 64 MiB of spaces.
const BROTLI_BOMB: &str = "cbffff3ff82540e2b14020f7fe8fffff7ff04b00c4611180eefd1fffffffe0970088c30200ddfb3ffeffffc12f0110870500baf77ffcff\
     ff835f02200e0b0074effff8ffff07bf04401c1600e8defff1ffff0f7e0980382c00d0bdffe3ffff1ffc1200715800a07bff37";

pub(super) fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

pub(super) fn gzipped(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

pub(super) fn zlibbed(text: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

pub(super) fn deflated(text: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn headers(labels: &[&str]) -> HeaderMap {
    labels.iter().map(|label| (CONTENT_ENCODING, label.parse().unwrap())).collect()
}

fn read_as(labels: &[&str], body: &[u8]) -> Result<String, Undecodable> {
    let body = decode(&headers(labels), Bytes::copy_from_slice(body), LIMIT)?;
    Ok(String::from_utf8(body.to_vec()).unwrap())
}

#[test]
fn every_common_coding_is_taken_off_by_each_of_its_names() {
    for label in ["gzip", "x-gzip", "GZIP", " gzip "] {
        assert_eq!(read_as(&[label], &gzipped(TEXT.as_bytes())).unwrap(), TEXT, "{label}");
    }
    for body in [zlibbed(TEXT.as_bytes()), deflated(TEXT.as_bytes())] {
        assert_eq!(read_as(&["deflate"], &body).unwrap(), TEXT, "with the wrapping and without");
    }
    assert_eq!(read_as(&["br"], &bytes(BROTLI)).unwrap(), TEXT);
    for body in [ZSTANDARD, ZSTANDARD_SUMMED] {
        assert_eq!(read_as(&["zstd"], &bytes(body)).unwrap(), TEXT);
    }
    for label in ["identity", ""] {
        assert_eq!(read_as(&[label], TEXT.as_bytes()).unwrap(), TEXT);
    }
}

#[test]
fn codings_upon_each_other_come_off_in_their_order_in_one_header_or_several() {
    let twice = gzipped(&zlibbed(TEXT.as_bytes()));
    assert_eq!(read_as(&["deflate, gzip"], &twice).unwrap(), TEXT);
    assert_eq!(read_as(&["deflate", "gzip"], &twice).unwrap(), TEXT);
    assert_eq!(read_as(&["br, identity,gzip"], &gzipped(&bytes(BROTLI))).unwrap(), TEXT);
    assert_eq!(read_as(&["zstd,, br"], &bytes(BROTLI)).unwrap(), TEXT, "one was named and not done");
}

#[test]
fn what_is_compressed_without_a_label_or_oftener_than_it_says_is_known_by_its_first_bytes() {
    assert_eq!(read_as(&[], &gzipped(TEXT.as_bytes())).unwrap(), TEXT);
    assert_eq!(read_as(&[], &bytes(ZSTANDARD)).unwrap(), TEXT);
    assert_eq!(read_as(&["gzip"], &gzipped(&gzipped(TEXT.as_bytes()))).unwrap(), TEXT);
    assert_eq!(read_as(&["identity"], &gzipped(TEXT.as_bytes())).unwrap(), TEXT);
    for wrong in ["br", "deflate", "zstd", "snappy"] {
        assert_eq!(read_as(&[wrong], &gzipped(TEXT.as_bytes())).unwrap(), TEXT, "{wrong}");
    }
}

#[test]
fn plain_text_under_a_wrong_label_is_read_as_it_is() {
    for label in ["gzip", "deflate", "br", "zstd", "gzip, br", "snappy", "utf-8", "application/json"] {
        for text in [TEXT, "{}", "[", "error", "\u{1f}{", "data: {}\n\n"] {
            assert_eq!(read_as(&[label], text.as_bytes()).unwrap(), text, "{label}");
        }
        assert_eq!(read_as(&[label], b"").unwrap(), "", "{label}");
    }
}

#[test]
fn a_coding_that_is_not_known_or_not_what_it_says_is_named() {
    let noise: Vec<u8> = (0..=255).rev().collect();
    assert_eq!(read_as(&["snappy"], &noise), Err(Undecodable::Unknown("snappy".into())));
    for label in ["gzip", "deflate", "br", "zstd"] {
        let error = read_as(&[label], &noise).unwrap_err();
        assert_eq!(error, Undecodable::Damaged(label.into()));
        assert!(error.to_string().contains(label), "{error}");
    }
    let mut damaged = gzipped(TEXT.as_bytes());
    let sum = damaged.len() - 6;
    damaged[sum] ^= 1;
    assert_eq!(read_as(&["gzip"], &damaged), Err(Undecodable::Damaged("gzip".into())));
    let cut = &bytes(BROTLI)[..60];
    assert_eq!(read_as(&["br"], cut), Err(Undecodable::Damaged("br".into())));
    let many = read_as(&["gzip, gzip, gzip, gzip, gzip"], &gzipped(b"x")).unwrap_err();
    assert!(matches!(many, Undecodable::TooMany(_)), "{many}");
}

#[test]
fn members_and_frames_may_follow_each_other_and_gzip_may_lack_or_pad_its_end() {
    let (first, second) = TEXT.split_at(41);
    let members = [gzipped(first.as_bytes()), gzipped(b""), gzipped(second.as_bytes())].concat();
    assert_eq!(read_as(&["gzip"], &members).unwrap(), TEXT);
    assert_eq!(
        read_as(&["zstd"], &[bytes(ZSTANDARD), bytes(ZSTANDARD_SUMMED)].concat()).unwrap(),
        TEXT.repeat(2)
    );
    assert_eq!(read_as(&["gzip"], &gzipped(b"")).unwrap(), "");
    let whole = gzipped(TEXT.as_bytes());
    assert_eq!(read_as(&["gzip"], &whole[..whole.len() - 8]).unwrap(), TEXT);
    assert_eq!(read_as(&["gzip"], &[&whole[..], &[0; 9]].concat()).unwrap(), TEXT);
    let mut flushed = GzEncoder::new(Vec::new(), Compression::default());
    flushed.write_all(TEXT.as_bytes()).unwrap();
    flushed.flush().unwrap();
    assert_eq!(read_as(&["gzip"], flushed.get_ref()).unwrap(), TEXT, "never ended");
}

/// `count` blocks of 128 KiB, four bytes each, under the largest window that the decoder takes.
fn zstandard_bomb(count: usize) -> Vec<u8> {
    let mut frame = [ZSTD, &[0x00, 0x80]].concat();
    for _ in 0..count {
        let head = (128 << 10) << 3 | 1 << 1;
        frame.extend_from_slice(&u32::to_le_bytes(head)[..3]);
        frame.push(b' ');
    }
    frame
}

#[test]
fn a_bomb_ends_at_the_limit() {
    let spaces = vec![b' '; 4 << 20];
    for (label, bomb) in [
        ("gzip", gzipped(&spaces)),
        ("deflate", zlibbed(&spaces)),
        ("deflate", deflated(&spaces)),
        ("br", bytes(BROTLI_BOMB)),
        ("zstd", zstandard_bomb(10_000)),
        ("gzip", gzipped(&gzipped(&spaces))),
    ] {
        assert_eq!(read_as(&[label], &bomb), Err(Undecodable::TooLarge(label.into())));
    }
    assert_eq!(read_as(&[], &gzipped(&spaces)), Err(Undecodable::TooLarge("gzip".into())));
    let at = |len| decode(&headers(&["gzip"]), gzipped(&spaces[..len]).into(), LIMIT).is_ok();
    assert!(at(LIMIT) && !at(LIMIT + 1));
}
