//! First steps: from an empty folder to a verdict, from what people have to a scenario, and the
//! settings of a project.

mod config;
mod explain;
mod importing;
mod newcomer;

use crate::support::Sandbox;

/// The three steps of a newcomer, really done: the folder, the run, the report.
#[test]
fn from_an_empty_folder_init_and_run_pass_and_the_report_is_there() {
    let sandbox = Sandbox::new();
    let init = sandbox.run(&["init"]).exits(0);
    assert!(init.stderr.ends_with("next: taster run\n"), "{init}");
    let run = sandbox.run(&["run"]).exits(0);
    assert!(run.headline().starts_with("PASS"), "{run}");
    assert!(!run.all().contains("warning["), "{run}");
    let html = sandbox.read("reports/latest/report.html");
    assert!(html.starts_with("<!DOCTYPE html>") && html.contains("PASS"));
    let result = sandbox.json("reports/latest/result.json");
    assert_eq!(result["tests"].as_array().map(Vec::len), Some(2));
    assert!(result["steps"][0]["count"].as_u64() > Some(50), "{}", result["steps"]);
}

#[test]
fn init_writes_nothing_over_what_is_there_and_says_so() {
    let sandbox = Sandbox::new();
    sandbox.write("taster.toml", "profile = \"mine\"\n").write("scenarios/own.yaml", "name: own\n");
    sandbox.write(".gitlab-ci.yml", "own: { script: [true] }\n");
    let outcome = sandbox.run(&["init"]).exits(0);
    outcome.says(&[
        "left alone: taster.toml is there already",
        "left alone: scenarios/ has 1 scenario file already",
        "wrote .gitlab/taster.yml",
        "include: [{ local: .gitlab/taster.yml }]",
    ]);
    assert_eq!(sandbox.read("taster.toml"), "profile = \"mine\"\n");
    assert_eq!(sandbox.read(".gitlab-ci.yml"), "own: { script: [true] }\n");
    assert!(!sandbox.path("scenarios/first.yaml").exists());
    // A second time there is nothing left to write.
    sandbox.run(&["init"]).exits(0).never_says(&["wrote "]);
}

#[test]
fn a_dry_run_of_init_prints_and_writes_nothing() {
    let sandbox = Sandbox::new();
    let outcome = sandbox.run(&["init", "new/shop", "--dry-run"]).exits(0);
    outcome.says(&["would write taster.toml", "would write scenarios/first.yaml", "name: first"]);
    assert!(!sandbox.path("new").exists());
    sandbox.run(&["init", "new/shop"]).exits(0).says(&["next: cd new/shop && taster run"]);
    assert!(sandbox.path("new/shop/.github/workflows/taster.yml").exists());
    sandbox.write("file", "").run(&["init", "file"]).exits(2).says(&["is a file; name a folder"]);
}

#[test]
fn init_imports_what_it_finds_and_each_of_it_can_be_planned() {
    let sandbox = Sandbox::new();
    for (kind, file) in importing::FILES {
        let name = if file == "api.yaml" { "docs/openapi.yaml" } else { file };
        sandbox.write(name, importing::golden(&format!("{kind}/{file}")));
    }
    sandbox.write("node_modules/x/other.spec.ts", "import '@playwright/test'; test('a', () => {})");
    sandbox.write("broken.js", "import http from 'k6/http';\nexport default (");
    let outcome = sandbox.run(&["init"]).exits(0);
    assert!(!outcome.stderr.contains("node_modules"), "{outcome}");
    let outcome = outcome.says(&[
        "found cart.spec.ts: Playwright tests",
        "found docs/openapi.yaml: an OpenAPI description",
        "found shop.har: an HTTP Archive",
        "found shop.js: a k6 script",
        "not imported: broken.js: the script cannot be read",
        "wrote scenarios/imported/cart.yaml",
        "then: taster run scenarios/imported --target URL",
    ]);
    // Two files of one name both have a place.
    assert!(outcome.stderr.contains("scenarios/imported/shop-2.yaml"), "{outcome}");
    for file in sandbox.files("scenarios/imported") {
        let file = file.to_str().expect("a name").to_string();
        sandbox.run(&["plan", &file]).exits(0).never_says(&["error["]);
    }
    sandbox.run(&["plan"]).exits(0).says(&["first"]);
}
