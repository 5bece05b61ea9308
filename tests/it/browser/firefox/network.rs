//! What is written down of requests and the console, and what is held, answered or refused.

use std::time::Duration;

use taster::plan::browser::{Stub, StubAnswer, Throttle};

use super::*;

fn answers(request: &Request) -> Vec<Act> {
    match request.path() {
        "/api/echo" => vec![Act::Send(reply(
            "200 OK",
            &[("content-type", "application/json"), ("x-was", request.header("x-added"))],
            format!("{{\"sent\":{:?}}}", request.body()),
        ))],
        "/api/moved" => vec![Act::Send(reply("302 Found", &[("location", "/api/echo")], ""))],
        "/bytes" => vec![Act::Send(reply("200 OK", &[], [0, 159, 146, 150]))],
        "/reset" => vec![Act::Reset],
        "/talks" => html(
            "<script>console.log('one', {a: 1}); console.warn('two'); console.error('three');\
             setTimeout(() => { throw new Error('four') })</script>",
        ),
        "/app.css" => vec![Act::Send(reply("200 OK", &[("content-type", "text/css")], "p{}"))],
        _ => html("<link rel=stylesheet href=/app.css><p>page</p>"),
    }
}

fn stub(url: &str, answer: StubAnswer) -> Stub {
    Stub { url: url.to_string(), method: None, delay: Duration::ZERO, times: 0, answer }
}

#[tokio::test]
async fn requests_and_the_console_are_written_down() {
    with_firefox(answers, async |mut firefox, server| {
        let wishes = Wishes { keeps_bodies: true, ..Wishes::default() };
        let mut one = bench(&mut firefox, &server, wishes).await;
        one.goto("/page").await;
        let fetch = "(async () => { const ask = (url, with_) => fetch(url, with_).then((r) => \
            r.text(), () => 'failed'); return [await ask('/api/echo', {method: 'POST', \
            body: 'höhe'}), await ask('/api/moved'), await ask('/bytes').then((t) => t.length), \
            await ask('/reset')] })()";
        let gave = one.js(fetch).await;
        assert_eq!(gave, json!([r#"{"sent":"höhe"}"#, r#"{"sent":""}"#, 4, "failed"]));
        let by = soon();
        let all = one.log.find(by, |log| {
            let whole = |it: &&taster::driver::browser::RequestSeen| {
                it.url.contains("favicon")
                    || it.ended.is_some()
                        && (it.failed.is_some() || it.status == Some(302) || it.body.is_some())
            };
            let all = log.requests.iter().filter(whole).count() == log.requests.len();
            (all && log.requests.iter().any(|it| it.url.contains("reset")))
                .then(|| log.requests.clone())
        });
        let all = all.await.unwrap_or_else(|| panic!("{:#?}", one.log.read().requests));
        let of =
            |path: &str| -> Vec<_> { all.iter().filter(|it| it.url == server.url(path)).collect() };
        let (page, css) = (of("/page"), of("/app.css"));
        assert_eq!((page[0].kind.as_str(), page[0].status), ("document", Some(200)));
        assert_eq!(css[0].kind, "stylesheet");
        assert!(page[0].bytes > 0 && page[0].ended > Some(page[0].at));
        let echo = of("/api/echo");
        assert_eq!((echo[0].method.as_str(), echo[0].kind.as_str()), ("POST", "fetch"));
        assert_eq!(echo[0].sent.as_deref(), Some("höhe"));
        assert_eq!(echo[0].body.as_deref(), Some(r#"{"sent":"höhe"}"#.as_bytes()));
        assert!(
            echo[0].answer_headers.contains(&("content-type".into(), "application/json".into()))
        );
        let moved = of("/api/moved");
        assert_eq!(moved[0].status, Some(302));
        assert_eq!(echo[1].id, format!("{}/1", moved[0].id));
        assert_eq!(of("/bytes")[0].body.as_deref(), Some(&[0, 159, 146, 150][..]));
        let reset = of("/reset");
        let failed = reset.last().and_then(|it| it.failed.as_deref());
        assert!(failed.is_some_and(|it| it.contains("NET")), "{failed:?}");
        one.goto("/talks").await;
        let said = one.log.find(soon(), |log| {
            let said: Vec<_> = log
                .messages
                .iter()
                .map(|it| (it.level.clone(), it.text.clone(), it.place.clone()))
                .collect();
            said.iter().any(|it| it.0 == "uncaught").then_some(said)
        });
        let said = said.await.expect("an error");
        for (level, text) in
            [("info", "one"), ("warning", "two"), ("error", "three"), ("uncaught", "Error: four")]
        {
            let found = said.iter().find(|it| it.0 == level && it.1.contains(text));
            let place = found.unwrap_or_else(|| panic!("{level}: {said:?}")).2.as_deref();
            assert!(place.is_some_and(|place| place.contains("/talks:1")), "{place:?}");
        }
        one.close().await;
        firefox
    })
    .await;
}

#[tokio::test]
async fn requests_are_held_answered_changed_and_refused() {
    with_firefox(answers, async |mut firefox, server| {
        let mut one = bench(&mut firefox, &server, Wishes::default()).await;
        let mut other = bench(&mut firefox, &server, Wishes::default()).await;
        one.goto("/page").await;
        let fulfil = StubAnswer::Fulfil {
            status: 201,
            headers: vec![("content-type".into(), "text/plain".into())],
            body: "stübbed".into(),
        };
        let passes = StubAnswer::Pass { headers: vec![("x-added".into(), "yes".into())] };
        one.router.add(stub("/api/stub", fulfil.clone()), &one.target);
        let mut slow = stub("/api/slow", fulfil);
        slow.delay = Duration::from_millis(800);
        one.router.add(slow, &one.target);
        one.router.add(stub("/api/no", StubAnswer::Abort), &one.target);
        one.router.add(stub("/api/echo", passes), &one.target);
        one.channel.intercept(true, soon()).await.expect("it holds");
        let fetch = "(async () => { const ask = async (url, with_) => { \
            const t = performance.now();\
            try { const r = await fetch(url, with_); return [r.status, await r.text(), \
            r.headers.get('x-was'), performance.now() - t] } catch { return ['failed'] } }; \
            return Promise.all([ask('/api/slow'), ask('/api/stub'), ask('/api/no'), \
            ask('/api/echo', {method: 'POST', body: 'b'}), ask('/page')]) })()";
        let gave = one.js(fetch).await;
        assert_eq!(gave[0][1], "stübbed");
        assert!(gave[0][3].as_f64().is_some_and(|took| took >= 790.0), "{gave}");
        assert_eq!((&gave[1][0], &gave[1][1]), (&json!(201), &json!("stübbed")));
        assert_eq!(gave[2][0], "failed");
        assert_eq!((&gave[3][1], &gave[3][2]), (&json!(r#"{"sent":"b"}"#), &json!("yes")));
        assert_eq!(gave[4][0], 200);
        assert!(gave[1][3].as_f64() < gave[0][3].as_f64(), "{gave}");
        let paths: Vec<_> = server.requests().iter().map(|it| it.path().to_string()).collect();
        assert!(!paths.iter().any(|it| it == "/api/stub" || it == "/api/no"), "{paths:?}");
        let stubbed: Vec<_> = {
            let log = one.log.read();
            log.requests.iter().filter(|it| it.stubbed).map(|it| it.url.clone()).collect()
        };
        assert_eq!(stubbed.len(), 3, "{stubbed:?}");
        // Another context's requests go out as they are.
        other.goto("/api/stub").await;
        assert_eq!(other.js("document.querySelector('p').textContent").await, "page");
        one.channel.intercept(false, soon()).await.expect("it lets go");
        one.goto("/api/stub").await;
        assert_eq!(one.js("document.querySelector('p').textContent").await, "page");
        let mut slower = Emulation::default();
        let latency = Duration::from_millis(400);
        slower.throttle = Some(Throttle { latency, ..Throttle::default() });
        one.channel.emulate(&slower, soon()).await.expect("it is slower");
        let took = one.js("(async () => { const t = performance.now(); await fetch('/api/x'); \
             return performance.now() - t })()");
        assert!(took.await.as_f64().is_some_and(|took| took >= 390.0));
        one.close().await;
        other.goto("/page").await;
        other.close().await;
        firefox
    })
    .await;
}
