//! Measures what Taster itself costs, beside what cannot be cheaper: each row is a ratio of two
//! things measured in turn, in one process, so that a slow machine slows both.

use std::fmt::Write;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use taster::analysis::{self, Margins, Stored};
use taster::diagnostic::SourceFile;
use taster::driver::{Client, Identity, Session};
use taster::executor::{self, Observer, Options, Stop};
use taster::plan::{
    ActionPlan, FileContent, HttpPlan, Inputs, Overrides, Plan, Scope, SeriesId, build,
};
use taster::recorder::{Recorder, empty_histogram};
use taster::result::journal::{
    EndEntry, Entry, Ledger, LoadSecond, SecondEntry, blank, step_second,
};
use taster::result::{
    self, Health, LoadResult, Machine, RunInfo, RunResult, ScenarioResult, SlaRecord, StepResult,
};
use taster::sample::{Phases, Sample};

/// How much is done; the numbers of a real measurement, or a few to see that it works.
#[derive(Clone, Copy)]
pub struct Amount {
    pub rounds: usize,
    pub samples: u64,
    pub renders: u64,
    pub iterations: u64,
    pub requests: u64,
    pub seconds: u64,
}

/// One comparison: the medians of all rounds.
struct Row {
    what: &'static str,
    ours: f64,
    than: &'static str,
    bare: f64,
    unit: &'static str,
}

/// Measures everything and draws the table.
pub fn table(amount: Amount) -> String {
    let rows = [
        record(amount),
        render(amount),
        iterate(amount, "goose", "users: 1, iterations: "),
        iterate(amount, "taster", "users: 1, shared-iterations: "),
        exchange(amount),
    ];
    let mut text = String::from("| what | it takes | than | that takes | ratio |\n");
    text.push_str("|---|---|---|---|---|\n");
    for Row { what, ours, than, bare, unit } in rows {
        let ratio = ours / bare;
        let _ = writeln!(
            text,
            "| {what} | {ours:.1} {unit} | {than} | {bare:.1} {unit} | {ratio:.2} |"
        );
    }
    let (bytes, read, judged) = judge(amount);
    let _ = writeln!(text, "| read a result of {bytes} bytes | {read:.1} ms | | | |");
    let _ = writeln!(text, "| judge it against itself | {judged:.1} ms | | | |");
    text
}

/// The medians of two things done in turn, in nanoseconds for one of `count`.
fn in_turn(rounds: usize, count: u64, mut pair: (impl FnMut(), impl FnMut())) -> (f64, f64) {
    let time = |work: &mut dyn FnMut()| {
        let begin = Instant::now();
        work();
        begin.elapsed().as_nanos() as f64 / count as f64
    };
    let times = (0..rounds).map(|_| (time(&mut pair.0), time(&mut pair.1)));
    let (ours, bare): (Vec<f64>, Vec<f64>) = times.unzip();
    (median(ours), median(bare))
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

fn record(amount: Amount) -> Row {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(1);
    let spread = Duration::from_millis(900).as_nanos() as u64 / amount.samples.max(1);
    let took: Vec<u64> = (0..4096).map(|_| random.random_range(1_000..90_000)).collect();
    let at = |k: u64| Duration::from_nanos(k * spread);
    let ours = || {
        let mut recorder = Recorder::new(10);
        for k in 0..amount.samples {
            let started = at(k);
            let ended = started + Duration::from_micros(took[k as usize % took.len()] / 1_000);
            recorder.record(sample((k % 10) as u16, started, ended));
        }
        std::hint::black_box(recorder.take_all());
    };
    let bare = || {
        let mut histogram = empty_histogram();
        for k in 0..amount.samples {
            histogram.saturating_record(took[k as usize % took.len()]);
        }
        std::hint::black_box(histogram);
    };
    let (ours, bare) = in_turn(amount.rounds, amount.samples, (ours, bare));
    let (what, than) = ("record a sample", "record a value in one histogram");
    Row { what, ours, than, bare, unit: "ns" }
}

fn sample(series: u16, started: Duration, ended: Duration) -> Sample {
    Sample {
        series: SeriesId(series),
        number: 0,
        due: started,
        blocked: Duration::ZERO,
        started,
        ended,
        outcome: Ok(()),
        checks: 2,
        failed_checks: 0,
        bytes_sent: 310,
        bytes_received: 1_240,
        phases: Phases::default(),
        resent: 0,
        exemplar: None,
    }
}

fn render(amount: Amount) -> Row {
    let text = "name: t\nvars: { size: 20 }\nload:\n  \
        journey: [{ get: \"/items/{{ vars.size }}/of/{{ user() }}?n={{ iteration() }}\" }]\n  \
        profiles: { only: { users: 1, iterations: 1 } }\n  sla: [\"http_req_failed: rate<1\"]\n";
    let plan = plan(text, "http://127.0.0.1:8080");
    let (step, slots) = (first_step(&plan), vec![Some(20.into())]);
    let mut random = Xoshiro256PlusPlus::seed_from_u64(1);
    let ours = || {
        for iteration in 0..amount.renders {
            let mut scope = Scope {
                slots: &slots,
                names: &plan.scenarios[0].slots,
                random: &mut random,
                unix_ms: 0,
                user: 7,
                iteration,
            };
            let mut out = String::new();
            step.url.render(&mut scope, &mut out).expect("every value is there");
            std::hint::black_box(&out);
        }
    };
    let bare = || {
        for iteration in 0..amount.renders {
            let (size, user) = std::hint::black_box((20, 7));
            let base = std::hint::black_box("http://127.0.0.1:8080");
            std::hint::black_box(format!("{base}/items/{size}/of/{user}?n={iteration}"));
        }
    };
    let (ours, bare) = in_turn(amount.rounds, amount.renders, (ours, bare));
    Row { what: "render a URL", ours, than: "format! it", bare, unit: "ns" }
}

/// Iterations in which nothing is left to do, so that only driving them costs.
fn iterate(amount: Amount, engine: &'static str, profile: &str) -> Row {
    let text = format!(
        "name: t\ndata: {{ rows: {{ csv: rows.csv }} }}\nload:\n  \
         journey: [{{ get: /x, when: {{ rows.id: never }} }}]\n  \
         profiles: {{ only: {{ {profile}{} }} }}\n  sla: [\"http_req_failed: rate<1\"]\n",
        amount.iterations
    );
    let plan = plan(&text, "http://127.0.0.1:1");
    let client = Client::new(&plan.scenarios[0]).expect("a client can be made");
    let (mut ours, mut bare) = (Vec::new(), Vec::new());
    for _ in 0..amount.rounds {
        // Threads are made and users set up before the load begins; its own time is told.
        let result = execute(&plan);
        let load = result.scenarios[0].load.as_ref().expect("it was loaded");
        assert_eq!((load.engine.as_str(), load.completed), (engine, amount.iterations));
        ours.push(load.duration_ms as f64 * 1e6 / amount.iterations as f64);
        bare.push(plain_loop(&client, amount.iterations));
    }
    let what =
        if engine == "goose" { "an iteration by goose" } else { "an iteration by our engine" };
    let than = "the same session in a loop";
    Row { what, ours: median(ours), than, bare: median(bare), unit: "ns" }
}

fn plain_loop(client: &Client, iterations: u64) -> f64 {
    let mut session = Session::open(client, Identity { user: 1, seed: 1 });
    let mut histogram = empty_histogram();
    let begin = Instant::now();
    block_on(async {
        for iteration in 0..iterations {
            let started = Instant::now();
            session.begin_iteration(iteration);
            histogram.saturating_record(started.elapsed().as_micros() as u64);
            tokio::task::yield_now().await;
        }
    });
    std::hint::black_box(histogram);
    begin.elapsed().as_nanos() as f64 / iterations as f64
}

struct Nobody;

impl Observer for Nobody {
    fn entry(&mut self, _: &Entry, _: &Ledger) {}

    fn cpu_seconds(&mut self) -> Option<f64> {
        None
    }
}

fn execute(plan: &Plan) -> RunResult {
    let options = Options { workers: 1, threads: 1, ..Options::default() };
    let known = (RunInfo::default(), Machine::default());
    executor::execute(plan, known, &options, &Stop::new(), &mut Nobody).expect("it runs")
}

/// Requests one after the other, through a session and with nothing around reqwest.
fn exchange(amount: Amount) -> Row {
    let server = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a server can run");
    let listener = server.block_on(tokio::net::TcpListener::bind("127.0.0.1:0"));
    let listener = listener.expect("a port is free");
    let url = format!("http://{}", listener.local_addr().expect("it has an address"));
    let router = axum::Router::new().fallback(|| async { "{\"data\":{\"total\":3}}" });
    server.spawn(async move { axum::serve(listener, router).await });

    let text = "name: t\nload:\n  journey: [{ get: /x, expect: { json: { $.data.total: 3 } } }]\n  \
        profiles: { only: { users: 1, iterations: 1 } }\n  sla: [\"http_req_failed: rate<1\"]\n";
    let plan = plan(text, &url);
    let client = Client::new(&plan.scenarios[0]).expect("a client can be made");
    let mut session = Session::open(&client, Identity { user: 1, seed: 1 });
    let (step, bare_client) = (first_step(&plan), reqwest::Client::new());
    let ours_runtime = runtime();
    let bare_runtime = runtime();
    let ours = || {
        ours_runtime.block_on(async {
            for _ in 0..amount.requests {
                let exchange = session.run(step).await;
                assert!(exchange.outcome.is_ok(), "{exchange:?}");
            }
        });
    };
    let address = format!("{url}/x");
    let bare = || {
        bare_runtime.block_on(async {
            for _ in 0..amount.requests {
                let answer = bare_client.get(&address).send().await.expect("it answers");
                std::hint::black_box(answer.bytes().await.expect("it has a body"));
            }
        });
    };
    let (ours, bare) = in_turn(amount.rounds, amount.requests, (ours, bare));
    server.shutdown_background();
    let (ours, bare) = (ours / 1e3, bare / 1e3);
    Row { what: "a request, checked and timed", ours, than: "a bare reqwest", bare, unit: "us" }
}

/// Bytes of a result of ten steps at 200 iterations a second, and the milliseconds that reading
/// and judging it take.
fn judge(amount: Amount) -> (usize, f64, f64) {
    let result = recorded(amount.seconds);
    let text = serde_json::to_vec(&result).expect("a result is JSON");
    let (mut reads, mut judgements) = (Vec::new(), Vec::new());
    for _ in 0..amount.rounds {
        let begin = Instant::now();
        let read = result::from_json(&text).expect("it is read");
        reads.push(begin.elapsed().as_secs_f64() * 1e3);
        let begin = Instant::now();
        std::hint::black_box(analysis::judge(&read, &Stored::one(&result), &Margins::default()));
        judgements.push(begin.elapsed().as_secs_f64() * 1e3);
    }
    (text.len(), median(reads), median(judgements))
}

fn recorded(seconds: u64) -> RunResult {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(7);
    let mut begin = blank();
    let slas = ["http_req_duration: p(95)<500", "http_req_failed: rate<0.01"]
        .map(|text| SlaRecord { text: text.to_string(), ..SlaRecord::default() });
    let load = LoadResult { slas: slas.to_vec(), model: "open".into(), ..LoadResult::default() };
    let name = "t".to_string();
    begin.scenarios = vec![ScenarioResult { name, load: Some(load), ..ScenarioResult::default() }];
    begin.steps = (0..10).map(step).collect();
    let mut ledger = Ledger::new(begin);
    for second in 0..seconds {
        let mut recorder = Recorder::new(10);
        for k in 0..200 {
            let mut now = Duration::from_secs(second) + Duration::from_micros(k * 4_000);
            for series in 0..10 {
                let typical = 400.0 * f64::from(series + 1);
                let normal: f64 = (0..12).map(|_| random.random_range(-0.5..0.5)).sum();
                let took = Duration::from_nanos((typical * 1e3 * (normal * 0.35).exp()) as u64);
                recorder.record(sample(series as u16, now, now + took));
                now += took;
            }
        }
        let seen = recorder.take_all();
        let series = seen.iter().flat_map(|second| second.series.iter().enumerate());
        let steps =
            series.filter_map(|(at, one)| Some(step_second(at, second as u32, one.as_ref()?)));
        let loads = vec![LoadSecond { started: 200, completed: 200, ..LoadSecond::default() }];
        let (steps, second) = (steps.collect(), second as u32);
        let entry = SecondEntry { second, steps, loads, ..SecondEntry::default() };
        ledger.apply(&Entry::Second(Box::new(entry))).expect("it adds up");
    }
    ledger.apply(&Entry::LoadEnded(0, seconds * 1_000, None)).expect("it adds up");
    let (health, reasons) = (Health::Valid, Vec::new());
    let end = EndEntry {
        duration_ms: seconds * 1_000,
        ended_early: None,
        health,
        reasons,
        browsers: Vec::new(),
    };
    ledger.apply(&Entry::End(Box::new(end))).expect("it adds up");
    ledger.finish()
}

fn step(at: u32) -> StepResult {
    let summary = serde_json::to_value(result::Summary::default()).expect("it is JSON");
    serde_json::from_value(serde_json::json!({
        "scenario": "t", "step": format!("step {at}"), "tags": {}, "place": "", "count": 0,
        "failed": 0, "dropped": 0, "rate": 0.0, "failures": {}, "examples": [], "checks": [],
        "response_us": summary, "service_us": summary, "lag_us": summary, "failed_us": summary,
        "bytes_sent": 0, "bytes_received": 0, "slices": [], "histograms": { "response": "" },
    }))
    .expect("it is a step")
}

fn plan(text: &str, target: &str) -> Plan {
    let scenario = taster::scenario::parse(&SourceFile::new("bench.yaml", text));
    let mut inputs = Inputs::default();
    inputs.scenarios.push(scenario.unwrap_or_else(|problems| panic!("{problems}")).0);
    let csv = FileContent::Bytes(Arc::from(&b"id\n1\n2\n"[..]));
    inputs.files.insert("rows.csv".to_string(), csv);
    let target = target.to_string();
    let overrides = Overrides { target, load: true, ..Overrides::default() };
    build(&inputs, &overrides).unwrap_or_else(|problems| panic!("{problems}"))
}

fn first_step(plan: &Plan) -> &HttpPlan {
    let load = plan.scenarios[0].load.as_ref().expect("it has load");
    match &load.journeys[0].steps[0].action {
        ActionPlan::Http(step) => step,
        _ => panic!("the first step is a request"),
    }
}

fn runtime() -> tokio::runtime::Runtime {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("an event loop can run")
}

fn block_on(work: impl Future<Output = ()>) {
    runtime().block_on(work);
}
