//! Speaks classic WebDriver: any command, with a deadline, its errors in our words.

use std::sync::Arc;

use fantoccini::Client;
use fantoccini::error::{CmdError, ErrorStatus};
use fantoccini::wd::WebDriverCompatibleCommand;
use hyper::Method;
use serde_json::{Value, json};
use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

use super::Trouble;

/// A session's line to its driver. It carries one command at a time: one that got no answer in
/// time, or whose caller was cut off, is still on its way, and the next one waits for it.
#[derive(Debug, Clone)]
pub struct Wire {
    client: Client,
    running: Arc<Mutex<Option<Running>>>,
}

/// A command that was sent; it goes on whoever waits for it.
type Running = JoinHandle<Result<Value, CmdError>>;

impl Wire {
    /// The line of this session.
    pub fn new(client: Client) -> Self {
        Wire { client, running: Arc::default() }
    }

    /// Whether an answer has not come yet, though nobody waits for it any more.
    pub fn is_stuck(&self) -> bool {
        let running = self.running.try_lock();
        running.is_ok_and(|running| running.as_ref().is_some_and(|one| !one.is_finished()))
    }

    /// fantoccini's client, for what it has typed commands for; they must get a deadline.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// `GET` of a path below the session, such as `url`.
    ///
    /// # Errors
    /// As `send`.
    pub async fn get(&self, path: &str, by: Instant) -> Result<Value, Trouble> {
        self.send(Method::GET, path, None, by).await
    }

    /// `POST` to a path below the session.
    ///
    /// # Errors
    /// As `send`.
    pub async fn post(&self, path: &str, body: Value, by: Instant) -> Result<Value, Trouble> {
        self.send(Method::POST, path, Some(body), by).await
    }

    /// `DELETE` of a path below the session.
    ///
    /// # Errors
    /// As `send`.
    pub async fn delete(&self, path: &str, by: Instant) -> Result<Value, Trouble> {
        self.send(Method::DELETE, path, None, by).await
    }

    /// Any command; the answer is its `value`.
    ///
    /// # Errors
    /// `Navigated` for what went away with its document, `Script` for what a script threw, `Gone`
    /// for a dead window, session or driver, `TimedOut` at the deadline, `Refused` for all else,
    /// beginning with the standard's code, such as `no such alert: ...`.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
        by: Instant,
    ) -> Result<Value, Trouble> {
        let path = path.to_string();
        let command = Command { method, path, body: body.map(|body| body.to_string()) };
        let said = format!("{} {}", command.method, command.path);
        let late = |what: &str| Trouble::TimedOut(format!("the browser {what} `{said}` in time"));
        let mut running =
            timeout_at(by, self.running.lock()).await.map_err(|_| late("took not"))?;
        if let Some(earlier) = running.as_mut() {
            // Its answer is nobody's any more.
            timeout_at(by, earlier).await.map_err(|_| late("was too busy for"))?.ok();
            *running = None;
        }
        let client = self.client.clone();
        let sent = running.insert(tokio::spawn(async move { client.issue_cmd(command).await }));
        let answer = timeout_at(by, sent).await.map_err(|_| late("did not answer"))?;
        *running = None;
        match answer {
            Ok(answer) => answer.map_err(trouble),
            Err(error) => Err(Trouble::Gone(format!("the driver is gone: {error}"))),
        }
    }

    /// Ends the session, and with it the browser in most drivers.
    ///
    /// # Errors
    /// As `send`.
    pub async fn quit(&self, by: Instant) -> Result<(), Trouble> {
        match timeout_at(by, self.client.clone().close()).await {
            Ok(closed) => closed.map_err(trouble),
            Err(_) => Err(Trouble::TimedOut("the driver did not end its session in time".into())),
        }
    }
}

/// What a failed command means.
pub(super) fn trouble(error: CmdError) -> Trouble {
    use ErrorStatus as Code;
    match error {
        CmdError::Standard(said) => {
            let first = said.message.lines().next().unwrap_or_default().trim();
            let text = match first.is_empty() {
                true => said.error.to_string(),
                false => format!("{}: {first}", said.error),
            };
            match said.error {
                Code::InvalidSessionId | Code::NoSuchWindow | Code::SessionNotCreated => {
                    Trouble::Gone(text)
                }
                Code::StaleElementReference | Code::NoSuchFrame | Code::DetachedShadowRoot => {
                    Trouble::Navigated
                }
                Code::JavascriptError => Trouble::Script(first.to_string()),
                Code::ScriptTimeout | Code::Timeout => Trouble::TimedOut(text),
                Code::UnknownCommand | Code::UnknownMethod | Code::UnsupportedOperation => {
                    Trouble::Unsupported(text)
                }
                _ if is_gone(first) => Trouble::Gone(text),
                _ => Trouble::Refused(text),
            }
        }
        // A driver's own codes; chromedriver says `disconnected` and `tab crashed` in this way.
        CmdError::NotW3C(said) => match said {
            Value::String(code) => Trouble::Gone(code),
            other => Trouble::Refused(format!("the driver answered {other}")),
        },
        CmdError::Failed(_) | CmdError::FailedC(_) | CmdError::Lost(_) => {
            Trouble::Gone(format!("the driver is gone: {error}"))
        }
        other => Trouble::Refused(other.to_string()),
    }
}

fn is_gone(message: &str) -> bool {
    ["crashed", "disconnected", "not reachable", "unable to connect", "has been closed"]
        .iter()
        .any(|sign| message.contains(sign))
}

/// A command that fantoccini has no name for; below its session.
#[derive(Debug)]
struct Command {
    method: Method,
    path: String,
    body: Option<String>,
}

impl WebDriverCompatibleCommand for Command {
    fn endpoint(
        &self,
        base: &url::Url,
        session: Option<&str>,
    ) -> Result<url::Url, url::ParseError> {
        let session = session.unwrap_or_default();
        match self.path.is_empty() {
            true => base.join(&format!("session/{session}")),
            false => base.join(&format!("session/{session}/{}", self.path)),
        }
    }

    fn method_and_body(&self, _: &url::Url) -> (Method, Option<String>) {
        let empty = (self.method == Method::POST).then(|| json!({}).to_string());
        (self.method.clone(), self.body.clone().or(empty))
    }
}
