//! WebKitGTK over classic WebDriver.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use serde_json::json;
use taster::driver::browser::{Browser, Engine, Trouble, launch_classic};
use taster::plan::browser::Emulation;
use tokio::sync::Mutex;

use super::contract::{self, Bench, launch, soon};
use super::guard::{living, none_is_left};

/// One browser at a time: several on few cores are late for everything.
static TURN: Mutex<()> = Mutex::const_new(());

type Test<'a> = Pin<Box<dyn Future<Output = ()> + 'a>>;

async fn with_webkit(test: impl for<'a> FnOnce(&'a mut dyn Browser) -> Test<'a>) {
    let _turn = TURN.lock().await;
    let started = launch_classic(Engine::Webkit, &launch(), soon()).await;
    let mut webkit = started.expect("WebKit starts");
    assert!(webkit.version().starts_with("WebKitGTK 2."), "{}", webkit.version());
    test(webkit.as_mut()).await;
    webkit.quit().await;
}

#[tokio::test]
async fn webkit_shows_pages_and_answers_across_them() {
    with_webkit(|it| Box::pin(contract::pages(it))).await;
}

#[tokio::test]
async fn webkit_says_what_cannot_be_reached_and_gives_up_in_time() {
    with_webkit(|it| Box::pin(contract::troubles(it))).await;
}

#[tokio::test]
async fn webkit_has_hands() {
    with_webkit(|it| Box::pin(contract::hands(it))).await;
}

#[tokio::test]
async fn webkit_takes_files_and_gives_them() {
    with_webkit(|it| Box::pin(contract::files(it))).await;
}

#[tokio::test]
async fn webkit_takes_pictures() {
    with_webkit(|it| Box::pin(contract::pictures(it))).await;
}

#[tokio::test]
async fn webkit_keeps_contexts_apart() {
    with_webkit(|it| Box::pin(contract::cookies(it))).await;
}

#[tokio::test]
async fn webkit_has_tabs() {
    with_webkit(|it| Box::pin(contract::tabs(it))).await;
}

#[tokio::test]
async fn webkit_answers_dialogs() {
    with_webkit(|it| Box::pin(contract::dialogs(it))).await;
}

#[tokio::test]
async fn webkit_reaches_into_frames_of_other_origins() {
    with_webkit(|it| Box::pin(contract::frames(it))).await;
}

#[tokio::test]
async fn webkit_that_is_killed_is_gone_and_says_so() {
    with_webkit(|it| {
        let kill = || {
            for process in living("MiniBrowser") {
                process.kill();
            }
        };
        Box::pin(contract::killed(it, kill))
    })
    .await;
}

#[tokio::test]
async fn webkit_whose_driver_is_killed_is_gone_and_the_next_context_is_well() {
    with_webkit(|it| {
        Box::pin(async move {
            let kill = || {
                for process in living("WebKitWebDriver") {
                    process.kill();
                }
            };
            contract::killed(it, kill).await;
            let mut bench = Bench::open(it).await;
            bench.goto("/").await;
            bench.close().await;
        })
    })
    .await;
}

#[tokio::test]
async fn webkit_pretends_what_it_reads_at_its_start() {
    with_webkit(|it| {
        Box::pin(async move {
            let emulation = Emulation {
                viewport: (390, 700),
                scale: 2.0,
                user_agent: Some("Agent/7".to_string()),
                timezone: Some("Asia/Tokyo".to_string()),
                color_scheme: Some("dark".to_string()),
                reduced_motion: true,
                ..Emulation::default()
            };
            let mut bench = Bench::with(it, emulation.clone()).await.expect("a context opens");
            bench.goto("/agent").await;
            let told = bench
                .js("[innerWidth, innerHeight, devicePixelRatio, navigator.userAgent, \
                     Intl.DateTimeFormat().resolvedOptions().timeZone, \
                     matchMedia('(prefers-color-scheme: dark)').matches, \
                     matchMedia('(prefers-reduced-motion: reduce)').matches, navigator.language, \
                     document.body.textContent]")
                .await;
            let wanted =
                json!([390, 700, 2, "Agent/7", "Asia/Tokyo", true, true, "en-US", "Agent/7|"]);
            assert_eq!(told, wanted);
            let smaller = Emulation { viewport: (320, 500), ..emulation.clone() };
            bench.channel.emulate(&smaller, soon()).await.expect("another size");
            assert_eq!(bench.js("[innerWidth, innerHeight]").await, json!([320, 500]));
            let other = Emulation { timezone: None, mobile: true, ..smaller };
            let refused = bench.channel.emulate(&other, soon()).await;
            assert_eq!(refused, Err(Trouble::Unsupported("mobile".to_string())));
            let other = Emulation { mobile: false, ..other };
            let refused = bench.channel.emulate(&other, soon()).await;
            assert_eq!(refused, Err(Trouble::Unsupported("timezone".to_string())));
            bench.close().await;
            let place = Emulation { geolocation: Some((1.0, 2.0, 3.0)), ..Emulation::default() };
            let refused = Bench::with(it, place).await.err();
            assert_eq!(refused, Some(Trouble::Unsupported("geolocation".to_string())));
        })
    })
    .await;
}

#[tokio::test]
async fn webkit_leaves_nothing_behind() {
    let _turn = TURN.lock().await;
    let launch = launch();
    let mut webkit = launch_classic(Engine::Webkit, &launch, soon()).await.expect("it starts");
    let mut one = Bench::open(webkit.as_mut()).await;
    one.goto("/").await;
    one.close().await;
    // Not closed, but let go.
    drop(Bench::open(webkit.as_mut()).await);
    webkit.quit().await;
    none_is_left("MiniBrowser", Duration::from_secs(5)).await;
    none_is_left("WebKitWebDriver", Duration::from_secs(5)).await;
    none_is_left("Xvfb", Duration::from_secs(5)).await;
}
