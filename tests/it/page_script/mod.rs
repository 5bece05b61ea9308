//! The script inside pages, in three engines: each page of `tests/pages` says in its `cases` what
//! is done and what must come of it. The script is driven through the classic protocol, among the
//! page's own scripts, where pages have the most means to disturb it.

mod cases;
mod engines;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use crate::support::Service;
use engines::{Engine, Session};

/// The longest that one engine may take for all pages.
const LONGEST: Duration = Duration::from_secs(240);

/// How many of the names and roles must be as the specifications have them, in percent. It may
/// only grow.
const AGREEMENT: f64 = 97.0;

/// What two frames take, milliseconds.
const TWO_FRAMES: f64 = 34.0;

#[test]
fn chromium_does_as_the_pages_say() {
    all_pages(Engine::Chromium);
}

#[test]
fn firefox_does_as_the_pages_say() {
    all_pages(Engine::Firefox);
}

#[test]
fn webkit_does_as_the_pages_say() {
    all_pages(Engine::Webkit);
}

/// What became of an engine's pages.
#[derive(Debug, Default)]
struct Outcome {
    failed: Vec<String>,
    cases: usize,
    agreed: usize,
    compared: usize,
    lateness: Vec<f64>,
}

fn all_pages(engine: Engine) {
    let runtime = tokio::runtime::Runtime::new().expect("a test may have threads");
    let other = pages_service(String::new());
    let here = pages_service(other.url.clone());
    let outcome = runtime.block_on(async {
        let mut session = engines::start(engine).await;
        let done = tokio::time::timeout(LONGEST, run_all(&mut session, &here.url)).await;
        session.close().await;
        done
    });
    let outcome = outcome.unwrap_or_else(|_| panic!("{engine:?} was not done in {LONGEST:?}"));
    let middle = outcome.lateness.get(outcome.lateness.len() / 2).copied().unwrap_or(f64::MAX);
    println!(
        "{engine:?}: {} cases; names and roles: {} of {}; a change is noticed after {middle:.1} ms",
        outcome.cases, outcome.agreed, outcome.compared
    );
    assert!(outcome.cases > 100, "only {} cases were found", outcome.cases);
    let share = 100.0 * outcome.agreed as f64 / outcome.compared as f64;
    assert!(
        outcome.failed.is_empty() && share >= AGREEMENT,
        "{engine:?}, {share:.1} % of names and roles:\n{}",
        outcome.failed.join("\n")
    );
    // Half of the changes at least, as the machine may be busy; polling would take far longer.
    assert!(middle <= TWO_FRAMES, "a change is noticed after {middle} ms: {:?}", outcome.lateness);
}

async fn run_all(session: &mut Session, url: &str) -> Outcome {
    let mut outcome = Outcome::default();
    for page in pages() {
        let name = page.file_name().expect("it has a name").to_string_lossy().into_owned();
        if let Err(problem) = run_page(session, &page, &format!("{url}/{name}"), &mut outcome).await
        {
            outcome.failed.push(format!("{name}: {problem}"));
        }
    }
    outcome.lateness = session.lateness();
    outcome
}

async fn run_page(
    session: &Session,
    page: &Path,
    url: &str,
    outcome: &mut Outcome,
) -> Result<(), String> {
    let text = fs::read_to_string(page).expect("a page can be read");
    let cases = embedded(&text);
    session.goto(url).await?;
    for case in &cases {
        if case.get("except").is_some_and(|not| cases::lists(not, session.engine)) {
            continue;
        }
        outcome.cases += 1;
        if let Err(problem) = cases::run(session, case, url).await {
            let title = case["name"].as_str().unwrap_or_default();
            outcome.failed.push(format!("{url}: {title}: {problem}"));
        }
    }
    if text.contains(" data-role=") || text.contains(" data-name=") {
        compare_all(session, outcome).await?;
    }
    Ok(())
}

/// Compares each element that says `data-role` or `data-name` with what the script finds.
async fn compare_all(session: &Session, outcome: &mut Outcome) -> Result<(), String> {
    let wanted = session.marked().await?;
    let all: Vec<Value> = wanted.iter().map(|(expectation, _)| expectation.clone()).collect();
    outcome.compared += wanted.len();
    let argument = serde_json::json!({"all": all, "timeout": 0});
    let answer = session.call("expect", &argument).await?;
    let results = answer["results"].as_array().cloned().unwrap_or_default();
    for (result, (expectation, html)) in results.iter().zip(&wanted) {
        if result["ok"] == true {
            outcome.agreed += 1;
            continue;
        }
        println!(
            "{:?}: {} wanted {}, got {} of {html}",
            session.engine, expectation["what"], expectation["is"], result["why"]["got"]
        );
    }
    Ok(())
}

fn pages() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pages");
    let entries = fs::read_dir(folder).expect("the pages are there");
    let mut all: Vec<PathBuf> =
        entries.map(|entry| entry.expect("it can be listed").path()).collect();
    all.sort();
    all
}

/// The cases in a page; none for a page that only says names and roles, or is part of others.
fn embedded(page: &str) -> Vec<Value> {
    let begin = "<script type=\"application/json\" id=\"cases\">";
    let Some((_, rest)) = page.split_once(begin) else { return Vec::new() };
    let text = rest.split("</script>").next().unwrap_or_default();
    serde_json::from_str(text).expect("the cases of a page are JSON")
}

/// Serves the pages; `OTHER_ORIGIN` in them is the address of another server.
fn pages_service(other: String) -> Service {
    let mut texts = BTreeMap::new();
    for page in pages() {
        let text = fs::read_to_string(&page).expect("a page can be read");
        let name = page.file_name().expect("it has a name").to_string_lossy().into_owned();
        texts.insert(format!("/{name}"), text.replace("OTHER_ORIGIN", &other));
    }
    Service::start(move |request| {
        let path = request.path().split('?').next().unwrap_or_default();
        let head = [("content-type", "text/html; charset=utf-8")];
        let answer = match texts.get(path) {
            Some(text) => crate::http::server::reply("200 OK", &head, text),
            None => crate::http::server::reply("404 Not Found", &head, "nothing here"),
        };
        crate::http::server::send(answer)
    })
}
