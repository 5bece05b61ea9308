//! One browser of each engine, driven through the classic protocol by fantoccini alone.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use fantoccini::actions::{
    InputSource, KeyAction, KeyActions, MOUSE_BUTTON_LEFT, MouseActions, PointerAction,
};
use fantoccini::{Client, ClientBuilder};
use serde_json::{Value, json};
use taster::driver::browser::SCRIPT;
use tempfile::TempDir;

/// The engines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Chromium,
    Firefox,
    Webkit,
}

/// A browser with one tab.
pub struct Session {
    pub engine: Engine,
    client: Client,
    lateness: Mutex<Vec<f64>>,
    // Ended when dropped.
    _processes: Vec<Process>,
    _folder: TempDir,
}

struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Calls a function of the script's object, which is kept with the document; what it gives comes
/// back as text, as pages may have their own ideas of JSON. Scripts of the page's own are run right
/// before it and right after it. All this in a task of its own, when the driver's part is done:
/// what a page does to its lists and promises, it does to the driver's scripts as well.
const CALL: &str = r#"
    const [f, given, meanwhile, afterwards, done] = arguments;
    const key = '__tasterTest';
    if (!window[key]) Object.defineProperty(window, key, { value: OBJECT, enumerable: false });
    const object = window[key];
    const argument = JSON.parse(given);
    const then = Promise.prototype.then;
    const end = (text) => { (0, eval)(afterwards); done(text); };
    const pass = (value) => end('+' + object.text(value));
    const fail = (error) => end('-' + error);
    const channel = new MessageChannel();
    channel.port1.onmessage = () => {
        channel.port1.close();
        window.calledAt = performance.now();
        (0, eval)(meanwhile);
        Reflect.apply(then, object[f](argument), [pass, fail]);
    };
    channel.port2.postMessage(0);
"#;

/// The elements that say what their role and name must be.
const MARKED: &str = r#"
    const all = document.querySelectorAll('[data-role], [data-name]');
    return [...all].map((el, i) => {
        el.setAttribute('data-mark', i);
        return [i, el.dataset.role ?? null, el.dataset.name ?? null, el.outerHTML.slice(0, 200)];
    });
"#;

impl Session {
    /// Goes there.
    pub async fn goto(&self, url: &str) -> Result<(), String> {
        self.client.goto(url).await.map_err(|error| format!("{url}: {error}"))
    }

    /// Runs a script of the page.
    pub async fn run(&self, script: &str) -> Result<Value, String> {
        self.client.execute(script, Vec::new()).await.map_err(|error| error.to_string())
    }

    /// Calls the page script.
    pub async fn call(&self, function: &str, argument: &Value) -> Result<Value, String> {
        self.call_between(function, argument, ("", "")).await
    }

    /// Calls the page script between two scripts of the page.
    pub async fn call_between(
        &self,
        function: &str,
        argument: &Value,
        around: (&str, &str),
    ) -> Result<Value, String> {
        let source = CALL.replace("OBJECT", SCRIPT);
        let given = [function, &argument.to_string(), around.0, around.1];
        let given = given.iter().map(|text| json!(text)).collect();
        let answer = self.client.execute_async(&source, given).await;
        let answer = answer.map_err(|error| format!("{function} {argument}: {error}"))?;
        let text = answer.as_str().unwrap_or_default();
        let Some(text) = text.strip_prefix('+') else {
            return Err(format!("{function} {argument}: {text}"));
        };
        serde_json::from_str(text).map_err(|error| format!("{function}: {error}: {text}"))
    }

    /// Moves the mouse to a point of the window, and presses or releases its first button.
    pub async fn pointer(&self, what: &[&str], (x, y): (f64, f64)) -> Result<(), String> {
        let mut actions = MouseActions::new("mouse".to_string());
        for one in what {
            actions = actions.then(match *one {
                "move" => PointerAction::MoveTo { duration: Some(Duration::ZERO), x, y },
                "down" => PointerAction::Down { button: MOUSE_BUTTON_LEFT },
                "up" => PointerAction::Up { button: MOUSE_BUTTON_LEFT },
                other => return Err(format!("a pointer cannot {other}")),
            });
        }
        self.client.perform_actions(actions).await.map_err(|error| error.to_string())
    }

    /// Presses keys, one after the other.
    pub async fn keys(&self, keys: &str) -> Result<(), String> {
        let mut actions = KeyActions::new("keyboard".to_string());
        for value in keys.chars() {
            actions = actions.then(KeyAction::Down { value }).then(KeyAction::Up { value });
        }
        self.client.perform_actions(actions).await.map_err(|error| error.to_string())
    }

    /// What the elements of this page say about themselves: an expectation each, and the element.
    pub async fn marked(&self) -> Result<Vec<(Value, String)>, String> {
        let found = self.run(MARKED).await?;
        let mut all = Vec::new();
        for row in found.as_array().cloned().unwrap_or_default() {
            let locator = json!({"css": format!("[data-mark=\"{}\"]", row[0])});
            for (what, is) in [("role", &row[1]), ("name", &row[2])] {
                if is.is_null() {
                    continue;
                }
                let is = if is == "null" { Value::Null } else { is.clone() };
                let wanted = json!({"what": what, "locator": locator, "is": is, "soft": true});
                all.push((wanted, row[3].as_str().unwrap_or_default().to_string()));
            }
        }
        Ok(all)
    }

    /// Notes how many milliseconds after a change it was noticed.
    pub fn note_lateness(&self, ms: f64) {
        self.lateness.lock().expect("nobody panics with it").push(ms);
    }

    /// The latenesses so far, sorted.
    pub fn lateness(&self) -> Vec<f64> {
        let mut all = self.lateness.lock().expect("nobody panics with it").clone();
        all.sort_by(f64::total_cmp);
        all
    }

    /// Ends the browser.
    pub async fn close(self) {
        let ended = self.client.close();
        let _ = tokio::time::timeout(Duration::from_secs(10), ended).await;
    }
}

/// Starts an engine. Where it is not there the test fails: nothing has been tried then.
pub async fn start(engine: Engine) -> Session {
    let folder = tempfile::tempdir().expect("a test may have a folder");
    let port = free_port();
    let mut processes = Vec::new();
    let at = |port: u16| format!("--port={port}");
    let capabilities = match engine {
        Engine::Chromium => {
            processes.push(spawn("chromedriver", &[at(port)], None));
            let profile = format!("--user-data-dir={}", folder.path().display());
            let mut args = CHROMIUM.to_vec();
            args.push(&profile);
            json!({"goog:chromeOptions": {"binary": program("chromium"), "args": args}})
        }
        Engine::Firefox => {
            let profiles = format!("--profile-root={}", folder.path().display());
            let args = [at(port), "--host=127.0.0.1".into(), "--websocket-port=0".into(), profiles];
            processes.push(spawn("geckodriver", &args, None));
            json!({"moz:firefoxOptions": {"binary": program("firefox-esr"), "args": ["-headless"]}})
        }
        Engine::Webkit => {
            let (display, server) = display();
            processes.push(server);
            let args = [at(port), "--host=127.0.0.1".into()];
            processes.push(spawn("WebKitWebDriver", &args, Some(&display)));
            let browser = program("MiniBrowser");
            json!({"webkitgtk:browserOptions": {"binary": browser, "args": ["--automation"]}})
        }
    };
    let Value::Object(capabilities) = capabilities else { panic!("capabilities are a map") };
    wait_for(port).await;
    let connector = hyper_util::client::legacy::connect::HttpConnector::new();
    let client = ClientBuilder::new(connector)
        .capabilities(capabilities)
        .connect(&format!("http://127.0.0.1:{port}"))
        .await
        .unwrap_or_else(|error| panic!("{engine:?} does not start: {error}"));
    Session { engine, client, lateness: Mutex::default(), _processes: processes, _folder: folder }
}

const CHROMIUM: &[&str] = &[
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1280,900",
];

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a test may listen");
    listener.local_addr().expect("it has an address").port()
}

async fn wait_for(port: u16) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
        assert!(Instant::now() < deadline, "the driver does not listen at port {port}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A display without a screen; the server chooses its number.
fn display() -> (String, Process) {
    use std::io::{BufRead, BufReader};
    let mut child = Command::new(program("Xvfb"))
        .args(["-displayfd", "1", "-screen", "0", "1280x1024x24", "-nolisten", "tcp"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("Xvfb can be started");
    let mut line = String::new();
    let output = child.stdout.take().expect("it was asked for");
    BufReader::new(output).read_line(&mut line).expect("Xvfb tells its display");
    (format!(":{}", line.trim()), Process(child))
}

fn spawn(name: &str, args: &[String], display: Option<&str>) -> Process {
    let mut command = Command::new(program(name));
    command.args(args).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    if let Some(display) = display {
        command.env("DISPLAY", display);
    }
    let child = command.spawn();
    Process(child.unwrap_or_else(|error| panic!("{name} cannot be started: {error}")))
}

/// Where a program is.
fn program(name: &str) -> PathBuf {
    let mut folders: Vec<PathBuf> =
        std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()).collect();
    folders.extend(std::env::home_dir().map(|home| home.join(".cargo/bin")));
    for library in std::fs::read_dir("/usr/lib").into_iter().flatten().flatten() {
        folders.push(library.path().join("webkit2gtk-4.1"));
    }
    folders.push(Path::new("/usr/libexec/webkit2gtk-4.1").to_path_buf());
    let found = folders.iter().map(|folder| folder.join(name)).find(|file| file.is_file());
    found.unwrap_or_else(|| panic!("{name} is missing; `taster doctor --install` gets it"))
}
