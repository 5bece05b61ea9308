//! What a browser pretends to be, from the start, changed meanwhile, and in new tabs.

use std::time::Duration;

use serde_json::json;
use taster::driver::browser::Trouble;
use taster::plan::browser::{Emulation, Throttle};

use super::{Site, Started, soon};

const LOOKS: &str = "[innerWidth, innerHeight, devicePixelRatio, navigator.userAgent, \
    navigator.language, (1.5).toLocaleString(), new Date(0).getTimezoneOffset(), \
    matchMedia('(prefers-color-scheme: dark)').matches, \
    matchMedia('(prefers-reduced-motion)').matches]";

fn phone() -> Emulation {
    Emulation {
        viewport: (400, 700),
        scale: 2.0,
        mobile: true,
        user_agent: Some("Own/1.0 (Linux; Android 14; Pixel 7) Chrome/131.0.0.0".to_string()),
        locale: Some("de-DE".to_string()),
        timezone: Some("Asia/Tokyo".to_string()),
        color_scheme: Some("dark".to_string()),
        reduced_motion: true,
        geolocation: Some((48.2, 16.4, 10.0)),
        permissions: vec!["geolocation".to_string()],
        headers: vec![("X-Test".to_string(), "yes".to_string())],
        ..Emulation::default()
    }
}

#[tokio::test]
async fn it_looks_like_what_it_shall_be_and_again_as_it_is() {
    let head = "<meta name=viewport content='width=device-width'>";
    let frame = format!(
        "{head}<script>onload = () => {{ const f = document.createElement('iframe');\
        f.src = location.href.replace('127.0.0.1', 'localhost') + 'inner'; \
        document.body.append(f); }}; onmessage = e => inner = e.data</script>"
    );
    let inner = format!("<script>parent.postMessage({LOOKS}.slice(3), '*')</script>");
    let worker = "onmessage = () => postMessage([navigator.userAgent, navigator.language])";
    let site =
        Site::new(&[("/", &frame), ("/inner", &inner), ("/w.js", worker), ("/blank", head)]).await;
    let mut started = Started::new().await;
    let mut tab = started.open_as(&site.url, |opening| opening.emulation = phone()).await;
    tab.go("/").await;
    let agent = phone().user_agent.expect("it has one");
    let wanted = json!([400, 700, 2, agent, "de-DE", "1,5", -540, true, true]);
    assert_eq!(tab.eval(LOOKS).await, wanted);
    let asked = site.asked("/").expect("it was asked");
    let header = |name: &str| asked.get(name).cloned().unwrap_or_default();
    assert_eq!(header("user-agent"), agent);
    assert!(header("accept-language").starts_with("de-DE"), "{}", header("accept-language"));
    assert_eq!(header("x-test"), "yes");
    assert_eq!(header("sec-ch-ua-platform"), "\"Android\"");
    assert_eq!(header("sec-ch-ua-mobile"), "?1");
    tab.until("window.inner !== undefined").await;
    assert_eq!(tab.eval("inner").await, json!([agent, "de-DE", "1,5", -540, true, true]));
    let asks = "new Promise(ok => { const w = new Worker('/w.js'); w.onmessage = e => ok(e.data); \
        w.postMessage(0); })";
    assert_eq!(tab.eval(asks).await, json!([agent, "de-DE"]));
    let place = "new Promise((ok, no) => navigator.geolocation.getCurrentPosition(\
        p => ok([p.coords.latitude, p.coords.longitude]), e => ok(e.message)))";
    assert_eq!(tab.eval(place).await, json!([48.2, 16.4]));
    // A new tab is like it from its first request on.
    tab.eval("(w = window.open('/blank'), 0)").await;
    let second = loop {
        let tabs = tab.channel.tabs(soon()).await.expect("tabs");
        if let Some(second) = tabs.get(1).filter(|tab| tab.url.ends_with("/blank")) {
            break second.id.clone();
        }
    };
    tab.channel.switch(&second, soon()).await.expect("switched");
    // Its width is that of the phone once its head is read.
    tab.until("document.readyState === 'complete'").await;
    assert_eq!(tab.eval(LOOKS).await, wanted);
    let asked = site.asked("/blank").expect("it was asked");
    assert_eq!(asked.get("x-test").map(String::as_str), Some("yes"));
    assert_eq!(asked.get("user-agent"), Some(&agent));
    tab.channel.close_tab(soon()).await.expect("closed");
    // And back.
    tab.channel.emulate(&Emulation::default(), soon()).await.expect("it can");
    tab.go("/blank").await;
    let plain = tab.eval(LOOKS).await;
    assert_eq!(plain[0], 1280);
    assert!(plain[3].as_str().is_some_and(|agent| agent.contains("X11; Linux")), "{plain}");
    assert_eq!((&plain[5], &plain[7], &plain[8]), (&json!("1.5"), &json!(false), &json!(false)));
    let asked = site.asked("/blank").expect("it was asked");
    assert_eq!(asked.get("x-test"), None);
    let odd = Emulation { permissions: vec!["flying".to_string()], ..Emulation::default() };
    let refused = tab.channel.emulate(&odd, soon()).await;
    assert_eq!(refused, Err(Trouble::Unsupported("permissions: flying".to_string())));
    let odd = Emulation { timezone: Some("Mars/One".to_string()), ..Emulation::default() };
    let refused = tab.channel.emulate(&odd, soon()).await;
    assert!(
        matches!(&refused, Err(Trouble::Unsupported(why)) if why.starts_with("timezone (")),
        "{refused:?}"
    );
    tab.close().await;
    // The next context knows nothing of it.
    let mut tab = started.open(&site.url).await;
    tab.go("/blank").await;
    assert_eq!(tab.eval("innerWidth").await, 1280);
    assert_eq!(site.asked("/blank").expect("it was asked").get("x-test"), None);
    tab.close().await;
    started.quit().await;
}

#[tokio::test]
async fn the_network_can_be_slow_or_gone() {
    let site = Site::new(&[("/", "<title>t</title>")]).await;
    let mut started = Started::new().await;
    let mut tab = started.open(&site.url).await;
    tab.go("/").await;
    let offline = Emulation { offline: true, ..Emulation::default() };
    tab.channel.emulate(&offline, soon()).await.expect("it can");
    let fetches = "fetch('/echo').then(r => r.status, e => 'failed')";
    assert_eq!(
        tab.eval(&format!("Promise.all([{fetches}, navigator.onLine])")).await,
        json!(["failed", false])
    );
    let throttle =
        Throttle { latency: Duration::from_millis(300), cpu: 4.0, ..Throttle::default() };
    let slow = Emulation { throttle: Some(throttle), ..Emulation::default() };
    tab.channel.emulate(&slow, soon()).await.expect("it can");
    let took = format!(
        "(t => {fetches}.then(s => [s, performance.now() - t >= 250, navigator.onLine]))\
        (performance.now())"
    );
    assert_eq!(tab.eval(&took).await, json!([200, true, true]));
    tab.channel.emulate(&Emulation::default(), soon()).await.expect("it can");
    assert_eq!(tab.eval(fetches).await, 200);
    tab.close().await;
    started.quit().await;
}
