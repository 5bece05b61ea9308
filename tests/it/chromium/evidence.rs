//! What is told beside the commands: requests, console, dialogs, downloads; and stubs.

use std::time::Duration;

use serde_json::{Value, json};
use taster::driver::browser::{Given, Replay, RequestSeen, Trouble};
use taster::plan::browser::{LoadState, Stub, StubAnswer};

use super::{Opened, Site, Started, soon};

fn seen(tab: &Opened, part: &str) -> Vec<RequestSeen> {
    let log = tab.log.read();
    log.requests.iter().filter(|seen| seen.url.contains(part)).cloned().collect()
}

async fn ended(tab: &Opened, part: &str) -> RequestSeen {
    let found = tab.log.find(soon(), |log| {
        let found = log.requests.iter().rev().find(|seen| seen.url.contains(part));
        found.filter(|seen| seen.ended.is_some()).cloned()
    });
    found.await.expect("it ends")
}

#[tokio::test]
async fn requests_are_told_with_their_redirects_and_bodies() {
    let site = Site::new(&[
        ("/", "<link rel=stylesheet href=/a.css><script src=/a.js></script><img src=/a.png>"),
        ("/a.js", "fetch('/echo', {method: 'POST', body: 'hé', headers: {'x-own': '1'}})"),
    ])
    .await;
    let mut started = Started::new().await;
    let mut tab = started.open_as(&site.url, |opening| opening.keeps_bodies = true).await;
    tab.go("/redirect?/").await;
    tab.channel.loaded(LoadState::Idle, soon()).await.expect("idle");
    let echo = ended(&tab, "/echo").await;
    assert_eq!(
        (echo.method.as_str(), echo.kind.as_str(), echo.status),
        ("POST", "fetch", Some(200))
    );
    assert_eq!(echo.sent.as_deref(), Some("hé"));
    assert!(echo.headers.contains(&("x-own".to_string(), "1".to_string())), "{:?}", echo.headers);
    assert!(echo.ended.is_some_and(|ended| ended >= echo.at) && echo.bytes > 0);
    let by = soon();
    while seen(&tab, "/echo")[0].body.is_none() {
        assert!(tokio::time::Instant::now() < by, "no body");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(seen(&tab, "/echo")[0].body.as_deref(), Some("hé".as_bytes()));
    let documents: Vec<RequestSeen> =
        seen(&tab, "").into_iter().filter(|seen| seen.kind == "document").collect();
    let [first, second] = documents.as_slice() else { panic!("{documents:?}") };
    assert_eq!((first.status, second.status), (Some(302), Some(200)));
    assert_eq!(second.id, format!("{}/1", first.id));
    let cookies: Vec<_> =
        first.answer_headers.iter().filter(|(name, _)| name == "set-cookie").collect();
    assert_eq!(cookies.len(), 2, "{:?}", first.answer_headers);
    // Cookies are only known to the network, not to the page's renderer.
    let sent = second.headers.iter().find(|(name, _)| name == "cookie");
    assert_eq!(sent.map(|(_, value)| value.as_str()), Some("way=long; two=2"));
    let kinds: Vec<(String, Option<u16>)> = [".css", ".js", ".png"]
        .iter()
        .map(|part| (seen(&tab, part)[0].kind.clone(), seen(&tab, part)[0].status))
        .collect();
    let wanted = [("stylesheet", Some(404)), ("script", Some(200)), ("image", Some(404))];
    assert_eq!(kinds, wanted.map(|(kind, status)| (kind.to_string(), status)));
    let failing = "fetch('http://127.0.0.1:9/').catch(e => e.message)";
    tab.eval(failing).await;
    let failed = ended(&tab, ":9/").await.failed.expect("it fails");
    assert!(failed.starts_with("net::ERR_"), "{failed}");
    tab.close().await;
    started.quit().await;
}

#[tokio::test]
async fn workers_and_frames_of_other_sites_are_heard_too() {
    let site = Site::new(&[
        ("/", "<script>new Worker('/worker.js').onmessage = e => told = e.data</script>"),
        (
            "/worker.js",
            "console.warn('from worker'); fetch('/echo?worker') \
            .then(r => r.text()).then(t => postMessage('done'))",
        ),
        ("/inner", "<script>fetch('/echo?inner'); console.error('from inner')</script>inner"),
    ])
    .await;
    let mut started = Started::new().await;
    let mut tab = started.open(&site.url).await;
    tab.go("/").await;
    tab.until("window.told === 'done'").await;
    ended(&tab, "/echo?worker").await;
    let other = site.other.clone();
    tab.eval(&format!(
        "(f = document.createElement('iframe'), f.src = '{other}/inner', \
        document.body.append(f), 0)"
    ))
    .await;
    ended(&tab, "/echo?inner").await;
    let texts = ["from worker", "from inner"];
    let found = tab.log.find(soon(), |log| {
        let all = texts.iter().all(|text| log.messages.iter().any(|one| one.text == *text));
        all.then(|| log.messages.clone())
    });
    let messages = found.await.expect("both are heard");
    let inner = messages.iter().find(|one| one.text == "from inner").expect("it is there");
    assert_eq!(inner.level, "error");
    assert_eq!(inner.place, Some(format!("{other}/inner:1")));
    tab.close().await;
    started.quit().await;
}

#[tokio::test]
async fn console_and_uncaught_errors_are_told() {
    let site = Site::new(&[(
        "/",
        "<script>
console.log('a', 1, {b: 2}, [3], null, undefined);
console.info('%s is %d', 'it', 5);
console.debug('d'); console.warn('w'); console.error(new Error('e'));
console.assert(1 > 2, 'not so');
setTimeout(() => { throw new TypeError('nobody'); });
Promise.reject(new Error('rejected'));
Promise.reject('text');
</script><img src=/none.png>",
    )])
    .await;
    let mut started = Started::new().await;
    let mut tab = started.open(&site.url).await;
    tab.go("/").await;
    let found =
        tab.log.find(soon(), |log| (log.messages.len() >= 10).then(|| log.messages.clone()));
    let messages = found.await;
    let Some(messages) = messages else { panic!("{:?}", tab.log.read().messages) };
    let told: Vec<(String, String)> = messages
        .iter()
        .map(|one| (one.level.clone(), one.text.lines().next().unwrap_or_default().to_string()))
        .collect();
    let has = |level: &str, text: &str| {
        let wanted = (level.to_string(), text.to_string());
        assert!(told.contains(&wanted), "no {wanted:?} in {told:#?}");
    };
    has("info", "a 1 {b: 2} [3] null undefined");
    has("info", "it is 5");
    has("debug", "d");
    has("warning", "w");
    has("error", "Error: e");
    has("error", "not so");
    has("uncaught", "TypeError: nobody");
    has("uncaught", "Error: rejected");
    has("uncaught", "text");
    has("error", "Failed to load resource: the server responded with a status of 404 (Not Found)");
    assert_eq!(told.len(), 10, "{told:#?}");
    let first = messages.iter().find(|one| one.text.starts_with("a 1")).expect("it is told");
    assert_eq!(first.place, Some(format!("{}/:2", site.url)));
    tab.close().await;
    started.quit().await;
}

#[tokio::test]
async fn dialogs_are_answered_at_once() {
    let site = Site::new(&[
        (
            "/",
            "<button onclick=\"said = [confirm('sure?'), prompt('who?', 'me'), alert('ah')]\">ask",
        ),
        (
            "/stay",
            "<button>touch</button><script>onbeforeunload = e => \
            e.preventDefault()</script>",
        ),
    ])
    .await;
    let mut started = Started::new().await;
    let mut tab = started.open(&site.url).await;
    tab.go("/").await;
    tab.click("button").await;
    assert_eq!(tab.eval("said").await, json!([false, null, null]));
    tab.channel.answer_dialogs(true, Some("you".to_string()), soon()).await.expect("it can");
    tab.click("button").await;
    assert_eq!(tab.eval("said").await, json!([true, "you", null]));
    tab.channel.answer_dialogs(true, None, soon()).await.expect("it can");
    assert_eq!(tab.eval("prompt('who?', 'me')").await, "me");
    let dialogs = tab.log.read().dialogs.clone();
    let told: Vec<_> = dialogs.iter().map(|one| (one.kind.as_str(), one.accepted)).collect();
    let wanted = [
        ("confirm", false),
        ("prompt", false),
        ("alert", false),
        ("confirm", true),
        ("prompt", true),
        ("alert", true),
        ("prompt", true),
    ];
    assert_eq!(told, wanted);
    assert_eq!(dialogs[0].message, "sure?");
    tab.close().await;
    // A page that asks whether it may be left is left, unless the scenario says otherwise.
    let mut tab = started.open(&site.url).await;
    tab.go("/stay").await;
    tab.click("button").await;
    tab.go("/").await;
    assert_eq!(tab.log.read().dialogs[0].kind, "beforeunload");
    tab.go("/stay").await;
    tab.click("button").await;
    tab.channel.answer_dialogs(false, None, soon()).await.expect("it can");
    let url = format!("{}/", site.url);
    let stays = tab.channel.navigate(&url, LoadState::Load, soon()).await;
    assert!(matches!(stays, Err(Trouble::Refused(_))), "{stays:?}");
    assert_eq!(tab.eval("location.pathname").await, "/stay");
    tab.close().await;
    started.quit().await;
}

#[tokio::test]
async fn downloads_get_their_names() {
    let site = Site::new(&[(
        "/",
        "<a href=/file?a.txt>a</a><p id=b onclick=\"const l = document.createElement('a'); \
        l.href = 'data:text/plain,hey'; l.download = 'b.txt'; l.click()\">b</p>",
    )])
    .await;
    let mut started = Started::new().await;
    let mut tab = started.open(&site.url).await;
    tab.go("/").await;
    for (nth, (css, name, said)) in [
        ("a", "a.txt", "what the file says"),
        ("a", "a (1).txt", "what the file says"),
        ("#b", "b.txt", "hey"),
    ]
    .iter()
    .enumerate()
    {
        tab.click(css).await;
        let found = tab.log.find(soon(), |log| log.downloads.get(nth)?.file.clone());
        let file = found.await.expect("it arrives");
        assert_eq!(file, tab.downloads.join(name));
        assert_eq!(std::fs::read_to_string(&file).expect("it is there"), *said);
    }
    assert_eq!(tab.log.read().downloads[1].name, "a.txt");
    let url = format!("{}/file?c.txt", site.url);
    let refused = tab.channel.navigate(&url, LoadState::Load, soon()).await;
    assert!(matches!(&refused, Err(Trouble::Refused(said)) if said.contains("download")));
    assert!(tab.log.find(soon(), |log| log.downloads.get(3)?.file.clone()).await.is_some());
    tab.close().await;
    started.quit().await;
}

struct Kept;

impl Replay for Kept {
    fn answer(&self, asked: &taster::driver::browser::Asked<'_>) -> Option<Given> {
        let body = asked.body.map(<[u8]>::to_vec).unwrap_or_default();
        let here = asked.url.ends_with("/kept");
        here.then(|| Given { status: 201, headers: Vec::new(), body: [b"kept ", &*body].concat() })
    }

    fn lets_others_out(&self) -> bool {
        false
    }
}

#[tokio::test]
async fn requests_are_held_until_the_router_says() {
    let site = Site::new(&[("/", "<title>real</title>")]).await;
    let mut started = Started::new().await;
    let mut tab = started.open(&site.url).await;
    let stub = |url: &str, delay, answer| Stub {
        url: url.to_string(),
        method: None,
        delay: Duration::from_millis(delay),
        times: 0,
        answer,
    };
    let fulfil = |body: &str| StubAnswer::Fulfil {
        status: 418,
        headers: vec![("Content-Type".to_string(), "text/plain; charset=utf-8".to_string())],
        body: body.to_string(),
    };
    tab.router.add(stub("/given", 0, fulfil("gegeben ü")), &site.url);
    tab.router.add(stub("/late", 600, fulfil("late")), &site.url);
    tab.router.add(stub("/no", 0, StubAnswer::Abort), &site.url);
    let headers = vec![("X-More".to_string(), "yes".to_string())];
    tab.router.add(stub("/echo", 0, StubAnswer::Pass { headers }), &site.url);
    tab.go("/").await;
    tab.channel.intercept(true, soon()).await.expect("it can");
    tab.go("/").await;
    let got = tab
        .eval(
            "fetch('/given').then(async r => [r.status, await r.text(), \
            r.headers.get('content-type')])",
        )
        .await;
    assert_eq!(got, json!([418, "gegeben ü", "text/plain; charset=utf-8"]));
    let order = "Promise.all([fetch('/late').then(() => performance.now()), \
        fetch('/given').then(() => performance.now())]).then(([a, b]) => a - b > 300)";
    assert_eq!(tab.eval(order).await, true);
    let failed = tab.eval("fetch('/no').catch(e => e.message)").await;
    assert_eq!(failed, "Failed to fetch");
    tab.eval("fetch('/echo', {headers: {'x-own': '1'}}).then(r => r.text())").await;
    let asked = site.asked("/echo").expect("it was asked");
    let header = |name: &str| asked.get(name).map(String::as_str);
    assert_eq!((header("x-more"), header("x-own")), (Some("yes"), Some("1")));
    assert_eq!(site.count("/given") + site.count("/late") + site.count("/no"), 0);
    let stubbed: Vec<bool> = ["/given", "/no", "/echo"]
        .iter()
        .map(|part| seen(&tab, part).last().expect("it is told").stubbed)
        .collect();
    assert_eq!(stubbed, [true, true, false]);
    tab.router.remove(None);
    tab.router.replay(Box::new(Kept));
    let kept = tab.eval("fetch('/kept', {method: 'POST', body: 'x'}).then(r => r.text())").await;
    assert_eq!(kept, "kept x");
    assert_eq!(tab.eval("fetch('/echo').catch(e => 'refused')").await, "refused");
    tab.channel.intercept(false, soon()).await.expect("it can");
    assert_eq!(tab.eval("fetch('/echo').then(r => r.status)").await, 200);
    assert_eq!(tab.eval("null").await, Value::Null);
    tab.close().await;
    started.quit().await;
}

#[tokio::test]
async fn another_origin_is_stubbed_without_being_asked() {
    let site = Site::new(&[("/", "<title>t</title>")]).await;
    let mut started = Started::new().await;
    let mut tab = started.open(&site.url).await;
    let answer = StubAnswer::Fulfil { status: 200, headers: Vec::new(), body: "stub".to_string() };
    let url = format!("{}/api", site.other);
    let (method, delay) = (Some("PUT".to_string()), Duration::ZERO);
    tab.router.add(Stub { url, method, delay, times: 1, answer }, &site.url);
    tab.channel.intercept(true, soon()).await.expect("it can");
    tab.go("/").await;
    let put = |site: &str| {
        format!(
            "fetch('{site}/api', {{method: 'PUT', headers: {{'x-own': '1'}}, credentials: \
             'include'}}).then(r => r.text(), e => e.message)"
        )
    };
    assert_eq!(tab.eval(&put(&site.other)).await, "stub");
    assert_eq!(site.count("/api"), 0);
    // Used up: now the other origin is asked, and does not allow it.
    assert_eq!(tab.eval(&put(&site.other)).await, "Failed to fetch");
    assert_eq!(site.count("/api"), 1);
    tab.close().await;
    started.quit().await;
}
