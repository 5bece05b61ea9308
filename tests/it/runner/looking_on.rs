//! `--debug`: somebody who looks on, through a pipe.

use std::io::Write;
use std::process::Stdio;

use super::{names, paths, service, suite};
use crate::support::{Outcome, Sandbox, Service};

/// Says these lines, one after the other, and then nothing more.
fn debug(sandbox: &Sandbox, service: &Service, says: &str) -> Outcome {
    let arguments = ["test", "s.yaml", "--target", &service.url, "--out", "out", "--debug"];
    let mut command = sandbox.command(&arguments);
    let (reader, mut writer) = std::io::pipe().expect("a pipe");
    writer.write_all(says.as_bytes()).expect("a pipe takes a few lines");
    drop(writer);
    command.stdin(Stdio::from(reader));
    sandbox.start(command).end()
}

#[test]
fn each_step_is_shown_before_it_is_done() {
    let sandbox = Sandbox::with(&suite(3));
    let service = service(&["/t2"]);
    let outcome = debug(&sandbox, &service, "n\nwhat?\n\nn\n").exits(1);
    for at in 1..=3 {
        assert!(outcome.stderr.contains(&format!("test {at}: before `GET /t{at}`")), "{outcome}");
        assert!(outcome.stderr.contains(&format!("--> s.yaml:{}", at + 2)), "{outcome}");
    }
    assert!(outcome.stderr.contains("n (or Enter) this step"), "help: {outcome}");
    assert_eq!(names(&sandbox, "out/result.json").len(), 3);
    assert_eq!(outcome.stderr.matches("debug> ").count(), 4, "{outcome}");
}

#[test]
fn the_rest_runs_without_stopping() {
    let sandbox = Sandbox::with(&suite(4));
    let service = service(&[]);
    let outcome = debug(&sandbox, &service, "n\nc\n").exits(0).says(&["PASS"]);
    assert_eq!(outcome.stderr.matches("before `").count(), 2, "{outcome}");
    assert_eq!(paths(&service), ["/t1", "/t2", "/t3", "/t4"]);
}

#[test]
fn who_quits_or_goes_away_ends_the_run_which_is_then_no_pass() {
    for says in ["n\nq\n", "n\n"] {
        let sandbox = Sandbox::with(&suite(3));
        let service = service(&[]);
        let outcome = debug(&sandbox, &service, says).exits(4);
        let outcome = outcome.says(&["INVALID", "quit in the debugger"]);
        outcome.never_says(&["PASS:"]);
        assert_eq!(paths(&service), ["/t1"]);
    }
}

#[test]
fn a_locator_needs_a_page() {
    let sandbox = Sandbox::with(&suite(1));
    let service = service(&[]);
    let says = "l { role: button, name: Buy }\nl\nl { role: \nn\n";
    let outcome = debug(&sandbox, &service, says).exits(0);
    outcome.says(&["this step has no page", "write a locator behind it"]);
}

/// Before a step of a browser the page is shown, and can be asked.
#[test]
fn a_page_is_shown_and_asked_what_a_locator_finds() {
    let page = "<!doctype html><title>Shop</title><main><h1>Fruit</h1>\
        <button>Buy</button><button>Sell</button></main>";
    let service = Service::always(
        0,
        crate::http::server::reply("200 OK", &[("content-type", "text/html")], page),
    );
    let sandbox = Sandbox::with(
        "name: shop\ntests:\n  - name: buys\n    browser: [chromium]\n    steps:\n      \
         - goto: /shop\n      - see: Fruit\n      - see: { role: button, name: Buy }\n",
    );
    let says = "n\nl { role: button }\nl { role: link }\nl { role: button, name: Buy }\nn\nn\n";
    let outcome = debug(&sandbox, &service, says).exits(0).says(&["PASS"]);
    assert_eq!(outcome.stderr.matches("before `").count(), 6, "{outcome}");
    let seen = outcome.says(&["/shop `Shop`", "- heading \"Fruit\"", "it finds 2 elements:"]);
    let seen = seen.says(&["button \"Buy\" button \"Sell\"", "it finds nothing"]);
    seen.says(&["it finds one element: button \"Buy\""]);
}
