//! A remote WebDriver URL, as a grid has it: here a chromedriver that somebody else has started.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::json;
use taster::driver::browser::{
    Engine, Guarded, Launch, Program, Trouble, find, launch_classic, version,
};
use tokio::net::TcpListener;
use tokio::time::sleep;

use super::contract::{self, launch, soon};

/// A driver on a port of its own.
async fn chromedriver() -> (Guarded, String) {
    let found = find(Engine::Chromium, &launch()).await.expect("Chromium is installed");
    let free = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = free.local_addr().expect("an address").port();
    drop(free);
    let args = vec![format!("--port={port}").into()];
    let program = Program { file: found.driver, args, ..Program::default() };
    let driver = Guarded::spawn(&launch(), &program).expect("it starts");
    while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
        sleep(Duration::from_millis(10)).await;
    }
    (driver, format!("http://127.0.0.1:{port}"))
}

fn remote(url: &str) -> Launch {
    let capabilities = json!({
        "browserName": "chrome",
        "goog:chromeOptions": {"args": ["--headless=new", "--no-sandbox", "--disable-gpu",
            "--disable-quic", "--no-first-run", "--disable-background-networking",
            "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"]},
    });
    let capabilities = capabilities.as_object().expect("a map").clone();
    Launch { remote: Some(url.to_string()), capabilities, ..launch() }
}

#[tokio::test]
async fn any_browser_behind_a_url_is_driven_in_the_classic_way() {
    let (mut driver, url) = chromedriver().await;
    let started = launch_classic(Engine::Chromium, &remote(&url), soon()).await;
    let mut browser = started.expect("a session is made");
    assert!(browser.version().starts_with("Chromium "), "{}", browser.version());
    contract::pages(browser.as_mut()).await;
    contract::hands(browser.as_mut()).await;
    contract::cookies(browser.as_mut()).await;
    contract::tabs(browser.as_mut()).await;
    contract::dialogs(browser.as_mut()).await;
    contract::frames(browser.as_mut()).await;
    browser.quit().await;
    driver.end().await;
}

#[tokio::test]
async fn a_url_where_nobody_is_is_said_to_be_so() {
    let refused = launch_classic(Engine::Webkit, &remote("http://127.0.0.1:1"), soon()).await;
    let Err(Trouble::Refused(text)) = refused else { panic!("a session with nobody") };
    assert!(text.contains("127.0.0.1"), "{text}");
}

#[tokio::test]
async fn engines_are_found_and_tell_their_versions() {
    for engine in Engine::ALL {
        let found = find(engine, &launch()).await.expect("all are installed here");
        assert_eq!(found.engine, engine);
        assert_eq!(found.display.is_some(), engine == Engine::Webkit);
    }
    let found = find(Engine::Chromium, &launch()).await.expect("it is installed");
    let told = version(&found.driver).await.expect("it tells");
    assert!(told.starts_with("ChromeDriver "), "{told}");
    assert_eq!(version(&PathBuf::from("/nowhere/browser")).await, None);
}
