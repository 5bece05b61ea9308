//! Services for the program to meet: the servers of the HTTP tests, on a thread of their own, so
//! that a test can wait for the program without keeping them from answering.

use std::time::Duration;

use crate::http::server::{Act, Request, Server, json};

/// A server that lives until it is dropped.
pub struct Service {
    /// Where it listens.
    pub url: String,
    server: Server,
    runtime: Option<tokio::runtime::Runtime>,
}

impl Service {
    /// Answers each request as `answers` says.
    pub fn start(answers: impl Fn(&Request) -> Vec<Act> + Send + Sync + 'static) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a test may have threads");
        let server = runtime.block_on(Server::start(answers));
        Self { url: format!("http://{}", server.addr), server, runtime: Some(runtime) }
    }

    /// Always the same answer, after some milliseconds.
    pub fn always(ms: u64, answer: impl AsRef<[u8]>) -> Self {
        let answer = answer.as_ref().to_vec();
        Self::start(move |_| after(ms, &answer))
    }

    /// An API as it should be: JSON for everything, at a pace that leaves the machine some rest.
    pub fn healthy() -> Self {
        Self::start(|_| json_ok())
    }

    /// The requests so far.
    pub fn requests(&self) -> Vec<Request> {
        self.server.requests()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// What a healthy API answers.
pub fn json_ok() -> Vec<Act> {
    after(4, json("200 OK", r#"{"data":{"token":"t-1","items":[1,2]}}"#))
}

/// An answer after some milliseconds.
pub fn after(ms: u64, answer: impl AsRef<[u8]>) -> Vec<Act> {
    vec![Act::Wait(Duration::from_millis(ms)), Act::Send(answer.as_ref().to_vec())]
}
