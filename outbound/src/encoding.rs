//! Content codings of replies (RFC 9110, 8.4). We ask for none, since replies are small. Gateways and caches compress all the
//! same, and some of them label plain bodies as compressed, or compressed ones not at all.

use std::io::{ErrorKind, Read};

use brotli_decompressor::Decompressor;
use bytes::Bytes;
use flate2::bufread::{DeflateDecoder, GzDecoder, ZlibDecoder};
use reqwest::header::{CONTENT_ENCODING, HeaderMap};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

/// Most codings, one upon the other; nobody means more.
const MOST_LAYERS: usize = 4;
/// How a member of `gzip` begins (RFC 1952).
const GZIP: &[u8] = &[0x1f, 0x8b];
/// How a frame of `zstd` begins (RFC 8878).
const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];
/// How much `zstd` unpacks before it looks at the limit again.
const STEP: usize = 64 << 10;

/// A body that cannot be unpacked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Undecodable {
    /// It becomes larger than the limit.
    #[error("content-encoding {0}: larger than the limit once unpacked")]
    TooLarge(String),
    /// It is not what its label says, nor plain text.
    #[error("content-encoding {0}: damaged, or not in this coding")]
    Damaged(String),
    /// The coding is none that is known here.
    #[error("content-encoding {0}: not known here")]
    Unknown(String),
    /// There are too many codings.
    #[error("content-encoding {0}: too many codings")]
    TooMany(String),
}

/// A way to compress.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Coding {
    Identity,
    Gzip,
    Deflate,
    Brotli,
    Zstd,
}

/// Why one layer did not come off.
enum Fault {
    TooLarge,
    Damaged,
}

/// The body as it was before the codings that the headers name, at most `limit` bytes long at every layer. What a body is like
/// counts more than its label: `gzip` and `zstd` are known by their first bytes, and a text that is not in the coding of its label
/// is taken as it is.
///
/// # Errors
/// [`Undecodable`] names the coding.
pub(crate) fn decode(headers: &HeaderMap, body: Bytes, limit: usize) -> Result<Bytes, Undecodable> {
    let named =
        headers.get_all(CONTENT_ENCODING).iter().flat_map(|value| value.as_bytes().split(|b| *b == b','));
    let labels: Vec<String> =
        named.map(|label| String::from_utf8_lossy(label).trim().to_ascii_lowercase()).collect();
    if labels.len() > MOST_LAYERS {
        return Err(Undecodable::TooMany(labels.join(", ")));
    }
    let mut body = body;
    for label in labels.iter().rev() {
        body = without(label, body, limit)?;
    }
    for _ in labels.len()..MOST_LAYERS {
        let Some(coding) = Coding::seen(&body) else { break };
        match coding.decode(&body, limit) {
            Ok(inner) => body = inner.into(),
            Err(Fault::TooLarge) => return Err(Undecodable::TooLarge(coding.name().to_owned())),
            // Without a label it may be anything.
            Err(Fault::Damaged) => break,
        }
    }
    Ok(body)
}

/// Takes off the layer of one label.
fn without(label: &str, body: Bytes, limit: usize) -> Result<Bytes, Undecodable> {
    let Some(coding) = Coding::seen(&body).or_else(|| Coding::told(label)) else {
        let is_text = std::str::from_utf8(&body).is_ok();
        return if is_text { Ok(body) } else { Err(Undecodable::Unknown(label.chars().take(32).collect())) };
    };
    if body.is_empty() || coding == Coding::Identity {
        return Ok(body);
    }
    match coding.decode(&body, limit) {
        Ok(inner) => Ok(inner.into()),
        // No compressed body of any length is also UTF-8.
        Err(_) if std::str::from_utf8(&body).is_ok() => Ok(body),
        Err(Fault::TooLarge) => Err(Undecodable::TooLarge(coding.name().to_owned())),
        Err(Fault::Damaged) => Err(Undecodable::Damaged(coding.name().to_owned())),
    }
}

impl Coding {
    /// By its registered name, or an old or common one.
    fn told(label: &str) -> Option<Self> {
        Some(match label {
            "" | "identity" | "none" => Self::Identity,
            "gzip" | "x-gzip" => Self::Gzip,
            "deflate" | "x-deflate" | "zlib" => Self::Deflate,
            "br" | "brotli" => Self::Brotli,
            "zstd" | "x-zstd" => Self::Zstd,
            _ => return None,
        })
    }

    /// By its first bytes. No text begins like this.
    fn seen(body: &[u8]) -> Option<Self> {
        match body {
            body if body.starts_with(GZIP) => Some(Self::Gzip),
            body if body.starts_with(ZSTD) => Some(Self::Zstd),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
            Self::Brotli => "br",
            Self::Zstd => "zstd",
        }
    }

    fn decode(self, body: &[u8], limit: usize) -> Result<Vec<u8>, Fault> {
        match self {
            Self::Identity => Ok(body.to_vec()),
            Self::Gzip => gzip(body, limit),
            Self::Deflate => deflate(body, limit),
            Self::Brotli => read(Decompressor::new(body, 4_096), Vec::new(), limit).map_err(Fault::from),
            Self::Zstd => zstd(body, limit),
        }
    }
}

/// Why reading ended before the stream did.
enum Short {
    TooLarge,
    /// With what came until then.
    Cut(Vec<u8>),
    Damaged,
}

impl From<Short> for Fault {
    fn from(short: Short) -> Self {
        match short {
            Short::TooLarge => Self::TooLarge,
            Short::Cut(_) | Short::Damaged => Self::Damaged,
        }
    }
}

/// Reads to the end, behind what is there already.
fn read(decoder: impl Read, mut output: Vec<u8>, limit: usize) -> Result<Vec<u8>, Short> {
    // One more than fits, to notice that there is more.
    let room = u64::try_from(limit - output.len()).unwrap_or(u64::MAX).saturating_add(1);
    match decoder.take(room).read_to_end(&mut output) {
        Ok(_) if output.len() > limit => Err(Short::TooLarge),
        Ok(_) => Ok(output),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Err(Short::Cut(output)),
        Err(_) => Err(Short::Damaged),
    }
}

/// One member after the other. Senders that leave out the end, or pad it, are as common as they are harmless: whoever reads the
/// text sees whether it is whole.
fn gzip(mut rest: &[u8], limit: usize) -> Result<Vec<u8>, Fault> {
    let mut output = Vec::new();
    loop {
        let mut member = GzDecoder::new(rest);
        output = match read(&mut member, output, limit) {
            Err(Short::Cut(output)) if !output.is_empty() => return Ok(output),
            other => other?,
        };
        rest = member.into_inner();
        if !rest.starts_with(GZIP) {
            return Ok(output);
        }
    }
}

/// With the wrapping of zlib, as the standard has it, or bare, as some servers send it; the bare form has no sum and no mark, so
/// it must be used up to its last byte.
fn deflate(body: &[u8], limit: usize) -> Result<Vec<u8>, Fault> {
    match read(ZlibDecoder::new(body), Vec::new(), limit) {
        Ok(output) => return Ok(output),
        Err(Short::TooLarge) => return Err(Fault::TooLarge),
        Err(Short::Cut(_) | Short::Damaged) => {}
    }
    let mut bare = DeflateDecoder::new(body);
    let output = read(&mut bare, Vec::new(), limit)?;
    if bare.into_inner().is_empty() { Ok(output) } else { Err(Fault::Damaged) }
}

/// One frame after the other. The decoder keeps a whole window, which may be large, so what it has unpacked is counted in steps.
fn zstd(mut rest: &[u8], limit: usize) -> Result<Vec<u8>, Fault> {
    let (mut output, mut decoder) = (Vec::new(), FrameDecoder::new());
    loop {
        decoder.reset(&mut rest).map_err(|_| Fault::Damaged)?;
        let mut least = output.len();
        while !decoder
            .decode_blocks(&mut rest, BlockDecodingStrategy::UptoBytes(STEP))
            .map_err(|_| Fault::Damaged)?
        {
            least += STEP;
            if least > limit {
                return Err(Fault::TooLarge);
            }
        }
        output.append(&mut decoder.collect().unwrap_or_default());
        if output.len() > limit {
            return Err(Fault::TooLarge);
        }
        if !rest.starts_with(ZSTD) {
            return Ok(output);
        }
    }
}

#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod tests;
