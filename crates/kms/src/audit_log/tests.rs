//! A log in a folder of its own, and signers that answer, are slow, or are dead.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use strongroom_audit::log::checkpoint_key_id;
use strongroom_audit::{
    Begins, Checkpoint, CheckpointKeyId, Fault, LogReader, Record, Report, Stop, Verifier,
};
use strongroom_base::Env;
use strongroom_crypto::signature::Ed25519KeyPair;

use super::{
    AuditLog, AuditOptions, CheckpointSigner, Durability, Signature, SignatureAnswer, ToSign,
    segments,
};

mod crash;
mod signers;

const RESERVE_BYTES: u64 = 1 << 16;

/// A folder with a log, and the key that signs it.
struct Bench {
    folder: tempfile::TempDir,
    signer: Arc<Signer>,
}

impl Bench {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            signer: Arc::new(Signer::new(Habit::Answers)),
        }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("audit")
    }

    /// Opens the log without a signer.
    fn open(&self) -> AuditLog {
        let options = AuditOptions {
            reserve_bytes: RESERVE_BYTES,
        };
        AuditLog::open(&self.path(), &Env::system(), options).unwrap()
    }

    fn open_signed(&self) -> AuditLog {
        let log = self.open();
        log.set_signer(Arc::clone(&self.signer) as Arc<dyn CheckpointSigner>);
        log
    }

    fn verify(&self) -> Result<Report, Box<Fault>> {
        let spki = self.signer.pair.public_spki();
        let keys = |id: &CheckpointKeyId| (*id == checkpoint_key_id(&spki)).then(|| spki.clone());
        let mut verifier = Verifier::new(&keys, Begins::AtTheStart);
        for (number, path) in segments(&self.path()).unwrap() {
            let bytes = std::fs::read(path).unwrap();
            match verifier.segment(number, &bytes[..], &mut |_| {}) {
                Ok(()) => {}
                Err(Stop::Fault(fault)) => return Err(fault),
                Err(Stop::Read(error)) => panic!("{error}"),
            }
        }
        verifier.finish()
    }

    /// The event ids in the log, in order.
    fn event_ids(&self) -> Vec<String> {
        let segments = segments(&self.path()).unwrap().into_iter();
        segments
            .map(|(_, path)| std::fs::read(path).unwrap())
            .flat_map(|bytes| event_ids(&bytes))
            .collect()
    }

    fn last_segment(&self) -> PathBuf {
        segments(&self.path()).unwrap().pop().unwrap().1
    }
}

fn event_ids(bytes: &[u8]) -> Vec<String> {
    let frames = LogReader::new(bytes).map_while(Result::ok);
    let records = frames.filter(|frame| frame.is_record());
    records
        .map(|frame| Record::decode(&frame.payload).unwrap().event_id)
        .collect()
}

fn event_id(number: u32) -> String {
    format!("00000000-0000-4000-8000-{number:012}")
}

/// The payload of a record.
fn record(number: u32) -> Vec<u8> {
    let account = "111122223333".parse().unwrap();
    let event = crate::service_events::of_account(&Env::system(), "Event", &account);
    let record = Record {
        event_id: event_id(number),
        ..event.unwrap()
    };
    record.encode().unwrap()
}

async fn append(log: &AuditLog, numbers: std::ops::Range<u32>) {
    for number in numbers {
        log.append(&record(number), Durability::Written)
            .await
            .unwrap();
    }
}

/// What a signer does when it is asked.
#[derive(Clone, Copy, PartialEq)]
enum Habit {
    /// Answers at once.
    Answers,
    /// Says at once that it cannot.
    Declines,
    /// Keeps what it is asked.
    Keeps,
}

struct Signer {
    pair: Ed25519KeyPair,
    habit: Mutex<Habit>,
    kept: Mutex<Vec<(ToSign, SignatureAnswer)>>,
    asked: Mutex<Vec<ToSign>>,
}

impl Signer {
    fn new(habit: Habit) -> Self {
        Self {
            pair: Ed25519KeyPair::generate(),
            habit: Mutex::new(habit),
            kept: Mutex::default(),
            asked: Mutex::default(),
        }
    }

    fn asked(&self) -> Vec<ToSign> {
        self.asked.lock().unwrap().clone()
    }

    fn be(&self, habit: Habit) {
        *self.habit.lock().unwrap() = habit;
    }

    fn signature(&self, what: ToSign) -> Signature {
        let key = checkpoint_key_id(&self.pair.public_spki());
        let time = u64::try_from(Env::system().clock.now().0).unwrap();
        let mut checkpoint = Checkpoint {
            writer: what.writer,
            boot: [1; 16],
            time,
            sequence: what.sequence,
            link: what.link,
            key,
            signature: [0; 64],
        };
        checkpoint.signature = self.pair.sign(&checkpoint.signed_bytes());
        Signature {
            boot: checkpoint.boot,
            time,
            key,
            signature: checkpoint.signature,
        }
    }

    fn answer_kept(&self) {
        for (what, answer) in self.kept.lock().unwrap().drain(..) {
            answer.give(self.signature(what));
        }
    }
}

impl CheckpointSigner for Signer {
    fn sign(&self, what: ToSign, answer: SignatureAnswer) {
        self.asked.lock().unwrap().push(what);
        match *self.habit.lock().unwrap() {
            Habit::Answers => answer.give(self.signature(what)),
            Habit::Declines => {}
            Habit::Keeps => self.kept.lock().unwrap().push((what, answer)),
        }
    }
}
