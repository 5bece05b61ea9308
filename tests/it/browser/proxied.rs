//! What classic WebDriver cannot do, and our proxy does.

use std::time::Duration;

use serde_json::{Value, json};
use taster::driver::browser::{Engine, Trouble, launch_classic};
use taster::plan::browser::{Emulation, LoadState, Stub, StubAnswer, Throttle};
use tokio::time::Instant;

use super::contract::{Bench, launch, soon};

fn stub(url: &str, answer: StubAnswer) -> Stub {
    let (method, delay, times) = (None, Duration::ZERO, 0);
    Stub { url: url.to_string(), method, delay, times, answer }
}

async fn get(bench: &mut Bench, path: &str) -> Value {
    let function = "(path) => get(path)";
    let gave = bench.channel.evaluate(&[], function, &json!(path), soon()).await;
    gave.unwrap_or_else(|trouble| panic!("{path}: {trouble}"))
}

#[tokio::test]
async fn requests_are_seen_stubbed_slowed_and_cut_off() {
    let started = launch_classic(Engine::Webkit, &launch(), soon()).await;
    let mut webkit = started.expect("WebKit starts");
    let mut bench = Bench::open(webkit.as_mut()).await;
    seen(&mut bench).await;
    stubbed(&mut bench).await;
    pretended(&mut bench).await;
    said(&mut bench).await;
    bench.close().await;
    webkit.quit().await;
}

async fn seen(bench: &mut Bench) {
    bench.goto("/fetches").await;
    let answer = bench
        .channel
        .evaluate(
            &[],
            "() => get('/api', {method: 'POST', body: 'sent', headers: {'x-mine': '1'}})",
            &Value::Null,
            soon(),
        )
        .await;
    assert_eq!(answer, Ok(json!([200, "{\"from\":\"server\"}"])));
    let log = bench.log.read();
    let page = log.requests.iter().find(|one| one.url.ends_with("/fetches")).expect("the page");
    assert_eq!((page.kind.as_str(), page.status), ("document", Some(200)));
    let api = log.requests.iter().find(|one| one.url.ends_with("/api")).expect("the call");
    assert_eq!((api.method.as_str(), api.kind.as_str()), ("POST", "fetch"));
    assert_eq!(api.sent.as_deref(), Some("sent"));
    assert!(api.headers.contains(&("x-mine".to_string(), "1".to_string())), "{:?}", api.headers);
    assert_eq!(api.body.as_deref(), Some(b"{\"from\":\"server\"}".as_slice()));
    assert!(api.ended.is_some() && api.bytes == 17 && !api.stubbed);
}

async fn stubbed(bench: &mut Bench) {
    let target = bench.server.url("");
    let headers = vec![("content-type".to_string(), "application/json".to_string())];
    let body = "{\"from\":\"stub\"}".to_string();
    bench.router.add(stub("/api", StubAnswer::Fulfil { status: 503, headers, body }), &target);
    bench.router.add(stub("/next", StubAnswer::Abort), &target);
    let headers = vec![("x-extra".to_string(), "added".to_string())];
    bench.router.add(stub("/agent", StubAnswer::Pass { headers }), &target);
    // Not before it is asked for.
    assert_eq!(get(bench, "/api").await[0], 200);
    bench.channel.intercept(true, soon()).await.expect("stubs");
    assert_eq!(get(bench, "/api").await, json!([503, "{\"from\":\"stub\"}"]));
    assert_eq!(get(bench, "/next").await[0], "failed");
    let agent = get(bench, "/agent").await;
    assert!(agent[1].as_str().is_some_and(|told| told.ends_with("|added")), "{agent}");
    let url = bench.server.url("/next");
    let went = bench.channel.navigate(&url, LoadState::Load, soon()).await;
    assert_eq!(went, Err(Trouble::Refused("aborted by a stub".to_string())));
    bench.router.remove(None);
    bench.channel.intercept(false, soon()).await.expect("no stubs");
    bench.goto("/fetches").await;
}

async fn pretended(bench: &mut Bench) {
    let change = |emulation: Emulation| emulation;
    let offline = change(Emulation { offline: true, ..Emulation::default() });
    bench.channel.emulate(&offline, soon()).await.expect("offline");
    assert_eq!(get(bench, "/api").await[0], "failed");
    let throttle =
        Throttle { latency: Duration::from_millis(150), download: 100_000, upload: 0, cpu: 1.0 };
    let headers = vec![("x-extra".to_string(), "always".to_string())];
    let slow = Emulation { throttle: Some(throttle), headers, ..Emulation::default() };
    bench.channel.emulate(&slow, soon()).await.expect("slow");
    let begun = Instant::now();
    let got = get(bench, "/bulk").await;
    assert_eq!(got[1].as_str().map(str::len), Some(60_000));
    // 150 ms and 60,000 bytes at 100,000 a second.
    assert!(begun.elapsed() >= Duration::from_millis(740), "{:?}", begun.elapsed());
    let agent = get(bench, "/agent").await;
    assert!(agent[1].as_str().is_some_and(|told| told.ends_with("|always")), "{agent}");
    bench.channel.emulate(&Emulation::default(), soon()).await.expect("as it was");
    assert_eq!(get(bench, "/reset").await[0], "failed");
}

async fn said(bench: &mut Bench) {
    bench.goto("/says").await;
    bench.goto("/strict").await;
    bench.js("1").await;
    let wanted = [
        ("info", "while loading"),
        ("error", "bad {\"a\":1}"),
        ("uncaught", "nobody caught"),
        ("warning", "under a policy"),
    ];
    for (level, text) in wanted {
        bench
            .logged(text, |log| {
                log.messages
                    .iter()
                    .any(|one| one.level == level && one.text.contains(text))
                    .then_some(())
            })
            .await;
    }
    let strange = bench.log.read().messages.iter().any(|one| one.text.contains("Content Security"));
    assert!(!strange, "{:?}", bench.log.read().messages);
}
