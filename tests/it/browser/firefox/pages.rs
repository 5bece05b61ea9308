//! Pages: going to them, what is called in them, and what becomes of calls when they go.

use super::*;

fn answers(request: &Request) -> Vec<Act> {
    match request.path() {
        "/nothing" => vec![Act::Send(reply("204 No Content", &[], ""))],
        "/file" => vec![Act::Send(reply(
            "200 OK",
            &[("content-disposition", "attachment; filename=\"a.csv\"")],
            "x,y",
        ))],
        "/silent" => vec![Act::Silence],
        "/slow" => {
            let head = "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 2060\r\n\r\n";
            let first = format!("{head}<!doctype html><p id=a>one</p>{}", " ".repeat(2000));
            let rest = vec![b' '; 2060 - (first.len() - head.len())];
            vec![
                Act::Send(first.into_bytes()),
                Act::Wait(Duration::from_millis(1500)),
                Act::Send(rest),
            ]
        }
        "/jump" => html("<script>location.replace('/after')</script>"),
        "/late" => html(
            "<p id=p>before</p><script>setTimeout(() => { window.at = performance.now(); \
             p.textContent = 'after' }, 700)</script>",
        ),
        "/react" => html(
            "<input id=i aria-label=Name><output id=o></output><script>\
             const native = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value');\
             let last = ''; Object.defineProperty(i, 'value', { configurable: true,\
             get() { return native.get.call(i) }, set(v) { last = v; native.set.call(i, v) } });\
             i.addEventListener('input', (e) => { if (i.value !== last) { last = i.value;\
             o.textContent = e.target.value + ' ' + (e instanceof InputEvent || e instanceof Event)\
             } })</script>",
        ),
        path => html(&format!("<h1>At {path}</h1><a href='#x' id=x>x</a>")),
    }
}

#[tokio::test]
async fn goes_to_pages_and_through_the_history() {
    with_firefox(answers, async |mut firefox, server| {
        assert!(firefox.version().starts_with("Firefox "), "{}", firefox.version());
        assert!(firefox.is_alive());
        let mut one = bench(&mut firefox, &server, Wishes::default()).await;
        one.goto("/first").await;
        let heading = json!({"from": "text", "locator": {"role": "heading"}});
        assert_eq!(one.call("read", heading.clone()).await.expect("text")["value"], "At /first");
        one.goto("/second").await;
        one.goto("/second#x").await;
        let url = |of: &Value| of.as_str().map(|url| url.replace(&one.target, ""));
        let (back, forward) = (-1, 1);
        for (delta, at) in
            [(back, "/second"), (back, "/first"), (forward, "/second"), (0, "/second")]
        {
            one.channel.travel(delta, LoadState::Load, soon()).await.expect("history");
            let now = one.channel.evaluate(&[], "() => location.href", &Value::Null, soon()).await;
            assert_eq!(url(&now.expect("a URL")).as_deref(), Some(at), "{delta}");
        }
        let far = one.channel.travel(-9, LoadState::Load, soon()).await;
        assert!(matches!(&far, Err(Trouble::Refused(said)) if said.contains("9 back")), "{far:?}");
        one.goto("/jump").await;
        one.channel.loaded(LoadState::Load, soon()).await.expect("it loads");
        one.until("location.pathname === '/after'").await;
        one.close().await;
        firefox
    })
    .await;
}

#[tokio::test]
async fn says_why_an_address_has_no_page_and_how_far_one_has_come() {
    with_firefox(answers, async |mut firefox, server| {
        let mut one = bench(&mut firefox, &server, Wishes::default()).await;
        let closed = Server::always("").await.url("/");
        let closed = closed.replace(&closed[closed.rfind(':').expect("a port")..], ":1/");
        for (url, words) in [
            (closed, "browsers go to no such port"),
            ("http://nowhere.invalid/".to_string(), "the host is unknown"),
            (server.url("/nothing"), "without content"),
            (server.url("/file"), "download"),
            ("no address".to_string(), "no address"),
        ] {
            match one.channel.navigate(&url, LoadState::Load, soon()).await {
                Err(Trouble::Refused(said)) => assert!(said.contains(words), "{url}: {said}"),
                other => panic!("{url}: {other:?}"),
            }
        }
        let by = Instant::now() + Duration::from_millis(700);
        let silent = one.channel.navigate(&server.url("/silent"), LoadState::Load, by).await;
        assert!(matches!(silent, Err(Trouble::TimedOut(_))), "{silent:?}");
        let began = Instant::now();
        let slow = server.url("/slow");
        one.channel.navigate(&slow, LoadState::Commit, soon()).await.expect("it is there");
        assert_eq!(one.js("document.readyState").await, "loading");
        assert!(began.elapsed() < Duration::from_millis(1400), "{:?}", began.elapsed());
        let read = one.call("read", json!({"from": "text", "locator": {"css": "#a"}})).await;
        assert_eq!(read.expect("text")["value"], "one");
        one.channel.loaded(LoadState::Dom, soon()).await.expect("it is parsed");
        assert!(began.elapsed() > Duration::from_millis(1400), "{:?}", began.elapsed());
        one.goto("/").await;
        let idle = Instant::now();
        one.channel.loaded(LoadState::Idle, soon()).await.expect("it is idle");
        assert!(idle.elapsed() < Duration::from_secs(5));
        one.close().await;
        firefox
    })
    .await;
}

#[tokio::test]
async fn calls_the_script_apart_from_the_page_and_users_functions_in_it() {
    with_firefox(answers, async |mut firefox, server| {
        let mut one = bench(&mut firefox, &server, Wishes::default()).await;
        let blank = one.call("read", json!({"from": "url"})).await.expect("a blank page has one");
        assert_eq!(blank["value"], "about:blank");
        one.goto("/react").await;
        assert_eq!(one.js("typeof __taster").await, "undefined");
        let fill = json!({"locator": {"label": "Name"}, "text": "Ada", "timeout": 5000});
        let filled = one.call("fill", fill).await.expect("it is filled");
        assert_eq!(filled["ok"], true, "{filled}");
        assert_eq!(one.js("o.textContent").await, "Ada true");
        let function = "async (of) => ({ sum: of.a + of.b, none: undefined })  // a comment";
        let gave = one.channel.evaluate(&[], function, &json!({"a": 1, "b": 2}), soon()).await;
        assert_eq!(gave, Ok(json!({"sum": 3})));
        for (function, words) in [
            ("() => { throw new TypeError('broken') }", "broken"),
            ("() => { throw { a: 1 } }", "object"),
            ("async () => nothing.here", "nothing"),
            ("() => (", "SyntaxError"),
            ("() => { const a = {}; a.a = a; return a }", "cyclic"),
        ] {
            let threw = one.channel.evaluate(&[], function, &Value::Null, soon()).await;
            match threw {
                Err(Trouble::Script(said)) => assert!(said.contains(words), "{function}: {said}"),
                other => panic!("{function}: {other:?}"),
            }
        }
        let nothing = one.channel.evaluate(&[], "() => () => 1", &Value::Null, soon()).await;
        assert_eq!(nothing, Ok(Value::Null));
        let vitals = one.call("vitals", Value::Null).await.expect("vitals");
        assert!(vitals["ttfb"].as_f64().is_some_and(|ttfb| ttfb > 0.0), "{vitals}");
        one.close().await;
        firefox
    })
    .await;
}

#[tokio::test]
async fn notices_a_change_within_frames_and_a_page_that_goes() {
    with_firefox(answers, async |mut firefox, server| {
        let mut one = bench(&mut firefox, &server, Wishes::default()).await;
        let mut late = Vec::new();
        for _ in 0..5 {
            one.goto("/late").await;
            let expect = json!({"all": [{"what": "text", "locator": {"css": "#p"},
                                         "is": "after", "timeout": 9000}]});
            let seen = one.call("expect", expect).await.expect("it is seen");
            assert_eq!(seen["results"][0]["ok"], true, "{seen}");
            let now = one.js("performance.now()").await.as_f64().expect("a time");
            late.push(now - one.js("window.at").await.as_f64().expect("a time"));
        }
        println!("noticed after {late:?} ms, two calls included");
        late.sort_by(f64::total_cmp);
        assert!(late[2] < 250.0, "{late:?}");
        one.goto("/first").await;
        let leave = "() => { setTimeout(() => location.assign('/second'), 300) }";
        one.channel.evaluate(&[], leave, &Value::Null, soon()).await.expect("a timer");
        let never = json!({"all": [{"what": "text", "locator": {"role": "heading"},
                                    "is": "never", "timeout": 60000}]});
        let began = Instant::now();
        assert_eq!(one.call("expect", never).await, Err(Trouble::Navigated));
        assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
        one.channel.loaded(LoadState::Load, soon()).await.expect("the second loads");
        let heading = json!({"from": "text", "locator": {"role": "heading"}});
        assert_eq!(one.call("read", heading).await.expect("text")["value"], "At /second");
        one.close().await;
        firefox
    })
    .await;
}

#[tokio::test]
async fn contexts_know_nothing_of_each_other() {
    with_firefox(answers, async |mut firefox, server| {
        let mut one = bench(&mut firefox, &server, Wishes::default()).await;
        let mut two = bench(&mut firefox, &server, Wishes::default()).await;
        one.goto("/").await;
        one.js("(document.cookie = 'a=1', localStorage.a = 'one', sessionStorage.a = 'one', 1)")
            .await;
        two.goto("/").await;
        let left = two.js("[document.cookie, localStorage.a ?? null]").await;
        assert_eq!(left, json!(["", null]));
        assert_eq!(two.channel.cookies(soon()).await, Ok(Vec::new()));
        let held = one.channel.cookies(soon()).await.expect("cookies");
        assert_eq!(held.len(), 1);
        assert_eq!((held[0].name.as_str(), held[0].value.as_str()), ("a", "1"));
        let mut more = held[0].clone();
        (more.name, more.http_only) = ("b".to_string(), true);
        more.expires = Some(4_000_000_000.0);
        two.channel.add_cookies(&[more.clone()], soon()).await.expect("it is taken");
        two.goto("/again").await;
        let sent = server.last().header("cookie").to_string();
        assert_eq!(sent, "b=1");
        let held = two.channel.cookies(soon()).await.expect("cookies");
        assert_eq!((held[0].name.as_str(), held[0].http_only), ("b", true));
        one.close().await;
        two.close().await;
        firefox
    })
    .await;
}
