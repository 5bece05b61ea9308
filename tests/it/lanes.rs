//! The same journeys in both lanes: the same requests on the wire, the same captures, the same
//! verdicts, whatever the server does.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};

use crate::http::server::{Act, Request, json as answer, reply};
use crate::support::{Sandbox, Service};

/// A journey with everything that a request can have, and captures from everywhere: what is
/// captured comes back in later requests, so that the server sees it.
const JOURNEY: &str = r#"
name: lanes
vars: { who: "a b&c" }
http: { lane: LANE, headers: { x-all: "yes" } }
before-user:
  - post: /login
    json: { user: "user{{ random-int(1, 9) }}@test.com", note: "{{ vars.who }} é \" \\" }
    expect: { status: 200, json: { $.token: { exists: true } } }
    capture: { token: $.token, first: "$.list[0].id", all: $.list }
load:
  journey:
    - step: read
      get: /items/{{ first }}/{{ random-text(4) }}
      query: { q: "{{ vars.who }}", n: "{{ iteration() }}", all: "{{ all }}" }
      headers: { authorization: "Bearer {{ token }}" }
      expect:
        status: 200
        headers: { x-page: "7" }
        json:
          $.n: { gt: 1 }
          $.text: "x\ny"
          $.list: { length: 2 }
          "$.list[1].id": { type: string }
        body: { contains: "text" }
      capture: { page: { header: x-page }, word: { regex: "\"w\":\"(.)\"", group: 1 } }
    - step: write
      put: /items/{{ page }}
      form: { word: "{{ word }}", id: "{{ uuid() }}", who: "{{ vars.who }}" }
      expect: { status: 201, within: 20s }
      capture: { place: { header: location } }
    - step: away
      get: /away
      auth: { basic: { user: me, password: "p:{{ word }}" } }
      expect: { json: { $.home: true } }
    - step: packed
      post: /packed
      body: "plain {{ place }}"
      expect: { status: 200, json: { $.packed: "yes" } }
    - step: chunked
      delete: /chunked
      expect: { status: 2xx, json: { $.list: { each: { lt: 9 } } } }
    - step: cookie
      get: /cookie
      expect: { json: { $.ok: true } }
  profiles: { smoke: { users: 1, iterations: 12 } }
  sla: ["http_req_failed: rate<0.5"]
"#;

fn chunked(body: &str) -> Vec<u8> {
    let (one, two) = body.split_at(body.len() / 2);
    let mut bytes = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
    for part in [one, two] {
        bytes.extend(format!("{:x};x=y\r\n{part}\r\n", part.len()).bytes());
    }
    bytes.extend(b"0\r\ntrailer: yes\r\n\r\n");
    bytes
}

fn packed(body: &str) -> Vec<u8> {
    use std::io::Write as _;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(body.as_bytes()).expect("memory takes everything");
    let body = encoder.finish().expect("memory takes everything");
    reply("200 OK", &[("content-encoding", "gzip")], body)
}

/// Every fourth answer to `/items` is not what the step expects.
fn act(request: &Request, reads: &AtomicU64) -> Vec<Act> {
    let path = request.path().split(['?', '/']).nth(1).unwrap_or("");
    let bytes = match (path, request.line().split(' ').next().unwrap_or("")) {
        ("login", _) => {
            answer("200 OK", r#"{"token":"t-ö","list":[{"id":"i 1","x":1.50},{"id":2}]}"#)
        }
        ("items", "GET") => match reads.fetch_add(1, Ordering::Relaxed) % 4 {
            0 => answer("503 Service Unavailable", r#"{"error":"busy"}"#),
            1 => reply("200 OK", &[("content-type", "text/html")], "<html>no</html>"),
            _ => {
                let body = r#"{"n":2.5,"text":"x\ny","list":[{"id":1},{"id":"b"}],"w":"ä","w2":0}"#;
                reply("200 OK", &[("X-Page", "7"), ("content-type", "application/json")], body)
            }
        },
        ("items", _) => reply("201 Created", &[("location", "/items/made")], ""),
        ("away", _) => reply("307 Temporary Redirect", &[("location", "/home")], "away"),
        ("home", _) => answer("200 OK", r#"{"home":true}"#),
        ("packed", _) => packed(r#"{"packed":"yes"}"#),
        ("chunked", _) => chunked(r#"{"list":[1,2,3,4]}"#),
        ("cookie", _) => reply("200 OK", &[("set-cookie", "id=1; Path=/cookie")], r#"{"ok":true}"#),
        _ => answer("404 Not Found", "{}"),
    };
    vec![Act::Send(bytes)]
}

/// What was asked for: the line, every header but those that name the connection, the body.
fn asked(request: &Request) -> (String, BTreeSet<String>, String) {
    let fields = request.head.lines().skip(1).filter(|line| !line.is_empty());
    let fields = fields.filter(|line| !line.starts_with("host:"));
    (request.line().to_string(), fields.map(str::to_string).collect(), request.body())
}

/// What is known of each step when it is over, without times.
fn outcomes(result: &Value) -> Vec<Value> {
    let steps = result["steps"].as_array().expect("a list");
    let outcome = |step: &Value| {
        let examples = step["examples"].as_array().expect("a list").iter();
        let messages: BTreeSet<String> =
            examples.map(|example| example["message"].to_string()).collect();
        json!({
            "step": step["step"], "count": step["count"], "failed": step["failed"],
            "failures": step["failures"], "checks": step["checks"], "messages": messages,
        })
    };
    steps.iter().map(outcome).collect()
}

/// The slowest of each step is one that was sent, and is told as it was.
fn slowest_were_sent(result: &Value, requests: &[(String, BTreeSet<String>, String)]) {
    for step in result["steps"].as_array().expect("a list") {
        let slowest = step["slowest"].as_array().expect("a list");
        assert!(!slowest.is_empty(), "{step}");
        for one in slowest {
            let line = format!("{} HTTP/1.1", one["request"].as_str().expect("a request"));
            assert!(requests.iter().any(|(sent, ..)| *sent == line), "{line}: {requests:#?}");
        }
    }
}

#[test]
fn both_lanes_send_the_same_and_find_the_same() {
    let run = |lane: &str| {
        let reads = AtomicU64::new(0);
        let service = Service::start(move |request| act(request, &reads));
        let sandbox = Sandbox::with(&JOURNEY.replace("LANE", lane));
        let arguments = ["load", "s.yaml", "--target", &service.url, "--seed", "11"];
        let outcome = sandbox.run(&[&arguments[..], &["--threads", "1", "--out", "out"]].concat());
        let result = sandbox.json("out/result.json");
        let http = result["scenarios"][0]["http"].to_string();
        assert!(http.contains(&format!("{lane} lane")), "{http}: {outcome}");
        let requests: Vec<_> = service.requests().iter().map(asked).collect();
        slowest_were_sent(&result, &requests);
        (requests, outcomes(&result))
    };
    let (fast, full) = (run("fast"), run("full"));
    // A sign-in, twelve reads, and six times the rest, where one is redirected.
    assert_eq!(fast.0.len(), 1 + 12 + 6 * 6, "{:#?}", fast.0);
    for (one, two) in fast.0.iter().zip(&full.0) {
        assert_eq!(one, two);
    }
    assert_eq!(fast.0.len(), full.0.len());
    assert_eq!(fast.1, full.1);
    let failed: u64 = fast.1.iter().filter_map(|step| step["failed"].as_u64()).sum();
    assert_eq!(failed, 6, "half of the twelve reads: {:#?}", fast.1);
}
