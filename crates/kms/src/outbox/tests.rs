use serde_json::json;

use super::empty;
use crate::repository::Changes;
use crate::workbench::Bench;

async fn put(bench: &Bench, number: u32, payload: &[u8]) {
    let event_id = format!("ffffffff-0000-4000-8000-{number:012}");
    let changes = Changes::default().put_outbox(&event_id, payload);
    bench.kms.records.commit(changes).await.unwrap();
}

fn waiting(bench: &Bench) -> usize {
    bench.kms.records.outbox(None, 1000).unwrap().entries.len()
}

#[tokio::test]
async fn records_move_to_the_log_once() {
    let bench = Bench::new().await;
    for _ in 0..3 {
        bench.call("CreateKey", &json!({})).await.unwrap();
    }
    assert_eq!(waiting(&bench), 3);
    let before = bench.kms.audit.status().sequence;
    empty(&bench.kms).await.unwrap();
    empty(&bench.kms).await.unwrap();
    assert_eq!(waiting(&bench), 0);
    assert_eq!(bench.kms.audit.status().sequence, before + 3);
}

#[tokio::test]
async fn damaged_entries_are_counted_and_in_nobodys_way() {
    let bench = Bench::new().await;
    for number in 0..300 {
        put(
            &bench,
            number,
            &[&b"\x02 no record"[..], &number.to_be_bytes()].concat(),
        )
        .await;
    }
    put(&bench, 300, b"\x80").await;
    for _ in 0..3 {
        bench.call("CreateKey", &json!({})).await.unwrap();
    }
    for _ in 0..2 {
        empty(&bench.kms).await.unwrap();
        assert_eq!(bench.kms.audit.status().passed_over, 301);
    }
    assert_eq!(waiting(&bench), 301);
}
