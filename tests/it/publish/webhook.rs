//! A chat that is told of a verdict: when, what becomes of one that is busy, silent or gone, and
//! that its URL stands nowhere.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use taster::publish::{CHAT, Lost, Patience, tell};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

use super::shop;
use crate::http::server::{Act, Request, reply, serve};
use crate::http::tls::Authority;
use crate::support::{Outcome, Sandbox, Service};

const SHORT: Patience =
    Patience { attempt: Duration::from_millis(300), total: Duration::from_millis(1_200) };

fn send(service: &Service, patience: Patience) -> Result<(), Lost> {
    tell(&format!("{}/hook/s3cr3t", service.url), "{\"text\":\"x\"}".to_string(), patience)
}

/// Always an answer of this status.
fn always(status: &'static str, headers: &'static [(&'static str, &'static str)]) -> Service {
    Service::start(move |_| vec![Act::Send(reply(status, headers, ""))])
}

#[test]
fn a_chat_that_is_busy_is_asked_again_when_it_says() {
    let asked = AtomicUsize::new(0);
    let chat = Service::start(move |_| {
        vec![Act::Send(match asked.fetch_add(1, Ordering::Relaxed) {
            0 => reply("429 Too Many Requests", &[("retry-after", "1")], ""),
            _ => reply("200 OK", &[], "ok"),
        })]
    });
    let began = Instant::now();
    assert_eq!(send(&chat, CHAT), Ok(()));
    assert!(began.elapsed() >= Duration::from_secs(1), "{:?}", began.elapsed());
    let requests = chat.requests();
    assert_eq!(requests.len(), 2);
    for request in requests {
        assert_eq!(request.line(), "POST /hook/s3cr3t HTTP/1.1");
        assert!(request.header("content-type").starts_with("application/json"));
        assert_eq!(request.body(), "{\"text\":\"x\"}");
    }
}

#[test]
fn what_does_not_take_a_message_is_given_up_in_time() {
    let busy = always("429 Too Many Requests", &[("retry-after", "3600")]);
    let lost = Lost::Busy { status: 429, after: Duration::from_secs(3_600) };
    assert_eq!((send(&busy, CHAT), busy.requests().len()), (Err(lost), 1));
    let broken = always("503 Service Unavailable", &[]);
    assert_eq!((send(&broken, SHORT), broken.requests().len()), (Err(Lost::Refused(503)), 2));
    let gone = always("404 Not Found", &[]);
    assert_eq!((send(&gone, CHAT), gone.requests().len()), (Err(Lost::Refused(404)), 1));
    let silent = Service::start(|_| vec![Act::Silence]);
    let told = send(&silent, SHORT);
    assert_eq!((told, silent.requests().len()), (Err(Lost::Silent(SHORT.attempt)), 1));
    let broken_off = Service::start(|_| vec![Act::Reset]);
    assert!(matches!(send(&broken_off, CHAT), Err(Lost::Unreachable(_))));
}

#[test]
fn a_redirect_is_not_followed() {
    let other = always("200 OK", &[]);
    let to = format!("{}/other", other.url);
    let chat =
        Service::start(move |_| vec![Act::Send(reply("302 Found", &[("location", &to)], ""))]);
    assert_eq!(send(&chat, CHAT), Err(Lost::Redirect(302)));
    assert!(other.requests().is_empty());
}

/// A chat behind TLS, as all of them are: its port, and what it was told.
fn behind_tls(runtime: &Runtime, config: Arc<ServerConfig>) -> (u16, Arc<Mutex<Vec<Request>>>) {
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a port");
    let port = listener.local_addr().expect("its address").port();
    let told: Arc<Mutex<Vec<Request>>> = Arc::default();
    let seen = told.clone();
    runtime.spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = TlsAcceptor::from(config.clone()).accept(stream).await else {
                continue;
            };
            let answers = |_: &Request| vec![Act::Send(reply("200 OK", &[], "ok")), Act::Close];
            serve(&mut stream, &answers, &seen).await;
        }
    });
    (port, told)
}

#[test]
fn only_a_chat_whose_certificate_is_trusted_is_told() {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(1).enable_all().build().expect("a server can run");
    let authority = Authority::new();
    let (port, told) = behind_tls(&runtime, authority.config("localhost"));
    let (sandbox, target) = (one_test(), shop());
    sandbox.write("ca.pem", &authority.pem);
    let hook = format!("https://localhost:{port}/s3cr3t");
    let more = ["--notify-when", "always"];
    let outcome = run(&sandbox, &target, &more, &hook).exits(0);
    let outcome = outcome.says(&["the webhook was not told of the verdict: invalid peer certif"]);
    assert!(told.lock().expect("whole").is_empty() && !outcome.all().contains("s3cr3t"));
    let mut command = sandbox.command(&["test", "t.yaml", "--target", &target.url, "--out", "out"]);
    command.args(more).env("TASTER_WEBHOOK", &hook).env("SSL_CERT_FILE", sandbox.path("ca.pem"));
    sandbox.start(command).end().exits(0).says(&["the webhook was told"]);
    assert_eq!(told.lock().expect("whole").len(), 1);
}

#[test]
fn what_is_lost_is_told_without_the_url() {
    for url in ["http://127.0.0.1:1/s3cr3t", "http://s3cr3t.invalid/x", "no url s3cr3t", ""] {
        let told = tell(url, "{}".to_string(), CHAT).expect_err("nobody is there").to_string();
        assert!(!told.is_empty() && !told.contains("s3cr3t"), "{told}");
    }
}

/// Runs the tests, one of which passes only while purchases do not.
fn run(sandbox: &Sandbox, target: &Service, more: &[&str], webhook: &str) -> Outcome {
    let arguments = ["test", "t.yaml", "--target", &target.url, "--out", "out"];
    let mut command = sandbox.command(&[&arguments[..], more].concat());
    command.env("TASTER_WEBHOOK", webhook);
    command.env("GITHUB_SERVER_URL", "https://ci.example").env("GITHUB_REPOSITORY", "me/shop");
    command.env("GITHUB_RUN_ID", "42");
    sandbox.start(command).end()
}

fn one_test() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write(
        "t.yaml",
        "name: shop\ntests:\n  - { name: t, steps: [{ get: /, expect: { status: 200 } }] }\n",
    );
    sandbox
}

/// A target that is well or ill as the switch says.
fn moody() -> (Service, Arc<AtomicBool>) {
    let well = Arc::new(AtomicBool::new(true));
    let is_well = well.clone();
    let service = Service::start(move |_| {
        let status = if is_well.load(Ordering::Relaxed) { "200 OK" } else { "500 Oh" };
        vec![Act::Send(reply(status, &[], "{}"))]
    });
    (service, well)
}

#[test]
fn only_a_change_of_the_verdict_is_told_and_what_was_not_told_stays_news() {
    let (sandbox, (target, well)) = (one_test(), moody());
    let chat = always("200 OK", &[]);
    let hook = format!("{}/hook/s3cr3t", chat.url);
    let told = || chat.requests().len();
    run(&sandbox, &target, &[], &hook).exits(0);
    assert_eq!(told(), 0, "that all is well is no news at first");
    well.store(false, Ordering::Relaxed);
    run(&sandbox, &target, &[], "http://127.0.0.1:1/s3cr3t")
        .exits(1)
        .says(&["the webhook was not told of the verdict"])
        .never_says(&["s3cr3t"]);
    run(&sandbox, &target, &[], &hook).exits(1).says(&["the webhook was told of the verdict"]);
    assert_eq!(told(), 1, "it was not told before");
    run(&sandbox, &target, &[], &hook).exits(1);
    assert_eq!(told(), 1, "it is the same as before");
    run(&sandbox, &target, &["--notify-when", "failure"], &hook).exits(1);
    assert_eq!(told(), 2);
    well.store(true, Ordering::Relaxed);
    run(&sandbox, &target, &["--notify-when", "failure"], &hook).exits(0);
    assert_eq!(told(), 2);
    run(&sandbox, &target, &["--notify-when", "always"], &hook).exits(0);
    assert_eq!(told(), 3);
    let last = chat.requests().pop().expect("a message").body();
    let message: serde_json::Value = serde_json::from_str(&last).expect("JSON");
    let text = message["text"].as_str().expect("a text");
    assert!(text.starts_with("PASS · shop · tests"), "{text}");
    assert!(text.ends_with("https://ci.example/me/shop/actions/runs/42"), "{text}");
}

#[test]
fn a_change_is_told_with_what_was_before() {
    let sandbox = one_test();
    let (target, well) = moody();
    well.store(false, Ordering::Relaxed);
    let chat = always("200 OK", &[]);
    run(&sandbox, &target, &[], &chat.url).exits(1);
    well.store(true, Ordering::Relaxed);
    run(&sandbox, &target, &[], &chat.url).exits(0);
    let told: Vec<String> = chat.requests().iter().map(|request| request.body()).collect();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].contains("FAIL · shop · tests\\n"), "{}", told[0]);
    assert!(told[1].contains("PASS · shop · tests (was FAIL)"), "{}", told[1]);
}

#[test]
fn the_url_of_a_chat_stands_in_no_byte_that_is_written() {
    let (sandbox, target, chat) = (one_test(), shop(), always("500 Oh", &[("retry-after", "99")]));
    let hook = format!("{}/hook/s3cr3t", chat.url);
    let all = "html,md,json,junit,csv,svg,text,comment,github,ctrf,openmetrics,k6";
    let more = ["--notify", &hook, "--notify-when", "always", "--report", all];
    let outcome = run(&sandbox, &target, &more, "").exits(0);
    let outcome = outcome.says(&["was not told", "it answered 500", "in 99 s"]);
    assert!(!outcome.all().contains("s3cr3t"), "{outcome}");
    let mut files = sandbox.files("out");
    files.extend(sandbox.files(".taster"));
    assert!(files.len() >= 10, "{files:?}");
    for file in files {
        let text = std::fs::read(&file).expect("a file");
        let text = String::from_utf8_lossy(&text);
        assert!(!text.contains("s3cr3t") && !text.contains("/hook/"), "{}", file.display());
    }
    assert!(sandbox.read("out/result.json").contains("[webhook]"), "how it was run is kept");
    let help = {
        let mut command = sandbox.command(&["run", "--help"]);
        command.env("TASTER_WEBHOOK", &hook);
        sandbox.start(command).end().exits(0)
    };
    let wrong = run(&sandbox, &target, &[], "no url s3cr3t").exits(2);
    wrong.says(&["--notify (or TASTER_WEBHOOK) is no URL"]).never_says(&["s3cr3t"]);
    assert!(!help.all().contains("s3cr3t") && help.all().contains("TASTER_WEBHOOK"), "{help}");
}

/// Runs a command below a chat, and gives what the chat was told since.
fn told_by(sandbox: &Sandbox, chat: &Service, arguments: &[&str], code: i32) -> Vec<String> {
    let before = chat.requests().len();
    let mut command = sandbox.command(arguments);
    command.env("TASTER_WEBHOOK", format!("{}/hook/s3cr3t", chat.url));
    sandbox.start(command).end().exits(code).never_says(&["s3cr3t"]);
    let text = |request: &Request| {
        let message: serde_json::Value = serde_json::from_str(&request.body()).expect("JSON");
        message["text"].as_str().expect("a text").to_string()
    };
    chat.requests().iter().skip(before).map(text).collect()
}

#[test]
fn a_deployment_that_is_to_be_rolled_back_is_told_and_then_that_it_is_well() {
    let (sandbox, (target, well)) = (one_test(), moody());
    let chat = always("200 OK", &[]);
    let verify = |wait: &str, code: i32| {
        let target = ["verify", "t.yaml", "--target", &target.url, "--tag", "x"];
        let arguments = [&target[..], &["--wait", wait, "--out", "out"]].concat();
        told_by(&sandbox, &chat, &arguments, code)
    };
    sandbox.write(
        "t.yaml",
        "name: shop\ntests:\n  - name: t\n    tags: [x]\n    \
         steps: [{ get: /, expect: { status: 200 } }]\n",
    );
    well.store(false, Ordering::Relaxed);
    let told = verify("1s", 1);
    assert!(told.len() == 1 && told[0].starts_with("ROLLBACK · http:"), "{told:?}");
    assert_eq!(verify("1s", 1), [""; 0], "it is the same as before");
    well.store(true, Ordering::Relaxed);
    let told = verify("20s", 0);
    assert!(told.len() == 1 && told[0].starts_with("GO · http:"), "{told:?}");
    assert!(told[0].contains("(was ROLLBACK)"), "{told:?}");
    assert!(!sandbox.read("out/result.json").contains("s3cr3t"));
}

#[test]
fn duets_and_merged_shards_tell_of_their_verdicts() {
    let (sandbox, target, chat) = (one_test(), shop(), always("200 OK", &[]));
    let load = "name: shop\nload:\n  journey: [{ step: s, get: / }]\n  \
                profiles: { p: { arrivals: 40/s, duration: 9s } }\n";
    sandbox.write("l.yaml", load);
    let options = "duet l.yaml --profile p --allow-short --segment 2s --no-extension \
                   --report json --out d --a";
    let mut duet: Vec<&str> = options.split_whitespace().collect();
    duet.extend([&*target.url, "--b", &*target.url]);
    let told = told_by(&sandbox, &chat, &duet, 3);
    assert!(told.len() == 1 && told[0].starts_with("INCONCLUSIVE · shop · p\n"), "{told:?}");
    assert_eq!(told_by(&sandbox, &chat, &["duet", "--replay", "d"], 3), [""; 0]);

    let two = "name: shop\ntests:\n  - { name: t, steps: [{ get: / }] }\n  \
               - { name: u, steps: [{ get: / }] }\n";
    sandbox.write("t.yaml", two);
    for shard in ["1/2", "2/2"] {
        let out = format!("s{}", &shard[..1]);
        let test = ["test", "t.yaml", "--target", &target.url, "--shard", shard, "--out", &out];
        sandbox.start(sandbox.command(&test)).end();
    }
    let merge = ["merge", "s1", "s2", "--out", "whole", "--notify-when", "always"];
    let told = told_by(&sandbox, &chat, &merge, 0);
    assert!(told.len() == 1 && told[0].starts_with("PASS · shop · tests"), "{told:?}");
}
