//! The page script in its own world, the user's JavaScript in the page's, and frames of both
//! kinds.

use serde_json::{Value, json};
use taster::driver::browser::{Input, Shot, Trouble};
use taster::plan::browser::LoadState;

use super::{Opened, Site, Started, soon};

async fn call(tab: &mut Opened, function: &str, argument: Value) -> Result<Value, Trouble> {
    tab.channel.call(&[], function, &argument, soon()).await
}

#[tokio::test]
async fn the_page_script_is_there_in_every_document_and_apart_from_the_pages() {
    let site = Site::new(&[
        (
            "/",
            "<title>one</title><h1>One</h1><script>window.seen = typeof __taster; \
            Array.prototype.map = () => 'spoilt'; JSON.stringify = () => 'spoilt'; \
            document.querySelectorAll = () => []</script>",
        ),
        ("/two", "<h1>Two</h1>"),
    ])
    .await;
    let mut started = Started::new().await;
    let mut tab = started.open(&site.url).await;
    let read = json!({"from": "text", "locator": {"css": "h1"}});
    for _ in 0..5 {
        tab.go("/").await;
        let got = call(&mut tab, "read", read.clone()).await;
        assert_eq!(got, Ok(json!({"ok": true, "value": "One"})));
        tab.go("/two").await;
        let got = call(&mut tab, "read", read.clone()).await;
        assert_eq!(got, Ok(json!({"ok": true, "value": "Two"})));
    }
    tab.go("/").await;
    assert_eq!(tab.eval("[seen, typeof __taster]").await, json!(["undefined", "undefined"]));
    // As soon as the document is there it can be asked, and waits itself.
    let url = format!("{}/two", site.url);
    tab.channel.navigate(&url, LoadState::Commit, soon()).await.expect("there");
    let expects = json!({"all": [{"what": "text", "locator": {"css": "h1"}, "is": "Two",
        "timeout": 5000}]});
    let got = call(&mut tab, "expect", expects).await.expect("it holds");
    assert_eq!(got["results"][0]["ok"], true, "{got}");
    let none = call(&mut tab, "nonsense", json!({})).await;
    assert!(matches!(none, Err(Trouble::Script(_))), "{none:?}");
    tab.close().await;
    started.quit().await;
}

#[tokio::test]
async fn the_users_script_runs_among_the_pages_own() {
    let site = Site::new(&[("/", "<script>own = 5</script>")]).await;
    let mut started = Started::new().await;
    let mut tab = started.open(&site.url).await;
    tab.go("/").await;
    let evaluate = [
        ("x => own + x.y", json!({"y": 2}), json!(7)),
        ("async x => [x, await Promise.resolve(1)] // why", json!("a"), json!(["a", 1])),
        (
            "function (x) { return { x, u: undefined, n: null }; }",
            json!(1),
            json!({"x": 1, "n": null}),
        ),
        ("() => {}", json!(null), json!(null)),
        ("() => NaN", json!(null), json!(null)),
    ];
    for (function, argument, wanted) in evaluate {
        let got = tab.channel.evaluate(&[], function, &argument, soon()).await;
        assert_eq!(got, Ok(wanted), "{function}");
    }
    let fails = [
        ("() => { throw new TypeError('no') }", "TypeError: no"),
        ("() => Promise.reject('why')", "why"),
        ("() => none.x", "ReferenceError: none is not defined"),
        ("() => { const a = {}; a.a = a; return a; }", "what it gives cannot be written as JSON"),
    ];
    for (function, wanted) in fails {
        let got = tab.channel.evaluate(&[], function, &Value::Null, soon()).await;
        assert_eq!(got, Err(Trouble::Script(wanted.to_string())), "{function}");
    }
    let got = tab.channel.evaluate(&[], "() => (", &Value::Null, soon()).await;
    assert!(
        matches!(&got, Err(Trouble::Script(said)) if said.starts_with("SyntaxError")),
        "{got:?}"
    );
    tab.close().await;
    started.quit().await;
}

#[tokio::test]
async fn a_call_whose_document_goes_away_is_told_so() {
    let site = Site::new(&[("/", "<title>one</title>"), ("/two", "<title>two</title>")]).await;
    let mut started = Started::new().await;
    let mut tab = started.open(&site.url).await;
    let other = site.other.clone();
    for to in ["/two".to_string(), format!("{other}/two"), "/".to_string()] {
        tab.go("/").await;
        tab.eval(&format!("setTimeout(() => location.href = '{to}', 150) * 0")).await;
        let expects = json!({"all": [{"what": "text", "locator": {"css": "h1"}, "is": "never",
            "timeout": 20000}]});
        let gone = call(&mut tab, "expect", expects).await;
        assert_eq!(gone, Err(Trouble::Navigated), "{to}");
        // The new document can be asked at once.
        let title = call(&mut tab, "read", json!({"from": "title"})).await;
        assert!(title.is_ok(), "{title:?}");
        tab.go("/").await;
        tab.eval(&format!("setTimeout(() => location.href = '{to}', 150) * 0")).await;
        let gone = tab.try_eval("new Promise(() => {})").await;
        assert_eq!(gone, Err(Trouble::Navigated), "{to}");
    }
    tab.close().await;
    started.quit().await;
}

#[tokio::test]
async fn frames_of_other_sites_are_reached_by_their_elements() {
    let outer = "<title>outer</title><iframe id=a style='border:0'></iframe><script>
        a.src = location.href.replace('127.0.0.1', 'localhost') + 'inner';</script>";
    let inner = "<title>inner</title><body style='margin:0'><button onclick=\"this.textContent = \
        'clicked'; \">ok</button><input type=file><iframe id=b></iframe><script>
        b.src = location.href.replace('localhost', '127.0.0.1').replace('inner', 'deep')</script>";
    let site =
        Site::new(&[("/", outer), ("/inner", inner), ("/deep", "<title>deep</title>")]).await;
    let mut started = Started::new().await;
    let mut tab = started.open(&site.url).await;
    tab.go("/").await;
    let a = keep(&mut tab, &[], "#a").await;
    let title = json!({"from": "title"});
    let got = tab.channel.call(&[a], "read", &title, soon()).await;
    assert_eq!(got, Ok(json!({"ok": true, "value": "inner"})));
    let b = keep(&mut tab, &[a], "#b").await;
    let got = tab.channel.call(&[a, b], "read", &title, soon()).await;
    assert_eq!(got, Ok(json!({"ok": true, "value": "deep"})));
    let got = tab.channel.evaluate(&[a], "() => document.title", &Value::Null, soon()).await;
    assert_eq!(got, Ok(json!("inner")));
    // Hands reach into it, and so do files.
    let (x, y) = tab.middle("#a").await;
    let corner = tab.eval("(r => [r.x, r.y])(a.getBoundingClientRect())").await;
    let at = (corner[0].as_f64().expect("x") + 10.0, corner[1].as_f64().expect("y") + 10.0);
    assert!(at.0 < x && at.1 < y);
    tab.input(&[Input::Move(at.0, at.1), Input::Down(0, 1), Input::Up(0, 1)]).await;
    let text = json!({"from": "text", "locator": {"css": "button"}});
    let got = tab.channel.call(&[a], "read", &text, soon()).await;
    assert_eq!(got, Ok(json!({"ok": true, "value": "clicked"})));
    let file = tab.downloads.join("up.txt");
    std::fs::write(&file, "up").expect("it can be written");
    let field = keep(&mut tab, &[a], "input").await;
    tab.channel.choose(&[a], field, &[file], soon()).await.expect("it is chosen");
    let chosen = "() => document.querySelector('input').files[0].text()";
    let got = tab.channel.evaluate(&[a], chosen, &Value::Null, soon()).await;
    assert_eq!(got, Ok(json!("up")));
    // Handles are of one document.
    tab.go("/").await;
    let gone = tab.channel.call(&[a], "read", &title, soon()).await;
    assert!(matches!(gone, Err(Trouble::Navigated | Trouble::Refused(_))) || gone.is_ok());
    let none = tab.channel.call(&[999], "read", &title, soon()).await;
    assert_eq!(none, Err(Trouble::Navigated));
    tab.close().await;
    started.quit().await;
}

/// The handle of an element.
async fn keep(tab: &mut Opened, frames: &[u64], css: &str) -> u64 {
    let argument = json!({"locator": {"css": css}, "timeout": 10000});
    let kept = tab.channel.call(frames, "keep", &argument, soon()).await.expect("it is there");
    kept["element"].as_u64().unwrap_or_else(|| panic!("{kept}"))
}

#[tokio::test]
async fn pictures_are_of_what_is_asked_for() {
    let site = Site::new(&[(
        "/",
        "<body style='margin:0'><div style='height:3000px;width:200px; \
        background:linear-gradient(red,blue)'></div>",
    )])
    .await;
    let mut started = Started::new().await;
    let mut tab = started.open(&site.url).await;
    tab.go("/").await;
    let size = |bytes: &[u8]| {
        let decoder = png::Decoder::new(std::io::Cursor::new(bytes.to_vec()));
        let reader = decoder.read_info().expect("it is a PNG");
        (reader.info().width, reader.info().height)
    };
    let seen = tab.channel.picture(&Shot::default(), soon()).await.expect("a picture");
    assert_eq!(size(&seen), (1280, 720));
    let full = Shot { full: true, ..Shot::default() };
    let seen = tab.channel.picture(&full, soon()).await.expect("a picture");
    assert_eq!(size(&seen), (1280, 3000));
    let clip = Shot { clip: Some((0.0, 2000.0, 200.0, 100.0)), ..Shot::default() };
    let seen = tab.channel.picture(&clip, soon()).await.expect("a picture");
    assert_eq!(size(&seen), (200, 100));
    assert_eq!(tab.eval("[scrollY, innerHeight]").await, json!([0, 720]));
    tab.eval("scrollTo(0, 1000)").await;
    let small = Shot { scale: 0.25, quality: Some(50), ..Shot::default() };
    let seen = tab.channel.picture(&small, soon()).await.expect("a picture");
    assert_eq!(&seen[..3], b"\xff\xd8\xff");
    assert!(seen.len() < 20_000, "{}", seen.len());
    let small = Shot { scale: 0.25, ..Shot::default() };
    let seen = tab.channel.picture(&small, soon()).await.expect("a picture");
    assert_eq!(size(&seen), (320, 180));
    tab.close().await;
    started.quit().await;
}
