//! What a scenario file means, as far as one file can tell by itself.

use std::time::Duration;

use serde_json::json;
use taster::diagnostic::SourceFile;
use taster::scenario::{
    Action, Auth, Body, CaptureFrom, Comparison, HttpStep, JsonType, Part, Scenario, Shape,
    StatusSet, Step, parse,
};

fn read(text: &str) -> Scenario {
    let (scenario, warnings) = parse(&SourceFile::new("shop.yaml", text)).expect("it is right");
    assert!(warnings.is_empty(), "{warnings:?}");
    scenario
}

/// The steps of a test, written as a YAML list.
fn steps(text: &str) -> Vec<Step> {
    let text: String = text.trim_end().lines().map(|line| format!("      {line}\n")).collect();
    read(&format!("name: a\ntests:\n  - name: b\n    browser: chromium\n    steps:\n{text}"))
        .tests
        .remove(0)
        .steps
}

fn request(text: &str) -> HttpStep {
    match steps(text).remove(0).action {
        Action::Http(http) | Action::Use(_, http) => *http,
        other => panic!("not a request: {other:?}"),
    }
}

fn comparisons(text: &str) -> Vec<Comparison> {
    let mut http = request(&format!("- get: /\n  expect: {{ json: {{ $.a: {text} }} }}\n"));
    http.expect.json.remove(0).1.tests
}

#[test]
fn a_value_knows_where_it_was_written() {
    let scenario = read("name: größe 😀\nsteps:\n  - step: ä\n    get: /ö\n");
    let Action::Http(http) = &scenario.steps[0].action else { panic!("a request") };
    let url = http.url.as_ref().expect("a path");
    assert_eq!(url.place.to_string(), "shop.yaml:4:10");
    assert_eq!(url.place.text(), "/ö");
    assert_eq!(scenario.steps[0].place.to_string(), "shop.yaml:3:5");
}

#[test]
fn a_step_is_a_name_or_a_map_with_an_action() {
    let steps = steps(
        "- sign in
- use: sign in
- get: /
- method: propfind
  url: /files
- pause: 1s..3s
- group: cart
  steps: [{ post: /cart }]
- click: { role: button }
- expect-url: /done
",
    );
    let is = |at: usize| format!("{:?}", steps[at].action);
    assert!(is(0).starts_with("Use(") && is(1).starts_with("Use("));
    assert!(is(2).contains("\"GET\"") && is(3).contains("\"PROPFIND\""));
    let Action::Pause(pause) = &steps[4].action else { panic!("a pause") };
    assert_eq!(pause.value.to_string(), "1s..3s");
    assert_eq!(steps[5].name.as_ref().map(|name| name.value.as_str()), Some("cart"));
    assert!(matches!(&steps[5].action, Action::Group(inner) if inner.len() == 1));
    assert!(matches!(&steps[6].action, Action::Browser(click) if click.verb.value == "click"));
    assert!(matches!(&steps[7].action, Action::Browser(verb) if verb.verb.value == "expect-url"));
}

#[test]
fn repeat_is_a_number_or_a_wait() {
    let steps = steps(
        "- { get: /, repeat: 3 }
- { get: /, repeat: { times: 10, until: { state: ready }, every: 200ms } }
",
    );
    let [short, long] = [0, 1].map(|at| steps[at].repeat.clone().expect("a repeat"));
    assert_eq!((short.times.value, short.until.len()), (3, 0));
    assert_eq!((long.times.value, long.until.len()), (10, 1));
    assert_eq!(long.every.map(|every| every.value), Some(Duration::from_millis(200)));
}

#[test]
fn a_body_is_what_its_key_says() {
    let body = |text| request(&format!("- post: /\n  {text}\n")).body.expect("a body");
    assert!(
        matches!(body("json: [1, a, null]"), Body::Json(it) if it.value == json!([1, "a", null]))
    );
    assert!(matches!(body("json: 5"), Body::Json(it) if it.value == json!(5)));
    assert!(matches!(body("form: { a: 1, b: [2, 3] }"), Body::Form(it) if it.len() == 2));
    assert!(matches!(body("body: 5"), Body::Text(it) if it.value == "5"));
    assert!(matches!(body("body-file: a.xml"), Body::File(it) if it.value == "a.xml"));
    let Body::Multipart(parts) = body("multipart: { a: b, c: { file: d, type: e/f } }") else {
        panic!("multipart")
    };
    assert!(matches!(&parts[0].1, Part::Text(text) if text.value == "b"));
    assert!(matches!(&parts[1].1, Part::File { content_type: Some(it), .. } if it.value == "e/f"));
}

#[test]
fn auth_is_a_token_a_user_or_none() {
    let auth = |text| request(&format!("- get: /\n  auth: {text}\n")).auth;
    assert!(matches!(auth("none"), Some(Auth::None)));
    assert!(matches!(auth("{ bearer: a }"), Some(Auth::Bearer(it)) if it.value == "a"));
    let basic = auth("{ basic: { user: a, password: 1234 } }");
    assert!(
        matches!(basic, Some(Auth::Basic(user, it)) if user.value == "a" && it.value == "1234")
    );
}

#[test]
fn redirects_are_a_word_or_a_number() {
    let redirects = |text| {
        let http = request(&format!("- get: /\n  redirects: {text}\n"));
        http.redirects.map(|count| count.value)
    };
    assert_eq!(["follow", "stop", "3"].map(redirects), [Some(10), Some(0), Some(3)]);
}

#[test]
fn statuses_are_one_or_many_numbers_or_classes() {
    let status = |text| -> Vec<StatusSet> {
        let http = request(&format!("- get: /\n  expect: {{ status: {text} }}\n"));
        http.expect.status.into_iter().map(|one| one.value).collect()
    };
    assert_eq!(status("201"), [StatusSet::One(201)]);
    assert_eq!(status("[2xx, 304]"), [StatusSet::Class(2), StatusSet::One(304)]);
}

#[test]
fn a_bare_value_must_be_equal() {
    for (text, value) in [
        ("5", json!(5)),
        ("\"5\"", json!("5")),
        ("null", json!(null)),
        ("[1, a]", json!([1, "a"])),
        ("{ equals: { b: 1 } }", json!({ "b": 1 })),
    ] {
        let tests = comparisons(text);
        let [Comparison::Equals(found)] = tests.as_slice() else { panic!("{text}: {tests:?}") };
        assert_eq!(found.value, value, "{text}");
    }
}

#[test]
fn a_map_is_operators_in_the_order_written() {
    let tests =
        comparisons("{ gt: 1, type: null, length: { lt: 3 }, exists: true, matches: '^a' }");
    assert!(matches!(&tests[0], Comparison::Gt(it) if it.value == json!(1)));
    assert!(matches!(&tests[1], Comparison::Type(it) if it.value == JsonType::Null));
    assert!(matches!(&tests[2], Comparison::Length(it) if it.tests.len() == 1));
    assert!(matches!(&tests[3], Comparison::Exists(it) if it.value));
    assert!(matches!(&tests[4], Comparison::Matches(it) if it.value == "^a"));
}

#[test]
fn empty_is_a_length_of_none() {
    for (text, equal) in [("true", true), ("false", false)] {
        let tests = comparisons(&format!("{{ empty: {text} }}"));
        let [Comparison::Length(length)] = tests.as_slice() else { panic!("{tests:?}") };
        assert_eq!(matches!(&length.tests[0], Comparison::Equals(_)), equal);
        assert_eq!(matches!(&length.tests[0], Comparison::Gt(_)), !equal);
    }
}

#[test]
fn a_capture_has_one_source() {
    let http = request(
        "- get: /
  capture:
    a: $.a
    b: body
    c: { header: location }
    d: { cookie: sid }
    e: { regex: 'id=(\\d+)' }
    f: { regex: '\\d+' }
",
    );
    let from: Vec<&CaptureFrom> = http.capture.iter().map(|capture| &capture.from).collect();
    assert!(matches!(from[0], CaptureFrom::JsonPath(path) if path.value == "$.a"));
    assert!(matches!(from[1], CaptureFrom::Body));
    assert!(matches!(from[2], CaptureFrom::Header(name) if name.value == "location"));
    assert!(matches!(from[3], CaptureFrom::Cookie(name) if name.value == "sid"));
    assert!(matches!(from[4], CaptureFrom::Regex(_, 1)), "the group is what is wanted");
    assert!(matches!(from[5], CaptureFrom::Regex(_, 0)), "without a group, all of it");
}

#[test]
fn each_set_of_profile_keys_is_one_shape() {
    let shape = |text: &str| {
        let load = read(&format!(
            "name: a\nload:\n  journey: [{{ get: / }}]\n  profiles: {{ p: {text} }}\n"
        ));
        load.load.expect("a load section").profiles.remove(0).1.shape
    };
    let ten = Duration::from_secs(10);
    let users = shape("{ users: 2, duration: 10s, graceful-stop: 1s, start-after: 1s }");
    assert!(matches!(users, Shape::Users(users, time) if (users.value, time.value) == (2, ten)));
    let ramp = shape("{ stages: [{ duration: 0s, target: 5 }, { duration: 10s, target: 0 }] }");
    assert!(matches!(ramp, Shape::Stages(stages, 0) if stages.len() == 2));
    let each = shape("{ users: 2, iterations: 3 }");
    assert!(matches!(each, Shape::IterationsEach(_, times, None) if times.value == 3));
    let shared = shape("{ users: 2, shared-iterations: 3, max-duration: 10s }");
    assert!(matches!(shared, Shape::IterationsShared(_, _, Some(most)) if most.value == ten));
    let rate = shape("{ arrivals: 90/m, duration: 10s, max-users: 7 }");
    assert!(matches!(rate, Shape::Arrivals(rate, _, Some(_)) if rate.value.0 == 1.5));
    let rates = shape("{ arrivals: 0/s, stages: [{ duration: 10s, target: 5/s }] }");
    assert!(matches!(rates, Shape::ArrivalStages(_, stages, None) if stages.len() == 1));
}

#[test]
fn slas_are_read_from_our_list_and_from_the_map_of_k6() {
    let slas = |text: &str| -> Vec<(String, bool, u64)> {
        let profiles = "  profiles: { p: { users: 1, duration: 1s } }";
        let text =
            format!("name: a\nload:\n  journey: [{{ get: / }}]\n{profiles}\n  sla: {text}\n");
        let slas = read(&text).load.expect("a load section").sla;
        let parts = |sla: taster::metric::Sla| {
            (sla.to_string(), sla.abort_on_fail, sla.delay_abort.as_secs())
        };
        slas.into_iter().map(|sla| parts(sla.value)).collect()
    };
    let text = "http_req_duration{step:a}: p(95)<500".to_string();
    let ours = "[{ sla: 'http_req_duration{step:a}: p(95)<500', abort-on-fail: true, delay: 9s }]";
    assert_eq!(slas(ours), [(text.clone(), true, 9)]);
    let k6 = "{ 'http_req_duration{name:a}': \
              [{ threshold: p(95)<500, abortOnFail: true, delayAbortEval: 9s }, 'avg<1'] }";
    assert_eq!(slas(k6)[0], (text, true, 9));
    assert_eq!(slas(k6)[1].0, "http_req_duration{step:a}: avg<1");
}

#[test]
fn merge_keys_give_way_to_what_is_written() {
    let http = request(
        "- get: /
  headers: { <<: { a: 1, b: 2 }, b: 3 }
",
    );
    let headers: Vec<(&str, &str)> =
        http.headers.iter().map(|(name, it)| (name.value.as_str(), it.value.as_str())).collect();
    assert_eq!(headers, [("b", "3"), ("a", "1")]);
}

#[test]
fn numbers_written_where_a_text_belongs_keep_their_spelling() {
    let http = request("- get: /\n  headers: { x-version: 1.10, x-zip: 01234 }\n");
    let values: Vec<&str> = http.headers.iter().map(|(_, it)| it.value.as_str()).collect();
    assert_eq!(values, ["1.10", "01234"]);
}

#[test]
fn a_file_of_steps_needs_no_name() {
    assert!(read("steps: [{ step: a, get: / }]\n").name.is_none());
}
