//! `taster verify`: against the embedded backend as it is and as faults leave it, and against
//! services that count what they get. Also what a job of GitHub Actions is told.

use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use taster::analysis::samples_needed;
use taster::plan::{ActionPlan, Ceiling, Node};
use taster::units::Rate;

use crate::http::server::json;
use crate::project::Project;
use crate::support::sandbox::Running;
use crate::support::{Outcome, Sandbox, Service, after, json_ok};

/// Two quick tests and a load, as a project would write them for the embedded backend.
const SHOP: &str = r#"
name: shop
before-user:
  - step: sign in
    post: /api/v1/auth/login
    json: { email: user1@test.com, password: "TestPassword123!" }
    capture: { token: $.data.token }
tests:
  - name: it is well
    tags: [smoke]
    steps: [{ step: health, get: /api/v1/health, expect: { status: 200 } }]
  - name: it lists products
    tags: [smoke]
    steps:
      - step: products
        get: /api/v1/products
        expect: { json: { "$.data[0].id": { exists: true } } }
  - name: a slow one that nobody asked for
    steps: [{ step: nowhere, get: /nowhere, expect: { status: 200 } }]
load:
  journey: [products, { step: live, get: /api/v1/live }]
  profiles: { smoke: { users: 2, duration: 10s } }
  sla:
    - "http_req_duration: p(95)<400"
    - "http_req_failed: rate<0.01"
"#;

/// The embedded backend on its own, for as long as the test wants it.
struct Demo {
    running: Running,
    url: String,
}

impl Demo {
    fn start(sandbox: &Sandbox, faults: &[&str]) -> Self {
        let listen = ["demo", "--listen", "127.0.0.1:0", "--with-parent"].map(String::from);
        let faults = faults.iter().map(|fault| format!("--fault={fault}"));
        let arguments: Vec<String> = listen.into_iter().chain(faults).collect();
        let mut command = sandbox.command(&arguments.iter().map(|one| &**one).collect::<Vec<_>>());
        command.stdin(Stdio::piped());
        let mut running = sandbox.start(command);
        running.wait_until("it listens", |running| running.stdout().contains("listening on "));
        let said = running.stdout();
        let url = said.split("listening on ").nth(1).unwrap_or_default().trim().to_string();
        Self { running, url }
    }

    fn end(mut self) {
        self.running.close_stdin();
        self.running.end();
    }
}

fn verify(sandbox: &Sandbox, url: &str, more: &[&str]) -> Outcome {
    let fixed = ["verify", "s.yaml", "--target", url, "--seed", "3"];
    let health = ["--health", "/api/v1/health"];
    let given = |option: &str| more.contains(&option);
    let ceiling: &[&str] = if given("--ceiling") { &[] } else { &["--ceiling", "1000/s"] };
    // A load lasts a quarter of that: long enough for what is asked here.
    let within: &[&str] = if given("--within") { &[] } else { &["--within", "6s"] };
    sandbox.run(&[&fixed[..], &health, ceiling, within, more].concat())
}

#[test]
fn a_healthy_deployment_is_go_and_broken_ones_are_rolled_back() {
    let sandbox = Sandbox::with(SHOP);
    let demo = Demo::start(&sandbox, &[]);
    let good = verify(&sandbox, &demo.url, &["--out", "good"]).exits(0).says(&["GO: "]);
    assert!(good.stdout.lines().last().is_some_and(|last| last.starts_with("GO: ")), "{good}");
    assert!(!good.all().contains("nobody asked for"), "only tests tagged smoke are run");
    let result = sandbox.json("good/result.json");
    assert_eq!(result["run"]["profile"], "verify");
    assert_eq!(result["tests"].as_array().map(Vec::len), Some(2));
    assert!(sandbox.json("good/verdict.json")["verdict"] == "PASS");
    demo.end();
    let rolled_back = |(name, fault, words): (&str, &str, &str)| {
        let demo = Demo::start(&sandbox, &[fault]);
        let bad = verify(&sandbox, &demo.url, &["--out", name, "--within", "4s"]).exits(1);
        let answer = bad.stdout.split("\nROLLBACK").nth(1).unwrap_or_default().to_string();
        assert!(answer.contains(words), "{name}: {bad}");
        assert!(!bad.stdout.contains("\nGO"), "{name}: {bad}");
        demo.end();
    };
    at_once(
        [
            ("errors", "errors=40%@/api/v1/products", "500"),
            ("slow", "slow=500ms@/api/v1/products", "http_req_duration"),
            ("html", "html@/api/v1/products", "HTML"),
        ],
        rolled_back,
    );
}

/// Does it with all of them beside each other: most of a verification is waiting.
fn at_once<T: Send, const N: usize>(all: [T; N], one: impl Fn(T) + Sync) {
    std::thread::scope(|scope| {
        for item in all {
            let one = &one;
            scope.spawn(move || one(item));
        }
    });
}

#[test]
fn what_was_accepted_before_is_what_is_compared_with() {
    let one_step = SHOP.split("load:").next().expect("tests").to_string()
        + "load:\n  journey: [{ step: live, get: /api/v1/live }]\n  \
           profiles: { smoke: { users: 2, duration: 10s } }\n  \
           sla: [\"http_req_failed: rate<0.9\"]\n";
    let sandbox = Sandbox::with(&one_step.replace("$.data[0].id", "$.data.token"));
    let well = Service::start(|_| json_ok());
    verify(&sandbox, &well.url, &["--out", "first"]).exits(0);
    sandbox.run(&["baseline", "accept", "first", "--why", "release 1"]).exits(0);
    assert_eq!(sandbox.names("baselines"), ["verify"]);
    // All that is demanded of the run itself holds: only beside the one before it is worse.
    let asked = AtomicU32::new(0);
    let sick = Service::start(move |request| match request.path() {
        "/api/v1/live" if asked.fetch_add(1, Ordering::SeqCst).is_multiple_of(2) => {
            after(1, json("500 Internal Server Error", "{}"))
        }
        _ => json_ok(),
    });
    let worse = verify(&sandbox, &sick.url, &["--out", "second"]).exits(1);
    let answer = worse.stdout.split("\nROLLBACK").nth(1).unwrap_or_default();
    assert!(answer.contains("FAIL shop › live: Errors"), "{worse}");
    assert_eq!(answer.matches("FAIL").count(), 1, "{worse}");
}

#[test]
fn a_service_that_does_not_get_well_in_time_is_rolled_back_without_load() {
    let sandbox = Sandbox::with(SHOP);
    let sick = Service::start(|_| after(1, json("503 Service Unavailable", "{}")));
    verify(&sandbox, &sick.url, &["--wait", "1500ms"]).exits(1).says(&[
        "ROLLBACK: ",
        "/api/v1/health was not well",
        "it answered 503",
    ]);
    let paths: Vec<String> =
        sick.requests().iter().map(|request| request.path().to_string()).collect();
    assert!(!paths.is_empty() && paths.iter().all(|path| path == "/api/v1/health"), "{paths:?}");
    verify(&sandbox, "http://127.0.0.1:9", &["--wait", "100ms"])
        .exits(1)
        .says(&["ROLLBACK: ", "refused"]);
    assert!(!sandbox.path("reports").exists(), "nothing was measured");
}

#[test]
fn a_service_that_gets_well_late_is_waited_for() {
    let only_tests = SHOP.split("load:").next().expect("tests");
    let sandbox = Sandbox::with(&only_tests.replace("$.data[0].id", "$.data.token"));
    let asked = AtomicU32::new(0);
    let service = Service::start(move |request| match request.path() {
        // An old instance answers in between: one good answer is not enough.
        "/api/v1/health" if [0, 2].contains(&asked.fetch_add(1, Ordering::SeqCst)) => {
            after(1, json("502 Bad Gateway", "{}"))
        }
        _ => json_ok(),
    });
    verify(&sandbox, &service.url, &[]).exits(0).says(&["it answered 502", "GO: "]);
    let health = |request: &&crate::http::server::Request| request.path() == "/api/v1/health";
    // Two bad ones, the good one between them, three in a row, and the test's own.
    assert_eq!(service.requests().iter().filter(health).count(), 7);
}

#[test]
fn what_cannot_be_told_is_rolled_back_and_a_wrong_question_has_its_own_code() {
    let sandbox = Sandbox::with(SHOP);
    sandbox.taster("verify s.yaml").exits(2).says(&["say what was deployed", "--target URL"]);
    sandbox
        .taster("verify s.yaml --target http://203.0.113.7:1 --wait 10ms")
        .exits(5)
        .says(&["--allow-load 203.0.113.7"]);
    sandbox
        .taster("verify s.yaml --target http://127.0.0.1:9 --ceiling 1/s --within 5s")
        .exits(2)
        .says(&["--within allows 5 s", "raise --within or --ceiling"]);
    sandbox
        .taster("verify s.yaml --target http://127.0.0.1:9 --ceiling 0/s")
        .exits(2)
        .says(&["write a rate"]);
    sandbox
        .taster("verify s.yaml --target http://127.0.0.1:9 --tag nothing")
        .exits(2)
        .says(&["no test has the tag `nothing`"]);
    // The service is well, and the load is cut short before it shows anything.
    let slow = Service::start(|request| match request.path() {
        "/api/v1/health" => json_ok(),
        _ => after(700, json("200 OK", r#"{"data":[{"id":"p-1","token":"t"}]}"#)),
    });
    let cut = verify(&sandbox, &slow.url, &["--within", "2s"]);
    assert_eq!(cut.code, Some(1), "{cut}");
    assert!(cut.stdout.contains("ROLLBACK"), "{cut}");
}

/// Whether each request stands right behind a pause of so long, all the way down.
fn paced(nodes: &[Node], gap: f64) -> bool {
    let mut before = None;
    nodes.iter().all(|node| {
        let fine = match &node.action {
            ActionPlan::Http(_) => before.is_some_and(|pause: f64| pause >= gap),
            ActionPlan::Group(nodes) => paced(nodes, gap),
            ActionPlan::Browser(_) | ActionPlan::Pause(_) => true,
        };
        before = match &node.action {
            ActionPlan::Pause(pause) => Some(pause.least.as_secs_f64()),
            _ => None,
        };
        fine
    })
}

#[test]
fn below_a_ceiling_every_request_has_its_pause_and_samples_suffice_for_every_sla() {
    let text = r#"
name: shop
before-each: [{ step: sign in, post: /in }]
tests:
  - name: buys
    steps: [{ get: /a }, { group: b, steps: [{ get: /b, repeat: 3 }, { pause: 1s }] }]
  - name: sees
    browser: [chromium]
    steps: [{ goto: / }]
load:
  journeys:
    - { journey: often, weight: 3, steps: [{ step: one, get: /1 }, { step: two, get: /2 }] }
    - { journey: rarely, weight: 1, steps: [{ step: three, get: /3 }] }
  profiles: { rate: { arrivals: 1/s, duration: 1m } }
  sla: ["http_req_duration{step:three}: p(99)<500", "http_req_duration: p(95)<500"]
"#;
    let mut plan = Project::of(text).plan();
    let ceiling = Ceiling {
        rate: Rate(4.0),
        samples: &samples_needed,
        longest: std::time::Duration::from_secs(3_600),
    };
    let held = plan.hold_below(&ceiling);
    let scenario = &plan.scenarios[0];
    let load = scenario.load.as_ref().expect("it has load");
    for nodes in load.journeys.iter().map(|journey| &journey.steps) {
        // Its own rate is one iteration of at most two requests a second: slower than the ceiling.
        assert!(paced(nodes, 0.5));
    }
    assert!(paced(&scenario.hooks.before_each, 0.25));
    assert!(paced(&scenario.tests[0].steps, 0.25));
    assert!(!paced(&Project::of(text).plan().scenarios[0].tests[0].steps, 0.0), "it tells");
    let skip = scenario.tests[1].skip.as_deref();
    assert!(skip.is_some_and(|why| why.contains("ceiling")), "browsers are left out: {skip:?}");
    assert_eq!(held[0].takes, std::time::Duration::from_secs(300 * 4 * 3 / 2));
    // p(99) takes 300 samples of a step that comes in one iteration of four, and chance is uneven.
    assert_eq!(held[0].iterations, 300 * 4 * 3 / 2);
    assert_eq!(load.profile, "verify");
}

#[test]
fn a_load_that_would_be_over_too_soon_to_be_compared_is_slower_than_its_ceiling() {
    let takes = |longest: u64| {
        let mut plan = Project::of(SHOP).plan();
        let longest = std::time::Duration::from_secs(longest);
        plan.hold_below(&Ceiling { rate: Rate(1_000.0), samples: &samples_needed, longest })[0]
            .clone()
    };
    let (long, short) = (takes(600), takes(8));
    assert_eq!((long.iterations, long.takes.as_secs_f64().round()), (200, 15.0));
    assert_eq!((short.iterations, short.takes.as_secs_f64().round()), (200, 2.0));
}

#[test]
fn no_more_requests_are_sent_than_the_ceiling_allows() {
    let sandbox = Sandbox::with(&SHOP.replace("$.data[0].id", "$.data.token"));
    sandbox.write("t.yaml", SHOP.replace("name: shop", "name: other").replace("[0].id", ".token"));
    // What fails at once would be tried again at once: that is held below the ceiling too.
    let broken = |path: &str| path.ends_with("/products") || path.contains("/login");
    at_once([false, true], |failing| {
        let out = if failing { "failing" } else { "well" };
        let service = Service::start(move |request| match failing && broken(request.path()) {
            true => after(0, json("500 Internal Server Error", "{}")),
            false => json_ok(),
        });
        let fixed = ["verify", "s.yaml", "t.yaml", "--target", &service.url, "--ceiling", "200/s"];
        // At their fastest the two of them take four seconds: a load may not be slower here.
        let more = ["--out", out, "--report", "json", "--within", "16s"];
        let outcome = sandbox.run(&[&fixed[..], &more].concat()).exits(i32::from(failing));
        let seconds = by_second(&sandbox.json(&format!("{out}/result.json")));
        // In each second what the ceiling allows, and one for each of the two loads; a slice may
        // hold what came up to 40 ms late from the one before.
        assert!(seconds.iter().all(|count| *count <= 200 + 2 + 8), "{seconds:?}\n{outcome}");
        assert!(failing || seconds.iter().sum::<u64>() >= 80, "enough to judge: {seconds:?}");
    });
}

/// The requests of each second of a load.
fn by_second(result: &serde_json::Value) -> Vec<u64> {
    let mut seconds = Vec::new();
    let steps = result["steps"].as_array().expect("steps");
    for slice in steps.iter().flat_map(|step| step["slices"].as_array().expect("slices")) {
        let second = slice["second"].as_u64().expect("a second") as usize;
        seconds.resize(seconds.len().max(second + 1), 0);
        seconds[second] += slice["count"].as_u64().expect("a count");
    }
    seconds
}

#[test]
fn without_load_the_tests_alone_decide() {
    let only_tests = SHOP.split("load:").next().expect("tests");
    let sandbox = Sandbox::with(&only_tests.replace("$.data[0].id", "$.data.token"));
    let service = Service::start(|_| json_ok());
    verify(&sandbox, &service.url, &["--out", "good"]).exits(0).says(&["GO: "]);
    let sick = Service::start(|request| match request.path() {
        "/api/v1/products" => after(1, json("200 OK", "[]")),
        _ => json_ok(),
    });
    verify(&sandbox, &sick.url, &[]).exits(1).says(&["ROLLBACK", "it lists products"]);
}

/// The environment of a job.
fn in_a_job(sandbox: &Sandbox, arguments: &[&str]) -> Command {
    let mut command = sandbox.command(arguments);
    command
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_STEP_SUMMARY", sandbox.path("summary.md"))
        .env("GITHUB_OUTPUT", sandbox.path("output"))
        .env("GITHUB_WORKSPACE", sandbox.path("").parent().expect("a folder above"));
    command
}

#[test]
fn a_job_of_github_gets_a_summary_outputs_and_annotations_and_no_commands_of_others() {
    let hostile = SHOP
        .replace("$.data[0].id", "$.data.token")
        .replace("it lists products", "\"::set-output name=x::y ##[error]gotcha\"");
    let sandbox = Sandbox::with(&hostile);
    let body = "\n::add-mask::e\n::error::from the service\n##[warning]x";
    let service = Service::start(move |request| match request.path() {
        "/api/v1/health" => after(1, json("500 Internal Server Error", body)),
        _ => json_ok(),
    });
    let arguments = ["test", "s.yaml", "--target", &service.url, "--out", "out", "--tag", "smoke"];
    let outcome = sandbox.start(in_a_job(&sandbox, &arguments)).end().exits(1);
    // Outside the marks only annotations are commands; on the other stream there are none.
    let mut mark: Option<String> = None;
    let mut annotations = 0;
    for line in outcome.stdout.lines().map(str::trim_start) {
        match &mark {
            Some(end) if line == format!("::{end}::") => mark = None,
            Some(_) => {}
            None => match line.strip_prefix("::stop-commands::") {
                Some(end) => mark = Some(end.to_string()),
                None if line.starts_with("::error file=") => annotations += 1,
                None => assert!(!line.starts_with("::") && !line.contains("##["), "{line}"),
            },
        }
    }
    assert_eq!((mark, annotations > 0), (None, true), "{outcome}");
    for line in outcome.stderr.lines() {
        assert!(!line.trim_start().starts_with("::") && !line.contains("##["), "{line}");
    }
    // Files are named from the top of the repository.
    let folder = sandbox.path("").file_name().expect("a name").to_string_lossy().into_owned();
    assert!(outcome.stdout.contains(&format!("::error file={folder}/s.yaml,line=")), "{outcome}");
    let summary = sandbox.read("summary.md");
    assert!(summary.starts_with("### ") && summary.contains("FAIL"), "{summary}");
    let output = sandbox.read("output");
    assert!(output.contains("verdict<<taster-") && output.contains("\nFAIL\n"), "{output}");
    assert!(output.contains("report-path<<taster-") && output.contains("/out\n"), "{output}");
    // A second run of the same step adds; a summary that is full gets one line and then nothing.
    let before = summary.len();
    sandbox.start(in_a_job(&sandbox, &arguments)).end().exits(1);
    assert!(sandbox.read("summary.md").len() > before);
    sandbox.write("summary.md", "x".repeat(999_500));
    sandbox.start(in_a_job(&sandbox, &arguments)).end().exits(1);
    let full = sandbox.read("summary.md");
    assert!(full.len() <= 1_000_000 && full.contains("no room for more here"));
}

#[test]
fn outside_of_a_job_nothing_is_said_to_one() {
    let sandbox = Sandbox::with(&SHOP.replace("$.data[0].id", "$.data.token"));
    let service = Service::start(|_| json_ok());
    let arguments = ["test", "s.yaml", "--target", &service.url, "--out", "out", "--tag", "smoke"];
    let outcome = sandbox.run(&arguments).exits(0);
    assert!(!outcome.all().contains("::"), "{outcome}");
    let asked = [&arguments[..], &["--report", "github,comment"]].concat();
    sandbox.run(&asked).exits(0);
    assert_eq!(sandbox.read("out/annotations.txt"), "");
    assert!(sandbox.read("out/comment.md").starts_with("<!-- taster:comment:v1:"));
}
