//! What any channel must do, tried on whichever is given.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use taster::driver::browser::{
    Browser, Channel, Cookie, Input, Launch, Opening, Router, SharedLog, Shot, Trouble,
};
use taster::plan::browser::{Emulation, LoadState};
use tempfile::TempDir;
use tokio::time::Instant;

use super::site;
use crate::http::server::Server;

/// Patience for a machine that does much besides.
pub fn soon() -> Instant {
    Instant::now() + Duration::from_secs(60)
}

/// How browsers are started in tests.
pub fn launch() -> Launch {
    Launch { guard: PathBuf::from(env!("CARGO_BIN_EXE_taster")), ..Launch::default() }
}

/// A context, and what a test needs beside it.
pub struct Bench {
    pub channel: Box<dyn Channel>,
    pub log: SharedLog,
    pub router: Arc<Router>,
    pub downloads: TempDir,
    pub server: Server,
}

impl Bench {
    pub async fn open(browser: &mut dyn Browser) -> Bench {
        Bench::with(browser, Emulation::default()).await.expect("a context opens")
    }

    pub async fn with(browser: &mut dyn Browser, emulation: Emulation) -> Result<Bench, Trouble> {
        let server = site::start().await;
        let downloads = tempfile::tempdir().expect("a folder can be made");
        let (log, router) = (SharedLog::default(), Arc::new(Router::default()));
        let opening = Opening {
            emulation,
            log: log.clone(),
            downloads: downloads.path().to_path_buf(),
            router: router.clone(),
            keeps_bodies: true,
            target: server.url(""),
            test_id: "data-testid".to_string(),
        };
        let channel = browser.open(opening, soon()).await?;
        Ok(Bench { channel, log, router, downloads, server })
    }

    pub async fn goto(&mut self, path: &str) {
        let url = self.server.url(path);
        let went = self.channel.navigate(&url, LoadState::Load, soon()).await;
        went.unwrap_or_else(|trouble| panic!("{url}: {trouble}"));
    }

    pub async fn call(&mut self, function: &str, argument: Value) -> Value {
        let answer = self.channel.call(&[], function, &argument, soon()).await;
        answer.unwrap_or_else(|trouble| panic!("{function} {argument}: {trouble}"))
    }

    /// The user's JavaScript in the page.
    pub async fn js(&mut self, expression: &str) -> Value {
        let function = format!("() => ({expression})");
        let gave = self.channel.evaluate(&[], &function, &Value::Null, soon()).await;
        gave.unwrap_or_else(|trouble| panic!("{expression}: {trouble}"))
    }

    pub async fn click(&mut self, locator: Value) {
        let asked = json!({"locator": locator, "for": "click", "timeout": 9000});
        let found = self.call("ready", asked).await;
        assert_eq!(found["ok"], true, "{locator}: {found}");
        let point = |at: usize| found["point"][at].as_f64().expect("a number");
        let inputs = [Input::Move(point(0), point(1)), Input::Down(0, 1), Input::Up(0, 1)];
        self.channel.input(&inputs, soon()).await.expect("a click");
    }

    /// Waits until the log has it.
    pub async fn logged<T>(
        &self,
        what: &str,
        found: impl Fn(&taster::driver::browser::Log) -> Option<T>,
    ) -> T {
        let found = self.log.find(soon(), found).await;
        found.unwrap_or_else(|| panic!("{what} is not in {:?}", self.log.read()))
    }

    pub async fn close(mut self) {
        self.channel.close(soon()).await.expect("it closes");
    }
}

/// Pages, history, calls and what they answer across documents.
pub async fn pages(browser: &mut dyn Browser) {
    let mut bench = Bench::open(browser).await;
    bench.goto("/").await;
    let title = bench.call("read", json!({"from": "title"})).await;
    assert_eq!(title["value"], "Page");
    bench.goto("/next").await;
    let text = json!({"from": "text", "locator": {"css": "h1"}});
    assert_eq!(bench.call("read", text.clone()).await["value"], "Next");
    bench.channel.travel(-1, LoadState::Load, soon()).await.expect("back");
    assert_eq!(bench.call("read", text.clone()).await["value"], "Hello");
    bench.channel.travel(1, LoadState::Dom, soon()).await.expect("forward");
    assert_eq!(bench.call("read", text.clone()).await["value"], "Next");
    bench.js("window.mine = 1").await;
    bench.channel.travel(0, LoadState::Load, soon()).await.expect("again");
    assert_eq!(bench.js("window.mine === undefined").await, true);
    // A place in the same document is no new document.
    bench.js("window.mine = 2").await;
    bench.goto("/next#there").await;
    assert_eq!(bench.js("[location.hash, window.mine]").await, json!(["#there", 2]));
    // A wait that begins in one document and ends in the next.
    bench.goto("/moves").await;
    let expected = json!({"all": [{"what": "text", "locator": {"css": "h1"}, "is": "Next",
                                   "timeout": 8000}]});
    let mut answer = bench.channel.call(&[], "expect", &expected, soon()).await;
    while answer == Err(Trouble::Navigated) {
        answer = bench.channel.call(&[], "expect", &expected, soon()).await;
    }
    assert_eq!(answer.expect("an answer")["results"][0]["ok"], true);
    // A wait of more than one slice.
    let late = "() => new Promise(done => setTimeout(() => done('late'), 2300))";
    let gave = bench.channel.evaluate(&[], late, &Value::Null, soon()).await;
    assert_eq!(gave, Ok(json!("late")));
    let thrown = "(it) => { throw new Error('no ' + it) } // a comment at its end";
    let gave = bench.channel.evaluate(&[], thrown, &json!("luck"), soon()).await;
    assert!(matches!(&gave, Err(Trouble::Script(text)) if text.contains("no luck")), "{gave:?}");
    bench.goto("/late").await;
    assert_eq!(bench.call("read", text).await["value"], "Late");
    bench.channel.loaded(LoadState::Idle, soon()).await.expect("idle");
    bench.close().await;
}

/// What cannot be reached, and what never comes.
pub async fn troubles(browser: &mut dyn Browser) {
    let mut bench = Bench::open(browser).await;
    bench.goto("/").await;
    let free = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let closed = format!("http://{}/", free.local_addr().expect("an address"));
    drop(free);
    // The second is a port that browsers do not even try.
    for closed in [closed.as_str(), "http://127.0.0.1:1/"] {
        let went = bench.channel.navigate(closed, LoadState::Load, soon()).await;
        assert!(matches!(&went, Err(Trouble::Refused(_))), "{closed}: {went:?}");
    }
    let by = Instant::now() + Duration::from_millis(700);
    let url = bench.server.url("/slow");
    let went = bench.channel.navigate(&url, LoadState::Load, by).await;
    assert!(matches!(&went, Err(Trouble::TimedOut(_))), "{went:?}");
    assert!(by.elapsed() < Duration::from_secs(8), "{:?} late", by.elapsed());
    bench.goto("/next").await;
    let never = "() => new Promise(() => {})";
    let by = Instant::now() + Duration::from_millis(400);
    let gave = bench.channel.evaluate(&[], never, &Value::Null, by).await;
    assert!(matches!(&gave, Err(Trouble::TimedOut(_))), "{gave:?}");
    assert_eq!(bench.js("1 + 1").await, 2);
    // A page that never lets go is given up, and costs nobody else anything.
    let endless = "() => { for (;;); }";
    let by = Instant::now() + Duration::from_millis(400);
    let gave = bench.channel.evaluate(&[], endless, &Value::Null, by).await;
    assert!(matches!(&gave, Err(Trouble::TimedOut(_) | Trouble::Gone(_))), "{gave:?}");
    let _ = bench.channel.close(soon()).await;
    let mut other = Bench::open(browser).await;
    other.goto("/").await;
    other.close().await;
}

/// Pointer and keyboard.
pub async fn hands(browser: &mut dyn Browser) {
    let mut bench = Bench::open(browser).await;
    bench.goto("/hands").await;
    let click = [Input::Move(60.0, 50.0), Input::Down(0, 1), Input::Up(0, 1)];
    let double = [click.as_slice(), &[Input::Down(0, 2), Input::Up(0, 2)]].concat();
    bench.channel.input(&double, soon()).await.expect("a double click");
    let seen = bench.js("seen.splice(0)").await.to_string();
    assert!(seen.contains(r#"["click",true,0,false]"#), "{seen}");
    assert!(seen.contains(r#"["dblclick",true"#), "{seen}");
    let held = [
        Input::KeyDown("Control".to_string()),
        Input::Down(2, 1),
        Input::Up(2, 1),
        Input::KeyUp("Control".to_string()),
    ];
    bench.channel.input(&held, soon()).await.expect("a click with a key held");
    let seen = bench.js("seen.splice(0)").await.to_string();
    assert!(seen.contains(r#"["mousedown",true,2,true]"#), "{seen}");
    assert!(seen.contains(r#"["contextmenu",true,2"#), "{seen}");
    bench.click(json!({"css": "#field"})).await;
    let all = [
        Input::KeyDown("Control".to_string()),
        Input::KeyDown("a".to_string()),
        Input::KeyUp("a".to_string()),
        Input::KeyUp("Control".to_string()),
        Input::Text("Grüße, 漢!".to_string()),
    ];
    bench.channel.input(&all, soon()).await.expect("typing");
    assert_eq!(bench.js("document.querySelector('#field').value").await, "Grüße, 漢!");
    let back = [Input::KeyDown("Backspace".to_string()), Input::KeyUp("Backspace".to_string())];
    bench.channel.input(&back, soon()).await.expect("a key");
    assert_eq!(bench.js("document.querySelector('#field').value").await, "Grüße, 漢");
    let wheel = [Input::Move(60.0, 170.0), Input::Wheel(0.0, 120.0)];
    bench.channel.input(&wheel, soon()).await.expect("the wheel");
    let scrolled = "() => new Promise(done => { const look = () => { const top = \
                    document.querySelector('#box').scrollTop; top > 0 ? done(top) : \
                    setTimeout(look, 10) }; look() })";
    let top = bench.channel.evaluate(&[], scrolled, &Value::Null, soon()).await;
    assert!(top.expect("it scrolls").as_f64() > Some(0.0));
    bench.close().await;
}

/// Files chosen, and files that come.
pub async fn files(browser: &mut dyn Browser) {
    let mut bench = Bench::open(browser).await;
    bench.goto("/upload").await;
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str| {
        let file = folder.path().join(name);
        std::fs::write(&file, name).expect("a file");
        file
    };
    let (one, two) = (file("one.txt"), file("zwei ö.txt"));
    for (locator, chosen, wanted) in
        [("#one", vec![one.clone()], "one.txt"), ("#many", vec![one, two], "one.txt,zwei ö.txt")]
    {
        let kept = bench.call("keep", json!({"locator": {"css": locator}})).await;
        let element = kept["element"].as_u64().expect("a handle");
        bench.channel.choose(&[], element, &chosen, soon()).await.expect("files are chosen");
        let names =
            format!("[...document.querySelector('{locator}').files].map(f => f.name).join()");
        assert_eq!(bench.js(&names).await, wanted);
    }
    bench.goto("/downloads").await;
    bench.click(json!({"css": "#a"})).await;
    let file = bench.logged("the download", |log| log.downloads.first()?.file.clone()).await;
    assert_eq!(std::fs::read_to_string(&file).expect("a file"), "ten bytes!");
    assert!(file.starts_with(bench.downloads.path()), "{}", file.display());
    assert_eq!(bench.log.read().downloads[0].name, "report.txt");
    bench.close().await;
}

/// Pictures: of the viewport, of a part, of all.
pub async fn pictures(browser: &mut dyn Browser) {
    let mut bench = Bench::with(browser, Emulation { viewport: (500, 400), ..Default::default() })
        .await
        .expect("a context opens");
    bench.goto("/tall").await;
    let sizes = "[innerWidth, innerHeight]";
    assert_eq!(bench.js(sizes).await, json!([500, 400]));
    let shot = bench.channel.picture(&Shot::default(), soon()).await.expect("a picture");
    let picture = Pixels::read(&shot);
    assert_eq!((picture.width, picture.height), (500, 400));
    assert_eq!(picture.at(10, 390), [255, 0, 0]);
    bench.js("window.scrollTo(0, 100)").await;
    let full = Shot { full: true, ..Shot::default() };
    let shot = bench.channel.picture(&full, soon()).await.expect("a picture of all");
    let picture = Pixels::read(&shot);
    assert_eq!((picture.width, picture.height), (500, 2000));
    assert_eq!((picture.at(10, 999), picture.at(10, 1001)), ([255, 0, 0], [0, 0, 255]));
    assert_eq!(bench.js(sizes).await, json!([500, 400]));
    assert_eq!(bench.js("scrollY").await, 100);
    let clip = Some((250.0, 990.0, 100.0, 20.0));
    let shot = Shot { clip, ..Shot::default() };
    let shot = bench.channel.picture(&shot, soon()).await.expect("a picture of a part");
    let picture = Pixels::read(&shot);
    assert_eq!((picture.width, picture.height), (100, 20));
    assert_eq!((picture.at(10, 5), picture.at(10, 15)), ([255, 0, 0], [0, 0, 255]));
    assert_eq!(picture.at(60, 15), [255, 255, 255]);
    bench.close().await;
}

/// A decoded picture.
struct Pixels {
    width: u32,
    height: u32,
    depth: usize,
    bytes: Vec<u8>,
}

impl Pixels {
    fn read(png: &[u8]) -> Pixels {
        let mut reader =
            png::Decoder::new(std::io::Cursor::new(png)).read_info().expect("it is a PNG");
        let mut bytes = vec![0; reader.output_buffer_size().expect("a size")];
        let frame = reader.next_frame(&mut bytes).expect("a frame");
        let depth = frame.color_type.samples();
        Pixels { width: frame.width, height: frame.height, depth, bytes }
    }

    fn at(&self, x: u32, y: u32) -> [u8; 3] {
        let at = (y as usize * self.width as usize + x as usize) * self.depth;
        [self.bytes[at], self.bytes[at + 1], self.bytes[at + 2]]
    }
}

/// Cookies, and that nothing of one context is seen by another.
pub async fn cookies(browser: &mut dyn Browser) {
    let mut bench = Bench::open(browser).await;
    let given = Cookie {
        name: "given".to_string(),
        value: "a=b".to_string(),
        domain: "127.0.0.1".to_string(),
        path: "/".to_string(),
        expires: Some(4_000_000_000.0),
        http_only: true,
        secure: false,
        same_site: Some("Lax".to_string()),
    };
    bench.channel.add_cookies(std::slice::from_ref(&given), soon()).await.expect("a cookie");
    bench.goto("/sets").await;
    let mut cookies = bench.channel.cookies(soon()).await.expect("cookies");
    cookies.sort_by(|one, other| one.name.cmp(&other.name));
    assert_eq!(cookies.len(), 2, "{cookies:?}");
    assert_eq!((&cookies[0].name, &cookies[0].value), (&given.name, &given.value));
    assert!(cookies[0].http_only && cookies[0].expires.is_some());
    assert_eq!((cookies[1].name.as_str(), cookies[1].value.as_str()), ("seen", "yes"));
    bench.goto("/cookie").await;
    let sent = bench.js("document.body.textContent").await.to_string();
    assert!(sent.contains("given=a=b") && sent.contains("seen=yes"), "{sent}");
    bench.js("localStorage.setItem('kept', 'here')").await;
    let mut other = Bench::open(browser).await;
    // The very same origin.
    other.server = bench.server;
    other.goto("/cookie").await;
    assert_eq!(other.js("document.body.textContent").await, "");
    assert_eq!(other.js("localStorage.length").await, 0);
    bench.channel.close(soon()).await.expect("it closes");
    other.close().await;
}

/// Tabs that open, are told apart, and close.
pub async fn tabs(browser: &mut dyn Browser) {
    let mut bench = Bench::open(browser).await;
    bench.goto("/opens").await;
    let first = bench.channel.tabs(soon()).await.expect("tabs");
    assert_eq!(first.len(), 1, "{first:?}");
    assert!(first[0].current && first[0].url.ends_with("/opens"), "{first:?}");
    bench.click(json!("in a new tab")).await;
    let mut tabs = first.clone();
    while tabs.len() < 2 || !tabs[1].url.ends_with("/next") {
        tokio::time::sleep(Duration::from_millis(20)).await;
        tabs = bench.channel.tabs(soon()).await.expect("tabs");
    }
    assert_eq!((&tabs[0].id, tabs[0].current), (&first[0].id, true), "{tabs:?}");
    bench.channel.switch(&tabs[1].id.clone(), soon()).await.expect("the new tab");
    bench.channel.loaded(LoadState::Load, soon()).await.expect("it loads");
    assert_eq!(bench.js("location.pathname").await, "/next");
    bench.channel.close_tab(soon()).await.expect("it closes");
    assert_eq!(bench.js("location.pathname").await, "/opens");
    let tabs = bench.channel.tabs(soon()).await.expect("tabs");
    assert_eq!((tabs.len(), &tabs[0].id, tabs[0].current), (1, &first[0].id, true), "{tabs:?}");
    bench.close().await;
}

/// Dialogs, each answered as was said.
pub async fn dialogs(browser: &mut dyn Browser) {
    let mut bench = Bench::open(browser).await;
    bench.goto("/dialogs").await;
    bench.click(json!({"css": "#a"})).await;
    let changed = json!({"all": [{"what": "text", "locator": {"css": "#a"}, "is": "warned",
                                  "timeout": 8000}]});
    assert_eq!(bench.call("expect", changed).await["results"][0]["ok"], true);
    let seen = bench.logged("the alert", |log| log.dialogs.first().cloned()).await;
    assert_eq!((seen.kind.as_str(), seen.message.as_str()), ("alert", "careful"));
    bench.click(json!({"css": "#c"})).await;
    assert_eq!(bench.js("window.sure").await, false);
    bench.channel.answer_dialogs(true, Some("Ada".to_string()), soon()).await.expect("an answer");
    bench.click(json!({"css": "#c"})).await;
    assert_eq!(bench.js("window.sure").await, true);
    bench.click(json!({"css": "#p"})).await;
    assert_eq!(bench.js("window.name_").await, "Ada");
    let seen =
        bench.logged("all dialogs", |log| (log.dialogs.len() == 4).then(|| log.dialogs.clone()));
    let kinds: Vec<_> = seen.await.into_iter().map(|seen| (seen.kind, seen.accepted)).collect();
    let wanted = [("alert", false), ("confirm", false), ("confirm", true), ("prompt", true)];
    let wanted = wanted.map(|(kind, accepted)| (kind.to_string(), accepted));
    assert_eq!(kinds, wanted);
    // One that opens while the page is being asked something.
    let opens = "() => new Promise(done => setTimeout(() => done(confirm('still?')), 200))";
    let gave = bench.channel.evaluate(&[], opens, &Value::Null, soon()).await;
    assert_eq!(gave, Ok(json!(true)));
    bench.close().await;
}

/// A frame of another origin.
pub async fn frames(browser: &mut dyn Browser) {
    let mut bench = Bench::open(browser).await;
    bench.goto("/frames").await;
    let ask = json!({"locator": "Inner", "for": "click", "timeout": 8000,
                     "frame": [{"css": "#f"}]});
    let crossed = bench.call("ready", ask).await;
    let frame = crossed["cross"].as_u64().unwrap_or_else(|| panic!("{crossed}"));
    let offset = bench.call("offset", json!({"element": frame})).await;
    let ask = json!({"locator": "Inner", "for": "click", "timeout": 8000});
    let found = bench.channel.call(&[frame], "ready", &ask, soon()).await.expect("an answer");
    assert_eq!(found["ok"], true, "{found}");
    let at = |axis: usize| {
        found["point"][axis].as_f64().expect("a number")
            + offset["point"][axis].as_f64().expect("a number")
    };
    let click = [Input::Move(at(0), at(1)), Input::Down(0, 1), Input::Up(0, 1)];
    bench.channel.input(&click, soon()).await.expect("a click");
    let ask = json!({"from": "text", "locator": {"css": "button"}});
    let read = bench.channel.call(&[frame], "read", &ask, soon()).await.expect("an answer");
    assert_eq!(read["value"], "pressed");
    let outer = bench.call("read", json!({"from": "text", "locator": {"css": "h1"}})).await;
    assert_eq!(outer["value"], "Outer");
    bench.close().await;
}

/// A browser that is killed in the middle.
pub async fn killed(browser: &mut dyn Browser, kill: impl FnOnce()) {
    let mut bench = Bench::open(browser).await;
    bench.goto("/").await;
    kill();
    let ask = json!({"from": "title"});
    let answer = bench.channel.call(&[], "read", &ask, soon()).await;
    let Err(Trouble::Gone(text)) = &answer else { panic!("{answer:?}") };
    assert!(text.contains("gone"), "{text}");
}
