//! How far the store is, as far as this life knows: nothing until it was compared with its anchor. No sequence is given
//! twice, and no position before the last that stands is gone back to.

use std::sync::{Mutex, MutexGuard, PoisonError};

use strongroom_crypto::hmac::HmacSha256;
use strongroom_hsm_api::Code;
use strongroom_hsm_api::anchor::{Position, Statement};
use strongroom_hsm_api::command::{Fit, Found};
use strongroom_hsm_api::wire::{decode, encode};

use super::Outcome;
use super::domain::Domain;

/// The positions of this life.
#[derive(Default)]
pub(super) struct Anchor(Mutex<State>);

#[derive(Default)]
struct State {
    /// Whether the store was found to fit.
    is_compared: bool,
    last: Option<Last>,
}

/// Positions given in this life: one at or after `standing` stands, and none after `given` exists.
#[derive(Clone, Copy)]
struct Last {
    epoch: u32,
    standing: u64,
    given: u64,
}

/// Where a store of this root starts.
pub(super) fn first_of(root: [u8; 32], seal: u64) -> Position {
    Position {
        epoch: 0,
        sequence: 0,
        root,
        base: 0,
        seal,
    }
}

/// What is genuine of what was found.
pub(super) struct Genuine {
    root: [u8; 32],
    store: Option<Position>,
    anchor: Option<Position>,
}

/// Makes statements of one domain, and knows its own.
pub(super) struct Scribe {
    domain: [u8; 16],
    key: HmacSha256,
}

impl Scribe {
    pub(super) fn new(domain: &Domain) -> Self {
        let key = domain.derived(b"strongroom anchor-statement v1");
        Self {
            domain: domain.id(),
            key: HmacSha256::new(key.expose()),
        }
    }

    pub(super) fn state(&self, position: Position) -> Vec<u8> {
        let signed = Statement::signed_bytes(&self.domain, &position);
        encode(&Statement {
            domain: self.domain,
            position,
            tag: self.key.sign(&[&signed]),
        })
    }

    /// The position that `bytes` state, if they are a statement of this domain.
    pub(super) fn read(&self, bytes: &[u8]) -> Option<Position> {
        let statement: Statement = decode(bytes).ok()?;
        let signed = Statement::signed_bytes(&statement.domain, &statement.position);
        let is_ours =
            statement.domain == self.domain && self.key.verify(&[&signed], &statement.tag).is_ok();
        is_ours.then_some(statement.position)
    }

    pub(super) fn sift(&self, found: &Found<'_>) -> Genuine {
        let slots = [found.first, found.second];
        let slots = slots.into_iter().filter_map(|slot| self.read(slot));
        Genuine {
            root: found.root,
            store: self.read(found.store),
            anchor: slots.max_by_key(Position::age),
        }
    }
}

impl Genuine {
    /// How they go together, under a seal of this version that says that the domain is anchored, or does not.
    pub(super) fn fit(&self, seal: u64, is_anchored: bool) -> Fit {
        let fit = match (&self.store, &self.anchor) {
            (_, None) if is_anchored => Fit::AnchorMissing,
            (None, None) => Fit::Fits,
            (Some(store), None) => self.fit_root(store),
            (None, Some(anchor)) => self.fit_first(anchor),
            (Some(store), Some(anchor)) => self.fit_both(store, anchor),
        };
        let both = self.store.iter().chain(&self.anchor);
        match fit {
            Fit::Fits if both.map(|one| one.seal).any(|stated| seal < stated) => Fit::SealBehind,
            Fit::Fits if !is_anchored => Fit::Adoptable,
            fit => fit,
        }
    }

    /// A store without a statement never had a commit.
    fn fit_first(&self, anchor: &Position) -> Fit {
        if anchor.sequence == 0 && self.root == anchor.root {
            Fit::Fits
        } else {
            Fit::StoreUnstated
        }
    }

    fn fit_both(&self, store: &Position, anchor: &Position) -> Fit {
        if store.epoch != anchor.epoch || store.sequence < anchor.sequence {
            return Fit::StoreBehind;
        }
        if store.sequence == anchor.sequence {
            return if store == anchor {
                self.fit_root(store)
            } else {
                // Given in another life, to a commit that was never answered.
                Fit::StoreBehind
            };
        }
        if store.base == anchor.sequence {
            // The crash came before the anchor was written: what the store has beyond it was never answered.
            self.fit_root(store)
        } else {
            Fit::AnchorBehind
        }
    }

    fn fit_root(&self, store: &Position) -> Fit {
        if store.root == self.root {
            Fit::Fits
        } else {
            Fit::StoreChanged
        }
    }

    /// The sequence of the store's statement, 0 without one.
    pub(super) fn store_sequence(&self) -> u64 {
        self.store.map_or(0, |store| store.sequence)
    }

    /// Where the store is, if it fits.
    pub(super) fn position(&self) -> Option<Position> {
        self.store.or(self.anchor)
    }

    fn known(&self) -> impl Iterator<Item = &Position> {
        self.store.iter().chain(&self.anchor)
    }
}

impl Anchor {
    /// Whether commands on tokens may be answered.
    pub(super) fn is_compared(&self) -> bool {
        self.state().is_compared
    }

    /// How `genuine` goes together with itself and with what this life knows. What fits is where the store goes on.
    pub(super) fn compare(&self, genuine: &Genuine, seal: u64, is_anchored: bool) -> Fit {
        let mut state = self.state();
        let fit = match genuine.fit(seal, is_anchored) {
            Fit::Fits => state.fit(genuine),
            fit => fit,
        };
        state.is_compared = fit == Fit::Fits;
        if let (Fit::Fits, Some(position)) = (fit, genuine.position()) {
            state.stand(&position);
        }
        fit
    }

    /// The position after `base`.
    pub(super) fn advance(&self, base: u64, root: [u8; 32], seal: u64) -> Outcome<Position> {
        let mut state = self.state();
        if !state.is_compared {
            return Err(Code::Unanchored);
        }
        let last = state.last.as_mut().ok_or(Code::Unanchored)?;
        if base < last.standing || base > last.given {
            return Err(Code::AnchorRefused);
        }
        last.standing = base;
        last.given = last.given.checked_add(1).ok_or(Code::AnchorRefused)?;
        Ok(Position {
            epoch: last.epoch,
            sequence: last.given,
            root,
            base,
            seal,
        })
    }

    /// The first position of a domain that will be anchored under a seal of this version, from what it has.
    pub(super) fn first(&self, genuine: &Genuine, seal: u64) -> Outcome<Position> {
        let newest = self.state().newest(genuine);
        let Some((epoch, base)) = newest else {
            return Ok(first_of(genuine.root, seal));
        };
        Ok(Position {
            epoch,
            sequence: base.checked_add(1).ok_or(Code::AnchorRefused)?,
            root: genuine.root,
            base,
            seal,
        })
    }

    /// A position of the next epoch, beyond all that are known.
    pub(super) fn accept(&self, genuine: &Genuine, seal: u64) -> Outcome<Position> {
        let mut state = self.state();
        if state.is_compared {
            return Err(Code::AnchorRefused);
        }
        let (epoch, _) = state.newest(genuine).unwrap_or_default();
        let given = state.last.map(|last| last.given);
        let sequences = genuine.known().map(|one| one.sequence).chain(given);
        let base = sequences.max().unwrap_or_default();
        let position = Position {
            epoch: epoch.checked_add(1).ok_or(Code::AnchorRefused)?,
            sequence: base.checked_add(1).ok_or(Code::AnchorRefused)?,
            root: genuine.root,
            base,
            seal,
        };
        state.stand(&position);
        Ok(position)
    }

    /// Goes on from `position`, which this life made.
    pub(super) fn begin(&self, position: &Position) {
        let mut state = self.state();
        state.stand(position);
        state.is_compared = true;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// In one life the store never goes back behind what stands, nor to what was not given.
    fn fit(&self, genuine: &Genuine) -> Fit {
        let (Some(last), Some(store)) = (self.last, genuine.position()) else {
            return Fit::Fits;
        };
        if store.epoch == last.epoch && (last.standing..=last.given).contains(&store.sequence) {
            Fit::Fits
        } else {
            Fit::StoreBehind
        }
    }

    fn stand(&mut self, position: &Position) {
        let given = self.last.map_or(0, |last| last.given);
        self.last = Some(Last {
            epoch: position.epoch,
            standing: position.sequence,
            given: given.max(position.sequence),
        });
    }

    fn newest(&self, genuine: &Genuine) -> Option<(u32, u64)> {
        let given = self.last.map(|last| (last.epoch, last.given));
        genuine.known().map(Position::age).chain(given).max()
    }
}
