//! `cargo bench`: prints what Taster itself costs. Nothing is asserted: machines differ.

mod measure;

fn main() {
    let amount = measure::Amount {
        rounds: 7,
        samples: 1_000_000,
        renders: 300_000,
        iterations: 200_000,
        requests: 3_000,
        seconds: 60,
    };
    print!("{}", measure::table(amount));
}
