//! The benchmarks with tiny counts, so that they cannot rot.

use crate::support::terminal;

#[path = "../../benches/engine/measure.rs"]
mod measure;

#[path = "../../benches/live/measure.rs"]
mod view;

#[test]
fn the_benchmark_measures_everything() {
    let (samples, renders, iterations, requests) = (100, 10, 50, 5);
    let (rounds, seconds) = (1, 2);
    let amount = measure::Amount { rounds, samples, renders, iterations, requests, seconds };
    let table = measure::table(amount);
    assert_eq!(table.lines().count(), 2 + 5 + 2, "{table}");
}

#[test]
fn the_live_view_is_drawn_in_one_load_and_not_in_the_other() {
    let url = view::serve().expect("a server");
    let amount = view::Amount { rounds: 1, seconds: 2, rate: 50 };
    let with = std::thread::spawn({
        let url = url.clone();
        move || view::load(&url, amount, true)
    });
    let without = view::load(&url, amount, false).expect("it runs");
    let with = with.join().expect("no panic").expect("it runs");
    assert_eq!((without.drawn, with.drawn), (false, true));
    for seen in [without, with] {
        assert!(seen.rate > 40.0 && seen.cpu_us > 0.0 && seen.p99_us > 0.0, "{seen:?}");
    }
    let table = view::Compared { amount, rounds: vec![(without, with)] }.table();
    assert_eq!(table.lines().count(), 4 + 6, "{table}");
}
