//! Reads the fields of an answer that say where it ends, and what it needs before it is looked at.

use super::framing::{Head, Malformed};

/// The last transfer coding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Coding {
    #[default]
    None,
    Chunked,
    Other,
}

/// The fields that frame an answer.
#[derive(Debug, Default)]
pub(super) struct Fields {
    pub(super) length: Option<u64>,
    pub(super) coding: Coding,
    pub(super) close: bool,
    pub(super) keep_alive: bool,
}

impl Fields {
    pub(super) fn of(headers: &[httparse::Header<'_>], head: &mut Head) -> Result<Self, Malformed> {
        let mut fields = Fields::default();
        for header in headers {
            let is = |name: &str| header.name.eq_ignore_ascii_case(name);
            match header.name.len() {
                8 if is("location") => head.located = true,
                10 if is("set-cookie") => head.sets_cookies = true,
                10 if is("connection") => {
                    fields.close |= lists(header.value, "close");
                    fields.keep_alive |= lists(header.value, "keep-alive");
                }
                12 if is("content-type") => {
                    let kind = header.value.get(..9);
                    head.html = kind.is_some_and(|kind| kind.eq_ignore_ascii_case(b"text/html"));
                }
                14 if is("content-length") => fields.length(header.value)?,
                16 if is("content-encoding") => head.encoded = true,
                17 if is("transfer-encoding") => {
                    let last = header.value.rsplit(|byte| *byte == b',').next().unwrap_or(b"");
                    let chunked = last.trim_ascii().eq_ignore_ascii_case(b"chunked");
                    fields.coding = if chunked { Coding::Chunked } else { Coding::Other };
                }
                _ => {}
            }
        }
        Ok(fields)
    }

    /// Several lengths are one if they are the same (RFC 9110 section 8.6).
    fn length(&mut self, value: &[u8]) -> Result<(), Malformed> {
        const INVALID: Malformed = Malformed::Head("invalid content-length parsed");
        for part in value.split(|byte| *byte == b',') {
            let part = part.trim_ascii();
            let digits = !part.is_empty() && part.iter().all(u8::is_ascii_digit);
            let number = std::str::from_utf8(part).ok().and_then(|text| text.parse::<u64>().ok());
            let length = number.filter(|_| digits).ok_or(INVALID)?;
            if self.length.is_some_and(|known| known != length) {
                return Err(INVALID);
            }
            self.length = Some(length);
        }
        Ok(())
    }
}

fn lists(value: &[u8], word: &str) -> bool {
    let mut words = value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
    words.any(|listed| listed.eq_ignore_ascii_case(word.as_bytes()))
}

/// The size that a chunk's first line gives; what follows a semicolon is an extension.
pub(super) fn chunk_size(line: &[u8]) -> Result<u64, Malformed> {
    let size = line.split(|byte| *byte == b';').next().unwrap_or(b"").trim_ascii();
    if size.first().is_none_or(|first| !first.is_ascii_hexdigit()) {
        return Err(Malformed::Body("Invalid chunk size line: missing size digit"));
    }
    let text = std::str::from_utf8(size).map_err(|_| Malformed::Body("Invalid chunk size line"))?;
    if !size.iter().all(u8::is_ascii_hexdigit) {
        return Err(Malformed::Body("Invalid chunk size line"));
    }
    u64::from_str_radix(text, 16).map_err(|_| Malformed::Body("invalid chunk size: overflow"))
}
