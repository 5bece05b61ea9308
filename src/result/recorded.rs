//! Reads many histograms quickly: only the bins that have samples, and no memory for the rest.
//!
//! A comparison reads thousands of them, one for each second of each step of each run. What
//! Taster writes is read here without the library's array of all bins; what others write is read
//! by the library.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::{Decompress, FlushDecompress, Status};

use super::histogram::{self, HistogramError};
use crate::recorder::DIGITS;

/// First bytes of the compressed and of the plain V2 form.
const COOKIES: [u32; 2] = [0x1c84_9314, 0x1c84_9313];

/// The bytes before what is compressed.
const PACKED_HEAD: usize = 8;

/// The bytes before the counts in the plain form.
const HEAD: usize = 40;

/// The bytes that the plain form of what Taster writes has at most: two of a bin, and some more.
/// The library reads what is larger.
const ROOM: usize = 128 << 10;

/// Bins of the same width in a row, after the first two rows.
const ROW: u64 = 1024;

/// The number of bins that values of 64 bits have.
const BINS: u64 = 55 * ROW;

/// More samples than this in one histogram is a forged or broken file.
const COUNT_LIMIT: u64 = 1 << 53;

/// Keeps its memory from one histogram to the next.
#[derive(Debug)]
pub struct Reader {
    inflater: Decompress,
    packed: Vec<u8>,
    plain: Vec<u8>,
}

impl Default for Reader {
    fn default() -> Self {
        Self { inflater: Decompress::new(true), packed: Vec::new(), plain: Vec::new() }
    }
}

impl Reader {
    /// The bins of a histogram that have samples, ascending: the lowest value in each, and how
    /// many samples. Empty text has none.
    ///
    /// # Errors
    /// As `histogram::decode`.
    pub fn read(&mut self, text: &str) -> Result<Vec<(u64, u64)>, HistogramError> {
        if text.is_empty() {
            return Ok(Vec::new());
        }
        match self.inflate(text).and_then(|()| self.own()) {
            Some(bins) => Ok(bins),
            None => by_library(text),
        }
    }

    /// Whether it could be inflated; who wants to know why asks the library.
    fn inflate(&mut self, text: &str) -> Option<()> {
        self.packed.clear();
        self.plain.clear();
        STANDARD.decode_vec(text, &mut self.packed).ok()?;
        if number(&self.packed, 0)? != COOKIES[0] {
            return None;
        }
        self.inflater.reset(true);
        self.plain.reserve(ROOM);
        let body = self.packed.get(PACKED_HEAD..)?;
        let status = self.inflater.decompress_vec(body, &mut self.plain, FlushDecompress::Finish);
        (status.ok()? == Status::StreamEnd).then_some(())
    }

    /// The bins, if it is of the kind that Taster writes and whole.
    fn own(&self) -> Option<Vec<(u64, u64)>> {
        let word = |at: usize| number(&self.plain, at);
        let kind = [word(0)?, word(8)?, word(12)?, word(16)?, word(20)?];
        if kind != [COOKIES[1], 0, u32::from(DIGITS), 0, 1] {
            return None;
        }
        let mut counts = self.plain.get(HEAD..)?.get(..word(4)? as usize)?;
        let (mut bins, mut bin, mut sum) = (Vec::new(), 0_u64, 0_u64);
        while !counts.is_empty() {
            let count = zigzag(&mut counts)?;
            if count < 0 {
                bin = bin.checked_add(count.unsigned_abs())?;
                continue;
            }
            if count > 0 {
                sum = sum.checked_add(count.unsigned_abs()).filter(|sum| *sum <= COUNT_LIMIT)?;
                bins.push((lowest(bin)?, count.unsigned_abs()));
            }
            bin += 1;
        }
        Some(bins)
    }
}

/// Four bytes as a number.
fn number(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}

/// Takes one number: seven bits a byte, the least first, and all eight of a ninth.
fn zigzag(bytes: &mut &[u8]) -> Option<i64> {
    let mut value = 0_u64;
    for at in 0..9 {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        let bits = if at == 8 { *byte } else { *byte & 0x7f };
        value |= u64::from(bits) << (7 * at);
        if at == 8 || *byte & 0x80 == 0 {
            break;
        }
    }
    Some((value >> 1) as i64 ^ -((value & 1) as i64))
}

/// The lowest value of a bin.
fn lowest(bin: u64) -> Option<u64> {
    let shift = (bin / ROW).saturating_sub(1);
    (bin < BINS).then(|| (bin - shift * ROW) << shift)
}

fn by_library(text: &str) -> Result<Vec<(u64, u64)>, HistogramError> {
    let histogram = histogram::decode(text)?;
    let bin = |value: u64| histogram.lowest_equivalent(value);
    let recorded = histogram.iter_recorded();
    Ok(recorded.map(|at| (bin(at.value_iterated_to()), at.count_since_last_iteration())).collect())
}

#[cfg(test)]
mod tests {
    use hdrhistogram::Histogram;
    use proptest::prelude::*;

    use super::*;

    fn text(values: &[u64], digits: u8) -> String {
        let mut histogram = Histogram::new(digits).unwrap();
        values.iter().for_each(|value| histogram.record(*value).unwrap());
        histogram::encode(&histogram)
    }

    #[test]
    fn one_reader_reads_one_after_another_whatever_was_before() {
        let (one, other) = (text(&[5, 5, 70_000], 3), text(&[9], 3));
        let mut reader = Reader::default();
        for _ in 0..2 {
            assert_eq!(reader.read(&one).unwrap(), [(5, 2), (69_952, 1)]);
            assert!(reader.read("%%").is_err());
            assert!(reader.read(&one[..one.len() - 8]).is_err());
            assert_eq!(reader.read("").unwrap(), []);
            assert_eq!(reader.read(&other).unwrap(), [(9, 1)]);
        }
    }

    #[test]
    fn what_taster_writes_is_read_without_the_library() {
        let mut reader = Reader::default();
        let text = text(&[1, 2_047, 2_048, 123_456_789], 3);
        assert_eq!(reader.inflate(&text), Some(()));
        assert_eq!(reader.own().map(|bins| bins.len()), Some(4));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100))]

        #[test]
        fn it_reads_what_the_library_reads(
            values in prop::collection::vec(0u64..1 << 41, 0..60),
            digits in 2u8..5,
        ) {
            let text = text(&values, digits);
            prop_assert_eq!(Reader::default().read(&text), by_library(&text));
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let mut plain = COOKIES[1].to_be_bytes().to_vec();
            plain.extend((bytes.len() as u32).to_be_bytes());
            plain.extend([0, 0, 0, 0, 0, 0, 0, 3]);
            plain.extend(1u64.to_be_bytes());
            plain.extend((1u64 << 40).to_be_bytes());
            plain.extend(1.0f64.to_be_bytes());
            plain.extend(&bytes);
            let reader = Reader { plain, ..Reader::default() };
            let _ = reader.own();
        }
    }
}
