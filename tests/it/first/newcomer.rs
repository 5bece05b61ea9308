//! The mistakes of somebody's first five minutes: each answer says what, where, and the next step.

use crate::support::{Sandbox, Service};

const GOOD: &str = "name: shop\ntests: [{ name: up, tags: [smoke], steps: [{ get: /health }] }]\n";

#[test]
fn every_first_mistake_is_answered_with_the_next_step() {
    let sandbox = Sandbox::new();
    let empty = Sandbox::new();
    empty.write("scenarios/readme.md", "");
    sandbox.write("shop.yaml", GOOD).write("key.yaml", "name: a\ntest: []\n");
    let service = Service::healthy();
    let up = service.url.as_str();
    for (line, code, words) in [
        ("run", 2, &["there is no folder `scenarios` here", "`taster init`"][..]),
        ("run shpo.yaml", 2, &["`shpo.yaml` is not there; did you mean `shop.yaml`?"]),
        ("run key.yaml", 2, &["key.yaml:2:1", "here it is called `tests`"]),
        ("run shop.yaml --taget x", 2, &["--taget", "--target"]),
        ("rnu", 2, &["a similar subcommand exists: 'run'"]),
        ("run shop.yaml --target localhost:1", 2, &["write it like `http://localhost:8080`"]),
        (
            "run shop.yaml --target http://127.0.0.1:1",
            6,
            &["http://127.0.0.1:1", "nothing listens"],
        ),
        ("test shop.yaml --tag smok", 2, &["did you mean `smoke`?"]),
        ("test shop.yaml --report htm", 2, &["htm", "html"]),
        ("run shop.yaml --profile", 2, &["--profile <NAME>"]),
        ("test shop.yaml --var x", 2, &["write NAME=VALUE"]),
        ("report reports/latest", 2, &["reports/latest"]),
        ("explain", 0, &["unknown-key"]),
    ] {
        let outcome = sandbox.run(&line.split_whitespace().collect::<Vec<_>>());
        let missing = outcome.misses(code, words);
        assert!(missing.is_none(), "{line}: {}", missing.unwrap_or_default());
    }
    empty.run(&["run"]).exits(2).says(&["`scenarios` has no scenario file"]);
    sandbox.run(&["test", "shop.yaml", "--target", up]).exits(0).says(&["PASS"]);
}
