//! What counting costs a request, measured: `cargo run --release -p strongroom-kms --example metrics_cost`. All
//! processors count at one time; told is the processor time of one count, whoever else runs on this machine.
#![allow(
    clippy::print_stdout,
    clippy::expect_used,
    reason = "a measurement is for people"
)]

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use strongroom_kms::metrics::{CallResult, Metrics};
use strongroom_kms::ops::{self, Op, Service};
use tokio::time::Instant;

const ROUNDS: u32 = 4_000_000;
const TOOK: Duration = Duration::from_micros(300);

fn main() {
    let op = ops::find(Service::Kms, "Decrypt").expect("an operation");
    let metrics = Arc::new(Metrics::default());
    let count =
        move |metrics: &Metrics| metrics.note_call(op, CallResult::Success, black_box(TOOK));
    let counted = nanos_each(&metrics, count);
    println!("to count a call and its duration: {counted} ns");
    let measured = nanos_each(&metrics, move |metrics| measure(metrics, op));
    println!("with two readings of the clock: {measured} ns");
}

fn measure(metrics: &Metrics, op: &'static Op) {
    let begun = Instant::now();
    metrics.note_call(op, CallResult::Success, begun.elapsed());
}

/// What `work` takes of a processor when all do it at one time, in nanoseconds.
fn nanos_each(metrics: &Arc<Metrics>, work: impl Fn(&Metrics) + Send + Copy + 'static) -> i64 {
    let threads = std::thread::available_parallelism().expect("processors");
    let running: Vec<_> = (0..threads.get())
        .map(|_| {
            let metrics = Arc::clone(metrics);
            std::thread::spawn(move || {
                let begun = processor_nanos();
                (0..ROUNDS).for_each(|_| work(&metrics));
                (processor_nanos() - begun) / i64::from(ROUNDS)
            })
        })
        .collect();
    let taken = running
        .into_iter()
        .map(|one| one.join().expect("a thread that ends"));
    taken.max().expect("a thread")
}

/// What this thread took of a processor since it began.
fn processor_nanos() -> i64 {
    let taken = clock_gettime(ClockId::ThreadCPUTime);
    taken.tv_sec * 1_000_000_000 + taken.tv_nsec
}
