//! What counting costs a request, measured: `cargo run --release -p strongroom-kms --example metrics_cost`. It does
//! to the metrics what one Decrypt does, but for the look-ups, on as many threads as there are processors.
#![allow(
    clippy::print_stdout,
    clippy::expect_used,
    reason = "a measurement is for people"
)]

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use strongroom_base::Clock;
use strongroom_base::env::SystemClock;
use strongroom_kms::metrics::{CallResult, Metrics};
use strongroom_kms::ops::{self, Op, Service};
use tokio::time::Instant;

const ROUNDS: u32 = 4_000_000;

fn main() {
    let op = ops::find(Service::Kms, "Decrypt").expect("an operation");
    let metrics = Arc::new(Metrics::default());
    let count =
        move |metrics: &Metrics| metrics.note_call(op, CallResult::Success, black_box(TOOK));
    println!("counting alone: {} ns", nanos_each(&metrics, count));
    let measure = move |metrics: &Metrics| measured(metrics, op);
    println!(
        "with two readings of the clock: {} ns",
        nanos_each(&metrics, measure)
    );
}

const TOOK: Duration = Duration::from_micros(300);

fn measured(metrics: &Metrics, op: &'static Op) {
    let begun = Instant::now();
    metrics.note_call(op, CallResult::Success, begun.elapsed());
}

/// How long `work` takes when all processors do it at one time, in nanoseconds.
fn nanos_each(metrics: &Arc<Metrics>, work: impl Fn(&Metrics) + Send + Copy + 'static) -> u128 {
    let threads = std::thread::available_parallelism()
        .expect("processors")
        .get();
    let begun = SystemClock.monotonic();
    let running: Vec<_> = (0..threads)
        .map(|_| {
            let metrics = Arc::clone(metrics);
            std::thread::spawn(move || (0..ROUNDS).for_each(|_| work(&metrics)))
        })
        .collect();
    for thread in running {
        thread.join().expect("a thread that ends");
    }
    SystemClock.monotonic().since(begun).as_nanos() / u128::from(ROUNDS)
}
