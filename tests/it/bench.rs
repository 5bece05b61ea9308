//! The benchmarks with tiny counts, so that they cannot rot.

use crate::support::terminal;

#[path = "../../benches/engine/measure.rs"]
mod measure;

#[path = "../../benches/live/receivers.rs"]
mod receivers;

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
fn the_live_view_is_drawn_in_one_load_only_and_receivers_hear_of_another() {
    let url = &*view::serve().expect("a server");
    let amount = view::Amount { rounds: 1, seconds: 2, rate: 50 };
    let (alone, drawn, published) = std::thread::scope(|scope| {
        let [alone, drawn, published] =
            view::WAYS.map(|way| scope.spawn(move || view::load(url, amount, way)));
        let end = |load: std::thread::ScopedJoinHandle<'_, _>| {
            let ended: Result<view::Seen, view::Problem> = load.join().expect("no panic");
            ended.expect("it runs")
        };
        (end(alone), end(drawn), end(published))
    });
    assert_eq!((alone.drawn, drawn.drawn, published.drawn), (false, true, false));
    assert_eq!((alone.told, drawn.told), ((0, 0), (0, 0)));
    assert!(published.told.0 > 0 && published.told.1 > 0, "{published:?}");
    for seen in [alone, drawn, published] {
        assert!(seen.rate > 40.0 && seen.cpu_us > 0.0 && seen.p99_us > 0.0, "{seen:?}");
    }
    let table = view::Compared { amount, rounds: vec![[alone, drawn, published]] }.table();
    assert_eq!(table.lines().count(), 4 + 6, "{table}");
}
