//! Memory for passphrases, of cores that run in a test. Never what a key process uses: it is neither locked nor wiped.

use strongroom_crypto::kdf::Argon2Block;
use strongroom_hsm::core::WorkingMemory;

/// As much memory as is asked for, from the allocator.
pub struct OrdinaryMemory;

impl WorkingMemory for OrdinaryMemory {
    fn lend(&mut self, kib: u32, work: &mut dyn FnMut(&mut [Argon2Block])) -> bool {
        work(&mut vec![
            Argon2Block::default();
            usize::try_from(kib).unwrap()
        ]);
        true
    }

    fn give_back(&mut self) {}
}
