//! Spare RSA key pairs, made while there is nothing else to do: finding primes takes up to seconds. A
//! spare belongs to nobody until it is taken, and is never handed out twice.

use std::cell::Cell;
use std::sync::{Mutex, MutexGuard, PoisonError};

use strongroom_crypto::signature::{RsaKeyPair, RsaKeySize};

/// How many spares are kept of each size: as many as together take about as long to make.
const SPARES: [(RsaKeySize, usize); 3] = [
    (RsaKeySize::Rsa2048, 4),
    (RsaKeySize::Rsa3072, 2),
    (RsaKeySize::Rsa4096, 1),
];

/// The spares of a core.
pub(super) struct RsaPool([Shelf; SPARES.len()]);

struct Shelf {
    size: RsaKeySize,
    spares_max: usize,
    content: Mutex<Content>,
}

#[derive(Default)]
struct Content {
    /// Whether this size was ever asked for: a core that nobody asks for RSA makes no spares.
    asked: bool,
    spares: Vec<RsaKeyPair>,
}

impl Default for RsaPool {
    fn default() -> Self {
        Self(SPARES.map(|(size, spares_max)| Shelf {
            size,
            spares_max,
            content: Mutex::default(),
        }))
    }
}

impl RsaPool {
    /// A spare of `size`, if there is one; from now on there shall be.
    fn ask(&self, size: RsaKeySize) -> Option<RsaKeyPair> {
        let mut content = self.shelf(size)?.lock();
        content.asked = true;
        content.spares.pop()
    }

    /// A spare of `size`, if there is one.
    fn take(&self, size: RsaKeySize) -> Option<RsaKeyPair> {
        self.shelf(size)?.lock().spares.pop()
    }

    fn put(&self, pair: RsaKeyPair) {
        let Some(shelf) = self.shelf(pair.size()) else {
            return;
        };
        let mut content = shelf.lock();
        if content.spares.len() < shelf.spares_max {
            content.spares.push(pair);
        }
    }

    fn shelf(&self, size: RsaKeySize) -> Option<&Shelf> {
        self.0.iter().find(|shelf| shelf.size == size)
    }

    fn wanted(&self) -> Option<RsaKeySize> {
        self.0
            .iter()
            .find(|shelf| shelf.wants_one())
            .map(|shelf| shelf.size)
    }

    /// Whether a spare of a size that was asked for is missing.
    pub(super) fn wants_spare(&self) -> bool {
        self.wanted().is_some()
    }

    /// Makes one spare that is missing. Takes 0.1 to several seconds.
    pub(super) fn make_spare(&self) {
        if let Some(size) = self.wanted() {
            self.put(RsaKeyPair::generate(size));
        }
    }
}

impl Shelf {
    fn lock(&self) -> MutexGuard<'_, Content> {
        self.content.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wants_one(&self) -> bool {
        let content = self.lock();
        content.asked && content.spares.len() < self.spares_max
    }
}

/// Where one command gets its RSA key pair from.
pub(super) struct RsaPairs<'p> {
    pool: &'p RsaPool,
    reserved: Cell<Option<RsaKeyPair>>,
}

impl<'p> RsaPairs<'p> {
    /// From the pool, or made on the spot.
    pub(super) fn of(pool: &'p RsaPool) -> Self {
        Self {
            pool,
            reserved: Cell::new(None),
        }
    }

    /// From the pool, and there is one of `size`: to get it takes no time. `None` when there is none; asking
    /// is what makes the pool keep this size.
    pub(super) fn reserve(pool: &'p RsaPool, size: RsaKeySize) -> Option<Self> {
        let reserved = Cell::new(Some(pool.ask(size)?));
        Some(Self { pool, reserved })
    }

    /// A key pair that nobody had.
    pub(super) fn pair(&self, size: RsaKeySize) -> RsaKeyPair {
        self.reserved
            .take()
            .filter(|pair| pair.size() == size)
            .or_else(|| self.pool.take(size))
            .unwrap_or_else(|| RsaKeyPair::generate(size))
    }
}

impl Drop for RsaPairs<'_> {
    /// A command that was refused did not need its pair.
    fn drop(&mut self) {
        if let Some(pair) = self.reserved.take() {
            self.pool.put(pair);
        }
    }
}
