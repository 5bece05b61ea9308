//! The CDP channel against a real Chromium: each test has a browser of its own, and pages from a
//! site of its own.

mod documents;
mod emulation;
mod evidence;
mod hands;
mod hostile;
mod scripts;
mod site;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use taster::driver::browser::{
    Browser, Channel, Chromium, Input, Launch, Opening, Router, SharedLog, Trouble,
};
use taster::plan::browser::{Emulation, LoadState};
use tempfile::TempDir;
use tokio::time::Instant;

pub use self::site::Site;

/// Long enough for a machine that does much else.
pub fn soon() -> Instant {
    Instant::now() + Duration::from_secs(30)
}

pub fn after(millis: u64) -> Instant {
    Instant::now() + Duration::from_millis(millis)
}

/// A browser with its driver.
pub struct Started {
    pub browser: Chromium,
    folder: TempDir,
}

impl Started {
    pub async fn new() -> Started {
        let launch =
            Launch { guard: PathBuf::from(env!("CARGO_BIN_EXE_taster")), ..Launch::default() };
        let browser = Chromium::launch(&launch, soon()).await.expect("Chromium is installed");
        Started { browser, folder: tempfile::tempdir().expect("a folder") }
    }

    pub async fn open(&mut self, target: &str) -> Opened {
        self.open_as(target, |_| {}).await
    }

    pub async fn open_as(&mut self, target: &str, with: impl FnOnce(&mut Opening)) -> Opened {
        let downloads = tempfile::tempdir_in(self.folder.path()).expect("a folder").keep();
        let log = SharedLog::default();
        let router = Arc::new(Router::default());
        let mut opening = Opening {
            emulation: Emulation::default(),
            log: log.clone(),
            downloads: downloads.clone(),
            router: router.clone(),
            keeps_bodies: false,
            target: target.to_string(),
            test_id: "data-testid".to_string(),
        };
        with(&mut opening);
        let channel = self.browser.open(opening, soon()).await.expect("a context");
        Opened { channel, log, router, downloads, target: target.to_string() }
    }

    pub async fn quit(mut self) {
        self.browser.quit().await;
    }
}

/// A context under test.
pub struct Opened {
    pub channel: Box<dyn Channel>,
    pub log: SharedLog,
    pub router: Arc<Router>,
    pub downloads: PathBuf,
    pub target: String,
}

impl Opened {
    pub async fn go(&mut self, path: &str) {
        let url = format!("{}{path}", self.target);
        self.channel.navigate(&url, LoadState::Load, soon()).await.expect("it goes there");
    }

    /// The value of an expression among the page's own scripts.
    pub async fn eval(&mut self, expression: &str) -> Value {
        self.try_eval(expression).await.expect("it can be evaluated")
    }

    pub async fn try_eval(&mut self, expression: &str) -> Result<Value, Trouble> {
        let function = format!("() => ({expression})");
        self.channel.evaluate(&[], &function, &Value::Null, soon()).await
    }

    /// Waits until an expression is true.
    pub async fn until(&mut self, expression: &str) {
        let by = soon();
        while self.try_eval(expression).await != Ok(json!(true)) {
            assert!(Instant::now() < by, "never: {expression}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    pub async fn input(&mut self, inputs: &[Input]) {
        self.channel.input(inputs, soon()).await.expect("the input is handled");
    }

    /// The middle of the element.
    pub async fn middle(&mut self, css: &str) -> (f64, f64) {
        let function = "css => { const r = document.querySelector(css).getBoundingClientRect(); \
            return [r.x + r.width / 2, r.y + r.height / 2]; }";
        let middle = self.channel.evaluate(&[], function, &json!(css), soon()).await;
        let middle = middle.expect("the element is there");
        (middle[0].as_f64().expect("a number"), middle[1].as_f64().expect("a number"))
    }

    pub async fn click(&mut self, css: &str) {
        let (x, y) = self.middle(css).await;
        self.input(&[Input::Move(x, y), Input::Down(0, 1), Input::Up(0, 1)]).await;
    }

    pub async fn close(mut self) {
        self.channel.close(soon()).await.expect("it closes");
    }
}
