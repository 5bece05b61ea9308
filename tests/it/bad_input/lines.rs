//! Scenario files and command lines that cannot be meant: told before anything is sent.

use super::GOOD;
use crate::support::{Sandbox, Service};

/// A file's name, its content, and what is said about it.
type File = (&'static str, &'static str, &'static [&'static str]);

const FILES: &[File] = &[
    ("empty.yaml", "", &["empty.yaml:1:1", "the file is empty", "begin with `name:`"]),
    ("null.yaml", "# nothing\n", &["the file is empty"]),
    ("text.yaml", "hello", &["text.yaml:1:1", "map"]),
    ("list.yaml", "[1, 2]", &["list.yaml:1:1", "map"]),
    ("open.yaml", "name: {a: [1\n", &["open.yaml:"]),
    ("tab.yaml", "name: a\n\ttests: []\n", &["tab.yaml:2:1", "tab", "spaces"]),
    (
        "key.yaml",
        "name: a\ntest: []\n",
        &["key.yaml:2:1", "no key `test`", "here it is called `tests`"],
    ),
    ("twice.yaml", "name: a\nname: b\n", &["twice.yaml:2:1", "name"]),
    ("type.yaml", "name: a\ntests: 5\n", &["type.yaml:2:8", "list"]),
    (
        "template.yaml",
        "name: a\ntests: [{ name: t, steps: [{ get: \"/{{ x\" }] }]\n",
        &["template.yaml:2:37", "the template is not closed", "write {{ name }}"],
    ),
    (
        "function.yaml",
        "name: a\ntests: [{ name: t, steps: [{ get: \"/{{ uid() }}\" }] }]\n",
        &["function.yaml:2:", "no function `uid()`", "did you mean `uuid`?"],
    ),
    (
        "var.yaml",
        "name: a\ntests: [{ name: t, steps: [{ get: \"/{{ vars.x }}\" }] }]\n",
        &["var.yaml:2:37", "there is no var `x`", "has no `vars`; declare it there"],
    ),
    (
        "step.yaml",
        "name: a\nsteps: [{ step: sign in, get: / }]\ntests: [{ name: t, steps: [sign on] }]\n",
        &["step.yaml:3:28", "no step named `sign on`", "did you mean `sign in`?"],
    ),
    (
        "circle.yaml",
        "name: a\ninclude: [other.yaml]\nsteps: [{ step: x, get: / }]\n\
         tests: [{ name: t, steps: [x] }]\n",
        &["include each other: circle.yaml -> other.yaml -> circle.yaml", "a third file"],
    ),
    (
        "uses.yaml",
        "name: a\nsteps: [{ step: x, use: y }, { step: y, use: x }]\n\
         tests: [{ name: t, steps: [x] }]\n",
        &["use each other: x -> y -> x", "uses.yaml:2:"],
    ),
    (
        "csv.yaml",
        "name: a\ndata: { users: { csv: none.csv } }\n\
         tests: [{ name: t, steps: [{ get: \"/{{ users.a }}\" }] }]\n",
        &["csv.yaml:2:23", "`none.csv` cannot be read", "no such file", "relative to the file"],
    ),
    (
        "ragged.yaml",
        "name: a\ndata: { users: { csv: ragged.csv } }\n\
         tests: [{ name: t, steps: [{ get: \"/{{ users.a }}\" }] }]\n",
        &["ragged.csv:3:1", "1 value for 2 columns", "double quotes"],
    ),
    (
        "column.yaml",
        "name: a\ndata: { users: { csv: users.csv } }\n\
         tests: [{ name: t, steps: [{ get: \"/{{ users.mail }}\" }] }]\n",
        &["column.yaml:3:", "no column `mail`", "did you mean `email`?"],
    ),
    (
        "latin.yaml",
        "name: a\ndata: { users: { csv: latin.csv } }\n\
         tests: [{ name: t, steps: [{ get: \"/{{ users.a }}\" }] }]\n",
        &["UTF-8"],
    ),
    (
        "outside.yaml",
        "name: a\ntests: [{ name: t, steps: [{ post: /, body-file: ../../etc/passwd }] }]\n",
        &["outside.yaml:2:", "outside"],
    ),
    (
        "secret.yaml",
        "name: a\nsecrets: [NO_SUCH_SECRET]\n\
         tests: [{ name: t, steps: [{ get: \"/{{ secrets.NO_SUCH_SECRET }}\" }] }]\n",
        &["NO_SUCH_SECRET", "secret.yaml:"],
    ),
    ("nothing.yaml", "name: a\nsteps: [{ step: x, get: / }]\n", &["nothing.yaml", "tests"]),
];

fn folder() -> Sandbox {
    let sandbox = Sandbox::with(GOOD);
    for (name, content, _) in FILES {
        sandbox.write(name, content);
    }
    sandbox
        .write("other.yaml", "name: o\ninclude: [circle.yaml]\nsteps: [{ step: y, use: x }]\n")
        .write("ragged.csv", "a,b\n1,2\n3\n")
        .write("users.csv", "email\nx@example.com\n")
        .write("latin.csv", b"a\n\xe9\n")
        .write("latin1.yaml", b"name: caf\xe9\n")
        .write("empty/readme.md", "no scenario");
    sandbox
}

#[test]
fn what_is_wrong_in_a_file_is_said_with_its_place_and_a_fix() {
    let sandbox = folder();
    let mut problems = Vec::new();
    for (name, _, words) in FILES {
        // Each has a next step, and the same is said before a run, of which nothing is left.
        let words = [*words, &["= help:"]].concat();
        let planned = sandbox.run(&["plan", name]);
        assert!(planned.stdout.is_empty(), "{planned}");
        problems.extend(planned.misses(2, &words));
        let ran = sandbox.run(&["run", name, "--target", "http://127.0.0.1:1"]);
        problems.extend(ran.misses(2, &words));
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert!(!sandbox.path("reports").exists());
}

#[test]
fn a_command_line_that_cannot_be_meant_is_told_what_could() {
    let sandbox = folder();
    // The command line, how it exits, what is said.
    let cases: &[(&str, i32, &[&str])] = &[
        ("run", 2, &["no folder `scenarios` here", "taster run checks/shop.yaml"]),
        ("run keys.yaml", 2, &["`keys.yaml` is not there", "did you mean `key.yaml`?"]),
        ("plan nowhere/a.yaml", 2, &["`nowhere/a.yaml` is not there", "the folder you are in"]),
        ("plan quite-another.yaml", 2, &["is not there; beside it are `"]),
        ("plan empty", 2, &["`empty` has no scenario file", "`*.yaml`"]),
        ("plan latin1.yaml", 2, &["`latin1.yaml` is not UTF-8 (line 1)", "save it as UTF-8"]),
        ("run s.yaml --profile nosuch", 2, &["no scenario has the profile `nosuch`", "`smoke`"]),
        (
            "run s.yaml --var x=1",
            2,
            &["--var x", "no scenario declares a var", "none in the files"],
        ),
        ("run s.yaml --var x", 2, &["--var", "write NAME=VALUE"]),
        ("run s.yaml --target localhost:80", 2, &["neither http nor https", "http://localhost:80"]),
        ("run s.yaml --target http://", 2, &["--target `http://`", "write it like"]),
        ("run s.yaml --target ftp://x", 2, &["neither http nor https", "write it like"]),
        ("run s.yaml --target http://x?a=b", 2, &["has a query"]),
        ("run s.yaml --fault nosuch", 2, &["no fault named `nosuch`", "valid are: slow"]),
        ("run s.yaml --fault slow=abc", 2, &["`abc` is not a time such as 800ms"]),
        ("run s.yaml --fault=html --target http://x", 2, &["cannot be used with"]),
        ("run s.yaml --workers x", 2, &["'x'", "--workers"]),
        ("run s.yaml --wrokers 3", 2, &["similar argument exists: '--workers'"]),
        ("run s.yaml --report pdf", 2, &["no report format `pdf`", "use html, md"]),
        ("run s.yaml --inconclusive maybe", 2, &["fail, warn, pass"]),
        ("run s.yaml --margin lots", 2, &["--margin"]),
        ("repot s.yaml", 2, &["similar subcommand exists", "'report'"]),
        ("baseline", 2, &["accept", "list", "show"]),
        ("demo --listen nowhere", 2, &["--listen"]),
        ("completions klingon", 2, &["bash"]),
        (
            "run s.yaml --target http://example.com",
            5,
            &["`example.com`", "--allow-load example.com"],
        ),
        (
            "run s.yaml --target http://nosuch.invalid --allow-load nosuch.invalid",
            6,
            &["nosuch.invalid:80 cannot be reached", "check --target"],
        ),
        ("run s.yaml --target http://127.0.0.1:1", 6, &["nothing listens at 127.0.0.1:1"]),
    ];
    let mut problems = Vec::new();
    for (line, code, words) in cases {
        let outcome = sandbox.taster(line);
        assert!(outcome.stdout.is_empty(), "an error is no data: {outcome}");
        problems.extend(outcome.misses(*code, words));
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert!(!sandbox.path("reports").exists());
}

/// What is not ours to load gets no byte, by whatever way it would be reached.
#[test]
fn load_on_a_foreign_host_is_refused_before_any_traffic() {
    let service = Service::healthy();
    let sandbox = Sandbox::new();
    // An address of this machine that is not its loopback is foreign, and needs no network.
    let elsewhere = "http://0.0.0.0:9";
    let at =
        |step: &str| GOOD.replace("[{ step: read, get: /x", &format!("[{{ step: read, {step}"));
    let cases = [
        ("of the target", GOOD.to_string(), elsewhere),
        ("of a step", at(&format!("get: {elsewhere}/x")), service.url.as_str()),
        ("of the base", format!("{GOOD}http: {{ base: \"{elsewhere}\" }}\n"), service.url.as_str()),
        (
            "of setup",
            format!("{GOOD}before-user: [{{ get: {elsewhere}/ }}]\n"),
            service.url.as_str(),
        ),
    ];
    for (what, scenario, target) in cases {
        sandbox.write("s.yaml", scenario);
        let outcome = sandbox.run(&["run", "s.yaml", "--target", target, "--out", "out"]).exits(5);
        let words = ["not this machine", "--allow-load 0.0.0.0", "`taster test`"];
        outcome.says(&words).never_says(&["PASS", "FAIL"]);
        assert!(service.requests().is_empty(), "{what}: traffic before the refusal");
        assert!(!sandbox.path("out").exists(), "{what}");
    }
    sandbox.write("s.yaml", GOOD);
    sandbox.run(&["test", "s.yaml", "--target", &service.url, "--out", "out"]).exits(0);
}

/// Under load, an answer cannot lead the generator to somebody else either.
#[test]
fn a_redirect_to_a_foreign_host_is_not_followed_under_load() {
    let away = crate::http::server::reply("302 Found", &[("location", "http://0.0.0.0:9/x")], "");
    let service = Service::always(5, away);
    let sandbox = Sandbox::with(GOOD);
    let outcome = sandbox.run(&["load", "s.yaml", "--target", &service.url, "--out", "out"]);
    outcome.exits(1).says(&["0.0.0.0", "--allow-load"]);
}
