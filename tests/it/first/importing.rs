//! `taster import`: what each kind of file becomes, what is said of the rest, and that the result
//! works.

use std::fs;
use std::path::Path;

use crate::support::Sandbox;

/// A file of each kind.
pub const FILES: [(&str, &str); 4] = [
    ("k6", "shop.js"),
    ("playwright", "cart.spec.ts"),
    ("har", "shop.har"),
    ("openapi", "api.yaml"),
];

/// A file below `tests/golden/import`.
pub fn golden(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/import").join(name);
    fs::read_to_string(&path).unwrap_or_default()
}

#[test]
fn each_kind_of_file_becomes_the_recorded_scenario_which_can_be_planned() {
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    let sandbox = Sandbox::new();
    let mut different = Vec::new();
    for (kind, file) in FILES {
        sandbox.write(file, golden(&format!("{kind}/{file}")));
        let made = sandbox.run(&["import", kind, file]).exits(0);
        for (name, text) in [("scenario.yaml", &made.stdout), ("notes", &made.stderr)] {
            let name = format!("{kind}/{name}");
            if update {
                let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/import");
                fs::write(root.join(&name), text).expect("the golden can be written");
            } else if golden(&name) != *text {
                different.push(format!("{name}:\n{text}"));
            }
        }
        sandbox.write(&format!("{kind}.yaml"), &made.stdout);
        let planned = sandbox.run(&["plan", &format!("{kind}.yaml")]).exits(0);
        assert!(!planned.stderr.contains("error["), "{planned}");
    }
    let help = "UPDATE_GOLDEN=1 cargo test --test it importing records what is said now";
    assert!(different.is_empty(), "{}\n{help}", different.join("\n"));
}

/// The script is about the embedded backend: what it becomes passes there, and breaks where the
/// backend is broken.
#[test]
fn an_imported_k6_script_tests_what_it_tested() {
    let sandbox = Sandbox::new();
    sandbox.write("shop.js", golden("k6/shop.js"));
    sandbox.run(&["import", "k6", "shop.js", "--out", "shop.yaml"]).exits(0);
    sandbox.run(&["test", "shop.yaml"]).exits(0).says(&["PASS"]);
    let broken = sandbox.run(&["test", "shop.yaml", "--fault", "errors=100%@/api/v1/cart"]);
    broken.exits(1).says(&["FAIL"]);
    let again = sandbox.run(&["import", "k6", "shop.js", "--out", "shop.yaml"]);
    again.exits(2).says(&["`shop.yaml` is there already, and is not overwritten"]);
}

const SIGN_IN: &str = "\
import { test, expect } from '@playwright/test';
test('signs in', async ({ page }) => {
  await page.goto('http://localhost:3000/signin');
  await page.getByLabel('E-mail address').fill('user1@test.com');
  await page.getByLabel('Password', { exact: true }).fill('TestPassword123!');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page).not.toHaveURL(/signin/);
  await expect(page.getByRole('link', { name: 'Cart' }).first()).toBeVisible();
});
";

/// The pages are those of the embedded backend, where the locators find the same elements.
#[test]
fn an_imported_playwright_test_does_in_a_browser_what_it_did() {
    let sandbox = Sandbox::new();
    sandbox.write("signin.spec.ts", SIGN_IN);
    sandbox.run(&["import", "playwright", "signin.spec.ts", "--out", "s.yaml"]).exits(0);
    sandbox.run(&["test", "s.yaml"]).exits(0).says(&["PASS", "1 passed"]);
    sandbox.write("t.yaml", sandbox.read("s.yaml").replace("name: Cart", "name: Carts"));
    sandbox.run(&["test", "t.yaml"]).exits(1).says(&["FAIL"]);
}

#[test]
fn what_is_not_of_its_kind_is_told_with_its_place() {
    let sandbox = Sandbox::new();
    sandbox
        .write("old.json", "{\n  \"swagger\": \"2.0\"\n}\n")
        .write("other.json", "{}")
        .write("empty.js", "import http from 'k6/http';\nexport default function () {}\n")
        .write("open.js", "export default function ( {\n")
        .write("bytes.har", b"\xff\xfe");
    for (kind, file, words) in [
        ("openapi", "old.json", &["old.json:2:", "Swagger 2; convert it"][..]),
        ("har", "other.json", &["not an HTTP Archive", "= help:"]),
        ("k6", "empty.js", &["error[nothing-to-import]", "sends a request"]),
        ("k6", "open.js", &["error[script-syntax]", "open.js:"]),
        ("playwright", "empty.js", &["error[nothing-to-import]"]),
        ("har", "bytes.har", &["is not UTF-8"]),
        ("har", "none.har", &["no such file"]),
    ] {
        sandbox.run(&["import", kind, file]).exits(2).says(words);
    }
    sandbox.run(&["import", "postman", "x.json"]).exits(2).says(&["k6, playwright, har, openapi"]);
}
