//! How long a verdict takes: a run of a minute with ten steps against ten baselines, from their
//! files on disk to the findings.

use std::path::Path;
use std::time::{Duration, Instant};

use taster::analysis::{self, Margins, Stored};
use taster::recorder::empty_histogram;
use taster::result::histogram::encode;
use taster::result::{
    Accepted, LoadResult, RunResult, ScenarioResult, Slice, StepResult, Summary, journal,
};
use taster::store::{Baselines, read_result};

/// What is judged.
const SECONDS: u32 = 60;
const STEPS: u64 = 10;
const BASELINES: u64 = 10;

/// Requests a second, of each step.
const RATE: u64 = 50;

/// A verdict must be there within this.
const MUST: Duration = Duration::from_millis(100);

/// How often it is judged; the fastest counts, because the others also waited for the machine.
const ROUNDS: usize = 15;

const SCENARIO: &str = "shop";
const PROFILE: &str = "load";

/// Prints how long it takes and tells whether that is soon enough.
///
/// # Errors
/// When a file cannot be written or read.
pub fn run() -> Result<bool, String> {
    let folder = tempfile::tempdir().map_err(|why| format!("no folder: {why}"))?;
    let candidate = folder.path().join("result.json");
    let baselines = Baselines::in_folder(&folder.path().join("baselines"));
    for number in 0..BASELINES {
        let mut result = made(number);
        result.accepted = Some(Accepted { by: "bench".into(), ..Accepted::default() });
        baselines.keep(&result).map_err(|why| why.to_string())?;
    }
    let text = serde_json::to_vec(&made(BASELINES)).map_err(|why| why.to_string())?;
    std::fs::write(&candidate, &text).map_err(|why| why.to_string())?;
    let mut taken: Vec<[Duration; 2]> = Vec::new();
    for _ in 0..ROUNDS {
        taken.push(judged(&candidate, &baselines)?);
    }
    taken.sort_by_key(|[read, judge]| *read + *judge);
    let [read, judge] = taken[0];
    let ms = |time: Duration| time.as_secs_f64() * 1e3;
    println!(
        "verdict of {SECONDS} s x {STEPS} steps x {BASELINES} baselines from their files ({} kB \
         each): {:.1} ms (reading {:.1}, judging {:.1}), the fastest of {ROUNDS}, whose middle is \
         {:.1}; must be under {} ms: {}",
        text.len() / 1_000,
        ms(read + judge),
        ms(read),
        ms(judge),
        ms(taken[ROUNDS / 2].iter().sum()),
        MUST.as_millis(),
        if read + judge < MUST { "met" } else { "MISSED" }
    );
    Ok(read + judge < MUST)
}

/// One verdict: how long reading takes, and judging.
fn judged(candidate: &Path, baselines: &Baselines) -> Result<[Duration; 2], String> {
    let begun = Instant::now();
    let result = read_result(candidate).map_err(|why| why.to_string())?;
    let window = baselines.window(PROFILE, &result.machine.fingerprint);
    let window = window.map_err(|why| why.to_string())?;
    let read = begun.elapsed();
    let stored = Stored { baselines: window.runs.iter().collect(), ..Stored::none() };
    let verdict = analysis::judge(&result, &stored, &Margins::default());
    let rows = verdict.comparison.map_or(0, |of| of.changes.len());
    // One row is of the iterations, where they are due.
    match rows as u64 >= STEPS * 4 {
        true => Ok([read, begun.elapsed() - read]),
        false => Err(format!("only {rows} rows were compared: {}", verdict.headline)),
    }
}

/// A run of that number, a little unlike the others.
fn made(number: u64) -> RunResult {
    let mut result = journal::blank();
    result.run.id = format!("run-{number:03}");
    result.run.profile = PROFILE.to_string();
    result.run.started = format!("2026-01-01T00:{number:02}:00Z");
    result.run.load_wanted = true;
    result.machine.fingerprint = "5f3c9a".to_string();
    result.generator.health = taster::result::Health::Valid;
    let iterations = u64::from(SECONDS) * RATE;
    result.scenarios = vec![ScenarioResult {
        name: SCENARIO.to_string(),
        load: Some(LoadResult {
            profile: PROFILE.to_string(),
            model: "open".to_string(),
            shape: format!("{RATE} arrivals/s for {SECONDS}s"),
            planned_ms: u64::from(SECONDS) * 1_000,
            duration_ms: u64::from(SECONDS) * 1_000,
            offered: Some(iterations),
            started: iterations,
            completed: iterations,
            ..LoadResult::default()
        }),
        ..ScenarioResult::default()
    }];
    result.steps = (0..STEPS).map(|step| made_step(number, step)).collect();
    result
}

fn made_step(number: u64, step: u64) -> StepResult {
    let mut whole = empty_histogram();
    let mut slices = Vec::new();
    for second in 0..SECONDS {
        let mut histogram = empty_histogram();
        for at in 0..RATE {
            // Evenly spread numbers that never repeat, with the tail that services have.
            let place = number * 7_919 + step * 104_729 + u64::from(second) * RATE + at;
            let even = (place as f64 * 0.618_033_988_749_894_8).fract();
            let ms = 5.0 * (0.75 + 0.5 * even + 0.03 / (1.02 - even)) * (1.0 + step as f64 / 4.0);
            histogram.saturating_record((ms * 1e3) as u64);
        }
        let mut slice = Slice { second, count: RATE, failed: 0, ..Slice::default() };
        slice.histograms.response = encode(&histogram);
        slices.push(slice);
        whole.add(&histogram).expect("they have the same digits");
    }
    let at = |q: f64| whole.value_at_quantile(q);
    let seen = Summary {
        count: whole.len(),
        min: whole.min(),
        p50: at(0.5),
        p90: at(0.9),
        p95: at(0.95),
        p99: at(0.99),
        max: whole.max(),
        mean: whole.mean(),
    };
    let count = u64::from(SECONDS) * RATE;
    let mut made: StepResult = serde_json::from_value(serde_json::json!({
        "scenario": SCENARIO, "step": format!("step {step}"), "tags": {}, "place": "s.yaml:7",
        "count": count, "failed": 0, "dropped": 0, "rate": RATE, "response_us": seen,
        "service_us": seen, "lag_us": Summary::default(), "failed_us": Summary::default(),
        "failures": {}, "examples": [], "checks": [], "bytes_sent": 0, "bytes_received": 0,
        "slices": [], "histograms": { "response": encode(&whole) },
    }))
    .expect("it is a step");
    made.slices = slices;
    made
}
