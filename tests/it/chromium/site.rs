//! A site that gives what each test wants: pages by path, and a few paths that do something.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{Response, StatusCode, header};
use axum::routing::any;

/// Serves until it is dropped, on two addresses: a page of one is of another site than one of the
/// other.
pub struct Site {
    pub url: String,
    pub other: String,
    seen: Seen,
    server: tokio::task::JoinHandle<()>,
}

/// What was asked for: method, path, headers.
type Seen = Arc<Mutex<Vec<(String, String, HashMap<String, String>)>>>;

type Pages = Arc<HashMap<String, String>>;

impl Site {
    pub async fn new(pages: &[(&str, &str)]) -> Site {
        let pages = pages.iter().map(|(path, page)| (path.to_string(), page.to_string()));
        let pages: Pages = Arc::new(pages.collect());
        let seen = Seen::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("it has one").port();
        let router = Router::new().fallback(any(answer)).with_state((pages, seen.clone()));
        let server = tokio::spawn(async move { drop(axum::serve(listener, router).await) });
        let (url, other) = (format!("http://127.0.0.1:{port}"), format!("http://localhost:{port}"));
        Site { url, other, seen, server }
    }

    /// Headers of the last request for a path.
    pub fn asked(&self, path: &str) -> Option<HashMap<String, String>> {
        let seen = self.seen.lock().expect("no answer panics");
        seen.iter().rev().find(|(_, asked, _)| asked == path).map(|(_, _, headers)| headers.clone())
    }

    pub fn count(&self, path: &str) -> usize {
        let seen = self.seen.lock().expect("no answer panics");
        seen.iter().filter(|(_, asked, _)| asked == path).count()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn answer(State((pages, seen)): State<(Pages, Seen)>, request: Request) -> Response<Body> {
    let path = request.uri().path().to_string();
    let headers = request.headers().iter().map(|(name, value)| {
        (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    });
    let asked = (request.method().to_string(), path.clone(), headers.collect());
    seen.lock().expect("no answer panics").push(asked);
    let to = request.uri().query().unwrap_or_default();
    let html = Response::builder().header(header::CONTENT_TYPE, "text/html; charset=utf-8");
    let answer = match path.as_str() {
        // Sent elsewhere, with a cookie.
        "/redirect" => Response::builder()
            .status(StatusCode::FOUND)
            .header(header::LOCATION, to)
            .header(header::SET_COOKIE, "way=long; Path=/")
            .header(header::SET_COOKIE, "two=2; Path=/; HttpOnly")
            .body(Body::empty()),
        "/slow" => {
            tokio::time::sleep(Duration::from_millis(to.parse().unwrap_or(500))).await;
            html.body(Body::from("<title>slow</title>slow"))
        }
        "/never" => std::future::pending().await,
        // No script of its own may run in it.
        "/strict" => html
            .header(header::CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'")
            .body(Body::from("<title>strict</title><script>document.title = 'ran'</script>")),
        "/nothing" => Response::builder().status(StatusCode::NO_CONTENT).body(Body::empty()),
        "/file" => Response::builder()
            .header(header::CONTENT_TYPE, "application/octet-stream")
            .header(header::CONTENT_DISPOSITION, format!("attachment; filename=\"{to}\""))
            .body(Body::from("what the file says")),
        "/echo" => {
            let body = axum::body::to_bytes(request.into_body(), 1 << 20).await;
            let body = body.unwrap_or_default();
            Response::builder()
                .header(header::CONTENT_TYPE, "text/plain; charset=utf-8")
                .header(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*")
                .body(Body::from(body))
        }
        path => match pages.get(path) {
            Some(script) if path.ends_with(".js") => Response::builder()
                .header(header::CONTENT_TYPE, "text/javascript")
                .body(Body::from(script.clone())),
            Some(page) => html.body(Body::from(page.clone())),
            None => Response::builder().status(StatusCode::NOT_FOUND).body(Body::from("none")),
        },
    };
    answer.expect("it is an answer")
}
