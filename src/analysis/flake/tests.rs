//! Each cause with its numbers, and that none is made up.

use super::*;
use crate::analysis::sketch;

fn explained(red: &Trace, green: Option<&Trace>, others: &[Neighbour]) -> Vec<String> {
    let beside = Beside { green, called: "the attempt that passed", others, attempts: &[] };
    let (causes, _) = examine(red, beside);
    causes.into_iter().map(|cause| cause.text).collect()
}

/// The causes beside the usual green attempt.
fn of(change: impl FnOnce(&mut Trace)) -> Vec<String> {
    let mut red = sketch::red();
    change(&mut red);
    explained(&red, Some(&sketch::green()), &[])
}

fn why(trace: &mut Trace, why: serde_json::Value) {
    trace.steps[2].why = why;
}

#[test]
fn without_a_cause_it_says_so_and_what_differs() {
    assert_eq!(
        of(|_| {}),
        ["No cause is seen: nothing recorded differs from the attempt that passed."]
    );
    assert_eq!(
        of(|red| red.steps[0].took_ms = 700.0),
        ["No cause is seen. What differs from the attempt that passed: `goto /shop` took 700 ms, \
          and 120 ms before."]
    );
    assert_eq!(
        explained(&sketch::red(), None, &[]),
        ["No cause is seen, and there is no attempt that passed to compare with."]
    );
}

#[test]
fn a_crash_comes_before_everything() {
    let told = of(|red| {
        red.crash = Some("chromium ended with signal 9.".to_string());
        red.starved = Some(0.9);
        red.requests[0].failed = Some("net::ERR_EMPTY_RESPONSE".to_string());
        why(red, serde_json::json!(null));
    });
    assert_eq!(
        told[0],
        "The browser died during `expect text \"1 item\"`: chromium ended with signal 9."
    );
    assert_eq!(told.len(), 2);
}

#[test]
fn a_busy_processor_is_a_cause_where_it_was_not_as_busy_when_it_passed() {
    let told = of(|red| {
        red.starved = Some(0.62);
        why(red, serde_json::json!({ "kind": "missing" }));
    });
    assert_eq!(
        told,
        ["The processor was busy elsewhere: for 62% of the attempt that failed no core was free, \
          and for 2% of the attempt that passed; fewer `--workers` leave more."]
    );
    let (mut red, mut green) = (sketch::red(), sketch::green());
    why(&mut red, serde_json::json!({ "kind": "missing" }));
    (red.starved, green.starved) = (Some(0.62), Some(0.6));
    assert!(explained(&red, Some(&green), &[])[0].starts_with("No cause is seen"));
}

#[test]
fn a_request_that_failed_only_now_is_a_cause() {
    let told = of(|red| red.requests[1].status = Some(500));
    assert_eq!(
        told,
        ["`POST /api/v1/cart/…` was answered 500 after 60 ms, 4.98 s before the step ended; in \
             the attempt that passed it was answered 201."]
    );
    let told = of(|red| {
        red.requests[1].status = None;
        red.requests[1].failed = Some("net::ERR_CONNECTION_RESET".to_string());
    });
    assert!(
        told[0].starts_with("`POST /api/v1/cart/…` failed (net::ERR_CONNECTION_RESET), "),
        "{told:?}"
    );
    // What was refused both times is how the test is.
    let (mut red, mut green) = (sketch::red(), sketch::green());
    (red.requests[1].status, green.requests[1].status) = (Some(404), Some(404));
    assert!(explained(&red, Some(&green), &[])[0].starts_with("No cause is seen"));
}

#[test]
fn a_slow_answer_is_a_cause_where_the_step_waited_for_it() {
    let told = of(|red| red.requests[1].took_ms = Some(4_900.0));
    assert_eq!(told, ["`POST /api/v1/cart/…` took 4.9 s, and 60 ms in the attempt that passed."]);
    let told = of(|red| red.requests[1].took_ms = None);
    assert_eq!(
        told,
        ["`POST /api/v1/cart/…` was not answered within 5.04 s, and 60 ms in the attempt \
             that passed."]
    );
    // Answered before the step began.
    assert!(of(|red| red.requests[0].took_ms = Some(170.0))[0].starts_with("No cause is seen"));
}

#[test]
fn without_an_attempt_that_passed_only_what_it_waited_for_is_told() {
    let mut red = sketch::red();
    red.requests[1].took_ms = Some(4_900.0);
    assert_eq!(explained(&red, None, &[]), ["`POST /api/v1/cart/…` took 4.9 s."]);
    red.requests[1].took_ms = Some(900.0);
    assert!(explained(&red, None, &[])[0].starts_with("No cause is seen"));
}

#[test]
fn what_the_page_showed_is_a_cause() {
    let told = |value: serde_json::Value| of(|red| why(red, value)).remove(0);
    assert_eq!(
        told(serde_json::json!({ "kind": "covered", "by": "dialog \"Cookies\"" })),
        "At `expect text \"1 item\"` the element was covered by `dialog \"Cookies\"` for 5 s; \
         in the \
         attempt that passed it took 90 ms."
    );
    assert_eq!(
        told(serde_json::json!({ "kind": "many", "count": 2 })),
        "At `expect text \"1 item\"` the locator matched 2 elements; in the attempt that passed it \
         matched 1."
    );
    assert_eq!(
        told(serde_json::json!({ "kind": "wrong", "wanted": 0, "got": 2 })),
        "At `expect text \"1 item\"` there were 2 instead of 0; in the attempt that passed there \
         were 0."
    );
    for (kind, words) in [
        ("detached", "the element was replaced while it was used"),
        ("moving", "the element kept moving for 5 s"),
        ("disabled", "the element stayed disabled for 5 s"),
    ] {
        let told = told(serde_json::json!({ "kind": kind }));
        assert!(told.contains(words), "{told}");
    }
    // Texts are no numbers of elements, and what a page said may be anything.
    for value in [serde_json::json!([1]), serde_json::json!({ "kind": 7 }), serde_json::json!(null)]
    {
        assert!(told(value).starts_with("No cause is seen"));
    }
}

#[test]
fn how_late_it_was_is_told_behind_what_made_it_late() {
    let told = of(|red| {
        red.steps[2].late_ms = Some(340.0);
        red.requests[1].took_ms = Some(4_900.0);
    });
    assert_eq!(
        told,
        [
            "`POST /api/v1/cart/…` took 4.9 s, and 60 ms in the attempt that passed.",
            "`expect text \"1 item\"` held 340 ms after its deadline of 5 s; in the attempt that \
             passed it took 90 ms.",
        ]
    );
}

#[test]
fn errors_of_scripts_and_open_dialogs_are_causes() {
    let told = of(|red| red.messages.push(sketch::message("uncaught", "TypeError: x")));
    assert_eq!(
        told,
        ["A script of the page threw 200 ms after the start: `TypeError: x`; not in the attempt \
          that passed."]
    );
    let told = of(|red| red.steps[2].failure = Some("an alert dialog was open: \"Sure?\"".into()));
    assert_eq!(told, ["A dialog was open: an alert dialog was open: \"Sure?\"."]);
    let (mut red, mut green) = (sketch::red(), sketch::green());
    red.messages.push(sketch::message("uncaught", "TypeError: x"));
    green.messages.push(sketch::message("uncaught", "TypeError: x"));
    assert!(explained(&red, Some(&green), &[])[0].starts_with("No cause is seen"));
}

#[test]
fn what_would_not_have_held_later_is_not_for_want_of_time() {
    // Looked at again after its deadline, the text was still another one.
    assert!(of(|red| red.starved = Some(0.98))[0].starts_with("No cause is seen"));
    let late = of(|red| (red.starved, red.steps[2].late_ms) = (Some(0.98), Some(20.0)));
    assert!(late[0].starts_with("The processor was busy elsewhere"));
    // Nor was an answer over HTTP, which came in time and was wrong.
    let http = |kind: &str| {
        of(|red| {
            (red.starved, red.steps[2].verb) = (Some(0.98), "http".to_string());
            red.steps[2].why = serde_json::Value::Null;
            let kind = kind.to_string();
            red.failure = Some(crate::result::FailureExample { kind, ..Default::default() });
        })
    };
    assert!(!http("check")[0].starts_with("The processor"));
    assert!(http("timeout")[0].starts_with("The processor was busy elsewhere"));
}

#[test]
fn what_fails_in_every_attempt_alike_is_no_flake() {
    let mut red = sketch::red();
    (red.starved, red.steps[2].late_ms) = (Some(0.98), Some(20.0));
    let explained = |attempts: &[Trace]| {
        let beside = Beside { green: None, called: "", others: &[], attempts };
        examine(&red, beside).0.into_iter().map(|cause| cause.text).collect::<Vec<_>>()
    };
    let told = explained(&[red.clone(), red.clone()]);
    assert_eq!(
        told[0],
        "All 2 attempts failed at `expect text \"1 item\"` with the same words: this is no flake \
         of the moment."
    );
    assert!(!told.iter().any(|text| text.contains("processor")), "{told:?}");
    let mut other = red.clone();
    other.steps[2].failure = Some("got something else".to_string());
    assert!(explained(&[red.clone(), other])[0].contains("processor"));
    assert!(explained(&[red.clone()])[0].contains("processor"));
}

#[test]
fn a_request_that_the_page_took_back_is_no_failure() {
    let told = of(|red| {
        red.requests[1].status = None;
        red.requests[1].failed = Some("net::ERR_ABORTED".to_string());
    });
    assert!(told[0].starts_with("No cause is seen"), "{told:?}");
}

/// Another test, that began and ended at these times.
fn other(began: u64, took: u64) -> Trace {
    let mut trace = sketch::green();
    trace.test = "empties the cart".to_string();
    (trace.began_ms, trace.duration_ms) = (began, took);
    trace.requests.clear();
    trace
}

#[test]
fn what_an_earlier_test_left_in_the_browser_is_a_cause() {
    let mut left = other(1_000, 500);
    left.last.as_mut().unwrap().kept =
        vec!["localStorage cart".to_string(), "cookie x".to_string()];
    let mut red = sketch::red();
    red.last.as_mut().unwrap().kept = vec!["localStorage cart".to_string()];
    let green = sketch::green();
    assert_eq!(
        explained(&red, Some(&green), &[Neighbour::of(&left)]),
        ["State of another test was there: `shopping › empties the cart`, which ended 8.5 s \
             before, \
          had kept `localStorage cart`; the attempt that passed had it not."]
    );
    // Another engine has other state.
    left.browser = "firefox".to_string();
    let told = explained(&red, Some(&green), &[Neighbour::of(&left)]);
    assert!(told[0].starts_with("No cause is seen"));
}

#[test]
fn a_test_that_changed_the_same_data_meanwhile_is_a_cause() {
    let mut busy = other(10_100, 4_000);
    let url = "http://127.0.0.1:4000/api/v1/cart";
    busy.requests = vec![sketch::request(900.0, Some(5.0), "DELETE", url, Some(204))];
    let (red, green) = (sketch::red(), sketch::green());
    assert_eq!(
        explained(&red, Some(&green), &[Neighbour::of(&busy)]),
        ["Another test changed the same data: `shopping › empties the cart` sent \
          `DELETE /api/v1/cart` 4.18 s before the step ended, and this test uses \
          `POST /api/v1/cart/…`."]
    );
    // Before it began, refused, of another collection, or of another account: no cause.
    let none = |busy: &Trace, red: &Trace| {
        let told = explained(red, Some(&green), &[Neighbour::of(busy)]);
        assert!(told[0].starts_with("No cause is seen"), "{told:?}");
    };
    none(&Trace { began_ms: 1_000, duration_ms: 1_000, ..busy.clone() }, &red);
    let mut refused = busy.clone();
    refused.requests[0].status = Some(409);
    none(&refused, &red);
    let mut elsewhere = busy.clone();
    elsewhere.requests[0].url = "http://127.0.0.1:4000/api/v1/meals".to_string();
    none(&elsewhere, &red);
    let (mut hers, mut his) = (busy.clone(), red.clone());
    hers.steps[0].line = "fill: { label: E-mail, with: ada@test.com }".to_string();
    his.steps[0].line = "fill: { label: E-mail, with: bob@test.com }".to_string();
    none(&hers, &his);
    his.steps[0].line = hers.steps[0].line.clone();
    let told = explained(&his, Some(&green), &[Neighbour::of(&hers)]);
    assert!(told[0].contains("as the same `ada@test.com`"), "{told:?}");
}
