//! A mutual exclusion lock for the allocator: it allocates nothing and waits on a private futex,
//! because a shared one cannot be waited on where the address lies in secret memory.

use std::sync::atomic::{AtomicU32, Ordering};

use rustix::thread::futex;

const FREE: u32 = 0;
const HELD: u32 = 1;
const AWAITED: u32 = 2;

/// How often a thread looks again before it sleeps: the critical sections are tens of nanoseconds.
const SPINS_MAX: u32 = 100;

pub(super) struct Lock(AtomicU32);

/// The lock is held as long as this lives.
pub(super) struct Held<'a>(&'a Lock);

impl Lock {
    pub(super) const fn new() -> Self {
        Self(AtomicU32::new(FREE))
    }

    pub(super) fn hold(&self) -> Held<'_> {
        if !self.take() {
            self.wait();
        }
        Held(self)
    }

    fn take(&self) -> bool {
        self.0
            .compare_exchange_weak(FREE, HELD, Ordering::Acquire, Ordering::Relaxed)
            .is_ok()
    }

    #[cold]
    fn wait(&self) {
        for _ in 0..SPINS_MAX {
            if self.0.load(Ordering::Relaxed) == FREE && self.take() {
                return;
            }
            std::hint::spin_loop();
        }
        while self.0.swap(AWAITED, Ordering::Acquire) != FREE {
            // An error means that the word changed or a signal came; either way the loop looks again.
            let _woken = futex::wait(&self.0, futex::Flags::PRIVATE, AWAITED, None);
        }
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        if self.0.0.swap(FREE, Ordering::Release) == AWAITED {
            let _woken = futex::wake(&self.0.0, futex::Flags::PRIVATE, 1);
        }
    }
}
