//! What browser steps mean once they are read: every verb in every form, and what is refused.

use std::path::PathBuf;
use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value, json};
use taster::plan::browser::{
    Act, Emulation, Event, Expectation, Gesture, LoadState, Picture, Place, StubAnswer,
};
use taster::plan::{ActionPlan, BrowserPlan, Node, Plan, SeriesKind};

use crate::project::Project;

fn read(verb: &str, argument: Value) -> Act {
    Act::read(verb, &argument).unwrap_or_else(|why| panic!("{verb} {argument}: {why}"))
}

fn refused(verb: &str, argument: Value) -> String {
    match Act::read(verb, &argument) {
        Err(why) => why,
        Ok(act) => panic!("{verb} {argument} is {act:?}"),
    }
}

/// The long form means what the short one does.
fn same(verb: &str, short: Value, long: Value) -> Act {
    let act = read(verb, short);
    assert_eq!(act, read(verb, long), "{verb}");
    act
}

#[test]
fn pages_are_opened_and_left() {
    let shop = |until| Act::Goto { url: "/shop".into(), until };
    assert_eq!(same("goto", json!("/shop"), json!({ "url": "/shop" })), shop(LoadState::Load));
    for (word, until) in [
        ("commit", LoadState::Commit),
        ("dom", LoadState::Dom),
        ("load", LoadState::Load),
        ("idle", LoadState::Idle),
    ] {
        assert_eq!(read("goto", json!({ "url": "/shop", "until": word })), shop(until));
        assert_eq!(read("reload", json!({ "until": word })), Act::Travel(0, until));
        assert_eq!(read("wait-for", json!({ "load": word })), Act::WaitFor(Event::Load(until)));
    }
    assert!(matches!(read("goto", json!("about:blank")), Act::Goto { .. }));
    for argument in [json!(null), json!(true), json!({})] {
        assert_eq!(read("back", argument.clone()), Act::Travel(-1, LoadState::Load));
        assert_eq!(read("forward", argument.clone()), Act::Travel(1, LoadState::Load));
        assert_eq!(read("close", argument), Act::Close);
    }
    assert!(refused("goto", json!("shop")).contains("write a path such as /shop"));
    assert!(refused("goto", json!("javascript:alert(1)")).contains("cannot open"));
    assert!(refused("goto", json!({ "until": "load" })).contains("needs the key `url`"));
}

#[test]
fn a_click_says_with_what_and_where() {
    let plain = |button, count| Gesture::Click {
        button,
        count,
        modifiers: Vec::new(),
        at: None,
        force: false,
        stay: false,
    };
    let milk = json!({ "text": "Milk" });
    assert_eq!(read("click", milk.clone()), Act::Point(plain(0, 1), milk.clone()));
    assert_eq!(read("click", json!("Milk")), Act::Point(plain(0, 1), json!("Milk")));
    assert_eq!(read("double-click", milk.clone()), Act::Point(plain(0, 2), milk.clone()));
    assert_eq!(read("right-click", milk.clone()), Act::Point(plain(2, 1), milk.clone()));
    let full = json!({
        "text": "Milk", "button": "middle", "count": 3, "modifiers": ["shift", "meta"],
        "at": [1, 2.5], "force": true, "stay": true,
    });
    let gesture = Gesture::Click {
        button: 1,
        count: 3,
        modifiers: vec!["shift".into(), "meta".into()],
        at: Some((1.0, 2.5)),
        force: true,
        stay: true,
    };
    assert_eq!(read("click", full), Act::Point(gesture, milk));
    assert!(refused("double-click", json!({ "text": "a", "button": "left" })).contains("`button`"));
}

#[test]
fn hands_do_what_they_are_told() {
    let label = json!({ "label": "Search" });
    let with = |key: &str, value: Value| {
        let mut map = label.clone();
        map[key] = value;
        map
    };
    assert_eq!(read("hover", label.clone()), Act::Point(Gesture::Hover, label.clone()));
    assert_eq!(read("focus", label.clone()), Act::Point(Gesture::Focus, label.clone()));
    assert_eq!(read("clear", label.clone()), Act::Point(Gesture::Clear, label.clone()));
    let scrolled = |by| Gesture::Scroll { by };
    assert_eq!(read("scroll", json!("Imprint")), Act::Point(scrolled(None), json!("Imprint")));
    let by = Act::Point(scrolled(Some((0.0, -300.0))), label.clone());
    assert_eq!(read("scroll", with("by", json!([0, -300]))), by);
    let page = Act::Point(scrolled(Some((0.0, 9.0))), json!({ "css": ":root" }));
    assert_eq!(read("scroll", json!({ "by": [0, 9] })), page);
    assert_eq!(read("fill", with("with", json!(42))), Act::Fill(label.clone(), "42".into()));
    assert_eq!(read("fill", with("with", json!(""))), Act::Fill(label.clone(), String::new()));
    assert_eq!(read("type", json!("milk")), Act::Type(None, "milk".into()));
    let typed = Act::Type(Some(label.clone()), "milk".into());
    assert_eq!(read("type", with("with", json!("milk"))), typed);
    let pressed = Act::Press { at: Some(label.clone()), keys: "Enter".into(), stay: false };
    assert_eq!(read("press", with("key", json!("Enter"))), pressed);
    for keys in ["Enter", "a", "ü", "+", "Control++", "Control+Shift+ArrowLeft", "Shift+a"] {
        assert_eq!(
            read("press", json!(keys)),
            Act::Press { at: None, keys: keys.into(), stay: false },
            "{keys}"
        );
    }
    for keys in ["", "Entr", "a+b", "Ctrl+A", "++", "Control+"] {
        refused("press", json!(keys));
    }
    assert_eq!(read("check", label.clone()), Act::Tick(label.clone(), true));
    assert_eq!(read("uncheck", label.clone()), Act::Tick(label.clone(), false));
    let one = Act::Select(label.clone(), vec!["L".into()]);
    assert_eq!(read("select", with("option", json!("L"))), one);
    let two = Act::Select(label.clone(), vec!["L".into(), "7".into()]);
    assert_eq!(read("select", with("option", json!(["L", 7]))), two);
    assert!(refused("select", with("option", json!([]))).contains("option"));
    assert_eq!(
        read("drag", json!({ "from": "Milk", "to": { "css": ".cart" } })),
        Act::Drag(json!("Milk"), json!({ "css": ".cart" }))
    );
    let files = vec![PathBuf::from("/a/b.png"), PathBuf::from("/a/c.png")];
    let upload = with("file", json!(["/a/b.png", "/a/c.png"]));
    assert_eq!(read("upload", upload), Act::Upload(label, files));
}

#[test]
fn dialogs_tabs_and_downloads() {
    let accept = Act::Dialog { accept: true, with: None, message: None };
    assert_eq!(same("dialog", json!("accept"), json!({ "accept": true })), accept);
    let dismiss = Act::Dialog { accept: false, with: None, message: Some(json!("Sure?")) };
    assert_eq!(read("dialog", json!({ "accept": false, "message": "Sure?" })), dismiss);
    let matched = json!({ "accept": true, "with": "Ada", "message": { "matches": "^Your" } });
    assert!(matches!(read("dialog", matched), Act::Dialog { with: Some(_), .. }));
    for (argument, place) in [
        (json!("main"), Place::Main),
        (json!("new-tab"), Place::NewTab),
        (json!("previous-tab"), Place::PreviousTab),
        (json!({ "frame": "Pay" }), Place::Frame(json!("Pay"))),
        (json!({ "tab": { "title": "Help" } }), Place::Tab(json!({ "title": "Help" }))),
        (
            json!({ "tab": { "url": { "contains": "/help" } } }),
            Place::Tab(json!({ "url": { "contains": "/help" } })),
        ),
    ] {
        assert_eq!(read("switch-to", argument), Act::SwitchTo(place));
    }
    refused("switch-to", json!({ "tab": { "title": "a", "url": "/b" } }));
    let download = json!({
        "click": "Invoice", "name": { "matches": "pdf$" }, "contains": "Total", "keep": "in.pdf",
    });
    assert_eq!(
        read("download", download),
        Act::Download {
            click: json!("Invoice"),
            name: Some(json!({ "matches": "pdf$" })),
            contains: Some("Total".into()),
            keep: Some("in.pdf".into()),
        }
    );
    refused("download", json!({ "click": "Invoice", "keep": "../in.pdf" }));
    let script = Act::Evaluate("1 + 1".into(), Value::Null);
    assert_eq!(same("evaluate", json!("1 + 1"), json!({ "script": "1 + 1" })), script);
    let args = json!({ "script": "arg.a", "args": { "a": [1, null] } });
    assert_eq!(read("evaluate", args), Act::Evaluate("arg.a".into(), json!({ "a": [1, null] })));
}

#[test]
fn pictures_are_taken_and_compared() {
    let picture = |full, of| Picture { name: "cart".into(), full, of };
    let taken = same("screenshot", json!("cart"), json!({ "name": "cart" }));
    assert_eq!(taken, Act::Screenshot(picture(false, None)));
    let full = read("screenshot", json!({ "name": "cart", "full": true }));
    assert_eq!(full, Act::Screenshot(picture(true, None)));
    let table = json!({ "name": "cart", "of": { "role": "table" } });
    let of = Some(json!({ "role": "table" }));
    assert_eq!(read("screenshot", table), Act::Screenshot(picture(false, of)));
    let Act::ExpectScreenshot { mask, tolerance, share, .. } = read(
        "expect-screenshot",
        json!({
            "name": "cart", "mask": ["Now", { "css": "time" }], "tolerance": 0.3, "share": 0.01,
        }),
    ) else {
        panic!("a picture");
    };
    assert_eq!((mask.len(), tolerance, share), (2, 0.3, 0.01));
    let Act::ExpectScreenshot { mask, share, .. } = read("expect-screenshot", json!("cart")) else {
        panic!("a picture");
    };
    assert_eq!((mask.len(), share), (0, 0.0));
    for name in ["", ".", "..", "a/b", "a\\b", ".hidden", "a\0b", "x ", "con:"] {
        refused("screenshot", json!(name));
    }
}

fn expected(what: &str, locator: Option<Value>, is: Value) -> Expectation {
    Expectation { what: what.into(), locator, is, of: None, not: false }
}

#[test]
fn states_are_expected_of_an_element() {
    let save = json!({ "role": "button", "name": "Save" });
    let visible = Act::Expect(expected("visible", Some(save.clone()), Value::Null));
    assert_eq!(read("see", save.clone()), visible);
    assert_eq!(read("wait-for", save.clone()), visible);
    let hidden = Act::Expect(expected("hidden", Some(json!("Loading")), Value::Null));
    assert_eq!(read("hide", json!("Loading")), hidden);
    for state in [
        "visible",
        "hidden",
        "attached",
        "detached",
        "enabled",
        "disabled",
        "checked",
        "unchecked",
        "focused",
        "editable",
        "empty",
        "in-viewport",
    ] {
        let one = expected(state, Some(save.clone()), Value::Null);
        let verb = format!("expect-{state}");
        assert_eq!(read(&verb, save.clone()), Act::Expect(one.clone()));
        let mut turned = save.clone();
        turned["not"] = json!(true);
        assert_eq!(read(&verb, turned), Act::Expect(Expectation { not: true, ..one }));
        assert!(refused(&verb, json!({ "nth": 1 })).contains("which element"));
    }
}

#[test]
fn values_are_compared() {
    let total = json!({ "test-id": "total" });
    let with = |key: &str, value: Value| {
        let mut map = total.clone();
        map[key] = value;
        map
    };
    for what in ["text", "value", "class", "name"] {
        let verb = format!("expect-{what}");
        for (key, value, is) in [
            ("is", json!("12"), json!("12")),
            ("is", json!(12), json!(12)),
            ("is", json!(["a", { "matches": "^b" }]), json!(["a", { "matches": "^b" }])),
            ("is", json!({ "not": "a" }), json!({ "not": "a" })),
            ("contains", json!("1"), json!({ "contains": "1" })),
            ("matches", json!("^1"), json!({ "matches": "^1" })),
            ("gte", json!(1), json!({ "gte": 1 })),
        ] {
            let one = Act::Expect(expected(what, Some(total.clone()), is));
            assert_eq!(read(&verb, with(key, value)), one);
        }
        assert!(refused(&verb, total.clone()).contains("does not say what is expected"));
        refused(&verb, with("is", json!({})));
        refused(&verb, with("is", json!({ "like": "a" })));
    }
    let count = json!({ "test-id": "total", "gte": 1, "lt": 4, "not": true });
    let one = expected("count", Some(total.clone()), json!({ "gte": 1, "lt": 4 }));
    assert_eq!(read("expect-count", count), Act::Expect(Expectation { not: true, ..one }));
    refused("expect-count", with("is", json!([1, 2])));
    refused("expect-role", with("is", json!("knob")));
    for (verb, what, key) in
        [("expect-attribute", "attribute", "attribute"), ("expect-css", "css", "property")]
    {
        let mut argument = with("is", json!("x"));
        assert!(refused(verb, argument.clone()).contains(key));
        argument[key] = json!("href");
        let one = expected(what, Some(total.clone()), json!("x"));
        let one = Expectation { of: Some("href".into()), ..one };
        assert_eq!(read(verb, argument), Act::Expect(one));
    }
}

#[test]
fn the_page_as_a_whole_is_compared() {
    for what in ["url", "title"] {
        let verb = format!("expect-{what}");
        let one = Act::Expect(expected(what, None, json!("/done")));
        assert_eq!(same(&verb, json!("/done"), json!({ "is": "/done" })), one);
        let one = Act::Expect(expected(what, None, json!({ "matches": "e$" })));
        assert_eq!(read(&verb, json!({ "matches": "e$" })), one);
        refused(&verb, json!({ "is": ["a"] }));
        refused(&verb, json!({ "css": "a", "is": "b" }));
    }
    let whole = Act::Expect(expected("aria", None, json!("- main")));
    assert_eq!(same("expect-aria", json!("- main"), json!({ "is": "- main" })), whole);
    let part = json!({ "role": "main", "is": "- list" });
    let one = expected("aria", Some(json!({ "role": "main" })), json!("- list"));
    assert_eq!(read("expect-aria", part), Act::Expect(one));
    let url = Act::Expect(expected("url", None, json!("/orders/*")));
    assert_eq!(read("wait-for", json!({ "url": "/orders/*" })), url);
}

#[test]
fn the_network_is_waited_for_and_stubbed() {
    let request = Event::Request("/api".into(), Some("POST".into()));
    let argument = json!({ "request": "/api", "method": "post" });
    assert_eq!(read("wait-for", argument), Act::WaitFor(request));
    let response = Event::Response("**/api".into(), None, Some(201));
    let argument = json!({ "response": "**/api", "status": 201 });
    assert_eq!(read("wait-for", argument), Act::WaitFor(response));
    refused("wait-for", json!({ "request": "/api", "status": 201 }));
    let answer = |argument: Value| match read("stub", argument) {
        Act::Stub(stub) => stub,
        other => panic!("{other:?}"),
    };
    let full = answer(json!({
        "url": "/api/**", "method": "get", "status": 503, "headers": { "retry-after": 1 },
        "json": { "a": [1] }, "delay": "1s", "times": 2,
    }));
    assert_eq!(full.method.as_deref(), Some("GET"));
    assert_eq!((full.delay, full.times), (Duration::from_secs(1), 2));
    let StubAnswer::Fulfil { status, headers, body } = full.answer else { panic!("an answer") };
    assert_eq!((status, body.as_str()), (503, r#"{"a":[1]}"#));
    assert_eq!(headers[1], ("content-type".into(), "application/json".into()));
    assert_eq!(answer(json!({ "url": "/a", "abort": true })).answer, StubAnswer::Abort);
    let slow = answer(json!({ "url": "/a", "delay": "1s" }));
    assert_eq!(slow.answer, StubAnswer::Pass { headers: Vec::new() });
    let passed = answer(json!({ "url": "/a", "pass": { "headers": { "x": "y" } } }));
    let headers = vec![("x".to_string(), "y".to_string())];
    assert_eq!(passed.answer, StubAnswer::Pass { headers });
    for wrong in [
        json!({ "url": "/a" }),
        json!({ "url": "/a", "abort": false }),
        json!({ "url": "a", "status": 200 }),
        json!({ "url": "/a", "status": 99 }),
        json!({ "url": "/a", "status": 200, "times": 0 }),
        json!({ "url": "/a", "headers": { "a b": "c" } }),
        json!({ "url": "/a", "headers": { "a": "b\r\nc: d" } }),
        json!({ "url": "/a", "json": {}, "pass": true }),
    ] {
        refused("stub", wrong);
    }
    for argument in [json!(null), json!(true)] {
        assert_eq!(read("unstub", argument), Act::Unstub(None));
    }
    let one = Act::Unstub(Some("/a".into()));
    assert_eq!(same("unstub", json!("/a"), json!({ "url": "/a" })), one);
    let save = Act::SaveState("ada".into());
    assert_eq!(same("save-state", json!("ada"), json!({ "name": "ada" })), save);
    assert_eq!(read("use-state", json!("ada")), Act::UseState("ada".into()));
    refused("use-state", json!("../ada"));
}

#[test]
fn a_browser_changes_what_it_pretends_to_be() {
    let mut page = Emulation::default();
    let mut change = |verb: &str, argument: Value| {
        let Act::Emulate(keys) = read(verb, argument) else { panic!("{verb}") };
        page.lay_over(&keys).expect("what was read can be done");
        page.clone()
    };
    assert_eq!(change("viewport", json!("800x600")).viewport, (800, 600));
    let viewport = json!({ "width": 640, "height": 480 });
    assert_eq!(change("viewport", viewport).viewport, (640, 480));
    assert!(change("offline", json!(true)).offline);
    assert!(!change("offline", json!(false)).offline);
    let slow = change("throttle", json!("slow-3g")).throttle.expect("slower");
    assert_eq!((slow.download, slow.latency), (50_000, Duration::from_secs(2)));
    let own = json!({ "latency": "30ms", "download": "2MB/s", "cpu": 4 });
    let own = change("throttle", own).throttle.expect("slower");
    assert_eq!((own.latency, own.download, own.upload, own.cpu), (ms(30), 2_000_000, 0, 4.0));
    assert!(change("throttle", json!("none")).throttle.is_none());
    // Single keys lie over the device, wherever they are written.
    let phone = json!({ "viewport": "400x800", "device": "iPhone 15", "locale": "de-DE" });
    let phone = change("emulate", phone);
    assert_eq!((phone.viewport, phone.scale, phone.mobile), ((400, 800), 3.0, true));
    assert!(phone.user_agent.expect("that of the phone").contains("iPhone"));
    let place = change("emulate", json!({ "geolocation": [52.52, 13.4] }));
    assert_eq!(place.geolocation, Some((52.52, 13.4, 10.0)));
    assert_eq!(change("emulate", json!({ "geolocation": "none" })).geolocation, None);
    let allowed = change("emulate", json!({ "permissions": ["geolocation", "camera"] }));
    assert_eq!(allowed.permissions, ["geolocation", "camera"]);
    refused("viewport", json!("800"));
    refused("viewport", json!({ "width": 0, "height": 480 }));
    refused("throttle", json!({ "download": 0 }));
    assert!(refused("emulate", json!({ "device": "iPhone" })).contains("iPhone SE"));
    refused("emulate", json!({ "timeout": "1s" }));
}

fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

#[test]
fn a_locator_is_checked_all_the_way_down() {
    for fine in [
        json!("Save"),
        json!({ "role": "heading", "name": { "matches": "^Cart \\([0-9]+\\)" }, "level": 2 }),
        json!({ "role": "checkbox", "checked": "mixed", "include-hidden": true }),
        json!({ "css": "li", "nth": -1, "visible": true }),
        json!({ "text": "Buy", "in": { "frame": "Shop", "css": "main" }, "exact": true }),
        json!({ "role": "listitem", "has": { "role": "img" }, "has-not-text": "sold" }),
        json!({ "role": "button", "or": [{ "role": "link" }, "Buy"] }),
        // JavaScript knows these, and the page decides.
        json!({ "text": { "matches": "(?<=a)b|\\1|[^]" } }),
    ] {
        read("click", fine);
    }
    let mut deep = json!("a");
    for _ in 0..40 {
        deep = json!({ "css": "a", "in": deep });
    }
    for (wrong, said) in [
        (json!(3), "must be a text or a map"),
        (json!({}), "which element"),
        (json!("  "), "which element"),
        (json!({ "role": "buton" }), "did you mean `button`?"),
        (json!({ "name": "Save" }), "goes with `role`"),
        (json!({ "css": "" }), "not empty"),
        (json!({ "text": "a", "in": { "role": "knob" } }), "no role `knob`"),
        (json!({ "text": "a", "or": [{ "txet": "a" }] }), "did you mean `text`?"),
        (json!({ "text": { "matches": "a(" } }), "not a regular expression"),
        (json!({ "text": { "match": "a" } }), "did you mean `matches`?"),
        (json!({ "css": "a", "nth": 1.5 }), "whole number"),
        (json!({ "css": "a", "exact": "maybe" }), "true or false"),
        (deep, "inside each other"),
    ] {
        let why = refused("click", wrong.clone());
        assert!(why.contains(said), "{wrong}: {why}");
    }
    assert!(refused("expect-tekst", json!("a")).contains("did you mean `expect-text`?"));
    assert!(refused("clikc", json!("a")).contains("did you mean `click`?"));
}

const VERBS: [&str; 60] = [
    "goto",
    "back",
    "forward",
    "reload",
    "click",
    "double-click",
    "right-click",
    "hover",
    "focus",
    "scroll",
    "clear",
    "fill",
    "type",
    "press",
    "check",
    "uncheck",
    "select",
    "drag",
    "upload",
    "download",
    "dialog",
    "switch-to",
    "close",
    "evaluate",
    "screenshot",
    "expect-screenshot",
    "see",
    "hide",
    "wait-for",
    "viewport",
    "offline",
    "throttle",
    "emulate",
    "stub",
    "unstub",
    "save-state",
    "use-state",
    "expect-visible",
    "expect-hidden",
    "expect-attached",
    "expect-detached",
    "expect-enabled",
    "expect-disabled",
    "expect-checked",
    "expect-unchecked",
    "expect-focused",
    "expect-editable",
    "expect-empty",
    "expect-in-viewport",
    "expect-text",
    "expect-value",
    "expect-count",
    "expect-attribute",
    "expect-class",
    "expect-css",
    "expect-url",
    "expect-title",
    "expect-name",
    "expect-role",
    "expect-aria",
];

/// JSON of the words that steps are made of, and of others.
fn any_json() -> impl Strategy<Value = Value> {
    let words = prop::sample::select(vec![
        "role",
        "name",
        "text",
        "css",
        "in",
        "has",
        "or",
        "nth",
        "with",
        "key",
        "option",
        "by",
        "at",
        "from",
        "to",
        "file",
        "click",
        "accept",
        "message",
        "frame",
        "tab",
        "url",
        "script",
        "args",
        "is",
        "contains",
        "matches",
        "not",
        "gt",
        "attribute",
        "property",
        "status",
        "json",
        "abort",
        "pass",
        "headers",
        "delay",
        "times",
        "device",
        "viewport",
        "throttle",
        "geolocation",
        "width",
        "request",
        "response",
        "load",
        "mask",
        "tolerance",
        "latency",
        "download",
        "permissions",
    ]);
    let texts =
        prop_oneof![words.clone().prop_map(str::to_string), "\\PC{0,12}", "[\\[(*+?{\\\\]{0,6}"];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        texts.prop_map(Value::from),
        Just(json!("\u{0}")),
        Just(json!("button")),
        Just(json!("/a")),
    ];
    leaf.prop_recursive(4, 24, 5, move |inner| {
        let keys = prop_oneof![4 => words.clone().prop_map(str::to_string), 1 => "\\PC{0,8}"];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((keys, inner), 0..5)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn nothing_that_is_written_makes_the_reader_panic(
        verb in prop::sample::select(VERBS.to_vec()),
        argument in any_json(),
    ) {
        match Act::read(verb, &argument) {
            Ok(Act::Emulate(keys)) => {
                prop_assert!(Emulation::default().lay_over(&keys).is_ok(), "{}", keys);
            }
            Ok(_) => {}
            Err(why) => prop_assert!(!why.trim().is_empty() && why.len() < 2000, "{}", why),
        }
    }
}

fn steps(plan: &Plan, test: usize) -> Vec<&BrowserPlan> {
    fn walk<'p>(nodes: &'p [Node], found: &mut Vec<&'p BrowserPlan>) {
        for node in nodes {
            match &node.action {
                ActionPlan::Browser(step) => found.push(step),
                ActionPlan::Group(inside) => walk(inside, found),
                _ => {}
            }
        }
    }
    let mut found = Vec::new();
    walk(&plan.scenarios[0].tests[test].steps, &mut found);
    found
}

#[test]
fn every_verb_of_the_grammar_is_read_and_every_verb_read_is_in_the_grammar() {
    let schema = taster::scenario::schema();
    let keys = schema["$defs"]["step"]["properties"].as_object().expect("the keys of a step");
    let is_verb = |(_, key): &(&String, &Value)| {
        key["description"].as_str().is_some_and(|text| text.ends_with("(browser)"))
    };
    let mut known: Vec<&str> = keys.iter().filter(is_verb).map(|(name, _)| name.as_str()).collect();
    let mut all = VERBS.to_vec();
    known.sort_unstable();
    all.sort_unstable();
    assert_eq!(known, all);
    for verb in known {
        let why = Act::read(verb, &json!({ "no such key": 1 })).expect_err(verb);
        assert!(!why.contains("a browser cannot"), "{verb}: {why}");
    }
}

#[test]
fn what_every_verb_shares_is_taken_out_of_its_argument() {
    let plan = Project::of(
        "name: a
page: { timeout: 7s, expect-timeout: 3s, navigation-timeout: 20s }
vars: { text: Milk }
tests:
  - name: b
    browser: [chromium]
    page: { expect-timeout: 1s }
    steps:
      - goto: /shop
      - click: { text: '{{ vars.text }}', within: 2s }
      - fill: { label: Search, with: milk }
      - see: { test-id: total, soft: true }
        capture:
          total: text
          all: { count: { css: li } }
          link: { attribute: href, of: { role: link } }
          here: url
      - wait-for: { load: idle }
      - wait-for: { request: /api }
        capture: { sent: request }
      - expect-text: { test-id: total, is: '{{ total }}' }
",
    )
    .plan();
    let steps = steps(&plan, 0);
    let within: Vec<u64> = steps.iter().map(|step| step.within.as_secs()).collect();
    assert_eq!(within, [20, 2, 7, 1, 20, 7, 1]);
    let argument = |at: usize| steps[at].argument.as_text().expect("nothing to fill in");
    assert_eq!(argument(1), r#"{"text":"Milk"}"#);
    assert_eq!(argument(3), r#"{"test-id":"total"}"#);
    assert!(steps[3].soft && !steps[2].soft);
    let captured: Vec<(&str, Value)> = steps[3]
        .captures
        .iter()
        .map(|one| {
            let text = one.source.as_text().expect("nothing to fill in");
            (one.name.as_str(), serde_json::from_str(text).expect("JSON"))
        })
        .collect();
    assert_eq!(
        captured,
        [
            ("total", json!({ "from": "text", "locator": { "test-id": "total" } })),
            ("all", json!({ "from": "count", "locator": { "css": "li" } })),
            (
                "link",
                json!({
                    "from": "attribute", "attribute": "href", "locator": { "role": "link" },
                })
            ),
            ("here", json!({ "from": "url" })),
        ]
    );
    let sent = steps[5].captures[0].source.as_text();
    assert_eq!(sent, Some(r#"{"from":"request","url":"/api"}"#));
    assert!(steps[6].argument.as_text().is_none(), "it waits for what was captured");
}

#[test]
fn the_page_of_a_test_lies_over_that_of_the_file() {
    let plan = Project::of(
        "name: a
page:
  viewport: 1000x700
  locale: de-DE
  headers: { x-a: '1', x-b: '2' }
  stubs: [{ url: /one, status: 204 }]
  test-id: data-qa
tests:
  - name: b
    browser: [chromium]
    page:
      device: Pixel 8
      headers: { X-B: '3' }
      stubs: [{ url: /two, status: 204 }]
      state: ada
    steps: [{ goto: / }]
  - { name: c, browser: [firefox], steps: [{ goto: / }] }
",
    )
    .plan();
    let [own, files] = &plan.scenarios[0].tests[..] else { panic!("two tests") };
    assert_eq!(own.page.emulation.viewport, (412, 915));
    assert_eq!(own.page.emulation.locale.as_deref(), Some("de-DE"));
    let headers: Vec<(&str, Option<&str>)> =
        own.page.headers.iter().map(|(name, text)| (name.as_str(), text.as_text())).collect();
    assert_eq!(headers, [("x-a", Some("1")), ("x-b", Some("3"))]);
    assert_eq!((own.page.stubs.len(), files.page.stubs.len()), (2, 1));
    assert_eq!(own.page.test_id, "data-qa");
    assert!(own.page.state.is_some() && files.page.state.is_none());
    assert_eq!(files.page.emulation.viewport, (1000, 700));
}

const NEEDING: &str = "name: a
tests:
  - { name: seeds, steps: [{ get: /, expect: { body: a } }] }
  - { name: signs in, browser: [chromium, firefox], needs: seeds, steps: [{ goto: / }] }
  - name: buys
    tags: [smoke]
    browser: [firefox, chromium]
    needs: [signs in]
    steps: [{ goto: / }]
  - { name: looks, browser: [chromium], steps: [{ goto: / }] }
";

#[test]
fn a_test_brings_what_it_needs_in_its_own_engine() {
    let mut project = Project::of(NEEDING);
    let shown = |plan: &Plan| -> Vec<String> {
        let tests = &plan.scenarios[0].tests;
        let one = |test: &taster::plan::TestPlan| {
            let engine = test.browser.as_deref().unwrap_or("http");
            let needs: Vec<&str> = test
                .needs
                .iter()
                .map(|at| {
                    let need = &tests[*at];
                    assert!(need.browser.is_none() || need.browser == test.browser);
                    need.name.as_str()
                })
                .collect();
            let by = test.needed_by.as_deref().unwrap_or("-");
            format!("{} {engine} {needs:?} {by}", test.name)
        };
        tests.iter().map(one).collect()
    };
    let all = [
        "seeds http [] -",
        "signs in chromium [\"seeds\"] -",
        "signs in firefox [\"seeds\"] -",
        "buys firefox [\"signs in\"] -",
        "buys chromium [\"signs in\"] -",
        "looks chromium [] -",
    ];
    assert_eq!(shown(&project.plan()), all);
    let needed = [
        "seeds http [] signs in",
        "signs in chromium [\"seeds\"] buys",
        "signs in firefox [\"seeds\"] buys",
        "buys firefox [\"signs in\"] -",
        "buys chromium [\"signs in\"] -",
    ];
    project.overrides.tags = vec!["smoke".into()];
    assert_eq!(shown(&project.plan()), needed);
    project.overrides.tags.clear();
    project.overrides.choice.grep = vec![regex::Regex::new("^buys$").expect("an expression")];
    assert_eq!(shown(&project.plan()), needed);
    project.overrides.browsers = vec!["firefox".into()];
    assert_eq!(shown(&project.plan()), [needed[0], needed[2], needed[3]]);
}

#[test]
fn a_journey_with_a_browser_has_browser_steps_and_tags_them() {
    let plan = Project::of(
        "name: a
page: { locale: de-DE }
load:
  browser: chromium
  page: { viewport: 800x600 }
  journeys:
    - { journey: b, steps: [{ step: open, goto: / }] }
    - journey: c
      browser: firefox
      steps: [{ step: open, goto: / }, { get: /x, expect: { body: y } }]
  profiles: { smoke: { users: 2, duration: 10s } }
  sla: [\"browser_step_duration{browser:firefox}: p(95)<500\", 'http_reqs: count>1']
",
    )
    .plan();
    let scenario = &plan.scenarios[0];
    let load = scenario.load.as_ref().expect("a load");
    let engines: Vec<Option<&str>> =
        load.journeys.iter().map(|journey| journey.browser.as_deref()).collect();
    assert_eq!(engines, [Some("chromium"), Some("firefox")]);
    assert_eq!(load.journeys[0].page.emulation.viewport, (800, 600));
    assert_eq!(load.journeys[0].page.emulation.locale.as_deref(), Some("de-DE"));
    let tags: Vec<Option<&str>> = scenario
        .series
        .iter()
        .filter(|one| !matches!(one.kind, SeriesKind::WebVital(_)))
        .map(|one| {
            let tag = one.tags.iter().find(|(key, _)| key == "browser");
            tag.map(|(_, engine)| engine.as_str())
        })
        .collect();
    assert_eq!(tags, [Some("chromium"), Some("firefox"), None]);
    assert_eq!(plan.hosts, ["target.example:8080"]);
}

#[test]
fn uploads_and_states_are_files_that_a_browser_can_open() {
    let mut project = Project::named(
        "shop/scenario.yaml",
        "name: a
tests:
  - name: b
    browser: [chromium]
    page: { state: ada.json, har: { replay: shop.har } }
    steps: [{ upload: { label: Photo, file: [cat.png, ../dog.png] } }]
",
    )
    .with("shop/cat.png", "png")
    .with("dog.png", "png")
    .with("shop/ada.json", "{}")
    .with("shop/shop.har", "{}");
    project.inputs.folder = PathBuf::from("/home/ada/shop");
    let plan = project.plan();
    let argument = steps(&plan, 0)[0].argument.as_text().expect("nothing to fill in");
    let argument: Value = serde_json::from_str(argument).expect("JSON");
    let files = json!(["/home/ada/shop/shop/cat.png", "/home/ada/shop/dog.png"]);
    assert_eq!(argument["file"], files);
    let page = &plan.scenarios[0].tests[0].page;
    let words = page.in_words().join("; ");
    assert!(words.contains("/home/ada/shop/shop/ada.json"), "{words}");
    assert!(words.contains("answers from /home/ada/shop/shop/shop.har alone"), "{words}");
}
