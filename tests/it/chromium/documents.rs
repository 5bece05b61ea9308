//! Going places, tabs, and what one context leaves to another.

use serde_json::json;
use taster::driver::browser::{Browser, Cookie, Engine, Trouble};
use taster::plan::browser::LoadState;

use super::{Site, Started, after, soon};

#[tokio::test]
async fn it_goes_to_pages_and_through_the_history() {
    let site = Site::new(&[
        ("/", "<title>one</title><a href=/two>two</a>"),
        (
            "/two",
            "<title>two</title><script>addEventListener('load', () => \
            history.pushState(0, '', '#x'))</script>",
        ),
        ("/away", "<title>away</title><script>location.replace('/two')</script>"),
    ])
    .await;
    let mut started = Started::new().await;
    assert_eq!(started.browser.engine(), Engine::Chromium);
    assert!(started.browser.version().starts_with("Chromium 1"), "{}", started.browser.version());
    assert!(started.browser.is_alive());
    let mut tab = started.open(&site.url).await;
    tab.go("/").await;
    assert_eq!(tab.eval("document.title").await, "one");
    tab.go("/two").await;
    assert_eq!(tab.eval("document.title").await, "two");
    tab.until("location.hash == '#x'").await;
    // Within the document, then to the one before, and again.
    tab.channel.travel(-1, LoadState::Load, soon()).await.expect("back");
    assert_eq!(tab.eval("location.hash + document.title").await, "two");
    tab.channel.travel(-1, LoadState::Load, soon()).await.expect("back");
    assert_eq!(tab.eval("document.title").await, "one");
    tab.channel.travel(1, LoadState::Load, soon()).await.expect("forward");
    assert_eq!(tab.eval("document.title").await, "two");
    tab.eval("window.old = true").await;
    tab.channel.travel(0, LoadState::Load, soon()).await.expect("again");
    assert_eq!(tab.eval("[document.title, window.old === undefined]").await, json!(["two", true]));
    let none = tab.channel.travel(5, LoadState::Load, soon()).await;
    assert_eq!(none, Err(Trouble::Refused("there is no page to go forward to".to_string())));
    // To another place of the same document, and to a page that sends on.
    tab.go("/two#here").await;
    assert_eq!(tab.eval("location.hash").await, "#here");
    tab.go("/away").await;
    tab.until("document.title == 'two'").await;
    tab.close().await;
    started.quit().await;
}

#[tokio::test]
async fn it_waits_as_far_as_it_is_told_and_no_longer() {
    let site = Site::new(&[
        (
            "/",
            "<title>slow image</title><img src=/slow?800><script>addEventListener('load', \
            () => setTimeout(() => fetch('/slow?400'), 100))</script>",
        ),
        ("/hangs", "<title>hangs</title><img src=/never>"),
        ("/plain", "<title>plain</title>"),
    ])
    .await;
    let mut started = Started::new().await;
    let mut tab = started.open(&site.url).await;
    let url = format!("{}/", site.url);
    tab.channel.navigate(&url, LoadState::Dom, soon()).await.expect("parsed");
    assert_eq!(tab.eval("document.readyState").await, "interactive");
    tab.channel.loaded(LoadState::Load, soon()).await.expect("loaded");
    assert_eq!(tab.eval("document.readyState").await, "complete");
    tab.channel.loaded(LoadState::Idle, soon()).await.expect("idle");
    let ended = tab.log.read().requests.iter().filter(|seen| seen.ended.is_some()).count();
    assert_eq!((ended, site.count("/slow")), (3, 2));
    let hangs = format!("{}/hangs", site.url);
    let late = tab.channel.navigate(&hangs, LoadState::Load, after(700)).await;
    let said = format!("loading the page took too long: {}/never is not complete", site.url);
    assert_eq!(late, Err(Trouble::TimedOut(said)));
    tab.channel.navigate(&hangs, LoadState::Commit, soon()).await.expect("there");
    // An answer that does not come, an address where nothing is, and what is no page.
    let never = format!("{}/never", site.url);
    let late = tab.channel.navigate(&never, LoadState::Load, after(300)).await;
    assert_eq!(late, Err(Trouble::TimedOut(format!("{never} did not answer in time"))));
    let refused = tab.channel.navigate("http://127.0.0.1:1/", LoadState::Load, soon()).await;
    let text = refused.expect_err("nothing is there").to_string();
    assert_eq!(text, "http://127.0.0.1:1/ cannot be shown: net::ERR_UNSAFE_PORT");
    let nothing = format!("{}/nothing", site.url);
    let refused = tab.channel.navigate(&nothing, LoadState::Load, soon()).await;
    assert!(matches!(&refused, Err(Trouble::Refused(said)) if said.contains("no content")));
    tab.go("/plain").await;
    assert_eq!(tab.eval("document.title").await, "plain");
    tab.close().await;
    started.quit().await;
}

#[tokio::test]
async fn contexts_share_nothing_and_leave_nothing() {
    let site = Site::new(&[("/", "<title>one</title>")]).await;
    let mut started = Started::new().await;
    let mut one = started.open(&site.url).await;
    let mut two = started.open(&site.url).await;
    one.go("/").await;
    two.go("/").await;
    one.eval("(document.cookie = 'a=1', localStorage.x = 1, sessionStorage.y = 2, 0)").await;
    assert_eq!(two.eval("document.cookie + (localStorage.x ?? '')").await, "");
    let cookie = |domain: &str, secure| Cookie {
        name: "b".to_string(),
        value: "2".to_string(),
        domain: domain.to_string(),
        path: "/".to_string(),
        expires: Some(4_000_000_000.0),
        http_only: true,
        secure,
        same_site: Some("Lax".to_string()),
    };
    let given = [cookie("127.0.0.1", false), cookie("example.com", true), cookie(".a.test", false)];
    two.channel.add_cookies(&given, soon()).await.expect("cookies");
    let mut kept = two.channel.cookies(soon()).await.expect("cookies");
    for cookie in &mut kept {
        // Browsers keep no cookie for longer than 400 days.
        assert!(cookie.expires.is_some_and(|expires| expires > 1_700_000_000.0));
        cookie.expires = given[0].expires;
    }
    kept.sort_by_key(|cookie| given.iter().position(|one| one.domain == cookie.domain));
    assert_eq!(kept, given);
    two.go("/").await;
    let cookie = site.asked("/").and_then(|headers| headers.get("cookie").cloned());
    assert_eq!(cookie.as_deref(), Some("b=2"));
    let seen = one.channel.cookies(soon()).await.expect("cookies");
    assert_eq!((seen.len(), seen[0].name.as_str(), seen[0].expires), (1, "a", None));
    one.close().await;
    let mut three = started.open(&site.url).await;
    three.go("/").await;
    let left = "document.cookie + (localStorage.x ?? '') + (sessionStorage.y ?? '')";
    assert_eq!(three.eval(left).await, "");
    // The other one goes on, and a channel that is only dropped is closed too.
    assert_eq!(two.eval("document.title").await, "one");
    drop(two);
    assert_eq!(three.eval("document.title").await, "one");
    three.close().await;
    started.quit().await;
}

#[tokio::test]
async fn tabs_are_listed_switched_and_closed() {
    let site = Site::new(&[
        ("/", "<title>one</title><button onclick=\"w = window.open('/two')\">open</button>"),
        ("/two", "<title>two</title><button onclick='window.close()'>close</button><p>two</p>"),
    ])
    .await;
    let mut started = Started::new().await;
    let mut tab = started.open(&site.url).await;
    tab.go("/").await;
    tab.click("button").await;
    let by = soon();
    let tabs = loop {
        let tabs = tab.channel.tabs(soon()).await.expect("tabs");
        if tabs.len() == 2 && tabs[1].title == "two" {
            break tabs;
        }
        assert!(tokio::time::Instant::now() < by, "{tabs:?}");
    };
    let shown: Vec<_> = tabs.iter().map(|tab| (tab.title.as_str(), tab.current)).collect();
    assert_eq!(shown, [("one", true), ("two", false)]);
    assert_eq!(tabs[1].url, format!("{}/two", site.url));
    // Both count as visible, whichever is in front.
    tab.channel.switch(&tabs[1].id, soon()).await.expect("switched");
    let lively = "new Promise(ok => requestAnimationFrame(() => requestAnimationFrame(() => \
        ok([document.title, document.visibilityState, document.hasFocus()]))))";
    assert_eq!(tab.eval(lively).await, json!(["two", "visible", true]));
    tab.channel.switch(&tabs[0].id, soon()).await.expect("switched");
    assert_eq!(tab.eval(lively).await, json!(["one", "visible", true]));
    tab.channel.switch(&tabs[1].id, soon()).await.expect("switched");
    tab.channel.close_tab(soon()).await.expect("closed");
    assert_eq!(tab.eval("[document.title, w.closed]").await, json!(["one", true]));
    // A tab that closes itself takes the click that did it with it.
    tab.click("button").await;
    let second = loop {
        let tabs = tab.channel.tabs(soon()).await.expect("tabs");
        if let Some(second) = tabs.get(1).filter(|tab| tab.title == "two") {
            break second.id.clone();
        }
    };
    tab.channel.switch(&second, soon()).await.expect("switched");
    tab.click("button").await;
    tab.until("document.title == 'one'").await;
    let gone = tab.channel.switch(&second, soon()).await;
    assert_eq!(gone, Err(Trouble::Refused("this tab is closed".to_string())));
    tab.channel.close_tab(soon()).await.expect("closed");
    let none = tab.try_eval("1").await;
    assert_eq!(none, Err(Trouble::Gone("all tabs are closed".to_string())));
    tab.close().await;
    started.quit().await;
}
