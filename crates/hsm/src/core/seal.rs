//! `hsm.seal`: the root key under the unseal secret, the ring under the root key. Its layout is
//! drawn in `docs/design/key-process.md`; this module never sees a file.

use std::collections::BTreeMap;
use std::num::NonZeroU8;

use strongroom_base::{Random, Secret};
use strongroom_crypto::digest::sha256;
use strongroom_crypto::hmac::HmacSha256;
use strongroom_crypto::kdf::{self, Argon2Block, Argon2Costs};
use strongroom_crypto::{aead, shamir};
use strongroom_hsm_api::Code;
use strongroom_hsm_api::command::{UnsealOutcome, UnsealProgress};
use strongroom_hsm_api::status::SealKind;
use strongroom_hsm_api::wire::{Field, Malformed, Reader};

use super::domain::{Domain, random_key};
use crate::share::UnsealShare;

/// The longest `hsm.seal`, in bytes.
pub(super) const SEAL_LENGTH_MAX: usize = 48 * 1024;
/// The shortest passphrase, in bytes.
const PASSPHRASE_LENGTH_MIN: usize = 12;
const PASSPHRASE_LENGTH_MAX: usize = 1024;
const KEY_FILE_LENGTH: usize = 32;
const MAGIC: &[u8; 6] = b"SRSEAL";
/// The root key is bound to the first format's number in every format: it must open again when its box was made by an
/// earlier version, and nobody keeps the key that sealed it.
const ROOT_FORMAT: u16 = 1;
const RING_SALT_LENGTH: usize = 24;
const NONCE_LENGTH: usize = 12;
/// The costs of new passphrase seals: RFC 9106 §4, second recommended option.
const COSTS: Argon2Costs = Argon2Costs {
    memory_kib: 64 * 1024,
    iterations: 3,
    lanes: 1,
};

/// Where Argon2id works: memory that no other process can read.
pub trait WorkingMemory: Send {
    /// Lends `kib` KiB to `work`, wiped before it comes back; false when there is not so much.
    fn lend(&mut self, kib: u32, work: &mut dyn FnMut(&mut [Argon2Block])) -> bool;

    /// Says that no more passphrase will be tried.
    fn give_back(&mut self);
}

/// No memory: of a core that no passphrase opens.
pub struct NoMemory;

impl WorkingMemory for NoMemory {
    fn lend(&mut self, _: u32, _: &mut dyn FnMut(&mut [Argon2Block])) -> bool {
        false
    }

    fn give_back(&mut self) {}
}

/// How a new root key shall be sealed.
pub(super) enum Plan {
    KeyFile(Secret<Vec<u8>>),
    Passphrase(Secret<Vec<u8>>),
    Shares { threshold: u8, shares: u8 },
}

strongroom_hsm_api::numbers! {
    /// What the format of a seal says of its domain.
    Format: u16 {
        /// An earlier version made it: the store has no anchor.
        Unanchored = 1,
        /// The store has an anchor; that none is found is a mismatch.
        Anchored = 2,
    }
}

/// A seal: all of it may be known to an attacker.
pub(super) struct Seal {
    format: Format,
    version: u64,
    domain: [u8; 16],
    method: Method,
    root_box: Vec<u8>,
    ring_salt: [u8; RING_SALT_LENGTH],
    ring_box: Vec<u8>,
}

#[derive(Clone)]
enum Method {
    KeyFile,
    Passphrase {
        costs: Argon2Costs,
        salt: [u8; 16],
    },
    /// The digests tell a wrong share from a right one; shares have 256 random bits.
    Shares {
        threshold: u8,
        digests: Vec<[u8; 32]>,
    },
}

/// The shares given since the seal was loaded.
#[derive(Default)]
pub(super) struct ShareCollector(BTreeMap<u8, Secret<[u8; 32]>>);

impl ShareCollector {
    pub(super) fn given(&self) -> u8 {
        u8::try_from(self.0.len()).unwrap_or(u8::MAX)
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

type Shares = Vec<Secret<Vec<u8>>>;

impl Seal {
    /// Seals a new domain; the shares, when the plan makes any, are in the form operators keep.
    pub(super) fn create(
        domain: &Domain,
        plan: Plan,
        memory: &mut dyn WorkingMemory,
        random: &dyn Random,
    ) -> Result<(Self, Shares), Code> {
        let (method, secret, shares) = prepare(domain, plan, memory, random)?;
        let mut seal = Self {
            format: Format::Anchored,
            version: 0,
            domain: domain.id(),
            method,
            root_box: Vec::new(),
            ring_salt: [0; RING_SALT_LENGTH],
            ring_box: Vec::new(),
        };
        let mut nonce = [0; NONCE_LENGTH];
        random.fill(&mut nonce);
        seal.root_box.extend_from_slice(&nonce);
        let bound = seal.identity_bytes();
        let kek = seal.key_encryption_key(secret.expose());
        aead::seal(
            kek.expose(),
            &nonce,
            &bound,
            domain.root().expose(),
            &mut seal.root_box,
        );
        Ok((seal.with_ring_of(domain, random), shares))
    }

    /// The same seal of an anchored domain. The ring it has is bound to what it was: it needs one anew.
    pub(super) fn anchored(&self) -> Self {
        Self {
            format: Format::Anchored,
            version: self.version,
            domain: self.domain,
            method: self.method.clone(),
            root_box: self.root_box.clone(),
            ring_salt: self.ring_salt,
            ring_box: Vec::new(),
        }
    }

    /// Whether the store has an anchor.
    pub(super) fn is_anchored(&self) -> bool {
        self.format == Format::Anchored
    }

    /// The next version of this seal, with the ring of `domain`.
    pub(super) fn with_ring_of(&self, domain: &Domain, random: &dyn Random) -> Self {
        let mut next = Self {
            format: self.format,
            version: self.version.saturating_add(1),
            domain: self.domain,
            method: self.method.clone(),
            root_box: self.root_box.clone(),
            ring_salt: [0; RING_SALT_LENGTH],
            ring_box: Vec::new(),
        };
        random.fill(&mut next.ring_salt);
        let bound = next.bytes_before_ring();
        let key = ring_key(domain.root(), &next.ring_salt);
        // The salt gives a key of its own to every version: the nonce need not vary.
        aead::seal(
            key.expose(),
            &[0; NONCE_LENGTH],
            &bound,
            domain.ring_bytes().expose(),
            &mut next.ring_box,
        );
        next
    }

    /// Takes one secret; the domain, once the secret or the last share fits.
    pub(super) fn unseal(
        &self,
        secret: &Secret<Vec<u8>>,
        shares: &mut ShareCollector,
        memory: &mut dyn WorkingMemory,
    ) -> Result<(UnsealProgress, Option<Domain>), Code> {
        let (outcome, share) = match &self.method {
            Method::KeyFile => (self.open(secret.expose()), 0),
            Method::Passphrase { costs, salt } => {
                let hashed = hash_passphrase(secret.expose(), *costs, salt, memory)?;
                (self.open(hashed.expose()), 0)
            }
            Method::Shares { threshold, digests } => {
                self.take_share(secret.expose(), *threshold, digests, shares)
            }
        };
        let (outcome, domain) = match outcome {
            Ok(domain) => (UnsealOutcome::Opened, Some(domain)),
            Err(refused) => (refused, None),
        };
        let progress = UnsealProgress {
            outcome,
            share,
            given: shares.given(),
            needed: self.shares_needed(),
        };
        Ok((progress, domain))
    }

    fn take_share(
        &self,
        bytes: &[u8],
        threshold: u8,
        digests: &[[u8; 32]],
        given: &mut ShareCollector,
    ) -> (Result<Domain, UnsealOutcome>, u8) {
        let Ok(share) = UnsealShare::from_bytes(bytes) else {
            return (Err(UnsealOutcome::SecretWrong), 0);
        };
        let number = share.number;
        let expected = usize::from(number)
            .checked_sub(1)
            .and_then(|index| digests.get(index));
        if expected != Some(&sha256(&[bytes])) {
            return (Err(UnsealOutcome::ShareWrong), number);
        }
        if given.0.contains_key(&number) {
            return (Err(UnsealOutcome::ShareKnown), number);
        }
        given.0.insert(number, share.value);
        if given.given() < threshold {
            return (Err(UnsealOutcome::ShareAccepted), number);
        }
        let points: Vec<shamir::Share> = given
            .0
            .iter()
            .filter_map(|(number, value)| {
                let x = NonZeroU8::new(*number)?;
                Some(shamir::Share {
                    x,
                    y: Secret::new(*value.expose()),
                })
            })
            .collect();
        let opened = shamir::combine(threshold, &points)
            .map_err(|_| UnsealOutcome::SecretWrong)
            .and_then(|secret| self.open(secret.expose()));
        (opened, number)
    }

    fn open(&self, secret: &[u8]) -> Result<Domain, UnsealOutcome> {
        let kek = self.key_encryption_key(secret);
        let (nonce, sealed_root) = self
            .root_box
            .split_first_chunk::<NONCE_LENGTH>()
            .ok_or(UnsealOutcome::SecretWrong)?;
        let root = aead::open(kek.expose(), nonce, &self.identity_bytes(), sealed_root)
            .map_err(|_| UnsealOutcome::SecretWrong)?;
        let root = Secret::from_slice(root.expose()).ok_or(UnsealOutcome::SecretWrong)?;
        let key = ring_key(&root, &self.ring_salt);
        let ring = aead::open(
            key.expose(),
            &[0; NONCE_LENGTH],
            &self.bytes_before_ring(),
            &self.ring_box,
        )
        .map_err(|_| UnsealOutcome::SecretWrong)?;
        Domain::restore(self.domain, root, ring.expose())
            .map_err(|Malformed| UnsealOutcome::SecretWrong)
    }

    /// The key that seals the ring of `domain` in this version.
    #[cfg(feature = "reveal")]
    pub(super) fn danger_ring_key(&self, domain: &Domain) -> Secret<[u8; 32]> {
        ring_key(domain.root(), &self.ring_salt)
    }

    /// The key that seals the root key, of a key file's bytes.
    #[cfg(feature = "reveal")]
    pub(super) fn danger_key_encryption_key(&self, key_file: &[u8]) -> Secret<[u8; 32]> {
        self.key_encryption_key(key_file)
    }

    fn key_encryption_key(&self, secret: &[u8]) -> Secret<[u8; 32]> {
        let mut key = Secret::zeroed();
        kdf::kbkdf(
            &HmacSha256::new(secret),
            b"strongroom seal v1",
            &[&[self.kind().number()], &self.domain],
            key.expose_mut(),
        );
        key
    }

    pub(super) fn domain_id(&self) -> [u8; 16] {
        self.domain
    }

    pub(super) fn version(&self) -> u64 {
        self.version
    }

    pub(super) fn kind(&self) -> SealKind {
        match self.method {
            Method::KeyFile => SealKind::KeyFile,
            Method::Passphrase { .. } => SealKind::Passphrase,
            Method::Shares { .. } => SealKind::Shares,
        }
    }

    pub(super) fn shares_needed(&self) -> u8 {
        match self.method {
            Method::Shares { threshold, .. } => threshold,
            Method::KeyFile | Method::Passphrase { .. } => 0,
        }
    }
}

fn prepare(
    domain: &Domain,
    plan: Plan,
    memory: &mut dyn WorkingMemory,
    random: &dyn Random,
) -> Result<(Method, Secret<Vec<u8>>, Shares), Code> {
    match plan {
        Plan::KeyFile(secret) if secret.expose().len() == KEY_FILE_LENGTH => {
            Ok((Method::KeyFile, secret, Vec::new()))
        }
        Plan::Passphrase(passphrase)
            if (PASSPHRASE_LENGTH_MIN..=PASSPHRASE_LENGTH_MAX)
                .contains(&passphrase.expose().len()) =>
        {
            let mut salt = [0; 16];
            random.fill(&mut salt);
            let hashed = hash_passphrase(passphrase.expose(), COSTS, &salt, memory)?;
            Ok((
                Method::Passphrase { costs: COSTS, salt },
                hashed,
                Vec::new(),
            ))
        }
        Plan::Shares { threshold, shares } => split_secret(domain, threshold, shares, random),
        Plan::KeyFile(_) | Plan::Passphrase(_) => Err(Code::Malformed),
    }
}

fn split_secret(
    domain: &Domain,
    threshold: u8,
    shares: u8,
    random: &dyn Random,
) -> Result<(Method, Secret<Vec<u8>>, Shares), Code> {
    let secret = random_key(random);
    let points =
        shamir::split(secret.expose(), threshold, shares, random).map_err(|_| Code::Malformed)?;
    let [a, b, c, d, ..] = domain.id();
    let texts: Shares = points
        .iter()
        .map(|point| {
            UnsealShare {
                domain: [a, b, c, d],
                number: point.x.get(),
                value: Secret::new(*point.y.expose()),
            }
            .to_bytes()
        })
        .collect();
    let digests = texts
        .iter()
        .map(|share| sha256(&[share.expose()]))
        .collect();
    Ok((
        Method::Shares { threshold, digests },
        secret.expose().to_vec().into(),
        texts,
    ))
}

fn hash_passphrase(
    passphrase: &[u8],
    costs: Argon2Costs,
    salt: &[u8; 16],
    memory: &mut dyn WorkingMemory,
) -> Result<Secret<Vec<u8>>, Code> {
    let mut hashed = Secret::from(vec![0; 32]);
    let mut result = Err(());
    let lent = memory.lend(costs.memory_kib, &mut |blocks| {
        result =
            kdf::argon2id(passphrase, salt, costs, blocks, hashed.expose_mut()).map_err(|_| ());
    });
    if !lent {
        return Err(Code::Busy);
    }
    result.map_err(|()| Code::SealUnreadable)?;
    Ok(hashed)
}

fn ring_key(root: &Secret<[u8; 32]>, salt: &[u8; RING_SALT_LENGTH]) -> Secret<[u8; 32]> {
    let mut key = Secret::zeroed();
    kdf::kbkdf(
        &HmacSha256::new(root.expose()),
        b"strongroom ring v1",
        &[salt],
        key.expose_mut(),
    );
    key
}

/// The bytes of the file.
impl Seal {
    /// What the root key is bound to: everything that stays the same when the ring changes.
    fn identity_bytes(&self) -> Vec<u8> {
        self.head_bytes(ROOT_FORMAT)
    }

    fn head_bytes(&self, format: u16) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        format.write(&mut out);
        self.domain.write(&mut out);
        self.kind().write(&mut out);
        self.method_bytes().write(&mut out);
        out
    }

    /// What the ring is bound to: all that comes before it, format and version too.
    fn bytes_before_ring(&self) -> Vec<u8> {
        let mut out = self.head_bytes(self.format.number());
        self.version.write(&mut out);
        self.root_box.write(&mut out);
        self.ring_salt.write(&mut out);
        out
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut out = self.bytes_before_ring();
        self.ring_box.write(&mut out);
        out
    }

    pub(super) fn parse(bytes: &[u8]) -> Result<Self, Code> {
        if bytes.len() > SEAL_LENGTH_MAX {
            return Err(Code::SealUnreadable);
        }
        Self::read(Reader::new(bytes)).map_err(|Malformed| Code::SealUnreadable)
    }

    fn read(mut reader: Reader<'_>) -> Result<Self, Malformed> {
        if reader.take(MAGIC.len())? != MAGIC {
            return Err(Malformed);
        }
        let format = reader.field()?;
        let domain = reader.field()?;
        let kind = reader.field()?;
        let method = Method::read(kind, Reader::new(reader.field()?))?;
        let seal = Self {
            format,
            domain,
            method,
            version: reader.field()?,
            root_box: reader.field()?,
            ring_salt: reader.field()?,
            ring_box: reader.field()?,
        };
        reader.end()?;
        Ok(seal)
    }

    fn method_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        match &self.method {
            Method::KeyFile => {}
            Method::Passphrase { costs, salt } => {
                for cost in [costs.memory_kib, costs.iterations, costs.lanes] {
                    cost.write(&mut out);
                }
                salt.write(&mut out);
            }
            Method::Shares { threshold, digests } => {
                threshold.write(&mut out);
                u8::try_from(digests.len())
                    .unwrap_or(u8::MAX)
                    .write(&mut out);
                digests.iter().for_each(|digest| digest.write(&mut out));
            }
        }
        out
    }
}

impl Method {
    fn read(kind: SealKind, mut reader: Reader<'_>) -> Result<Self, Malformed> {
        let method = match kind {
            SealKind::KeyFile => Self::KeyFile,
            SealKind::Passphrase => {
                let costs = Argon2Costs {
                    memory_kib: reader.field()?,
                    iterations: reader.field()?,
                    lanes: reader.field()?,
                };
                Self::Passphrase {
                    costs,
                    salt: reader.field()?,
                }
            }
            SealKind::Shares => {
                let threshold = reader.field()?;
                let count = reader.field::<u8>()?;
                let digests = (0..count)
                    .map(|_| reader.field())
                    .collect::<Result<_, _>>()?;
                Self::Shares { threshold, digests }
            }
        };
        reader.end()?;
        Ok(method)
    }
}

#[cfg(test)]
mod tests;
