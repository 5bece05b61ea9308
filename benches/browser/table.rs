//! Shows what was measured beside what must be reached.

use std::fmt::Write;
use std::time::Duration;

use serde_json::json;

use crate::{Compared, micro::Micro};

/// The table for people.
pub fn render(compared: &Compared) -> String {
    let mut text = String::from(
        "| what | Playwright | Taster | ratio | must | stretch |\n|---|--:|--:|--:|--:|--:|\n",
    );
    for workers in [1, 2] {
        let (theirs, ours) = suite(compared, workers);
        let what = format!("20 tests, {workers} worker(s), wall time");
        row(&mut text, &what, (theirs, ours), ("1.5", "3"));
    }
    let all = |part: fn(&Micro) -> &Vec<f64>| {
        let side = |of: fn(&(Micro, Micro)) -> &Micro| {
            sorted(compared.micro.iter().flat_map(|pair| part(of(pair)).iter().copied()))
        };
        (side(|pair| &pair.0), side(|pair| &pair.1))
    };
    let (theirs, ours) = all(|micro| &micro.click);
    row(&mut text, "click and read, p50", (at(&theirs, 0.5), at(&ours, 0.5)), ("1.15", "2"));
    let (theirs, ours) = all(|micro| &micro.page);
    let both = (at(&theirs, 0.5), at(&ours, 0.5));
    row(&mut text, "fresh context and first page, p50", both, ("1.0", "1.5"));
    let (theirs, ours) = all(|micro| &micro.late);
    for (name, q, must, stretch) in
        [("median", 0.5, "10 ms", "5 ms"), ("p95", 0.95, "20 ms", "8 ms")]
    {
        let what = format!("a change is noticed so late, {name}");
        row(&mut text, &what, (at(&theirs, q), at(&ours, q)), (must, stretch));
    }
    let (plain, traced) = traced(compared);
    // Writing into a String cannot fail.
    let _ = writeln!(
        text,
        "\nTraces cost {:+.1} % of the wall time of 20 tests ({plain:.0} ms without, {traced:.0} ms \
         with; at most 5 %).",
        (traced / plain - 1.0) * 100.0
    );
    let _ = writeln!(text, "Medians of {} rounds in turns.", compared.micro.len());
    text
}

fn row(text: &mut String, what: &str, (theirs, ours): (f64, f64), goals: (&str, &str)) {
    let ratio = theirs / ours;
    let (must, stretch) = goals;
    let _ = writeln!(
        text,
        "| {what} | {theirs:.1} ms | {ours:.1} ms | {ratio:.2} | {must} | {stretch} |"
    );
}

fn suite(compared: &Compared, workers: u32) -> (f64, f64) {
    let rounds = || compared.suite.iter().filter(move |round| round.0 == workers);
    let theirs = sorted(rounds().map(|round| millis(round.1)));
    let ours = sorted(rounds().map(|round| millis(round.2)));
    (at(&theirs, 0.5), at(&ours, 0.5))
}

fn traced(compared: &Compared) -> (f64, f64) {
    let plain = sorted(compared.traced.iter().map(|round| millis(round.0)));
    let traced = sorted(compared.traced.iter().map(|round| millis(round.1)));
    (at(&plain, 0.5), at(&traced, 0.5))
}

/// Everything, for programs.
pub fn json(compared: &Compared) -> String {
    let suite = compared.suite.iter().map(|(workers, theirs, ours)| {
        json!({ "workers": workers, "playwright_ms": millis(*theirs), "taster_ms": millis(*ours) })
    });
    let micro = |micro: &Micro| json!({ "click_ms": micro.click, "late_ms": micro.late, "page_ms": micro.page });
    let pairs = compared.micro.iter();
    let pairs =
        pairs.map(|(theirs, ours)| json!({ "playwright": micro(theirs), "taster": micro(ours) }));
    let traced = compared
        .traced
        .iter()
        .map(|(plain, traced)| json!({ "never_ms": millis(*plain), "failed_ms": millis(*traced) }));
    let (suite, pairs): (Vec<_>, Vec<_>) = (suite.collect(), pairs.collect());
    let traced: Vec<_> = traced.collect();
    json!({ "suite": suite, "micro": pairs, "traces": traced }).to_string()
}

fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values
}

/// The value at a quantile; 0 of nothing.
fn at(sorted: &[f64], q: f64) -> f64 {
    let last = sorted.len().saturating_sub(1);
    sorted.get((last as f64 * q).round() as usize).copied().unwrap_or_default()
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}
