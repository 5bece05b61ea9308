//! The benchmark with tiny counts, so that it cannot rot.

#[path = "../../benches/engine/measure.rs"]
mod measure;

#[test]
fn the_benchmark_measures_everything() {
    let (samples, renders, iterations, requests) = (100, 10, 50, 5);
    let (rounds, seconds) = (1, 2);
    let amount = measure::Amount { rounds, samples, renders, iterations, requests, seconds };
    let table = measure::table(amount);
    assert_eq!(table.lines().count(), 2 + 5 + 2, "{table}");
}
