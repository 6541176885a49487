//! Whether delivered files are what was delivered: digests from the newest to the oldest, each against its
//! signature, its place and what its successor says of it, and every log file against its digest. Opens no file,
//! and trusts no key but those it is given.
//!
//! Source: CloudTrail User Guide, "Validating CloudTrail log file integrity". `aws cloudtrail validate-logs` finds
//! the same but for what only [`What::NotThePrevious`], [`What::Unreached`] and [`What::TrailingData`] say.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::io::{self, Read};

use strongroom_base::{UnixMillis, hex};
use strongroom_crypto::digest::Sha256;
use strongroom_crypto::rsa_public_key::{fingerprint, spki_of_pkcs1};
use strongroom_crypto::signature::{Hash, Input, RsaPadding, Scheme, verify as verify_signature};

use crate::digest::{
    ALGORITHM_METADATA, DIGEST_BYTES_MAX, Digest, LogFile, Place, Previous, SIGNATURE_ALGORITHM,
    SIGNATURE_METADATA, hash,
};
use crate::gzip::{self, Unreadable};
use crate::objects::{DigestName, SUFFIX};

/// The most faults and gaps that a report names; the counts go on.
pub const NAMED_MAX: usize = 1000;

const SCHEME: Scheme = Scheme::Rsa(RsaPadding::Pkcs1, Hash::Sha256);

/// Where delivered files are read from.
pub trait Exported {
    /// Every object there is, in any order.
    ///
    /// # Errors
    /// When they cannot all be told.
    fn list(&self) -> io::Result<Vec<Place>>;

    /// The object at `place`, unless there is none.
    ///
    /// # Errors
    /// When it cannot be told.
    fn open(&self, place: &Place) -> io::Result<Option<Object>>;
}

/// An object as it is read.
pub struct Object {
    /// Its bytes.
    pub body: Box<dyn Read>,
    /// Its metadata, names in lower case.
    pub metadata: BTreeMap<String, String>,
}

/// The public keys that signatures are held against.
#[derive(Default)]
pub struct PublicKeys {
    by_fingerprint: HashMap<String, Vec<u8>>,
}

impl PublicKeys {
    /// Trusts the key of this DER RSAPublicKey (PKCS#1), the Value of ListPublicKeys.
    pub fn trust(&mut self, pkcs1: &[u8]) {
        let name = hex::encode(&fingerprint(pkcs1));
        self.by_fingerprint.insert(name, spki_of_pkcs1(pkcs1));
    }
}

/// What is to be verified.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// Digests whose period begins before this are not looked for; all without it.
    pub since: Option<UnixMillis>,
    /// The signature of a digest, kept elsewhere: it must be found.
    pub kept: Option<String>,
}

/// What was found.
#[derive(Debug, Default)]
pub struct Report {
    /// Digests that are what was delivered.
    pub digests_valid: u64,
    /// Digests that are not.
    pub digests_invalid: u64,
    /// Log files that are what was delivered.
    pub logs_valid: u64,
    /// Log files that are not.
    pub logs_invalid: u64,
    /// Log files that no valid digest names: of the hour that goes on, or put there by somebody. Not counted when
    /// only part of the time is verified.
    pub logs_uncovered: u64,
    /// The newest valid digest of each chain: its place and its signature.
    pub newest: Vec<(Place, String)>,
    /// The faults, at most [`NAMED_MAX`].
    pub faults: Vec<Fault>,
    /// The times for which there are no digests, at most [`NAMED_MAX`].
    pub gaps: Vec<Gap>,
    /// The signature kept elsewhere was looked for, and not found.
    pub is_kept_missing: bool,
}

impl Report {
    /// Whether nothing is wrong.
    pub fn is_intact(&self) -> bool {
        self.digests_invalid == 0 && self.logs_invalid == 0 && !self.is_kept_missing
    }
}

/// A file that is not what was delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Which kind of file.
    pub kind: FileKind,
    /// Where it lies or should lie.
    pub place: Place,
    /// What is wrong.
    pub what: What,
}

/// Which kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// A digest.
    Digest,
    /// A log file.
    Log,
}

/// What is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// It is not there.
    NotFound,
    /// It is not gzip, or no digest.
    Format,
    /// Its stream ends before the file does.
    TrailingData,
    /// It says that it lies elsewhere.
    Moved,
    /// It is signed by this key, which is not among those trusted.
    UnknownKey(String),
    /// Its signature is missing or does not fit.
    Signature,
    /// It is not the digest that its successor names, though it is signed.
    NotThePrevious,
    /// No digest leads to it.
    Unreached,
    /// Its content is not what the digest says.
    Hash,
}

/// A time without digests, before a digest that names no predecessor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The digest after it.
    pub after: Place,
    /// Where it begins: at the end of the digest before it.
    pub start: UnixMillis,
    /// Where it ends.
    pub end: UnixMillis,
}

/// Verifies what `exported` holds.
///
/// # Errors
/// Only what keeps it from being read.
pub fn verify(exported: &dyn Exported, keys: &PublicKeys, scope: &Scope) -> io::Result<Report> {
    let (chains, logs) = sorted(exported.list()?);
    let mut verifier = Verifier {
        exported,
        keys,
        scope,
        report: Report::default(),
        covered: BTreeSet::new(),
        signatures: BTreeSet::new(),
    };
    for chain in chains.into_values() {
        verifier.walk(chain)?;
    }
    Ok(verifier.finish(&logs))
}

/// The digests of one trail in one Region, the oldest first.
type Chain = Vec<(UnixMillis, Place)>;

/// The digests by trail and Region, and the log files.
fn sorted(places: Vec<Place>) -> (BTreeMap<[String; 4], Chain>, Vec<Place>) {
    let (mut chains, mut logs) = (BTreeMap::<_, Chain>::new(), Vec::new());
    for place in places {
        if let Some((_, name)) = DigestName::parse(&place.key) {
            let region = name.region.as_str().to_owned();
            let home = name.home.as_str().to_owned();
            let id = [name.account.as_str().to_owned(), region, name.trail, home];
            chains.entry(id).or_default().push((name.end, place));
        } else if place.key.contains("/CloudTrail/") && place.key.ends_with(SUFFIX) {
            logs.push(place);
        }
    }
    for chain in chains.values_mut() {
        chain.sort();
    }
    (chains, logs)
}

struct Verifier<'a> {
    exported: &'a dyn Exported,
    keys: &'a PublicKeys,
    scope: &'a Scope,
    report: Report,
    covered: BTreeSet<Place>,
    signatures: BTreeSet<String>,
}

/// A digest that is what was signed.
struct Signed {
    digest: Digest,
    hash: String,
    signature: String,
}

impl Verifier<'_> {
    fn walk(&mut self, mut chain: Chain) -> io::Result<()> {
        let mut is_newest = true;
        let mut next = chain.last().map(|(_, place)| place.clone());
        let mut expected: Option<Previous> = None;
        while let Some(place) = next {
            let end = end_of(&place);
            chain.retain(|(_, listed)| *listed != place);
            let signed = match self.digest(&place, expected.as_ref())? {
                Ok(signed) => signed,
                Err(what) => {
                    self.fault(FileKind::Digest, place, what);
                    expected = None;
                    next = before(&chain, end);
                    continue;
                }
            };
            self.accept(&place, &signed, is_newest)?;
            is_newest = false;
            let start = signed.digest.start;
            if self.scope.since.is_some_and(|since| start < since) {
                return Ok(());
            }
            expected = signed.digest.previous;
            next = match &expected {
                Some(previous) => Some(previous.place.clone()),
                None => self.gap(&place, start, before(&chain, end)),
            };
        }
        for (_, place) in chain {
            self.fault(FileKind::Digest, place, What::Unreached);
        }
        Ok(())
    }

    fn accept(&mut self, place: &Place, signed: &Signed, is_newest: bool) -> io::Result<()> {
        self.report.digests_valid += 1;
        if is_newest {
            let newest = (place.clone(), signed.signature.clone());
            self.report.newest.push(newest);
        }
        self.signatures.insert(signed.signature.clone());
        for log in &signed.digest.logs {
            self.covered.insert(log.place.clone());
            match self.log(log)? {
                Ok(()) => self.report.logs_valid += 1,
                Err(what) => self.fault(FileKind::Log, log.place.clone(), what),
            }
        }
        Ok(())
    }

    /// The digest at `place`, held against its signature and what its successor said of it.
    fn digest(
        &self,
        place: &Place,
        expected: Option<&Previous>,
    ) -> io::Result<Result<Signed, What>> {
        let Some(object) = self.exported.open(place)? else {
            return Ok(Err(What::NotFound));
        };
        let Object { body, metadata } = object;
        let mut json = Vec::new();
        let longest = u64::try_from(DIGEST_BYTES_MAX).unwrap_or(u64::MAX);
        let read = gzip::decompress(body, longest, |piece| json.extend_from_slice(piece));
        if let Err(what) = judged(read)? {
            return Ok(Err(what));
        }
        let signed = self.signed(place, &json, &metadata);
        Ok(signed.and_then(|signed| match expected {
            Some(previous) if !signed.is(previous) => Err(What::NotThePrevious),
            _ => Ok(signed),
        }))
    }

    fn signed(
        &self,
        place: &Place,
        json: &[u8],
        metadata: &BTreeMap<String, String>,
    ) -> Result<Signed, What> {
        let digest = Digest::parse(json).map_err(|_| What::Format)?;
        if digest.place != *place {
            return Err(What::Moved);
        }
        let algorithm = metadata.get(ALGORITHM_METADATA);
        let signature = metadata.get(SIGNATURE_METADATA).ok_or(What::Signature)?;
        let bytes = hex::decode(signature).ok_or(What::Signature)?;
        if algorithm.is_none_or(|algorithm| algorithm != SIGNATURE_ALGORITHM) {
            return Err(What::Signature);
        }
        let key = self.keys.by_fingerprint.get(&digest.fingerprint);
        let key = key.ok_or_else(|| What::UnknownKey(digest.fingerprint.clone()))?;
        let message = digest.string_to_sign(json);
        let input = Input::Message(message.as_bytes());
        verify_signature(SCHEME, key, input, &bytes).map_err(|_| What::Signature)?;
        Ok(Signed {
            hash: hash(json),
            signature: signature.clone(),
            digest,
        })
    }

    fn log(&self, log: &LogFile) -> io::Result<Result<(), What>> {
        let Some(object) = self.exported.open(&log.place)? else {
            return Ok(Err(What::NotFound));
        };
        let mut found = Sha256::new();
        // Of any length: no more than a piece of it is ever held.
        let read = gzip::decompress(object.body, u64::MAX, |piece| found.update(piece));
        let is_same = || hex::encode(&found.finish()) == log.hash;
        Ok(judged(read)?.and_then(|()| is_same().then_some(()).ok_or(What::Hash)))
    }

    fn gap(&mut self, after: &Place, end: UnixMillis, next: Option<Place>) -> Option<Place> {
        if let Some(before) = &next
            && self.report.gaps.len() < NAMED_MAX
        {
            self.report.gaps.push(Gap {
                after: after.clone(),
                start: end_of(before),
                end,
            });
        }
        next
    }

    fn fault(&mut self, kind: FileKind, place: Place, what: What) {
        match kind {
            FileKind::Digest => self.report.digests_invalid += 1,
            FileKind::Log => self.report.logs_invalid += 1,
        }
        if self.report.faults.len() < NAMED_MAX {
            self.report.faults.push(Fault { kind, place, what });
        }
    }

    fn finish(mut self, logs: &[Place]) -> Report {
        let kept = self.scope.kept.as_ref();
        self.report.is_kept_missing = kept.is_some_and(|kept| !self.signatures.contains(kept));
        if self.scope.since.is_none() {
            let uncovered = logs.iter().filter(|log| !self.covered.contains(log));
            self.report.logs_uncovered = u64::try_from(uncovered.count()).unwrap_or(u64::MAX);
        }
        self.report
    }
}

impl Signed {
    fn is(&self, previous: &Previous) -> bool {
        self.hash == previous.hash && self.signature == previous.signature
    }
}

/// The newest digest of the chain whose period ends before `end`.
fn before(chain: &Chain, end: UnixMillis) -> Option<Place> {
    let (_, place) = chain.iter().rfind(|(listed, _)| *listed < end)?;
    Some(place.clone())
}

/// When the period of a digest ends, by its name; of what has another name the beginning of time.
fn end_of(place: &Place) -> UnixMillis {
    DigestName::parse(&place.key).map_or(UnixMillis(i64::MIN), |(_, name)| name.end)
}

fn judged(read: Result<(), Unreadable>) -> io::Result<Result<(), What>> {
    match read {
        Ok(()) => Ok(Ok(())),
        Err(Unreadable::Format) => Ok(Err(What::Format)),
        Err(Unreadable::TrailingData) => Ok(Err(What::TrailingData)),
        Err(Unreadable::Source(error)) => Err(error),
    }
}

/// As `aws cloudtrail validate-logs` says it.
impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            FileKind::Digest => "Digest file",
            FileKind::Log => "Log file",
        };
        // Names in the files are others' texts: escaped, a fault stays one line.
        let bucket = self.place.bucket.escape_debug();
        let key = self.place.key.escape_debug();
        write!(out, "{kind}\ts3://{bucket}/{key}\tINVALID: {}", self.what)
    }
}

impl fmt::Display for What {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::NotFound => "not found",
            Self::Format => "invalid format",
            Self::TrailingData => "unexpected data after end of compressed stream",
            Self::Moved => "has been moved from its original location",
            Self::UnknownKey(fingerprint) => {
                let fingerprint = fingerprint.escape_debug();
                return write!(out, "public key not found for fingerprint {fingerprint}");
            }
            Self::Signature => "signature verification failed",
            Self::NotThePrevious => "is not the digest that its successor names",
            Self::Unreached => "no digest leads to it",
            Self::Hash => "hash value doesn't match",
        })
    }
}

#[cfg(test)]
mod tests;
