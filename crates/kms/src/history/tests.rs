use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use strongroom_audit::log::{Chain, Checkpoint, checkpoint_key_id};
use strongroom_audit::{Identity, IdentityKind, Outcome, Record, Value};
use strongroom_base::Instant;
use strongroom_base::id::uuid_of_hash;

use super::rate::Rates;
use super::scan::page;
use super::*;

const ACCOUNT: &str = "111122223333";
const REGION: &str = "eu-west-1";
const MINUTE: i64 = 60_000;

/// The `number`-th record, completed in the minute of that number.
fn record(number: u8) -> Record {
    Record {
        event_id: uuid_of_hash([number; 16]),
        request_id: uuid_of_hash([0; 16]),
        time: UnixMillis(i64::from(number) * MINUTE),
        service: "kms".to_owned(),
        operation: format!("Op{number}"),
        region: REGION.parse().unwrap(),
        account: ACCOUNT.parse().unwrap(),
        identity: Identity {
            kind: IdentityKind::Root,
            principal_id: ACCOUNT.to_owned(),
            arn: format!("arn:aws:iam::{ACCOUNT}:root"),
            access_key_id: "AKIA".to_owned(),
            session: None,
        },
        source_address: "127.0.0.1".to_owned(),
        user_agent: String::new(),
        tls: None,
        resources: Vec::new(),
        parameters: None,
        response: None,
        additional: None,
        details: None,
        outcome: Outcome::Success,
        read_only: true,
    }
}

/// A log that grows.
struct Log {
    folder: tempfile::TempDir,
    chain: Chain,
}

impl Log {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            chain: Chain::new([7; 16]),
        }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn segment(&self, number: u64) -> PathBuf {
        self.path().join(format!("{number:012}.log"))
    }

    fn write(&self, segment: u64, bytes: &[u8]) {
        let mut options = OpenOptions::new();
        let file = options
            .create(true)
            .append(true)
            .open(self.segment(segment));
        file.unwrap().write_all(bytes).unwrap();
    }

    /// Begins a segment with these records.
    fn begin(&mut self, segment: u64, numbers: std::ops::RangeInclusive<u8>) {
        let header = self.chain.header(segment, 0);
        self.write(segment, &header);
        self.append(segment, numbers);
    }

    fn append(&mut self, segment: u64, numbers: std::ops::RangeInclusive<u8>) {
        for number in numbers {
            let payload = record(number).encode().unwrap();
            let frame = self.chain.append(&payload).unwrap();
            self.write(segment, &frame);
        }
    }

    fn sign(&mut self, segment: u64) {
        let checkpoint = self.chain.checkpoint(&Checkpoint {
            writer: self.chain.writer(),
            boot: [1; 16],
            time: 1,
            sequence: self.chain.sequence(),
            link: self.chain.link(),
            key: checkpoint_key_id(b"key"),
            signature: [0; 64],
        });
        self.write(segment, &checkpoint);
    }
}

/// Three segments: 1 to 4, 5 to 7 with a checkpoint between, 8 to 9 and a torn end.
fn log() -> Log {
    let mut log = Log::new();
    log.begin(1, 1..=4);
    log.begin(2, 5..=5);
    log.sign(2);
    log.append(2, 6..=7);
    log.begin(3, 8..=9);
    log.write(3, &[0, 0, 1]);
    log
}

fn everything() -> Query {
    Query {
        account: ACCOUNT.parse().unwrap(),
        region: REGION.parse().unwrap(),
        attribute: None,
        start: UnixMillis(0),
        end: UnixMillis(i64::MAX),
    }
}

fn names(page: &Page) -> Vec<&str> {
    page.found.iter().map(|found| found.name.as_str()).collect()
}

/// All pages of a query, by the names on each.
fn pages(folder: &Path, query: &Query, limit: usize) -> Vec<Vec<String>> {
    let (mut all, mut before) = (Vec::new(), None);
    loop {
        let page = page(folder, query, before, limit).unwrap();
        all.push(names(&page).into_iter().map(str::to_owned).collect());
        match page.next {
            None => return all,
            next => before = next,
        }
    }
}

#[test]
fn pages_go_backwards_through_all_segments() {
    let log = log();
    let newest_first: Vec<String> = (1..=9).rev().map(|number| format!("Op{number}")).collect();
    for limit in 1..=10 {
        let pages = pages(log.path(), &everything(), limit);
        assert!(
            pages.iter().all(|page| page.len() <= limit),
            "{limit} {pages:?}"
        );
        assert_eq!(pages.concat(), newest_first, "{limit}");
    }
}

#[test]
fn a_page_stands_although_the_log_grows() {
    let mut log = log();
    let first = page(log.path(), &everything(), None, 3).unwrap();
    assert_eq!(names(&first), ["Op9", "Op8", "Op7"]);
    log.begin(4, 10..=12);
    let second = page(log.path(), &everything(), first.next, 3).unwrap();
    assert_eq!(names(&second), ["Op6", "Op5", "Op4"]);
}

#[test]
fn what_stands_twice_is_shown_once() {
    for limit in 1..=6 {
        let mut log = Log::new();
        log.begin(1, 1..=3);
        log.append(1, 2..=3);
        let mut found = pages(log.path(), &everything(), limit).concat();
        found.sort();
        assert_eq!(found, ["Op1", "Op2", "Op3"], "{limit}");
    }
}

#[test]
fn damage_hides_what_follows_it_in_its_segment_only() {
    let log = log();
    let mut bytes = fs::read(log.segment(1)).unwrap();
    let third = bytes.len() - bytes.len() / 3;
    bytes[third] ^= 1;
    fs::write(log.segment(1), bytes).unwrap();
    let found = pages(log.path(), &everything(), 50).concat();
    assert_eq!(found, ["Op9", "Op8", "Op7", "Op6", "Op5", "Op2", "Op1"]);
}

#[test]
fn segments_out_of_the_time_asked_for_are_passed_over() {
    let mut log = Log::new();
    log.begin(1, 1..=2);
    log.begin(2, 100..=101);
    log.begin(3, 200..=201);
    let between = |start: i64, end: i64| Query {
        start: UnixMillis(start * MINUTE),
        end: UnixMillis(end * MINUTE),
        ..everything()
    };
    for (query, expected) in [
        (between(100, 100), vec!["Op100"]),
        (between(2, 150), vec!["Op101", "Op100", "Op2"]),
        (between(150, 250), vec!["Op201", "Op200"]),
        (between(0, 1), vec!["Op1"]),
        (between(120, 180), vec![]),
    ] {
        assert_eq!(
            pages(log.path(), &query, 50).concat(),
            expected,
            "{query:?}"
        );
    }
    // A segment that would have to be read cannot be; the others are not touched.
    fs::remove_file(log.segment(1)).unwrap();
    fs::create_dir(log.segment(1)).unwrap();
    assert!(page(log.path(), &between(200, 201), None, 1).is_ok());
    assert!(page(log.path(), &between(0, 1), None, 1).is_err());
}

#[test]
fn an_empty_log_has_no_events() {
    let log = Log::new();
    let nothing = [Vec::<String>::new()];
    assert_eq!(pages(log.path(), &everything(), 5), nothing);
    log.write(1, b"");
    assert_eq!(pages(log.path(), &everything(), 5), nothing);
}

#[test]
fn tokens_are_bound_to_their_query() {
    let place = Place {
        segment: 7,
        offset: u64::MAX,
    };
    let token = place.token(b"query");
    assert_eq!(Place::of_token(&token, b"query"), Some(place));
    assert_eq!(Place::of_token(&token, b"another"), None);
    for other in ["", "A", "====", &token[1..], &format!("{token}AA")] {
        assert_eq!(Place::of_token(other, b"query"), None, "{other}");
    }
}

#[test]
fn only_what_is_recent_is_counted() {
    let rates = Rates::default();
    let account = |number: u32| format!("{number:012}").parse().unwrap();
    let region: Region = REGION.parse().unwrap();
    let at = |seconds: u64| Instant(Duration::from_secs(seconds));
    for number in 0..4096 {
        assert!(rates.admit(&account(number), &region, at(1)));
    }
    assert!(!rates.admit(&account(5000), &region, at(1)));
    assert!(rates.admit(&account(0), &region, at(1)));
    assert!(!rates.admit(&account(0), &region, at(1)));
    assert!(rates.admit(&account(5000), &region, at(2)));
}

#[test]
fn who_asks_in_many_regions_takes_no_place_of_others() {
    let rates = Rates::default();
    let account = |number: u32| format!("{number:012}").parse().unwrap();
    let region = |number: u32| format!("zz-yy-{number}").parse::<Region>().unwrap();
    let now = Instant(Duration::from_secs(1));
    let admitted = (0..10_000).filter(|number| rates.admit(&account(1), &region(*number), now));
    assert_eq!(admitted.count(), 32);
    assert!(rates.admit(&account(2), &region(0), now));
}

/// Events can be a hundred times as long as most are.
#[test]
fn a_page_is_bounded_in_bytes_too() {
    let mut log = Log::new();
    let mut long = |segment: u64, numbers: std::ops::RangeInclusive<u8>| {
        let header = log.chain.header(segment, 0);
        log.write(segment, &header);
        for number in numbers {
            let mut record = record(number);
            let text = "p".repeat(90 * 1024);
            record.parameters = Some(Value::texts([("description", text.as_str())]));
            let frame = log.chain.append(&record.encode().unwrap()).unwrap();
            log.write(segment, &frame);
        }
    };
    long(1, 1..=20);
    long(2, 21..=25);
    let pages = pages(log.path(), &everything(), 50);
    let counts: Vec<_> = pages.iter().map(Vec::len).collect();
    assert_eq!(counts, [11, 11, 3]);
    let expected: Vec<_> = (1..=25).rev().map(|number| format!("Op{number}")).collect();
    assert_eq!(pages.concat(), expected);
}

#[tokio::test]
async fn at_most_so_many_lookups_wait() {
    let log = log();
    let lookups = Lookups::default();
    let account = |number: usize| format!("{number:012}").parse::<AccountId>().unwrap();
    let read = |account: AccountId| {
        let query = Query {
            account,
            ..everything()
        };
        lookups.read(log.path().to_owned(), query, None, 1)
    };
    let mine: AccountId = ACCOUNT.parse().unwrap();
    // Of one account few, and the others are not kept out.
    let waiting: Vec<_> = (0..WAITING_OF_ACCOUNT_MAX)
        .map(|_| lookups.wait(mine).unwrap())
        .collect();
    assert_eq!(read(mine).await, Err(NotRead::TooMany));
    assert!(read(account(1)).await.is_ok());
    drop(waiting);
    let waiting: Vec<_> = (0..WAITING_MAX)
        .map(|number| lookups.wait(account(number)).unwrap())
        .collect();
    assert_eq!(read(mine).await, Err(NotRead::TooMany));
    drop(waiting);
    assert_eq!(names(&read(mine).await.unwrap()), ["Op9"]);
}
