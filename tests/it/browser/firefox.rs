//! Firefox, as it is installed, over WebDriver BiDi.

use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use taster::driver::browser::{
    Browser, Channel, Firefox, Input, Launch, Opening, Router, SharedLog, Trouble,
};
use taster::plan::browser::{Emulation, LoadState};
use tempfile::TempDir;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::http::server::{Act, Request, Server, reply};

mod emulation;
mod files;
mod hands;
mod network;
mod pages;
mod trouble;

/// One browser at a time: several on few cores are late for everything.
static TURN: Mutex<()> = Mutex::const_new(());

/// Patience for a machine that does much besides.
fn soon() -> Instant {
    Instant::now() + Duration::from_secs(90)
}

fn launch() -> Launch {
    Launch { guard: PathBuf::from(env!("CARGO_BIN_EXE_taster")), ..Launch::default() }
}

/// A context, and what a test needs beside it.
struct Bench {
    channel: Box<dyn Channel>,
    log: SharedLog,
    router: Arc<Router>,
    downloads: TempDir,
    target: String,
}

/// What is different from an ordinary context.
#[derive(Default, Clone)]
struct Wishes {
    emulation: Emulation,
    keeps_bodies: bool,
}

async fn bench(firefox: &mut Firefox, server: &Server, wishes: Wishes) -> Bench {
    try_bench(firefox, server, wishes).await.expect("a context opens")
}

async fn try_bench(
    firefox: &mut Firefox,
    server: &Server,
    wishes: Wishes,
) -> Result<Bench, Trouble> {
    let downloads = tempfile::tempdir().expect("a folder can be made");
    let (log, router) = (SharedLog::default(), Arc::new(Router::default()));
    let target = server.url("");
    let opening = Opening {
        emulation: wishes.emulation,
        log: log.clone(),
        downloads: downloads.path().to_path_buf(),
        router: router.clone(),
        keeps_bodies: wishes.keeps_bodies,
        target: target.clone(),
        test_id: "data-testid".to_string(),
    };
    let channel = firefox.open(opening, soon()).await?;
    Ok(Bench { channel, log, router, downloads, target })
}

impl Bench {
    async fn goto(&mut self, path: &str) {
        let url = format!("{}{path}", self.target);
        let went = self.channel.navigate(&url, LoadState::Load, soon()).await;
        went.unwrap_or_else(|trouble| panic!("{url}: {trouble}"));
    }

    async fn call(&mut self, function: &str, argument: Value) -> Result<Value, Trouble> {
        self.channel.call(&[], function, &argument, soon()).await
    }

    /// The user's JavaScript in the page.
    async fn js(&mut self, expression: &str) -> Value {
        let function = format!("() => ({expression})");
        let gave = self.channel.evaluate(&[], &function, &Value::Null, soon()).await;
        gave.unwrap_or_else(|trouble| panic!("{expression}: {trouble}"))
    }

    /// Waits until an expression among the page's scripts is true.
    async fn until(&mut self, expression: &str) {
        let function = format!(
            "() => new Promise((done, no) => {{ const end = Date.now() + 20000; \
             const look = () => ({expression}) ? done(true) : Date.now() > end \
             ? no(new Error('never: ' + {expression:?})) : setTimeout(look, 10); look(); }})"
        );
        let gave = self.channel.evaluate(&[], &function, &Value::Null, soon()).await;
        gave.unwrap_or_else(|trouble| panic!("{expression}: {trouble}"));
    }

    async fn click(&mut self, locator: Value) {
        let found =
            self.call("ready", json!({"locator": locator, "for": "click", "timeout": 9000}));
        let found = found.await.unwrap_or_else(|trouble| panic!("{locator}: {trouble}"));
        assert_eq!(found["ok"], true, "{locator}: {found}");
        let point = |at: usize| found["point"][at].as_f64().expect("a number");
        let inputs = [Input::Move(point(0), point(1)), Input::Down(0, 1), Input::Up(0, 1)];
        self.channel.input(&inputs, soon()).await.expect("a click");
        // It ends the watch over the pointer; a page that went meanwhile had none.
        match self.call("landed", json!({"element": found["element"]})).await {
            Ok(_) | Err(Trouble::Navigated | Trouble::Script(_)) => {}
            Err(trouble) => panic!("{locator}: {trouble}"),
        }
    }

    async fn close(mut self) {
        self.channel.close(soon()).await.expect("it closes");
    }
}

/// Runs a test with a Firefox of its own and ends that, however the test ends.
async fn with_firefox<F, Fut>(answers: F, test: impl FnOnce(Firefox, Server) -> Fut)
where
    F: Fn(&Request) -> Vec<Act> + Send + Sync + 'static,
    Fut: Future<Output = Firefox>,
{
    let _turn = TURN.lock().await;
    let server = Server::start(answers).await;
    let firefox = Firefox::launch(&launch(), soon()).await.expect("Firefox starts");
    let mut firefox = test(firefox, server).await;
    firefox.quit().await;
}

fn html(body: &str) -> Vec<Act> {
    let page = format!("<!doctype html><title>T</title>{body}");
    vec![Act::Send(reply("200 OK", &[("content-type", "text/html; charset=utf-8")], page))]
}
