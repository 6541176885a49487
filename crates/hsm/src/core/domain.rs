//! A domain: the root key, and the ring of domain keys by epoch that wrap exported key tokens.

use std::collections::BTreeMap;
use std::sync::Arc;

use strongroom_base::{Random, Secret};
use strongroom_crypto::hmac::HmacSha256;
use strongroom_crypto::kdf;
use strongroom_hsm_api::wire::{Malformed, Reader};

/// The most epochs a ring may hold; rotation stops there until one is retired.
pub(super) const EPOCHS_MAX: usize = 64;

const FIRST_EPOCH: u32 = 1;

/// A domain with all its keys.
pub(super) struct Domain {
    id: [u8; 16],
    root: Arc<Secret<[u8; 32]>>,
    root_kdf: Arc<HmacSha256>,
    ring: BTreeMap<u32, Arc<DomainKey>>,
    current: (u32, Arc<DomainKey>),
}

struct DomainKey {
    material: Secret<[u8; 32]>,
    kdf: HmacSha256,
}

impl DomainKey {
    fn new(material: Secret<[u8; 32]>) -> Arc<Self> {
        let kdf = HmacSha256::new(material.expose());
        Arc::new(Self { material, kdf })
    }

    fn generate(random: &dyn Random) -> Arc<Self> {
        Self::new(random_key(random))
    }
}

impl Domain {
    /// A new domain with one epoch.
    pub(super) fn generate(random: &dyn Random) -> Self {
        let mut id = [0; 16];
        random.fill(&mut id);
        let first = DomainKey::generate(random);
        Self::assemble(
            id,
            Arc::new(random_key(random)),
            BTreeMap::from([(FIRST_EPOCH, Arc::clone(&first))]),
            (FIRST_EPOCH, first),
        )
    }

    /// A domain from its sealed parts; `ring` is what [`Domain::ring_bytes`] made.
    pub(super) fn restore(
        id: [u8; 16],
        root: Secret<[u8; 32]>,
        ring: &[u8],
    ) -> Result<Self, Malformed> {
        let mut reader = Reader::new(ring);
        let current: u32 = reader.field()?;
        let count = usize::from(reader.field::<u8>()?);
        if count > EPOCHS_MAX {
            return Err(Malformed);
        }
        let mut keys = BTreeMap::new();
        for _ in 0..count {
            let epoch = reader.field()?;
            let key = DomainKey::new(reader.field()?);
            keys.insert(epoch, key);
        }
        reader.end()?;
        let current_key = keys.get(&current).cloned().ok_or(Malformed)?;
        Ok(Self::assemble(
            id,
            Arc::new(root),
            keys,
            (current, current_key),
        ))
    }

    fn assemble(
        id: [u8; 16],
        root: Arc<Secret<[u8; 32]>>,
        ring: BTreeMap<u32, Arc<DomainKey>>,
        current: (u32, Arc<DomainKey>),
    ) -> Self {
        let root_kdf = Arc::new(HmacSha256::new(root.expose()));
        Self {
            id,
            root,
            root_kdf,
            ring,
            current,
        }
    }

    fn with_ring(
        &self,
        ring: BTreeMap<u32, Arc<DomainKey>>,
        current: (u32, Arc<DomainKey>),
    ) -> Self {
        Self {
            id: self.id,
            root: Arc::clone(&self.root),
            root_kdf: Arc::clone(&self.root_kdf),
            ring,
            current,
        }
    }

    /// The same domain.
    pub(super) fn same(&self) -> Self {
        let current = (self.current.0, Arc::clone(&self.current.1));
        self.with_ring(self.ring.clone(), current)
    }

    /// The same domain with a fresh key in the next epoch, or `None` when the ring is full.
    pub(super) fn with_next_epoch(&self, random: &dyn Random) -> Option<Self> {
        let epoch = self
            .current
            .0
            .checked_add(1)
            .filter(|_| self.ring.len() < EPOCHS_MAX)?;
        let key = DomainKey::generate(random);
        let mut ring = self.ring.clone();
        ring.insert(epoch, Arc::clone(&key));
        Some(self.with_ring(ring, (epoch, key)))
    }

    /// The same domain without `epoch`, or `None` when that is the current or an unknown one.
    pub(super) fn without_epoch(&self, epoch: u32) -> Option<Self> {
        let mut ring = self.ring.clone();
        ring.remove(&epoch).filter(|_| epoch != self.current.0)?;
        Some(self.with_ring(ring, (self.current.0, Arc::clone(&self.current.1))))
    }

    pub(super) fn id(&self) -> [u8; 16] {
        self.id
    }

    pub(super) fn root(&self) -> &Secret<[u8; 32]> {
        &self.root
    }

    /// The domain keys, by epoch.
    #[cfg(feature = "reveal")]
    pub(super) fn danger_keys(&self) -> impl Iterator<Item = &Secret<[u8; 32]>> {
        self.ring.values().map(|key| &key.material)
    }

    pub(super) fn current_epoch(&self) -> u32 {
        self.current.0
    }

    pub(super) fn epochs(&self) -> Vec<u32> {
        self.ring.keys().copied().collect()
    }

    /// The current epoch and its key.
    pub(super) fn current(&self) -> (u32, &HmacSha256) {
        (self.current.0, &self.current.1.kdf)
    }

    /// The key of `epoch`, unless it was retired or never was.
    pub(super) fn key_of(&self, epoch: u32) -> Option<&HmacSha256> {
        self.ring.get(&epoch).map(|key| &key.kdf)
    }

    /// A key derived from the root key for one purpose.
    pub(super) fn derived(&self, label: &[u8]) -> Secret<[u8; 32]> {
        let mut key = Secret::zeroed();
        kdf::kbkdf(&self.root_kdf, label, &[&self.id], key.expose_mut());
        key
    }

    /// The ring in plaintext, to be sealed: current epoch, count, then epoch and key each.
    pub(super) fn ring_bytes(&self) -> Secret<Vec<u8>> {
        let entry_length = size_of::<u32>() + 32;
        let mut out = Vec::with_capacity(size_of::<u32>() + 1 + self.ring.len() * entry_length);
        out.extend_from_slice(&self.current.0.to_be_bytes());
        out.push(u8::try_from(self.ring.len()).unwrap_or(u8::MAX));
        for (epoch, key) in &self.ring {
            out.extend_from_slice(&epoch.to_be_bytes());
            out.extend_from_slice(key.material.expose());
        }
        out.into()
    }
}

pub(super) fn random_key(random: &dyn Random) -> Secret<[u8; 32]> {
    let mut key = Secret::zeroed();
    random.fill(key.expose_mut());
    key
}
