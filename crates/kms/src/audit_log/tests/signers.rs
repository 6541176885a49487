//! Checkpoints: of every synced batch while somebody signs, and never at the price of waiting.

use super::{Bench, Durability, Habit, append, record};

#[tokio::test]
async fn everything_is_signed_for_once_it_is_settled() {
    let bench = Bench::new();
    let log = bench.open_signed();
    append(&log, 0..50).await;
    log.settle().await.unwrap();
    let status = log.status();
    assert_eq!((status.sequence, status.records_written), (50, 50));
    assert_eq!((status.queue, status.unsynced), (0, None));
    assert_eq!(status.last_checkpoint.unwrap().sequence, 50);
    drop(log);
    let report = bench.verify().unwrap();
    assert_eq!((report.records, report.unsigned), (50, 0));
}

#[tokio::test]
async fn who_waits_for_the_disk_has_a_checkpoint_too() {
    let bench = Bench::new();
    let log = bench.open_signed();
    for number in 0..5 {
        log.append(&record(number), Durability::Synced)
            .await
            .unwrap();
        let report = bench.verify().unwrap();
        assert_eq!(
            (report.records, report.unsigned),
            (u64::from(number) + 1, 0)
        );
    }
}

#[tokio::test]
async fn a_dead_or_declining_signer_holds_nobody_up() {
    for habit in [Habit::Keeps, Habit::Declines] {
        let bench = Bench::new();
        bench.signer.be(habit);
        let log = bench.open_signed();
        for number in 0..20 {
            log.append(&record(number), Durability::Synced)
                .await
                .unwrap();
        }
        assert_eq!(log.status().last_checkpoint, None);
        assert!(!bench.signer.asked().is_empty());
        drop(log);
        let report = bench.verify().unwrap();
        assert_eq!((report.records, report.unsigned), (20, 20));
    }
}

#[tokio::test]
async fn a_late_answer_counts_for_what_it_covers() {
    let bench = Bench::new();
    bench.signer.be(Habit::Keeps);
    let log = bench.open_signed();
    log.append(&record(0), Durability::Synced).await.unwrap();
    append(&log, 1..30).await;
    let asked = bench.signer.asked();
    assert_eq!(asked[0].sequence, 1);
    bench.signer.answer_kept();
    bench.signer.be(Habit::Answers);
    log.settle().await.unwrap();
    assert_eq!(log.status().last_checkpoint.unwrap().sequence, 30);
    drop(log);
    let report = bench.verify().unwrap();
    assert_eq!((report.checkpoints, report.unsigned), (2, 0));
}

#[tokio::test]
async fn an_answer_that_another_overtook_is_dropped() {
    let bench = Bench::new();
    bench.signer.be(Habit::Keeps);
    let log = bench.open_signed();
    log.append(&record(0), Durability::Synced).await.unwrap();
    let (what, answer) = bench.signer.kept.lock().unwrap().remove(0);
    // Another signer, of the same key, after the domain was sealed and opened again.
    log.clear_signer();
    let second = std::sync::Arc::clone(&bench.signer);
    second.be(Habit::Answers);
    log.append(&record(1), Durability::Synced).await.unwrap();
    drop(answer);
    log.set_signer(second);
    log.append(&record(2), Durability::Synced).await.unwrap();
    log.settle().await.unwrap();
    assert!(what.sequence < log.status().last_checkpoint.unwrap().sequence);
    drop(log);
    assert_eq!(bench.verify().unwrap().unsigned, 0);
}

#[tokio::test]
async fn what_was_written_while_sealed_is_signed_for_later() {
    let bench = Bench::new();
    let log = bench.open();
    append(&log, 0..10).await;
    log.settle().await.unwrap();
    assert_eq!(bench.verify().unwrap().unsigned, 10);
    log.set_signer(std::sync::Arc::clone(&bench.signer) as _);
    log.settle().await.unwrap();
    assert_eq!(bench.verify().unwrap().unsigned, 0);
}
