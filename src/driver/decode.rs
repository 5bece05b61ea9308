//! Undoes a body's `content-encoding`.
//!
//! Done here and not by the HTTP client: its time is ours and not the server's, the bytes on the
//! wire are counted as they were, and checks see the header that the server sent.

use std::io::Read;

use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};

use super::failure::Broken;
use crate::sample::Failure;
use crate::units::show_bytes;

/// Replaces `body` by what it decodes to; fails if it is not what `encoding` says, or longer than
/// `limit`. An encoding that was never offered is left as it is.
pub(super) fn decode(body: &mut Vec<u8>, encoding: &str, limit: u64) -> Result<(), Broken> {
    // Encodings are listed in the order in which they were applied.
    for name in encoding.split(',').rev().map(str::trim) {
        if body.is_empty() {
            return Ok(());
        }
        let decoded = match name.to_ascii_lowercase().as_str() {
            "gzip" | "x-gzip" => read(MultiGzDecoder::new(body.as_slice()), limit),
            "br" => read(brotli::Decompressor::new(body.as_slice(), 4096), limit),
            "deflate" if is_zlib(body) => read(ZlibDecoder::new(body.as_slice()), limit),
            "deflate" => read(DeflateDecoder::new(body.as_slice()), limit),
            _ => return Ok(()),
        };
        *body = match decoded {
            Ok(decoded) if decoded.len() as u64 > limit => return Err(too_long(limit)),
            Ok(decoded) => decoded,
            Err(error) => {
                let message = format!("the body is not the {name} that it says it is: {error}");
                return Err(Broken::new(Failure::Protocol, message));
            }
        };
    }
    Ok(())
}

/// A body that is longer than the step accepts.
pub(super) fn too_long(limit: u64) -> Broken {
    let limit = show_bytes(limit);
    let message = format!("the body is longer than {limit}, the limit of `max-body`");
    Broken::new(Failure::Protocol, message)
}

/// One byte more than the limit tells that there is more.
fn read(decoder: impl Read, limit: u64) -> std::io::Result<Vec<u8>> {
    let mut decoded = Vec::new();
    decoder.take(limit.saturating_add(1)).read_to_end(&mut decoded)?;
    Ok(decoded)
}

/// `deflate` means zlib (RFC 9110 section 8.4.1.2), and some servers send it without its frame.
fn is_zlib(body: &[u8]) -> bool {
    match body {
        [first, second, ..] => {
            first & 0x0f == 8 && (u16::from(*first) << 8 | u16::from(*second)) % 31 == 0
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
    use proptest::prelude::*;

    use super::*;

    fn gzip(body: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(body).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn each_encoding_offered_is_undone() {
        let text = b"hello hello hello".as_slice();
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::default());
        zlib.write_all(text).unwrap();
        let mut raw = DeflateEncoder::new(Vec::new(), Compression::default());
        raw.write_all(text).unwrap();
        let mut br = Vec::new();
        brotli::CompressorWriter::new(&mut br, 4096, 5, 22).write_all(text).unwrap();
        for (encoding, mut body) in [
            ("gzip", gzip(text)),
            ("X-GZIP", gzip(text)),
            ("gzip, gzip", gzip(&gzip(text))),
            ("deflate", zlib.finish().unwrap()),
            ("deflate", raw.finish().unwrap()),
            ("br", br),
            ("identity", text.to_vec()),
            ("aws-chunked", text.to_vec()),
        ] {
            decode(&mut body, encoding, 100).unwrap();
            assert_eq!(body, text, "{encoding}");
        }
    }

    #[test]
    fn a_bomb_ends_at_the_limit() {
        let mut body = gzip(&vec![0; 10_000_000]);
        let broken = decode(&mut body, "gzip", 1_000).unwrap_err();
        assert_eq!(broken, too_long(1_000));
    }

    #[test]
    fn a_body_that_is_cut_or_something_else_fails() {
        for mut body in [gzip(b"hello hello")[..15].to_vec(), b"<html>".to_vec()] {
            let broken = decode(&mut body, "gzip", 1_000).unwrap_err();
            assert_eq!(broken.failure, Failure::Protocol);
            assert!(broken.message.starts_with("the body is not the gzip that it says it is"));
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_decoded_or_refused(
            bytes: Vec<u8>,
            encoding in "(gzip|br|deflate|x)(, (gzip|br|deflate))?",
        ) {
            let mut body = bytes;
            if decode(&mut body, &encoding, 1_000).is_ok() && encoding != "x" {
                prop_assert!(body.len() <= 1_000);
            }
        }
    }
}
