//! The message of a verdict, as golden files. `UPDATE_GOLDEN=1` writes them anew.

use std::fs;
use std::path::Path;

use serde_json::Value;
use taster::analysis::{Margins, Stored, judge};
use taster::report::{Chat, chat};
use taster::result::RunResult;

use crate::runs::{Did, healthy, load, with_slas};

fn message(run: &RunResult, baseline: Option<&RunResult>, said: &Chat) -> Value {
    let stored = baseline.map_or(Stored::none(), Stored::one);
    let verdict = judge(run, &stored, &Margins::default());
    serde_json::from_str(&chat(run, &verdict, baseline, said)).expect("a message is JSON")
}

#[track_caller]
fn golden(name: &str, message: &Value) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/chat").join(name);
    let text = format!("{message:#}\n");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::create_dir_all(path.parent().expect("it is inside")).expect("a folder can be made");
        return fs::write(&path, text).expect("the golden can be written");
    }
    let known = fs::read_to_string(&path).unwrap_or_default();
    assert!(known == text, "{name} differs; UPDATE_GOLDEN=1 records what is said now:\n{text}");
}

#[test]
fn a_message_says_the_word_why_and_what_has_changed() {
    let said = Chat {
        before: Some("PASS"),
        link: Some("https://ci.example/shop/actions/runs/7".to_string()),
    };
    let steps = [
        ("sign in", Did::well(900, 12_000)),
        ("check out", Did::well(690, 45_000).but("status 500", 90, 3_000)),
    ];
    let failing = with_slas(load(&steps), &["http_req_failed: rate<0.01"]);
    golden("failing.json", &message(&failing, None, &said));
    let slow = load(&[("sign in", Did::well(900, 284_000)), ("browse", Did::well(900, 12_000))]);
    let fast = load(&[("sign in", Did::well(900, 12_000)), ("browse", Did::well(900, 12_000))]);
    golden("regressed.json", &message(&slow, Some(&fast), &said));
    let passing = with_slas(healthy(), &["http_req_duration: p(95)<500"]);
    golden("passing.json", &message(&passing, None, &Chat::default()));
}

#[test]
fn a_message_keeps_the_limits_of_chats_whatever_names_say() {
    let hostile = "<!channel> @all [x](http://evil) </a> & `rm` ".repeat(400);
    let steps: Vec<(String, Did)> = (0..30)
        .map(|n| (format!("{n} {hostile}"), Did::default().but("check", 9, 1_000)))
        .collect();
    let named: Vec<(&str, Did)> = steps.iter().map(|(n, did)| (n.as_str(), did.clone())).collect();
    let said = Chat { before: None, link: Some("https://a|<!here>".to_string()) };
    let message = message(&load(&named), None, &said);
    let blocks = message["blocks"].as_array().expect("blocks");
    assert!((3..=4).contains(&blocks.len()), "{message}");
    for text in blocks.iter().filter_map(|block| block["text"]["text"].as_str()) {
        assert!(text.chars().count() < 3_000, "{text}");
    }
    let title = blocks[0]["text"]["text"].as_str().expect("a title");
    assert!(title.chars().count() <= 150, "{title}");
    let all = message.to_string();
    assert!(all.contains("and 25 more") || all.contains("more"), "{all}");
    for wrong in ["<!", "@all", "](", "http://", "|<", "</a>"] {
        assert!(!all.contains(wrong), "{wrong} in {all}");
    }
}
