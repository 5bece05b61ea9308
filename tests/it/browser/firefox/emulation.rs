//! What a context pretends to be.

use taster::plan::browser::Throttle;

use super::*;

const LOOK: &str = "(async () => ({ size: [innerWidth, innerHeight], ratio: devicePixelRatio, \
    agent: navigator.userAgent, language: navigator.language, \
    zone: Intl.DateTimeFormat().resolvedOptions().timeZone, \
    dark: matchMedia('(prefers-color-scheme: dark)').matches, \
    still: matchMedia('(prefers-reduced-motion: reduce)').matches, \
    touch: 'ontouchstart' in window && navigator.maxTouchPoints > 0, \
    place: await new Promise((done) => navigator.geolocation.getCurrentPosition(\
    (at) => done([at.coords.latitude, at.coords.longitude, at.coords.accuracy]), \
    () => done(null), {timeout: 2000})) }))()";

fn answers(request: &Request) -> Vec<Act> {
    let _ = request;
    html("<meta name=viewport content='width=device-width'><a id=n href=/n target=_blank>New</a>")
}

fn phone() -> Emulation {
    Emulation {
        viewport: (390, 844),
        scale: 2.0,
        mobile: true,
        user_agent: Some("Phone/1".into()),
        locale: Some("de-DE".into()),
        timezone: Some("Asia/Tokyo".into()),
        color_scheme: Some("dark".into()),
        reduced_motion: true,
        geolocation: Some((52.5, 13.4, 10.0)),
        permissions: vec!["geolocation".into()],
        headers: vec![("x-run".into(), "7".into())],
        ..Emulation::default()
    }
}

#[tokio::test]
async fn a_context_is_what_it_pretends_to_be_until_told_otherwise() {
    with_firefox(answers, async |mut firefox, server| {
        let wishes = Wishes { emulation: phone(), ..Wishes::default() };
        let mut one = bench(&mut firefox, &server, wishes).await;
        one.goto("/").await;
        let wanted = json!({"size": [390, 844], "ratio": 2, "agent": "Phone/1",
            "language": "de-DE", "zone": "Asia/Tokyo", "dark": true, "still": true,
            "touch": true, "place": [52.5, 13.4, 10]});
        assert_eq!(one.js(LOOK).await, wanted);
        let sent = server.requests().into_iter().find(|it| it.path() == "/").expect("a request");
        assert_eq!((sent.header("x-run"), sent.header("user-agent")), ("7", "Phone/1"));
        assert!(sent.header("accept-language").starts_with("de-DE"), "{}", sent.head);
        // A tab that the page opens pretends the same.
        one.click(json!({"css": "#n"})).await;
        let by = soon();
        let new = loop {
            let tabs = one.channel.tabs(by).await.expect("tabs");
            if let Some(tab) = tabs.iter().find(|tab| tab.url.ends_with("/n")) {
                break tab.id.clone();
            }
            assert!(Instant::now() < by, "{tabs:?}");
        };
        one.channel.switch(&new, soon()).await.expect("it switches");
        one.channel.loaded(LoadState::Load, soon()).await.expect("it loads");
        // Whether there is touch is settled when a document begins, and Firefox lets nobody come
        // before the first one of a tab that a page opens.
        one.channel.travel(0, LoadState::Load, soon()).await.expect("it loads again");
        assert_eq!(one.js(LOOK).await, wanted);
        one.channel.close_tab(soon()).await.expect("it closes");
        // Others are as they are.
        let mut other = bench(&mut firefox, &server, Wishes::default()).await;
        other.goto("/").await;
        let look = other.js(LOOK).await;
        assert_eq!((&look["size"], &look["dark"]), (&json!([1280, 720]), &json!(false)));
        assert_eq!((&look["place"], &look["touch"]), (&Value::Null, &json!(false)));
        other.close().await;
        one.channel.emulate(&Emulation::default(), soon()).await.expect("it changes back");
        one.goto("/again").await;
        let look = one.js(LOOK).await;
        for key in ["size", "ratio", "dark", "still", "touch"] {
            let wanted = json!({"size": [1280, 720], "ratio": 1, "dark": false, "still": false,
                                "touch": false});
            assert_eq!(look[key], wanted[key], "{key}: {look}");
        }
        assert_eq!(server.last().header("x-run"), "");
        assert_ne!(look["agent"], "Phone/1");
        one.close().await;
        firefox
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_pretended_is_told_and_the_rest_is_done() {
    with_firefox(answers, async |mut firefox, server| {
        let mut one = bench(&mut firefox, &server, Wishes::default()).await;
        one.goto("/").await;
        let wishes = Emulation {
            viewport: (500, 400),
            permissions: vec!["camera".into(), "clipboard-read".into()],
            throttle: Some(Throttle { cpu: 4.0, download: 1000, ..Throttle::default() }),
            ..Emulation::default()
        };
        match one.channel.emulate(&wishes, soon()).await {
            Err(Trouble::Unsupported(said)) => {
                for key in ["camera", "clipboard-read", "throttle cpu", "throttle download"] {
                    assert!(said.contains(key), "{said}");
                }
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(one.js("[innerWidth, innerHeight]").await, json!([500, 400]));
        let zone = Emulation { timezone: Some("Mars/Base".into()), ..Emulation::default() };
        let refused = one.channel.emulate(&zone, soon()).await;
        assert!(matches!(&refused, Err(Trouble::Refused(said)) if said.contains("timezone")));
        let offline = Emulation { offline: true, ..Emulation::default() };
        one.channel.emulate(&offline, soon()).await.expect("it is offline");
        assert_eq!(one.js("fetch('/x').then(() => 'there', () => 'gone')").await, "gone");
        let went = one.channel.navigate(&server.url("/"), LoadState::Load, soon()).await;
        assert!(matches!(&went, Err(Trouble::Refused(said)) if said.contains("offline")));
        one.channel.emulate(&Emulation::default(), soon()).await.expect("it is online");
        one.goto("/").await;
        one.close().await;
        // A context that cannot be what it should is not opened, and leaves nothing behind.
        let wishes = Wishes { emulation: wishes, ..Wishes::default() };
        let none = try_bench(&mut firefox, &server, wishes).await.err();
        assert!(matches!(none, Some(Trouble::Unsupported(_))), "{none:?}");
        assert!(firefox.is_alive());
        firefox
    })
    .await;
}
