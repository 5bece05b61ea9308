//! Pages that hang, crash, close themselves or never stop, and what is still possible then.

use std::time::Duration;

use serde_json::{Value, json};
use taster::driver::browser::{Browser, Input, Trouble};
use taster::plan::browser::LoadState;
use tokio::time::Instant;

use super::{Site, Started, after, soon};

#[tokio::test]
async fn an_endless_loop_times_out_and_the_context_can_be_closed() {
    let site = Site::new(&[
        ("/", "<title>t</title><button onclick='for(;;);'>loop</button>"),
        ("/loops", "<title>loops</title><script>for(;;);</script>"),
    ])
    .await;
    let mut started = Started::new().await;
    let mut tab = started.open(&site.url).await;
    tab.go("/").await;
    let (x, y) = tab.middle("button").await;
    let click = [Input::Move(x, y), Input::Down(0, 1), Input::Up(0, 1)];
    let late = tab.channel.input(&click, after(500)).await;
    let said = "the page did not handle the input".to_string();
    assert_eq!(late, Err(Trouble::TimedOut(said)));
    let late = tab.channel.call(&[], "read", &json!({"from": "title"}), after(300)).await;
    assert!(matches!(late, Err(Trouble::TimedOut(_))), "{late:?}");
    let late = tab.channel.picture(&Default::default(), after(300)).await;
    assert!(matches!(late, Err(Trouble::TimedOut(_))), "{late:?}");
    let began = Instant::now();
    tab.close().await;
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    let mut tab = started.open(&site.url).await;
    let url = format!("{}/loops", site.url);
    let late = tab.channel.navigate(&url, LoadState::Load, after(700)).await;
    assert!(matches!(late, Err(Trouble::TimedOut(_))), "{late:?}");
    tab.close().await;
    assert!(started.browser.is_alive());
    let mut tab = started.open(&site.url).await;
    tab.go("/").await;
    let late = tab.channel.evaluate(&[], "() => { for (;;); }", &Value::Null, after(300)).await;
    assert!(matches!(late, Err(Trouble::TimedOut(_))), "{late:?}");
    tab.close().await;
    started.quit().await;
}

#[tokio::test]
async fn a_crash_is_told_and_the_browser_goes_on() {
    let site = Site::new(&[("/", "<title>t</title>")]).await;
    let mut started = Started::new().await;
    let mut tab = started.open(&site.url).await;
    tab.go("/").await;
    let crash = tab.channel.navigate("chrome://crash", LoadState::Load, soon()).await;
    let said = format!("the tab crashed at {}/", site.url);
    assert!(matches!(crash, Err(Trouble::Gone(_) | Trouble::Refused(_))), "{crash:?}");
    let gone = tab.log.find(soon(), |log| log.crash.clone()).await;
    assert_eq!(gone, Some(said.clone()));
    assert_eq!(tab.try_eval("1").await, Err(Trouble::Gone(said.clone())));
    let shot = tab.channel.picture(&Default::default(), soon()).await;
    assert_eq!(shot, Err(Trouble::Gone(said)));
    tab.close().await;
    assert!(started.browser.is_alive());
    let mut tab = started.open(&site.url).await;
    tab.go("/").await;
    assert_eq!(tab.eval("document.title").await, "t");
    tab.close().await;
    started.quit().await;
}

#[tokio::test]
async fn a_browser_that_dies_is_gone_for_all() {
    let site = Site::new(&[("/", "<title>t</title>")]).await;
    let mut started = Started::new().await;
    let mut tab = started.open(&site.url).await;
    tab.go("/").await;
    let waits = tab.channel.evaluate(&[], "() => new Promise(() => {})", &Value::Null, soon());
    let (_, waited) = tokio::join!(
        async {
            tokio::time::sleep(Duration::from_millis(200)).await;
            started.browser.quit().await;
        },
        waits
    );
    assert!(matches!(waited, Err(Trouble::Gone(_))), "{waited:?}");
    assert!(!started.browser.is_alive());
    assert!(matches!(tab.try_eval("1").await, Err(Trouble::Gone(_))));
    assert!(tab.log.read().crash.is_some());
    let late = tab.channel.close(soon()).await;
    assert!(matches!(late, Err(Trouble::Gone(_))), "{late:?}");
}

#[tokio::test]
async fn pages_that_never_rest_are_still_spoken_to() {
    let site = Site::new(&[
        (
            "/",
            "<title>busy</title><script>
            n = 0; setInterval(() => { history.replaceState(0, '', '?' + n++); console.log(n);
              fetch('/echo?' + n); document.title = n; }, 1);
            addEventListener('load', () => { for (let i = 0; i < 20; i++) { setTimeout(() =>
              { const f = document.createElement('iframe'); f.src = '/inner';
                document.body.append(f);
                setTimeout(() => f.remove(), 5); }, i * 10); } });
            </script><button onclick='clicked = true'>ok</button>",
        ),
        ("/inner", "<script>new Worker('/w.js')</script>"),
        ("/w.js", "for (let i = 0; i < 50; i++) console.log(i)"),
        ("/dialogs", "<button onclick='for (let i = 0; i < 50; i++) confirm(i)'>ok</button>"),
        (
            "/forms",
            "<script>addEventListener('load', () => setTimeout(() => \
            location.href = '/forms?' + performance.now(), 20))</script>",
        ),
    ])
    .await;
    let mut started = Started::new().await;
    let mut tab = started.open(&site.url).await;
    tab.go("/").await;
    for _ in 0..10 {
        // Frames that come and go push the button about: whoever presses it must look again.
        let by = soon();
        loop {
            tab.click("button").await;
            if tab.eval("window.clicked").await == true {
                break;
            }
            assert!(Instant::now() < by, "the button is never hit");
        }
        tab.eval("window.clicked = false").await;
    }
    let late = tab.channel.loaded(LoadState::Idle, after(900)).await;
    assert!(matches!(late, Err(Trouble::TimedOut(_))), "{late:?}");
    tab.go("/dialogs").await;
    tab.click("button").await;
    assert_eq!(tab.log.read().dialogs.len(), 50);
    // A page that goes on to itself for ever: calls end, one way or the other.
    tab.go("/forms").await;
    for _ in 0..50 {
        let got = tab.channel.call(&[], "read", &json!({"from": "url"}), soon()).await;
        assert!(matches!(got, Ok(_) | Err(Trouble::Navigated)), "{got:?}");
    }
    tab.close().await;
    started.quit().await;
}

#[tokio::test]
async fn documents_of_all_kinds_can_be_asked() {
    let site = Site::new(&[
        ("/", "<title>t</title><a href=/two target=_blank rel=noopener>new</a>"),
        ("/two", "<title>two</title>"),
        ("/boxed", "<title>boxed</title><iframe sandbox srcdoc='<p>in'></iframe>"),
        ("/a.js", "one = 1"),
    ])
    .await;
    let mut started = Started::new().await;
    let mut tab = started.open(&site.url).await;
    let title = json!({"from": "title"});
    // Before it went anywhere.
    let got = tab.channel.call(&[], "read", &title, soon()).await;
    assert_eq!(got, Ok(json!({"ok": true, "value": ""})));
    for (path, wanted) in [("/boxed", "boxed"), ("/a.js", ""), ("/none", ""), ("/strict", "strict")]
    {
        tab.go(path).await;
        let got = tab.channel.call(&[], "read", &title, soon()).await;
        assert_eq!(got, Ok(json!({"ok": true, "value": wanted})), "{path}");
        assert_eq!(tab.eval("document.title").await, wanted);
    }
    tab.go("/boxed").await;
    let frame = json!({"locator": {"css": "iframe"}, "timeout": 5000});
    let frame = tab.channel.call(&[], "keep", &frame, soon()).await.expect("it is there");
    let frame = frame["element"].as_u64().expect("a handle");
    let read = json!({"from": "text", "locator": {"css": "p"}, "timeout": 5000});
    let got = tab.channel.call(&[frame], "read", &read, soon()).await;
    assert_eq!(got, Ok(json!({"ok": true, "value": "in"})));
    tab.go("/").await;
    tab.click("a").await;
    let second = loop {
        let tabs = tab.channel.tabs(soon()).await.expect("tabs");
        if let Some(second) = tabs.get(1).filter(|tab| tab.title == "two") {
            break second.id.clone();
        }
    };
    tab.channel.switch(&second, soon()).await.expect("switched");
    let got = tab.channel.call(&[], "read", &title, soon()).await;
    assert_eq!(got, Ok(json!({"ok": true, "value": "two"})));
    tab.close().await;
    started.quit().await;
}
