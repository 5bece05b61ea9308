//! The top of a file: data, HTTP defaults, hooks, tests.

use super::super::check::meant;
use super::super::grammar::FILE;
use super::super::problems::Problems;
use super::super::yaml::Node;
use super::super::{
    Action, AtEnd, Feed, Hooks, HttpDefaults, HttpVersion, LaneWish, Pick, Scenario, Step, Test,
};
use super::page::page;
use super::step::{auth, redirects, steps};
use super::{
    field, field_duration, field_text, headers, items, key, load, no_name_twice, texts, value_pairs,
};
use crate::diagnostic::{Place, Spanned};
use crate::units::parse_size;

/// A whole file.
pub(in crate::scenario) fn scenario(root: &Node, problems: &mut Problems) -> Scenario {
    let scenario = Scenario {
        file: problems.file().clone(),
        name: field_text(root, "name", problems),
        about: field_text(root, "about", problems).map(|about| about.value),
        include: texts(root.get("include"), problems),
        vars: value_pairs(root.get("vars"), problems),
        secrets: texts(root.get("secrets"), problems),
        data: feeds(root, problems),
        http: root.get("http").map(|node| http(node, problems)).unwrap_or_default(),
        page: page(root.get("page"), problems),
        hooks: hooks(root, problems),
        steps: steps(root.get("steps"), problems),
        tests: items(root.get("tests")).iter().filter_map(|node| test(node, problems)).collect(),
        load: root.get("load").and_then(|node| load::load(node, problems)),
    };
    no_name_twice(&scenario.include.iter().collect::<Vec<_>>(), "duplicate-word", problems);
    no_name_twice(&scenario.secrets.iter().collect::<Vec<_>>(), "duplicate-word", problems);
    let tests: Vec<_> = scenario.tests.iter().map(|test| &test.name).collect();
    no_name_twice(&tests, "duplicate-name", problems);
    something_to_do(root, problems);
    scenario
}

/// A file has a purpose, and one that runs has a name.
fn something_to_do(root: &Node, problems: &mut Problems) {
    let entries = root.entries().unwrap_or_default();
    let has = |wanted: &str| {
        let is = |key: &str| key == wanted || meant(&FILE, key) == Some(wanted);
        entries.iter().any(|entry| is(&entry.key.text))
    };
    let library = ["steps", "vars", "data", "secrets", "include"];
    if !has("tests") && !has("load") {
        if root.entries().is_some() && !library.iter().any(|key| has(key)) {
            problems
                .error(
                    "nothing-to-do",
                    root.span.clone(),
                    "there is nothing to do in this file",
                    "has neither `tests` nor `load`",
                )
                .help("add `tests:`, `load:`, or `steps:` that other files can include");
        }
    } else if !has("name") {
        problems
            .error(
                "missing-key",
                root.span.clone(),
                "a scenario file with tests or load needs the key `name`",
                "has no `name`",
            )
            .help("add it at the top, such as `name: shopping`");
    }
}

fn feeds(root: &Node, problems: &mut Problems) -> Vec<Feed> {
    let entries = root.get("data").and_then(Node::entries).unwrap_or_default();
    let feed = |entry: &super::super::yaml::Entry| {
        let word = |key| field_text(&entry.value, key, problems).map(|word| word.value);
        Some(Feed {
            name: key(&entry.key, problems),
            csv: field_text(&entry.value, "csv", problems)?,
            pick: match word("pick").as_deref() {
                Some("random") => Pick::Random,
                Some("each") => Pick::Each,
                _ => Pick::InOrder,
            },
            at_end: match word("at-end").as_deref() {
                Some("stop") => AtEnd::Stop,
                _ => AtEnd::Wrap,
            },
        })
    };
    entries.iter().filter_map(feed).collect()
}

fn http(node: &Node, problems: &mut Problems) -> HttpDefaults {
    let size = |node: &Node| parse_size(&node.scalar()?.text.text).ok();
    let max_body = node.get("max-body");
    let tls = node.get("tls");
    HttpDefaults {
        base: field_text(node, "base", problems),
        headers: headers(node.get("headers"), problems),
        auth: node.get("auth").and_then(|node| auth(node, problems)),
        timeout: field_duration(node, "timeout", problems),
        redirects: node.get("redirects").and_then(|node| redirects(node, problems)),
        max_body: max_body.and_then(|node| Some(problems.spanned(size(node)?, node.span.clone()))),
        ca: tls.and_then(|tls| field_text(tls, "ca", problems)),
        insecure: tls
            .and_then(|tls| field_text(tls, "verify", problems))
            .is_some_and(|verify| verify.value == "off"),
        version: match field_text(node, "version", problems).as_ref().map(|v| v.value.as_str()) {
            Some("1.1") => HttpVersion::One,
            Some("2") => HttpVersion::Two,
            _ => HttpVersion::Auto,
        },
        proxy: field_text(node, "proxy", problems),
        lane: field_text(node, "lane", problems).map(|lane| Spanned {
            value: match lane.value.as_str() {
                "fast" => LaneWish::Fast,
                "full" => LaneWish::Full,
                _ => LaneWish::Auto,
            },
            place: lane.place,
        }),
    }
}

fn hooks(root: &Node, problems: &mut Problems) -> Hooks {
    let mut hook = |key| steps(root.get(key), problems);
    Hooks {
        before_run: hook("before-run"),
        after_run: hook("after-run"),
        before_each: hook("before-each"),
        after_each: hook("after-each"),
        before_test: hook("before-test"),
        after_test: hook("after-test"),
        before_user: hook("before-user"),
        after_user: hook("after-user"),
    }
}

fn test(node: &Node, problems: &mut Problems) -> Option<Test> {
    let test = Test {
        name: field_text(node, "name", problems)?,
        tags: texts(node.get("tags"), problems),
        browser: texts(node.get("browser"), problems),
        page: page(node.get("page"), problems),
        needs: texts(node.get("needs"), problems),
        retries: field(node, "retries", problems),
        timeout: field_duration(node, "timeout", problems),
        skip: field_text(node, "skip", problems),
        steps: steps(node.get("steps"), problems),
    };
    no_name_twice(&test.tags.iter().collect::<Vec<_>>(), "duplicate-word", problems);
    no_name_twice(&test.browser.iter().collect::<Vec<_>>(), "duplicate-word", problems);
    no_name_twice(&test.needs.iter().collect::<Vec<_>>(), "duplicate-word", problems);
    if let Some(place) = first_browser_step(&test.steps).filter(|_| test.browser.is_empty()) {
        problems
            .error(
                "browser-not-named",
                place.span.clone(),
                "a test with browser steps must say in which engines it runs",
                "needs a browser",
            )
            .related(test.name.place.span.clone(), "this test names none")
            .help("add `browser: [chromium]` to the test");
    }
    Some(test)
}

fn first_browser_step(steps: &[Step]) -> Option<&Place> {
    steps.iter().find_map(|step| match &step.action {
        Action::Browser(action) => Some(&action.verb.place),
        Action::Group(steps) => first_browser_step(steps),
        _ => None,
    })
}
