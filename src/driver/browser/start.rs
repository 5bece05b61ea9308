//! Starts a driver with its browser, and makes a session: the same for all engines.

use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use fantoccini::error::NewSessionError;
use fantoccini::{Client, ClientBuilder};
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy::connect::HttpConnector;
use rustls_platform_verifier::Verifier;
use serde_json::{Map, Value, json};
use tempfile::TempDir;
use tokio::time::{Instant, timeout, timeout_at};

use super::ready::{free_port, ready};
use super::{Engine, Found, Guarded, Launch, Program, Trouble, find, wire};

/// How often a port that somebody took meanwhile is given up for another one.
const PORTS: usize = 3;

/// How long an end in order may take before the processes are ended.
const QUIT: Duration = Duration::from_secs(2);

/// Chromium without what a test has no use for.
const CHROMIUM: &[&str] = &[
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--force-color-profile=srgb",
    "--mute-audio",
];

/// A session, and the processes behind it.
#[derive(Debug)]
pub struct Started {
    /// fantoccini's client. Its commands have no deadline of their own: see `Wire`.
    pub client: Client,
    /// What the driver says the session can do.
    pub capabilities: Map<String, Value>,
    /// The browser's name and version, such as `Chromium 156.0.8078.73`.
    pub version: String,
    /// The driver and, where there is one, the X server; none of a remote session.
    pub guarded: Vec<Guarded>,
    /// The folder of profile and scratch files; removed with this.
    pub profile: TempDir,
}

impl Started {
    /// Whether all its processes live.
    pub fn is_alive(&mut self) -> bool {
        self.guarded.iter_mut().all(Guarded::is_alive)
    }

    /// How its processes ended, for an error message; none while all live.
    pub fn obituary(&mut self) -> Option<String> {
        self.guarded
            .iter_mut()
            .find_map(|guarded| (!guarded.is_alive()).then(|| guarded.obituary()))
    }

    /// Ends the session in order, and then the processes.
    pub async fn end(&mut self) {
        if self.is_alive() {
            let _ = timeout(QUIT, self.client.clone().close()).await;
        }
        for guarded in &mut self.guarded {
            guarded.end().await;
        }
    }
}

/// What is started.
#[derive(Debug)]
pub(super) struct Ask<'a> {
    pub(super) engine: Engine,
    pub(super) launch: &'a Launch,
    /// Laid over those that Taster has for the engine, and those of `launch` over them: maps are
    /// merged, lists appended.
    pub(super) capabilities: &'a Value,
    /// Added to the environment of the driver, and so to the browser's.
    pub(super) env: Vec<(String, String)>,
    /// The X server to use, where one is needed and not to be started.
    pub(super) display: Option<String>,
    /// For the profile and scratch files.
    pub(super) profile: TempDir,
}

/// A folder for one browser.
///
/// # Errors
/// When it cannot be made.
pub(super) fn profile() -> Result<TempDir, Trouble> {
    tempfile::Builder::new().prefix("taster-browser-").tempdir().map_err(|error| {
        Trouble::Refused(format!("cannot make a folder for a browser's profile: {error}"))
    })
}

/// Starts an engine and makes a session. `capabilities` are laid over those that Taster has for
/// the engine, and those of `launch` over them: maps are merged, lists appended.
///
/// # Errors
/// `Missing` without the programs, `TimedOut` at the deadline, else `Refused` with the last words
/// of whatever ended.
pub async fn start(
    engine: Engine,
    launch: &Launch,
    capabilities: &Value,
    by: Instant,
) -> Result<Started, Trouble> {
    let (env, display, profile) = (Vec::new(), None, profile()?);
    start_as(Ask { engine, launch, capabilities, env, display, profile }, by).await
}

/// The same, with all that can be chosen.
///
/// # Errors
/// As `start`.
pub(super) async fn start_as(ask: Ask<'_>, by: Instant) -> Result<Started, Trouble> {
    let (engine, launch) = (ask.engine, ask.launch);
    let mut wanted = Value::Object(Map::new());
    let mut guarded = Vec::new();
    let made = async {
        let url = match &launch.remote {
            Some(remote) => remote.clone(),
            None => {
                let found = find(engine, launch).await?;
                lay_over(&mut wanted, &own_capabilities(&found, launch, ask.profile.path()));
                driver(&found, &ask, &mut guarded, by).await?
            }
        };
        lay_over(&mut wanted, ask.capabilities);
        lay_over(&mut wanted, &Value::Object(launch.capabilities.clone()));
        match timeout_at(by, session(&url, &wanted)).await {
            Ok(made) => made,
            Err(_) => Err(Trouble::TimedOut(format!("{engine} did not start in time"))),
        }
    };
    let client = match made.await {
        Ok(client) => client,
        Err(trouble) => {
            let trouble = with_last_words(trouble, &mut guarded);
            for mut guarded in guarded {
                guarded.end().await;
            }
            return Err(trouble);
        }
    };
    let capabilities = client.capabilities().cloned().unwrap_or_default();
    let version = version(engine, &capabilities);
    Ok(Started { client, capabilities, version, guarded, profile: ask.profile })
}

fn version(engine: Engine, capabilities: &Map<String, Value>) -> String {
    let text = |key: &str| capabilities.get(key).and_then(Value::as_str);
    let name = match (engine, text("browserName")) {
        (Engine::Chromium, Some("chrome" | "chromium") | None) => "Chromium",
        (Engine::Firefox, Some("firefox") | None) => "Firefox",
        (Engine::Webkit, Some("MiniBrowser") | None) => "WebKitGTK",
        (_, Some(other)) => other,
    };
    format!("{name} {}", text("browserVersion").unwrap_or("of unknown version"))
}

/// What Taster asks of the engine on this machine.
fn own_capabilities(found: &Found, launch: &Launch, profile: &Path) -> Value {
    let binary = &found.browser;
    match found.engine {
        Engine::Chromium => {
            let mut args: Vec<String> = CHROMIUM.iter().map(ToString::to_string).collect();
            args.push(format!("--user-data-dir={}", profile.join("profile").display()));
            if !launch.headed {
                args.push("--headless=new".to_string());
            }
            json!({"browserName": "chrome", "goog:chromeOptions": {"binary": binary, "args": args}})
        }
        Engine::Firefox => {
            let args: &[&str] = if launch.headed { &[] } else { &["-headless"] };
            json!({"browserName": "firefox",
                   "moz:firefoxOptions": {"binary": binary, "args": args}})
        }
        Engine::Webkit => json!({"browserName": "MiniBrowser",
               "webkitgtk:browserOptions": {"binary": binary, "args": ["--automation"]}}),
    }
}

/// Lays `over` on `base`: maps are merged, lists appended, all else replaced.
fn lay_over(base: &mut Value, over: &Value) {
    match (base, over) {
        (Value::Object(base), Value::Object(over)) => {
            for (key, value) in over {
                lay_over(base.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (Value::Array(base), Value::Array(over)) => base.extend(over.iter().cloned()),
        (base, over) => *base = over.clone(),
    }
}

/// Starts the driver, and before it the display where one is needed, and waits until it is ready.
/// Gives its URL.
async fn driver(
    found: &Found,
    ask: &Ask<'_>,
    guarded: &mut Vec<Guarded>,
    by: Instant,
) -> Result<String, Trouble> {
    let (launch, profile) = (ask.launch, ask.profile.path());
    let mut env = ask.env.clone();
    if let Some(xvfb) = found.display.as_ref().filter(|_| !launch.headed) {
        let name = match &ask.display {
            Some(display) => display.clone(),
            None => {
                let (name, server) = display(xvfb, launch, by).await?;
                guarded.push(server);
                name
            }
        };
        env.push(("DISPLAY".to_string(), name));
    }
    for attempt in 1..=PORTS {
        let port = free_port().await?;
        let program = Program {
            file: found.driver.clone(),
            args: driver_args(found.engine, port, profile),
            env: env.clone(),
            scratch: Some(profile.to_path_buf()),
        };
        let mut started = Guarded::spawn(launch, &program)?;
        let ready = ready(&mut started, port, by).await;
        if ready.is_err() && attempt < PORTS && !started.is_alive() {
            // Somebody else may have taken the port meanwhile.
            continue;
        }
        guarded.push(started);
        return ready.map(|()| format!("http://127.0.0.1:{port}/"));
    }
    unreachable!("the last attempt gives what it has")
}

fn driver_args(engine: Engine, port: u16, profile: &Path) -> Vec<OsString> {
    let mut args = vec![OsString::from(format!("--port={port}"))];
    match engine {
        Engine::Chromium => {}
        Engine::Firefox => {
            args.extend(
                ["--host=127.0.0.1", "--websocket-port=0", "--allow-system-access"]
                    .map(OsString::from),
            );
            let mut root = OsString::from("--profile-root=");
            root.push(profile);
            args.push(root);
        }
        Engine::Webkit => args.push(OsString::from("--host=127.0.0.1")),
    }
    args
}

/// Starts an X server on the first free display, and gives its name.
///
/// # Errors
/// When it does not start.
pub(super) async fn display(
    xvfb: &Path,
    launch: &Launch,
    by: Instant,
) -> Result<(String, Guarded), Trouble> {
    let args = "-displayfd 1 -screen 0 2560x1600x24 -nolisten tcp -noreset -dpi 96";
    let args = args.split(' ').map(OsString::from).collect();
    let program = Program { file: xvfb.to_path_buf(), args, ..Program::default() };
    let mut server = Guarded::spawn(launch, &program)?;
    let number = |line: &str| line.trim().parse::<u32>().ok();
    match server.hear(by, number).await {
        Some(number) => Ok((format!(":{number}"), server)),
        None => {
            let trouble = Trouble::Refused(format!(
                "the X server for WebKit did not start: {}",
                server.obituary()
            ));
            server.end().await;
            Err(trouble)
        }
    }
}

async fn session(url: &str, capabilities: &Value) -> Result<Client, Trouble> {
    let wanted = capabilities.as_object().cloned().unwrap_or_default();
    // Paths are put behind the last slash.
    let url = format!("{}/", url.trim_end_matches('/'));
    let made = match url.starts_with("https:") {
        true => {
            let connector = HttpsConnectorBuilder::new()
                .with_tls_config(trust()?)
                .https_or_http()
                .enable_http1()
                .build();
            ClientBuilder::new(connector).capabilities(wanted).connect(&url).await
        }
        false => ClientBuilder::new(HttpConnector::new()).capabilities(wanted).connect(&url).await,
    };
    made.map_err(|error| no_session(&url, error))
}

/// Servers are trusted as the system trusts them.
fn trust() -> Result<rustls::ClientConfig, Trouble> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let refused = |error: rustls::Error| Trouble::Refused(format!("TLS cannot be used: {error}"));
    let verifier = Verifier::new(provider.clone()).map_err(refused)?;
    let builder = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(refused)?;
    Ok(builder
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth())
}

fn no_session(url: &str, error: NewSessionError) -> Trouble {
    let why = match error {
        NewSessionError::SessionNotCreated(said) => said.message.to_string(),
        NewSessionError::NotW3C(said) => match said.get("message").and_then(Value::as_str) {
            Some(message) => message.to_string(),
            None => said.to_string(),
        },
        NewSessionError::UnexpectedError(error) => wire::trouble(error).to_string(),
        other => other.to_string(),
    };
    // Without a password that a remote URL may hold.
    let shown = url::Url::parse(url).ok();
    let host = shown.as_ref().and_then(|url| url.host_str()).unwrap_or(url);
    let first = why.lines().next().unwrap_or_default().trim();
    Trouble::Refused(format!("the WebDriver server at {host} made no session: {first}"))
}

/// What a process said before it ended is mostly why.
fn with_last_words(trouble: Trouble, guarded: &mut [Guarded]) -> Trouble {
    let words: Vec<String> = guarded
        .iter_mut()
        .filter_map(|guarded| {
            let told = !guarded.is_alive() || !guarded.last_words().is_empty();
            told.then(|| guarded.obituary())
        })
        .collect();
    match (trouble, words.is_empty()) {
        (Trouble::Refused(text), false) => {
            Trouble::Refused(format!("{text} ({})", words.join("; ")))
        }
        (Trouble::TimedOut(text), false) => {
            Trouble::TimedOut(format!("{text} ({})", words.join("; ")))
        }
        (trouble, _) => trouble,
    }
}
