//! The engines against a real server: goose and our own do the same work, and the same seed asks
//! for the same things, however many threads ask.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::routing::any;
use taster::executor::{self, Observer, Options, Stop};
use taster::plan::Overrides;
use taster::result::journal::{Entry, Ledger};
use taster::result::{LoadResult, Machine, RunInfo, RunResult};

use crate::project::Project;

/// What was asked for, and how often.
type Asked = BTreeMap<String, usize>;

/// A server that remembers what it is asked and answers after a moment.
struct Server {
    url: String,
    asked: Arc<Mutex<Asked>>,
    runtime: tokio::runtime::Runtime,
}

impl Server {
    fn start() -> Self {
        let asked: Arc<Mutex<Asked>> = Arc::default();
        let runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = { runtime }.worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a server can run");
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0"));
        let listener = listener.expect("a port is free");
        let url = format!("http://{}", listener.local_addr().expect("it has one"));
        let router = Router::new().fallback(any(answer)).with_state(asked.clone());
        runtime.spawn(async move { axum::serve(listener, router).await });
        Self { url, asked, runtime }
    }

    fn take(&self) -> Asked {
        std::mem::take(&mut self.asked.lock().expect("no answer panics"))
    }
}

async fn answer(
    State(asked): State<Arc<Mutex<Asked>>>,
    request: Request,
) -> ([(&'static str, String); 1], &'static str) {
    let name = request.headers().get("cookie").and_then(|cookie| cookie.to_str().ok());
    let text = format!("{} {}", request.uri(), name.unwrap_or("-"));
    let last = request.uri().path().rsplit('/').next().unwrap_or_default().to_string();
    // Only `/in/..` gives a cookie; an empty name gives none.
    let given = match request.uri().path().starts_with("/in/") {
        true => format!("who={last}; Path=/"),
        false => String::new(),
    };
    *asked.lock().expect("no answer panics").entry(text).or_default() += 1;
    tokio::time::sleep(Duration::from_millis(3)).await;
    ([("set-cookie", given)], "{}")
}

struct Nobody;

impl Observer for Nobody {
    fn entry(&mut self, _: &Entry, _: &Ledger) {}

    fn cpu_seconds(&mut self) -> Option<f64> {
        None
    }
}

fn run(server: &Server, text: &str, profile: &str, threads: usize) -> RunResult {
    let rows: String = (0..9).map(|row| format!("row{row}\n")).collect();
    let mut project = Project::of(text).with("rows.csv", &format!("id\n{rows}"));
    project.overrides = Overrides {
        target: server.url.clone(),
        profile: Some(profile.into()),
        seed: 11,
        ..project.overrides
    };
    let options = Options { workers: 2, threads, ..Options::default() };
    let known = (RunInfo::default(), Machine::default());
    executor::execute(&project.plan(), known, &options, &Stop::new(), &mut Nobody).expect("it runs")
}

fn load(result: &RunResult) -> &LoadResult {
    result.scenarios[0].load.as_ref().expect("it was loaded")
}

const SHOP: &str = r#"
name: shop
data: { rows: { csv: rows.csv } }
load:
  journeys:
    - journey: many
      weight: 3
      steps:
        - { step: a, get: "/a/{{ rows.id }}/{{ random-int(1, 5) }}" }
        - { step: b, get: "/b/{{ random-int(1, 99999) }}" }
    - { journey: few, weight: 1, steps: [{ step: c, get: "/c/{{ random-text(4) }}" }] }
  profiles:
    each:   { users: 4, iterations: 30 }
    shared: { users: 4, shared-iterations: 120 }
    rate:   { arrivals: 240/s, duration: 500ms, max-users: 50 }
  sla: ["http_req_failed: rate<0.01"]
"#;

#[test]
fn the_same_seed_asks_for_the_same_however_many_threads_ask() {
    let server = Server::start();
    for profile in ["each", "shared", "rate"] {
        let mut all = Vec::new();
        for threads in [1, 2, 5] {
            let result = run(&server, SHOP, profile, threads);
            assert_eq!(load(&result).completed, 120, "{profile}, {threads} threads");
            assert_eq!(load(&result).failed, 0, "{profile}: {:?}", result.steps);
            all.push(server.take());
        }
        assert!(all[0].len() > 100, "the requests differ from each other");
        assert_eq!(all[0], all[1], "{profile}: 1 and 2 threads");
        assert_eq!(all[0], all[2], "{profile}: 1 and 5 threads");
    }
    server.runtime.shutdown_background();
}

#[test]
fn goose_and_our_own_engine_do_the_same_work() {
    let server = Server::start();
    let each = run(&server, SHOP, "each", 2);
    let goose = server.take();
    let shared = run(&server, SHOP, "shared", 2);
    let ours = server.take();
    assert_eq!((load(&each).engine.as_str(), load(&shared).engine.as_str()), ("goose", "taster"));
    assert_eq!(goose, ours, "the same requests, whoever drives the users");
    for (left, right) in each.steps.iter().zip(&shared.steps) {
        assert_eq!((left.count, left.failed), (right.count, right.failed));
        let (left, right) = (left.response_us.p50 as f64, right.response_us.p50 as f64);
        assert!(left / right < 4.0 && right / left < 4.0, "p50 {left} and {right} us");
    }
    server.runtime.shutdown_background();
}

#[test]
fn each_user_has_its_own_cookies_and_variables() {
    let cookies = r#"
name: own
data: { rows: { csv: rows.csv, pick: each } }
before-user:
  - { step: sign in, get: "/in/{{ rows.id }}", capture: { mine: { cookie: who } } }
load:
  journey: [{ step: a, get: "/a/{{ mine }}/{{ user() }}/{{ iteration() }}" }]
  profiles: { each: { users: 4, iterations: 3 } }
  sla: ["http_req_failed: rate<0.01"]
"#;
    let server = Server::start();
    run(&server, cookies, "each", 3);
    let mut wanted = Asked::new();
    for row in 0..4 {
        wanted.insert(format!("/in/row{row} -"), 1);
        for iteration in 1..=3 {
            let path = format!("/a/row{row}/{}/{iteration} who=row{row}", row + 1);
            wanted.insert(path, 1);
        }
    }
    assert_eq!(server.take(), wanted);
    server.runtime.shutdown_background();
}

#[test]
fn a_journal_kept_while_it_runs_is_the_run() {
    struct Keeper(taster::store::RunFolder);
    impl Observer for Keeper {
        fn entry(&mut self, entry: &Entry, _: &Ledger) {
            self.0.keep(entry).unwrap();
        }

        fn cpu_seconds(&mut self) -> Option<f64> {
            taster::store::process_cpu_seconds()
        }
    }
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    let mut project = Project::of(&SHOP.replace("500ms", "1500ms")).with("rows.csv", "id\nx\n");
    project.overrides.target = server.url.clone();
    project.overrides.profile = Some("rate".into());
    let mut keeper = Keeper(taster::store::RunFolder::create(folder.path()).unwrap());
    let known = (RunInfo::default(), Machine::default());
    let options = Options { workers: 1, threads: 2, ..Options::default() };
    let result =
        executor::execute(&project.plan(), known, &options, &Stop::new(), &mut keeper).unwrap();
    assert_eq!(taster::store::read_result(folder.path()).unwrap(), result);
    assert_eq!(load(&result).completed, 360);
    server.runtime.shutdown_background();
}
