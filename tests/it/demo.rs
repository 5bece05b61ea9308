//! The embedded backend, tried over real sockets: each endpoint's success and its refusals.
//!
//! Here is what the tests share: a backend of their own, and a client that speaks JSON.

mod faults;
mod food;
mod pages;
mod people;
mod protocol;
mod shop;

use reqwest::header::HeaderMap;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use taster::demo::{DemoError, Options, serve};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

const PASSWORD: &str = "TestPassword123!";
const NOBODY: &str = "00000000-0000-4000-8000-000000000000";

/// A running backend. It ends with the test, or earlier by `stop`.
struct Backend {
    base: String,
    stop: oneshot::Sender<()>,
    served: JoinHandle<Result<(), DemoError>>,
}

impl Backend {
    async fn start() -> Self {
        Backend::with(Options::default()).await
    }

    async fn broken_by(faults: &[&str]) -> Self {
        let faults = faults.iter().map(|fault| fault.parse().expect(fault)).collect();
        Backend::with(Options { faults, ..Options::default() }).await
    }

    async fn with(options: Options) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (stop, stopped) = oneshot::channel();
        let served = tokio::spawn(serve(listener, options, async {
            let _ = stopped.await;
        }));
        Backend { base: format!("http://{address}/api/v1"), stop, served }
    }

    async fn stop(self) {
        let _ = self.stop.send(());
        self.served.await.expect("no panic").expect("served to the end");
    }

    fn client(&self) -> Client {
        Client { base: self.base.clone(), http: reqwest::Client::new(), token: None }
    }

    /// A client that one of the seeded users is signed in with.
    async fn user(&self, number: usize) -> Client {
        let client = self.client();
        let email = format!("user{number}@test.com");
        client.signed_in(&email, PASSWORD).await
    }

    /// A client of somebody new, who has nothing yet.
    async fn newcomer(&self, name: &str) -> Client {
        let email = format!("{name}@new.test.com");
        let body = json!({ "email": email, "password": PASSWORD });
        let answer = self.client().post("/auth/register", body).await.is(201);
        self.client().with_token(answer.data()["token"].as_str().expect("a token"))
    }
}

/// Somebody who sends requests.
#[derive(Clone)]
struct Client {
    base: String,
    http: reqwest::Client,
    token: Option<String>,
}

impl Client {
    fn with_token(mut self, token: &str) -> Self {
        self.token = Some(token.to_owned());
        self
    }

    async fn signed_in(&self, email: &str, password: &str) -> Self {
        let body = json!({ "email": email, "password": password });
        let answer = self.post("/auth/login", body).await.is(200);
        self.clone().with_token(answer.data()["token"].as_str().expect("a token"))
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    async fn get(&self, path: &str) -> Answer {
        Answer::to(self.request(Method::GET, path)).await
    }

    async fn delete(&self, path: &str) -> Answer {
        Answer::to(self.request(Method::DELETE, path)).await
    }

    async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, body).await
    }

    async fn send(&self, method: Method, path: &str, body: Value) -> Answer {
        Answer::to(self.request(method, path).body(body.to_string())).await
    }

    /// The first row of a list.
    async fn first(&self, path: &str) -> Value {
        self.get(path).await.is(200).data()[0].clone()
    }
}

/// What came back.
struct Answer {
    status: u16,
    headers: HeaderMap,
    text: String,
}

impl Answer {
    async fn to(request: RequestBuilder) -> Self {
        let response = request.send().await.expect("an answer");
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Answer { status, headers, text: response.text().await.expect("a whole body") }
    }

    #[track_caller]
    fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }

    /// Refused with this status and code, in the envelope of a failure.
    #[track_caller]
    fn refused(self, status: u16, code: &str) -> Self {
        let answer = self.is(status);
        assert_eq!(answer.json()["error"]["code"], code, "{}", answer.text);
        assert!(answer.json()["error"]["message"].is_string(), "{}", answer.text);
        answer
    }

    /// Refused for these fields.
    #[track_caller]
    fn invalid(self, fields: &[&str]) {
        let answer = self.refused(400, "VALIDATION_ERROR");
        let details = answer.json()["error"]["details"].clone();
        let details = details.as_array().expect("details");
        let mut named: Vec<_> = details.iter().filter_map(|each| each["field"].as_str()).collect();
        let mut fields = fields.to_vec();
        named.sort_unstable();
        fields.sort_unstable();
        assert_eq!(named, fields, "{}", answer.text);
    }

    #[track_caller]
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).expect("a JSON body")
    }

    #[track_caller]
    fn data(&self) -> Value {
        let json = self.json();
        assert_eq!(json["success"], true, "{}", self.text);
        json["data"].clone()
    }

    fn rows(&self) -> Vec<Value> {
        self.data().as_array().expect("a list").clone()
    }

    fn total(&self) -> i64 {
        self.json()["meta"]["total"].as_i64().expect("a total")
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().expect(field)
}
