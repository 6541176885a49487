//! Logs made in memory, for the tests of frames and of verifying.

use strongroom_base::UnixMillis;
use strongroom_crypto::signature::Ed25519KeyPair;

use super::{
    Begins, Chain, Checkpoint, CheckpointKeyId, Fault, Item, Link, Note, Report, Stop, Verifier,
    checkpoint_key_id,
};
use crate::{Identity, Outcome, Record};

mod bytes;
mod mutations;
mod rewriting;
mod torn;
mod verifying;

const WRITER: [u8; 16] = [0x11; 16];
const BOOT: [u8; 16] = [0x22; 16];
const START: i64 = 1_800_000_000_000;

/// The payload of record `number`, a second after the one before it.
fn record(number: u64) -> Vec<u8> {
    let record = Record {
        event_id: event_id(number),
        request_id: String::new(),
        time: UnixMillis(time_of(number)),
        service: "kms".to_owned(),
        operation: "Encrypt".to_owned(),
        region: "us-east-1".parse().unwrap(),
        account: "111122223333".parse().unwrap(),
        identity: Identity::internal(),
        source_address: "p".repeat(usize::try_from(number % 7).unwrap()),
        user_agent: String::new(),
        tls: None,
        resources: Vec::new(),
        parameters: None,
        response: None,
        additional: None,
        details: None,
        outcome: Outcome::Success,
        read_only: true,
    };
    record.encode().unwrap()
}

fn event_id(number: u64) -> String {
    format!("00000000-0000-4000-8000-{number:012}")
}

fn time_of(number: u64) -> i64 {
    START + i64::try_from(number).unwrap() * 1000
}

/// What signs, as a key process does.
struct Signer {
    pair: Ed25519KeyPair,
    boot: [u8; 16],
}

impl Signer {
    fn new() -> Self {
        Self {
            pair: Ed25519KeyPair::generate(),
            boot: BOOT,
        }
    }

    fn sign(&self, sequence: u64, link: Link) -> Checkpoint {
        let time = u64::try_from(time_of(sequence)).unwrap();
        self.sign_at(time, sequence, link)
    }

    fn sign_at(&self, time: u64, sequence: u64, link: Link) -> Checkpoint {
        let mut checkpoint = Checkpoint {
            writer: WRITER,
            boot: self.boot,
            time,
            sequence,
            link,
            key: checkpoint_key_id(&self.pair.public_spki()),
            signature: [0; 64],
        };
        checkpoint.signature = self.pair.sign(&checkpoint.signed_bytes());
        checkpoint
    }
}

/// A log as it is written: segments of frames.
struct Log {
    chain: Chain,
    signer: Signer,
    segments: Vec<Vec<Vec<u8>>>,
}

impl Log {
    /// A log that begins with the header of segment 1.
    fn new() -> Self {
        let mut log = Self {
            chain: Chain::new(WRITER),
            signer: Signer::new(),
            segments: Vec::new(),
        };
        log.begin_segment();
        log
    }

    /// `records` records, a checkpoint after each `every`, a new segment after each `turn`.
    fn of(records: u64, every: u64, turn: u64) -> Self {
        let mut log = Self::new();
        for number in 1..=records {
            log.write(1);
            if number % every == 0 {
                log.sign();
            }
            if number % turn == 0 && number < records {
                log.begin_segment();
            }
        }
        log
    }

    fn begin_segment(&mut self) {
        let number = u64::try_from(self.segments.len()).unwrap() + 1;
        let frame = self.chain.header(number, time_of(self.chain.sequence()));
        self.segments.push(vec![frame]);
    }

    fn push(&mut self, frame: Vec<u8>) {
        self.segments.last_mut().unwrap().push(frame);
    }

    fn write(&mut self, records: u64) {
        for _ in 0..records {
            let payload = record(self.chain.sequence());
            let frame = self.chain.append(&payload).unwrap();
            self.push(frame);
        }
    }

    fn signed(&self) -> Checkpoint {
        let (sequence, link) = self.chain.covered().unwrap();
        self.signer.sign(sequence, link)
    }

    fn sign(&mut self) -> Checkpoint {
        let checkpoint = self.signed();
        self.push_checkpoint(&checkpoint);
        checkpoint
    }

    fn push_checkpoint(&mut self, checkpoint: &Checkpoint) {
        let frame = self.chain.checkpoint(checkpoint);
        self.push(frame);
    }

    fn bytes(&self) -> Vec<Vec<u8>> {
        self.segments.iter().map(|frames| frames.concat()).collect()
    }

    /// The public key that its checkpoints are signed with.
    fn spki(&self) -> Vec<u8> {
        self.signer.pair.public_spki()
    }

    fn verify(&self) -> Result<Report, Box<Fault>> {
        verify(&self.bytes(), &self.spki(), &[])
    }
}

/// Verifies segments, numbered from 1.
fn verify(segments: &[Vec<u8>], spki: &[u8], kept: &[Checkpoint]) -> Result<Report, Box<Fault>> {
    verify_from(1, segments, spki, kept, Begins::AtTheStart)
}

fn verify_from(
    first: u64,
    segments: &[Vec<u8>],
    spki: &[u8],
    kept: &[Checkpoint],
    begins: Begins,
) -> Result<Report, Box<Fault>> {
    let keys = |id: &CheckpointKeyId| (*id == checkpoint_key_id(spki)).then(|| spki.to_vec());
    let mut verifier = Verifier::new(&keys, begins);
    for checkpoint in kept {
        verifier.keep(checkpoint.clone()).unwrap();
    }
    let mut next = None;
    for (number, bytes) in (first..).zip(segments) {
        // What is told comes in order, whatever comes after it.
        let mut each = |item: Item<'_>| {
            if let Item::Record {
                sequence: Some(sequence),
                ..
            } = item
            {
                assert_eq!(sequence, next.unwrap_or(sequence));
                next = Some(sequence + 1);
            }
        };
        match verifier.segment(number, &bytes[..], &mut each) {
            Ok(()) => {}
            Err(Stop::Fault(fault)) => return Err(fault),
            Err(Stop::Read(error)) => panic!("{error}"),
        }
    }
    verifier.finish()
}

/// The frame without what ties it to others.
fn payload(frame: &[u8]) -> &[u8] {
    &frame[4..frame.len() - 8]
}

fn notes(report: &Report) -> &[Note] {
    &report.notes
}
