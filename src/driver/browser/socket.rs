//! Speaks with a browser over a websocket: commands with ids and answers to them, and events in
//! between. CDP and WebDriver BiDi both look like this.
//!
//! What arrives is handled in its order: an event that came before an answer has been heard when
//! the answer is given to who waits for it.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use futures_util::{SinkExt, Stream, StreamExt};
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};
use tokio_tungstenite::connect_async_with_config;
use tokio_tungstenite::tungstenite::error::Error as WsError;
use tokio_tungstenite::tungstenite::protocol::{Message, WebSocketConfig};

use super::Trouble;

/// The longest message taken: bodies of answers and pictures come as one message each.
const LONGEST: usize = 512 << 20;

/// What a socket hears besides answers.
#[derive(Debug)]
pub enum Heard {
    /// Something happened in the browser.
    Event {
        /// The CDP session it belongs to; none for the browser's own and for BiDi.
        session: Option<String>,
        /// Its name, such as `Page.frameNavigated`.
        method: String,
        /// What it tells.
        params: Value,
    },
    /// The connection is no more, and why. Nothing comes after it.
    Ended(String),
}

/// A connection. Dropped, it is closed and who still waits is told `Gone`.
pub struct Socket {
    line: Line,
    reader: JoinHandle<()>,
    writer: JoinHandle<()>,
}

/// What commands are sent on; as many of them as needed.
#[derive(Clone)]
pub struct Line {
    shared: Arc<Mutex<Shared>>,
}

struct Shared {
    /// None once the connection has ended.
    out: Option<mpsc::UnboundedSender<Message>>,
    waiting: HashMap<u64, Waiting>,
    last: u64,
    /// Why it ended.
    end: String,
}

/// Who waits for an answer, and the session asked.
struct Waiting {
    session: Option<String>,
    give: oneshot::Sender<Result<Value, Trouble>>,
}

impl Socket {
    /// Connects to `url` (`ws://`). `hear` gets a line to answer on and gives what handles events:
    /// it is called between two messages and must not wait.
    ///
    /// # Errors
    /// `Gone` when nothing listens there, `TimedOut` at the deadline.
    pub async fn connect<H>(
        url: &str,
        hear: impl FnOnce(Line) -> H,
        by: Instant,
    ) -> Result<Socket, Trouble>
    where
        H: FnMut(Heard) + Send + 'static,
    {
        let config = WebSocketConfig::default()
            .max_message_size(Some(LONGEST))
            .max_frame_size(Some(LONGEST));
        // Commands are small and each is waited for, so they must not lie about to be collected.
        let connecting = connect_async_with_config(url, Some(config), true);
        let (stream, _) = timeout_at(by, connecting)
            .await
            .map_err(|_| Trouble::TimedOut(format!("no connection to the browser at {url}")))?
            .map_err(|error| Trouble::Gone(format!("no connection to {url}: {error}")))?;
        let (mut sink, stream) = stream.split();
        let (out, mut outgoing) = mpsc::unbounded_channel::<Message>();
        let shared =
            Shared { out: Some(out), waiting: HashMap::new(), last: 0, end: String::new() };
        let line = Line { shared: Arc::new(Mutex::new(shared)) };
        let hear = hear(line.clone());
        let writer = tokio::spawn(async move {
            while let Some(message) = outgoing.recv().await {
                // What was told in one go goes out in one go. A failure is the reader's to tell.
                let mut done = sink.feed(message).await;
                while let (Ok(()), Ok(next)) = (&done, outgoing.try_recv()) {
                    done = sink.feed(next).await;
                }
                if done.is_err() || sink.flush().await.is_err() {
                    return;
                }
            }
            sink.close().await.ok();
        });
        let reader = tokio::spawn(read(stream, line.clone(), hear));
        Ok(Socket { line, reader, writer })
    }

    /// What commands are sent on.
    pub fn line(&self) -> &Line {
        &self.line
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.reader.abort();
        self.writer.abort();
        self.line.end("the connection to the browser was closed");
    }
}

impl Line {
    /// Sends a command and waits for what it gives.
    ///
    /// # Errors
    /// `Refused` with the browser's words, `TimedOut`, `Gone`.
    pub async fn call(
        &self,
        session: Option<&str>,
        method: &str,
        params: Value,
        by: Instant,
    ) -> Result<Value, Trouble> {
        self.send(session, method, params).by(by).await
    }

    /// Sends a command now; the answer can be waited for later. Several sent one after another are
    /// done by the browser in this order, without a pause between them.
    pub fn send(&self, session: Option<&str>, method: &str, params: Value) -> Answer {
        let (give, take) = oneshot::channel();
        let mut shared = self.lock();
        shared.last += 1;
        let id = shared.last;
        let Some(out) = &shared.out else {
            give.send(Err(Trouble::Gone(shared.end.clone()))).ok();
            return Answer { id, method: method.to_string(), take, line: self.clone() };
        };
        // A sender whose receiver is gone has lost its writer; the reader ends it all then.
        out.send(message(id, session, method, params)).ok();
        shared.waiting.insert(id, Waiting { session: session.map(str::to_string), give });
        Answer { id, method: method.to_string(), take, line: self.clone() }
    }

    /// Sends a command whose answer nobody needs.
    pub fn tell(&self, session: Option<&str>, method: &str, params: Value) {
        let mut shared = self.lock();
        shared.last += 1;
        let message = message(shared.last, session, method, params);
        if let Some(out) = &shared.out {
            out.send(message).ok();
        }
    }

    /// A session is no more, and its browser answers none of its commands any longer: who waits
    /// for one is told so.
    pub fn forget(&self, session: &str, trouble: &Trouble) {
        let of = |waiting: &Waiting| waiting.session.as_deref() == Some(session);
        let forgotten: Vec<Waiting> = {
            let mut shared = self.lock();
            shared
                .waiting
                .extract_if(|_, waiting| of(waiting))
                .map(|(_, waiting)| waiting)
                .collect()
        };
        for waiting in forgotten {
            waiting.give.send(Err(trouble.clone())).ok();
        }
    }

    /// Why the connection is no more; none while it is.
    pub fn ended(&self) -> Option<String> {
        let shared = self.lock();
        shared.out.is_none().then(|| shared.end.clone())
    }

    fn end(&self, why: &str) {
        let waiting = {
            let mut shared = self.lock();
            if shared.out.take().is_some() {
                shared.end = why.to_string();
            }
            std::mem::take(&mut shared.waiting)
        };
        for waiting in waiting.into_values() {
            waiting.give.send(Err(Trouble::Gone(why.to_string()))).ok();
        }
    }

    fn answer(&self, id: u64, answer: Result<Value, Trouble>) {
        let waiting = self.lock().waiting.remove(&id);
        if let Some(waiting) = waiting {
            // Who no longer waits misses nothing.
            waiting.give.send(answer).ok();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The answer to a command that was sent. Dropped, nobody waits for it any more.
pub struct Answer {
    id: u64,
    method: String,
    take: oneshot::Receiver<Result<Value, Trouble>>,
    line: Line,
}

impl Answer {
    /// Waits for it until the deadline.
    ///
    /// # Errors
    /// As of `Line::call`.
    pub async fn by(self, by: Instant) -> Result<Value, Trouble> {
        let late = format!("the browser did not answer {} in time", self.method);
        timeout_at(by, self).await.unwrap_or(Err(Trouble::TimedOut(late)))
    }
}

impl Future for Answer {
    type Output = Result<Value, Trouble>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let polled = Pin::new(&mut self.take).poll(context);
        polled.map(|taken| {
            taken.unwrap_or_else(|_| {
                let why = self.line.ended().unwrap_or_else(|| "the answer was lost".to_string());
                Err(Trouble::Gone(why))
            })
        })
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.line.lock().waiting.remove(&self.id);
    }
}

fn message(id: u64, session: Option<&str>, method: &str, params: Value) -> Message {
    let mut message = json!({"id": id, "method": method, "params": params});
    if let (Some(session), Some(fields)) = (session, message.as_object_mut()) {
        fields.insert("sessionId".to_string(), session.into());
    }
    Message::text(message.to_string())
}

async fn read(
    mut stream: impl Stream<Item = Result<Message, WsError>> + Unpin,
    line: Line,
    mut hear: impl FnMut(Heard),
) {
    let why = loop {
        let text = match stream.next().await {
            Some(Ok(Message::Text(text))) => text,
            // The library answers pings by itself.
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => continue,
            Some(Ok(Message::Close(_))) | None => {
                break "the browser closed the connection".to_string();
            }
            Some(Ok(Message::Binary(_))) => break "the browser sent no text".to_string(),
            Some(Err(error)) => break format!("the connection to the browser broke: {error}"),
        };
        let Ok(Value::Object(mut message)) = serde_json::from_str(&text) else {
            let head: String = text.chars().take(80).collect();
            break format!("the browser sent what is no message: {head}");
        };
        if let Some(id) = message.get("id").and_then(Value::as_u64) {
            line.answer(id, outcome(&mut message));
        } else if let Some(Value::String(method)) = message.remove("method") {
            let session = match message.remove("sessionId") {
                Some(Value::String(session)) => Some(session),
                _ => None,
            };
            let params = message.remove("params").unwrap_or(Value::Null);
            hear(Heard::Event { session, method, params });
        }
    };
    line.end(&why);
    hear(Heard::Ended(why));
}

/// What an answer says: `{"result"}`, CDP's `{"error": {"message", "data"?}}`, or BiDi's
/// `{"error": "no such frame", "message"}`, which becomes `no such frame: message`.
fn outcome(message: &mut serde_json::Map<String, Value>) -> Result<Value, Trouble> {
    let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_string);
    match message.remove("error") {
        None | Some(Value::Null) => Ok(message.remove("result").unwrap_or(Value::Null)),
        Some(Value::String(error)) => Err(Trouble::Refused(match text(message.get("message")) {
            Some(said) if !said.is_empty() => format!("{error}: {said}"),
            _ => error,
        })),
        Some(error) => {
            let said = text(error.get("message")).unwrap_or_else(|| error.to_string());
            Err(Trouble::Refused(match text(error.get("data")) {
                Some(data) if !data.is_empty() => format!("{said}: {data}"),
                _ => said,
            }))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::net::{TcpListener, TcpStream};
    use tokio_tungstenite::{WebSocketStream, accept_async};

    use super::*;

    type Served = WebSocketStream<TcpStream>;

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(10)
    }

    /// A browser that does what `serve` says with the one who connects.
    async fn browser<F>(serve: impl FnOnce(Served) -> F + Send + 'static) -> String
    where
        F: Future<Output = ()> + Send,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let url = format!("ws://{}", listener.local_addr().expect("it is bound"));
        tokio::spawn(async move {
            let (stream, _) = listener.accept().await.expect("somebody connects");
            serve(accept_async(stream).await.expect("a websocket")).await;
        });
        url
    }

    async fn connect(url: &str) -> (Socket, mpsc::UnboundedReceiver<Heard>) {
        let (tell, heard) = mpsc::unbounded_channel();
        let hear = |_| move |what| drop(tell.send(what));
        (Socket::connect(url, hear, soon()).await.expect("it connects"), heard)
    }

    async fn command(served: &mut Served) -> Value {
        let message = served.next().await.expect("a command").expect("a message");
        serde_json::from_str(message.to_text().expect("text")).expect("JSON")
    }

    async fn say(served: &mut Served, what: Value) {
        served.send(Message::text(what.to_string())).await.expect("it is sent");
    }

    #[tokio::test]
    async fn answers_out_of_order_reach_who_asked() {
        let url = browser(|mut served| async move {
            let mut commands = Vec::new();
            for _ in 0..50 {
                commands.push(command(&mut served).await);
            }
            for command in commands.iter().rev() {
                let result = json!({"of": command["params"]["n"]});
                say(&mut served, json!({"id": command["id"], "result": result})).await;
            }
        })
        .await;
        let (socket, _) = connect(&url).await;
        let answers: Vec<Answer> =
            (0..50).map(|n| socket.line().send(Some("s"), "ask", json!({"n": n}))).collect();
        for (n, answer) in answers.into_iter().enumerate() {
            assert_eq!(answer.by(soon()).await, Ok(json!({"of": n})));
        }
    }

    #[tokio::test]
    async fn commands_carry_their_session_and_what_is_told_waits_for_nothing() {
        let url = browser(|mut served| async move {
            let first = command(&mut served).await;
            assert_eq!((&first["method"], &first["sessionId"]), (&json!("tell"), &json!("s")));
            let second = command(&mut served).await;
            assert!(second.get("sessionId").is_none());
            say(&mut served, json!({"id": second["id"], "result": {}})).await;
        })
        .await;
        let (socket, _) = connect(&url).await;
        socket.line().tell(Some("s"), "tell", json!({}));
        assert_eq!(socket.line().call(None, "ask", json!({}), soon()).await, Ok(json!({})));
    }

    #[tokio::test]
    async fn an_event_is_heard_before_the_answer_that_came_after_it() {
        let url = browser(|mut served| async move {
            let asked = command(&mut served).await;
            let event = json!({"method": "happened", "params": {"n": 1}, "sessionId": "s"});
            say(&mut served, event).await;
            say(&mut served, json!({"id": asked["id"], "result": null})).await;
        })
        .await;
        let (socket, mut heard) = connect(&url).await;
        socket.line().call(None, "ask", Value::Null, soon()).await.expect("an answer");
        match heard.try_recv() {
            Ok(Heard::Event { session, method, params }) => {
                assert_eq!((session.as_deref(), method.as_str()), (Some("s"), "happened"));
                assert_eq!(params, json!({"n": 1}));
            }
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn what_handles_events_can_answer_while_a_command_waits() {
        let url = browser(|mut served| async move {
            let click = command(&mut served).await;
            say(&mut served, json!({"method": "dialog", "params": {}})).await;
            assert_eq!(command(&mut served).await["method"], "dismiss");
            say(&mut served, json!({"id": click["id"], "result": "clicked"})).await;
        })
        .await;
        let hear = |line: Line| {
            move |what| {
                if matches!(what, Heard::Event { .. }) {
                    line.tell(None, "dismiss", json!({}));
                }
            }
        };
        let socket = Socket::connect(&url, hear, soon()).await.expect("it connects");
        let clicked = socket.line().call(None, "click", json!({}), soon()).await;
        assert_eq!(clicked, Ok(json!("clicked")));
    }

    #[tokio::test]
    async fn a_closed_connection_is_told_to_all_who_wait_and_to_who_comes_later() {
        let url = browser(|mut served| async move {
            command(&mut served).await;
            command(&mut served).await;
            served.close(None).await.ok();
        })
        .await;
        let (socket, mut heard) = connect(&url).await;
        let gone = Err(Trouble::Gone("the browser closed the connection".to_string()));
        let one = socket.line().send(None, "one", json!({}));
        let two = socket.line().send(None, "two", json!({}));
        assert_eq!(one.by(soon()).await, gone);
        assert_eq!(two.by(soon()).await, gone);
        assert_eq!(socket.line().call(None, "three", json!({}), soon()).await, gone);
        assert!(socket.line().ended().is_some());
        let last = heard.recv().await;
        assert!(matches!(last, Some(Heard::Ended(_))), "{last:?}");
    }

    #[tokio::test]
    async fn a_connection_that_breaks_off_is_gone() {
        let url = browser(|mut served| async move {
            command(&mut served).await;
        })
        .await;
        let (socket, _) = connect(&url).await;
        let answer = socket.line().call(None, "one", json!({}), soon()).await;
        assert!(matches!(answer, Err(Trouble::Gone(_))), "{answer:?}");
    }

    #[tokio::test]
    async fn garbage_ends_the_connection_and_says_what_it_was() {
        let url = browser(|mut served| async move {
            command(&mut served).await;
            served.send(Message::text("<html>no")).await.expect("it is sent");
            command(&mut served).await;
        })
        .await;
        let (socket, _) = connect(&url).await;
        let answer = socket.line().call(None, "one", json!({}), soon()).await;
        let said = "the browser sent what is no message: <html>no";
        assert_eq!(answer, Err(Trouble::Gone(said.to_string())));
    }

    #[tokio::test]
    async fn messages_without_a_meaning_and_answers_nobody_waits_for_are_passed_over() {
        let url = browser(|mut served| async move {
            say(&mut served, json!({})).await;
            say(&mut served, json!({"id": "text", "method": 5})).await;
            say(&mut served, json!({"id": 999, "result": {}})).await;
            served.send(Message::Ping(Vec::new().into())).await.expect("it is sent");
            let asked = command(&mut served).await;
            say(&mut served, json!({"id": asked["id"], "result": 1})).await;
        })
        .await;
        let (socket, _) = connect(&url).await;
        assert_eq!(socket.line().call(None, "one", json!({}), soon()).await, Ok(json!(1)));
    }

    #[tokio::test]
    async fn no_answer_is_timed_out_and_a_late_one_harms_nobody() {
        let url = browser(|mut served| async move {
            let slow = command(&mut served).await;
            let fast = command(&mut served).await;
            say(&mut served, json!({"id": slow["id"], "result": "slow"})).await;
            say(&mut served, json!({"id": fast["id"], "result": "fast"})).await;
        })
        .await;
        let (socket, _) = connect(&url).await;
        let by = Instant::now() + Duration::from_millis(30);
        let late = Err(Trouble::TimedOut("the browser did not answer slow in time".to_string()));
        assert_eq!(socket.line().call(None, "slow", json!({}), by).await, late);
        assert!(socket.line().lock().waiting.is_empty());
        assert_eq!(socket.line().call(None, "fast", json!({}), soon()).await, Ok(json!("fast")));
    }

    #[tokio::test]
    async fn what_was_refused_is_told_in_the_browsers_words() {
        let url = browser(|mut served| async move {
            for error in [
                json!({"error": {"code": -32000, "message": "No target", "data": "gone"}}),
                json!({"type": "error", "error": "no such frame", "message": "Frame 5"}),
            ] {
                let mut answer = error;
                answer["id"] = command(&mut served).await["id"].clone();
                say(&mut served, answer).await;
            }
        })
        .await;
        let (socket, _) = connect(&url).await;
        for said in ["No target: gone", "no such frame: Frame 5"] {
            let answer = socket.line().call(None, "ask", json!({}), soon()).await;
            assert_eq!(answer, Err(Trouble::Refused(said.to_string())));
        }
    }

    #[tokio::test]
    async fn a_session_that_is_forgotten_leaves_those_of_others_waiting() {
        let url = browser(|mut served| async move {
            let mut last = Value::Null;
            for _ in 0..2 {
                last = command(&mut served).await;
            }
            say(&mut served, json!({"method": "detached", "params": {}})).await;
            say(&mut served, json!({"id": last["id"], "result": "kept"})).await;
        })
        .await;
        let hear = |line: Line| move |_| line.forget("a", &Trouble::Navigated);
        let socket = Socket::connect(&url, hear, soon()).await.expect("it connects");
        let of_a = socket.line().send(Some("a"), "ask", json!({}));
        let of_b = socket.line().send(Some("b"), "ask", json!({}));
        assert_eq!(of_a.by(soon()).await, Err(Trouble::Navigated));
        assert_eq!(of_b.by(soon()).await, Ok(json!("kept")));
    }

    #[tokio::test]
    async fn a_socket_that_is_dropped_leaves_nobody_waiting() {
        let url =
            browser(|mut served| async move { while let Some(Ok(_)) = served.next().await {} })
                .await;
        let (socket, _) = connect(&url).await;
        let line = socket.line().clone();
        let answer = line.send(None, "one", json!({}));
        drop(socket);
        assert!(matches!(answer.by(soon()).await, Err(Trouble::Gone(_))));
        let later = line.call(None, "two", json!({}), soon()).await;
        assert!(matches!(later, Err(Trouble::Gone(_))), "{later:?}");
    }

    #[tokio::test]
    async fn nothing_listening_is_gone_and_no_handshake_times_out() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let url = format!("ws://{}", listener.local_addr().expect("it is bound"));
        let quick = Instant::now() + Duration::from_millis(50);
        let mute = Socket::connect(&url, |_| |_| (), quick).await.err();
        assert!(matches!(mute, Some(Trouble::TimedOut(_))), "{mute:?}");
        drop(listener);
        let none = Socket::connect(&url, |_| |_| (), soon()).await.err();
        assert!(matches!(none, Some(Trouble::Gone(_))), "{none:?}");
    }
}
