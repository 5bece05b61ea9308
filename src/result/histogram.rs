//! Writes and reads the histograms inside a result file: HdrHistogram V2, compressed, base64.
//!
//! Also what can be had from a histogram alone: the summary, and the sum of several. Recording
//! belongs to the recorder; what a value means for the run belongs to the analysis.

use std::io::Read;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::read::ZlibDecoder;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Deserializer, Serializer, V2DeflateSerializer};
use thiserror::Error;

use super::{Histograms, StepResult, Summary};
use crate::recorder::empty_histogram;

/// First bytes of the compressed V2 form.
const COMPRESSED_COOKIE: u32 = 0x1c84_9314;

/// The most bytes a histogram may have once inflated; one of five digits at full range has fewer.
const INFLATED_LIMIT: u64 = 64 << 20;

/// More samples than this in one histogram is a forged or broken file: sums stay exact below.
const COUNT_LIMIT: u64 = 1 << 53;

/// Why a histogram cannot be read.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum HistogramError {
    /// Not base64.
    #[error("the histogram is not base64: {0}")]
    Base64(String),
    /// Base64, but not a compressed V2 histogram.
    #[error("the histogram is not in HdrHistogram's compressed V2 form: {0}")]
    Form(String),
    /// Numbers in it that no run can have written.
    #[error("the histogram has impossible contents: {0}")]
    Contents(String),
}

/// An empty histogram as Taster records: microseconds, growing as needed.
pub fn empty() -> Histogram<u64> {
    empty_histogram()
}

/// The text form; empty text for a histogram without samples.
pub fn encode(histogram: &Histogram<u64>) -> String {
    if histogram.is_empty() {
        return String::new();
    }
    let mut bytes = Vec::new();
    V2DeflateSerializer::new()
        .serialize(histogram, &mut bytes)
        .expect("writing to memory cannot fail");
    STANDARD.encode(bytes)
}

/// Reads the text form; empty text is a histogram without samples.
///
/// A result file may come from anywhere, so sizes are checked before memory is taken.
pub fn decode(text: &str) -> Result<Histogram<u64>, HistogramError> {
    if text.is_empty() {
        return Ok(empty());
    }
    let bytes = STANDARD.decode(text).map_err(|why| HistogramError::Base64(why.to_string()))?;
    let plain = inflate(&bytes)?;
    let mut histogram: Histogram<u64> = Deserializer::new()
        .deserialize(&mut plain.as_slice())
        .map_err(|why| HistogramError::Form(why.to_string()))?;
    if histogram.len() > COUNT_LIMIT {
        return Err(HistogramError::Contents(format!("{} samples", histogram.len())));
    }
    histogram.auto(true);
    Ok(histogram)
}

/// The sum of several text forms.
pub fn merge<'a>(
    texts: impl IntoIterator<Item = &'a str>,
) -> Result<Histogram<u64>, HistogramError> {
    let mut sum = empty();
    for text in texts {
        let part = decode(text)?;
        sum.add(&part).map_err(|why| HistogramError::Contents(why.to_string()))?;
        if sum.len() > COUNT_LIMIT {
            return Err(HistogramError::Contents(format!("{} samples", sum.len())));
        }
    }
    Ok(sum)
}

impl Summary {
    /// Whether it is of no sample at all.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The few numbers of a histogram.
    pub fn of(histogram: &Histogram<u64>) -> Self {
        if histogram.is_empty() {
            return Self::default();
        }
        let at = |quantile: f64| histogram.value_at_quantile(quantile).min(histogram.max());
        Self {
            count: histogram.len(),
            min: histogram.min(),
            p50: at(0.50),
            p90: at(0.90),
            p95: at(0.95),
            p99: at(0.99),
            max: histogram.max(),
            mean: histogram.mean(),
        }
    }
}

impl Histograms {
    /// From start, of successes: the file leaves it out where it equals `response`.
    pub fn service_text(&self) -> &str {
        if self.service.is_empty() { &self.response } else { &self.service }
    }
}

impl StepResult {
    /// Start minus due, of all: the file leaves it out where nothing was ever late.
    pub fn lag_histogram(&self) -> Result<Histogram<u64>, HistogramError> {
        self.with_zeros(&self.histograms.lag)
    }

    /// From due until a user was free, of all: the file leaves it out where one always was.
    pub fn blocked_histogram(&self) -> Result<Histogram<u64>, HistogramError> {
        self.with_zeros(&self.histograms.blocked)
    }

    fn with_zeros(&self, text: &str) -> Result<Histogram<u64>, HistogramError> {
        let mut histogram = decode(text)?;
        let missing = self.count.saturating_sub(histogram.len()).min(COUNT_LIMIT);
        histogram.record_n(0, missing).map_err(|why| HistogramError::Contents(why.to_string()))?;
        Ok(histogram)
    }
}

/// The plain V2 form inside the compressed one, with its own lengths checked.
fn inflate(bytes: &[u8]) -> Result<Vec<u8>, HistogramError> {
    let form = |why: &str| HistogramError::Form(why.to_string());
    let head: [u8; 4] =
        bytes.first_chunk().copied().ok_or_else(|| form("it is shorter than its own head"))?;
    if u32::from_be_bytes(head) != COMPRESSED_COOKIE {
        return Err(form("it begins with other bytes"));
    }
    let body = bytes.get(8..).ok_or_else(|| form("it is shorter than its own head"))?;
    let mut plain = Vec::new();
    ZlibDecoder::new(body)
        .take(INFLATED_LIMIT)
        .read_to_end(&mut plain)
        .map_err(|why| form(&why.to_string()))?;
    let length: [u8; 4] = plain
        .get(4..8)
        .and_then(|length| length.try_into().ok())
        .ok_or_else(|| form("it is cut off"))?;
    // The library takes memory for the length it is told: more than there is must not reach it.
    if u32::from_be_bytes(length) as usize > plain.len() {
        return Err(form("it is cut off"));
    }
    // Nine such bytes are the one number whose negation overflows, and no count is that large.
    if plain.windows(9).any(|nine| nine.iter().all(|byte| *byte == 0xff)) {
        return Err(HistogramError::Contents("a count beyond all bounds".to_string()));
    }
    Ok(plain)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn histogram(values: &[u64]) -> Histogram<u64> {
        let mut histogram = empty();
        for value in values {
            histogram.record(*value).unwrap();
        }
        histogram
    }

    #[test]
    fn no_samples_are_empty_text() {
        assert_eq!(encode(&empty()), "");
        assert_eq!(decode("").unwrap().len(), 0);
        assert_eq!(Summary::of(&empty()), Summary::default());
    }

    #[test]
    fn other_tools_recognise_the_head() {
        assert!(encode(&histogram(&[1, 2, 3])).starts_with("HISTFAAA"));
    }

    #[test]
    fn what_is_not_a_histogram_is_an_error_and_says_why() {
        assert!(matches!(decode("%%"), Err(HistogramError::Base64(_))));
        assert!(matches!(decode("AAAAAAAAAAAA"), Err(HistogramError::Form(_))));
        assert!(matches!(decode("HISTFAAA"), Err(HistogramError::Form(_))));
        let whole = encode(&histogram(&[5, 500, 5_000]));
        assert!(decode(&whole[..whole.len() - 8]).is_err());
    }

    #[test]
    fn a_sum_has_the_samples_of_its_parts() {
        let low = encode(&histogram(&[10; 90]));
        let high = encode(&histogram(&[900_000; 10]));
        let sum = Summary::of(&merge([low.as_str(), "", high.as_str()]).unwrap());
        assert_eq!((sum.count, sum.p50, sum.p90), (100, 10, 10));
        assert!(sum.p95 >= 899_000, "{sum:?}");
    }

    #[test]
    fn seconds_in_which_nothing_was_late_count_as_no_lag() {
        let mut step: StepResult = serde_json::from_value(serde_json::json!({
            "scenario": "s", "step": "t", "tags": {}, "place": "", "count": 10, "failed": 0,
            "dropped": 0, "rate": 1.0, "failures": {}, "examples": [], "checks": [],
            "response_us": Summary::default(), "service_us": Summary::default(),
            "lag_us": Summary::default(), "failed_us": Summary::default(),
            "bytes_sent": 0, "bytes_received": 0, "slices": [],
            "histograms": { "response": "" },
        }))
        .unwrap();
        step.histograms.lag = encode(&histogram(&[7]));
        let lag = step.lag_histogram().unwrap();
        assert_eq!((lag.len(), lag.max(), lag.value_at_quantile(0.5)), (10, 7, 0));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(values in prop::collection::vec(0u64..100_000_000, 0..300)) {
            let before = histogram(&values);
            let after = decode(&encode(&before)).unwrap();
            prop_assert_eq!(Summary::of(&before), Summary::of(&after));
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode(&STANDARD.encode(&bytes));
        }

        #[test]
        fn no_inflated_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut plain = 0x1c84_9313_u32.to_be_bytes().to_vec();
            plain.extend((bytes.len() as u32).to_be_bytes());
            plain.extend([0, 0, 0, 0, 0, 0, 0, 3]);
            plain.extend(1u64.to_be_bytes());
            plain.extend((1u64 << 40).to_be_bytes());
            plain.extend(1.0f64.to_be_bytes());
            plain.extend(&bytes);
            let mut packer =
                flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
            std::io::Write::write_all(&mut packer, &plain).unwrap();
            let packed = packer.finish().unwrap();
            let mut whole = COMPRESSED_COOKIE.to_be_bytes().to_vec();
            whole.extend((packed.len() as u32).to_be_bytes());
            whole.extend(packed);
            if let Ok(histogram) = decode(&STANDARD.encode(whole)) {
                let _ = Summary::of(&histogram);
            }
        }
    }
}
