//! Writes what a context has asked for as a HAR (HTTP Archive 1.2), and answers from one.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{Asked, Given, Log, Replay, RequestSeen};

/// The requests of a log as a HAR; `began` is when its first page did.
pub(super) fn write(log: &Log, began: Instant) -> String {
    let now = Instant::now();
    let clock = jiff::Timestamp::now();
    let entries: Vec<Value> = log
        .requests
        .iter()
        .map(|request| {
            let ago = now.saturating_duration_since(request.at.max(began));
            let at = clock.checked_sub(ago).unwrap_or(clock);
            entry(request, &at.to_string())
        })
        .collect();
    let har = json!({"log": {
        "version": "1.2",
        "creator": {"name": "taster", "version": env!("CARGO_PKG_VERSION")},
        "entries": entries,
    }});
    format!("{har:#}\n")
}

fn entry(request: &RequestSeen, at: &str) -> Value {
    let ended = request.ended.unwrap_or(request.at);
    let time = ended.saturating_duration_since(request.at).as_secs_f64() * 1e3;
    let mut entry = json!({
        "startedDateTime": at,
        "time": time,
        "request": asked(request),
        "response": answered(request),
        "cache": {},
        "timings": {"send": 0, "wait": time, "receive": 0},
        "_resourceType": request.kind,
    });
    if let Some(why) = &request.failed {
        entry["response"]["_error"] = json!(why);
    }
    if request.stubbed {
        entry["_stubbed"] = json!(true);
    }
    entry
}

fn asked(request: &RequestSeen) -> Value {
    let query: Vec<Value> = url::Url::parse(&request.url)
        .map(|url| {
            let pairs = url.query_pairs();
            pairs.map(|(name, value)| json!({"name": name, "value": value})).collect()
        })
        .unwrap_or_default();
    let mut asked = json!({
        "method": request.method,
        "url": request.url,
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": headers(&request.headers),
        "queryString": query,
        "headersSize": -1,
        "bodySize": request.sent.as_ref().map_or(0, String::len),
    });
    if let Some(sent) = &request.sent {
        let kind = named(&request.headers, "content-type").unwrap_or("");
        asked["postData"] = json!({"mimeType": kind, "text": sent, "params": []});
    }
    asked
}

fn answered(request: &RequestSeen) -> Value {
    let kind = named(&request.answer_headers, "content-type").unwrap_or("");
    let mut content = json!({"size": request.bytes, "mimeType": kind});
    if let Some(body) = &request.body {
        content["size"] = json!(body.len());
        match std::str::from_utf8(body) {
            Ok(text) => content["text"] = json!(text),
            Err(_) => {
                content["text"] = json!(STANDARD.encode(body));
                content["encoding"] = json!("base64");
            }
        }
    }
    json!({
        "status": request.status.unwrap_or(0),
        "statusText": "",
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": headers(&request.answer_headers),
        "content": content,
        "redirectURL": named(&request.answer_headers, "location").unwrap_or(""),
        "headersSize": -1,
        "bodySize": request.bytes,
    })
}

fn headers(pairs: &[(String, String)]) -> Vec<Value> {
    pairs.iter().map(|(name, value)| json!({"name": name, "value": value})).collect()
}

fn named<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let found = pairs.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.as_str())
}

/// The answers of a HAR. Equal requests get theirs in the order in which they stand there; the
/// last one again and again.
pub(super) struct Har {
    known: HashMap<(String, String), Vec<Known>>,
    others: bool,
    /// How often each was given.
    given: Mutex<HashMap<Wanted, usize>>,
}

/// Method, URL and body.
type Wanted = (String, String, Option<String>);

/// An answer, and the body it is for.
struct Known {
    sent: Option<String>,
    given: Given,
}

impl Replay for Har {
    fn answer(&self, asked: &Asked<'_>) -> Option<Given> {
        let key = (asked.method.to_uppercase(), bare(asked.url));
        let known = self.known.get(&key)?;
        let sent = asked.body.map(|body| String::from_utf8_lossy(body).into_owned());
        // With the same body first; where no body is, or none is kept, by the URL alone.
        let mut fits: Vec<&Known> = known.iter().filter(|known| known.sent == sent).collect();
        if fits.is_empty() {
            fits = known.iter().filter(|known| known.sent.is_none() || sent.is_none()).collect();
        }
        let last = fits.len().checked_sub(1)?;
        let mut given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        let count = given.entry((key.0, key.1, sent)).or_default();
        let at = (*count).min(last);
        *count += 1;
        Some(fits[at].given.clone())
    }

    fn lets_others_out(&self) -> bool {
        self.others
    }
}

/// A URL without its fragment, which no server sees.
fn bare(url: &str) -> String {
    url.split('#').next().unwrap_or(url).to_string()
}

/// Reads a HAR; `others` says whether requests that are not in it go out.
///
/// # Errors
/// When the file cannot be read or is none; what, and where in it.
pub(super) async fn read(file: &Path, others: bool) -> Result<Har, String> {
    let shown = file.display();
    let bytes = tokio::fs::read(file).await;
    let bytes = bytes.map_err(|error| format!("cannot read the HAR {shown}: {error}"))?;
    parse(&bytes, others).map_err(|why| format!("{shown} is no HAR: {why}"))
}

fn parse(bytes: &[u8], others: bool) -> Result<Har, String> {
    // Some tools begin their files with a byte order mark.
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let har: Value = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    let entries = har["log"]["entries"].as_array().ok_or("it has no `log.entries`")?;
    let mut known: HashMap<(String, String), Vec<Known>> = HashMap::new();
    for (at, entry) in entries.iter().enumerate() {
        let text = |value: &Value| value.as_str().map(str::to_string);
        let wrong = |what: &str| format!("`log.entries[{at}]` has no {what}");
        let method = text(&entry["request"]["method"]).ok_or_else(|| wrong("`request.method`"))?;
        let url = text(&entry["request"]["url"]).ok_or_else(|| wrong("`request.url`"))?;
        let Some(given) = given(&entry["response"]).map_err(|why| wrong(&why))? else { continue };
        let sent = text(&entry["request"]["postData"]["text"]);
        let key = (method.to_uppercase(), bare(&url));
        known.entry(key).or_default().push(Known { sent, given });
    }
    Ok(Har { known, others, given: Mutex::default() })
}

/// The answer of an entry; none for a request that had none.
fn given(response: &Value) -> Result<Option<Given>, String> {
    let Some(status) = response["status"].as_u64().and_then(|status| u16::try_from(status).ok())
    else {
        // Browsers write -1 or nothing for what was cut off.
        return Ok(None);
    };
    if !(100..=999).contains(&status) {
        return Ok(None);
    }
    let text = response["content"]["text"].as_str().unwrap_or_default();
    let body = match response["content"]["encoding"].as_str() {
        Some("base64") => STANDARD
            .decode(text)
            .map_err(|error| format!("readable `response.content.text`: {error}"))?,
        _ => text.as_bytes().to_vec(),
    };
    let pairs = response["headers"].as_array().map(Vec::as_slice).unwrap_or_default();
    let headers = pairs
        .iter()
        .filter_map(|pair| Some((pair["name"].as_str()?, pair["value"].as_str()?)))
        // The text is kept decoded, and its length is then another.
        .filter(|(name, _)| {
            let coded = ["content-encoding", "content-length", "transfer-encoding", "connection"];
            !name.starts_with(':') && coded.iter().all(|own| !name.eq_ignore_ascii_case(own))
        })
        .map(|(name, value)| (name.to_string(), value.to_string()))
        .collect();
    Ok(Some(Given { status, headers, body }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(method: &str, url: &str, sent: Option<&str>, body: &[u8]) -> RequestSeen {
        let now = Instant::now();
        let pair = |name: &str, value: &str| vec![(name.to_string(), value.to_string())];
        RequestSeen {
            id: "1".to_string(),
            at: now,
            ended: Some(now),
            method: method.to_string(),
            url: url.to_string(),
            kind: "fetch".to_string(),
            headers: pair("content-type", "text/plain"),
            sent: sent.map(str::to_string),
            status: Some(200),
            answer_headers: pair("content-type", "application/x"),
            body: Some(body.to_vec()),
            bytes: body.len() as u64,
            failed: None,
            stubbed: false,
        }
    }

    #[test]
    fn what_is_written_answers_the_same_requests_in_their_order() {
        let url = "http://127.0.0.1:1/a?b=c%20d";
        let mut log = Log::default();
        log.requests.push(seen("GET", url, None, b"one"));
        log.requests.push(seen("POST", url, Some("x"), &[0, 255, 1]));
        log.requests.push(seen("GET", url, None, b"two"));
        let written = write(&log, Instant::now());
        let har = parse(written.as_bytes(), false).expect("it is a HAR");
        let body = |method: &str, sent: Option<&str>| {
            let asked = Asked { method, url, body: sent.map(str::as_bytes) };
            har.answer(&asked).map(|given| given.body)
        };
        assert_eq!(body("GET", None).as_deref(), Some(b"one".as_slice()));
        assert_eq!(body("GET", None).as_deref(), Some(b"two".as_slice()));
        assert_eq!(body("GET", None).as_deref(), Some(b"two".as_slice()));
        assert_eq!(body("post", Some("x")).as_deref(), Some([0, 255, 1].as_slice()));
        assert_eq!(body("POST", Some("y")), None);
        assert_eq!(body("PUT", None), None);
        assert!(!har.lets_others_out());
        let value: Value = serde_json::from_str(&written).expect("JSON");
        let first = &value["log"]["entries"][0];
        assert_eq!(first["request"]["queryString"][0], json!({"name": "b", "value": "c d"}));
        assert_eq!(first["response"]["content"]["mimeType"], "application/x");
    }

    #[test]
    fn what_is_no_har_says_where_it_is_wrong() {
        let wrong = |text: &str| parse(text.as_bytes(), true).err().expect("an error");
        assert!(wrong("{").contains("EOF"));
        assert_eq!(wrong("{}"), "it has no `log.entries`");
        let text = r#"{"log": {"entries": [{"request": {"method": "GET"}}]}}"#;
        assert_eq!(wrong(text), "`log.entries[0]` has no `request.url`");
        let cut = r#"{"log": {"entries": [{"request": {"method": "GET", "url": "http://a/"},
            "response": {"status": -1}}]}}"#;
        assert!(parse(cut.as_bytes(), true).is_ok_and(|har| har.known.is_empty()));
    }
}
