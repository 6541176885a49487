//! The list of protections and which of them hold, so that none is missing in silence.

use crate::arena::{Memory, Shelter};

/// One protection of the key process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Protection {
    /// The arena is memfd_secret memory.
    SecretMemory,
    /// The arena cannot be swapped out.
    NeverSwapped,
    /// The arena is left out of core dumps.
    DumpExcluded,
    /// The arena is absent from, or zero in, a forked child.
    ForkExcluded,
    /// RLIMIT_CORE is zero.
    NoCore,
    /// The process cannot be traced by its own user. Mandatory.
    NotDumpable,
    /// Only the channel and standard error are open.
    FewDescriptors,
    /// RLIMIT_NOFILE is small.
    DescriptorLimit,
    /// No program can raise its privileges. Mandatory.
    NoNewPrivileges,
    /// Landlock denies every file.
    LandlockFiles,
    /// Landlock denies every TCP port.
    LandlockNetwork,
    /// Landlock denies signals and abstract sockets to the outside.
    LandlockScope,
    /// The process runs under a user of its own, so another user's than the service's.
    OwnUser,
    /// The process has no capability.
    NoCapabilities,
    /// The process could not get a capability back by executing a file.
    EmptyBoundingSet,
    /// System calls outside the allow-list end the process. Mandatory.
    Seccomp,
}

impl Protection {
    /// All of them, in the order of their bits.
    pub const ALL: [Self; 16] = [
        Self::SecretMemory,
        Self::NeverSwapped,
        Self::DumpExcluded,
        Self::ForkExcluded,
        Self::NoCore,
        Self::NotDumpable,
        Self::FewDescriptors,
        Self::DescriptorLimit,
        Self::NoNewPrivileges,
        Self::LandlockFiles,
        Self::LandlockNetwork,
        Self::LandlockScope,
        Self::OwnUser,
        Self::NoCapabilities,
        Self::EmptyBoundingSet,
        Self::Seccomp,
    ];

    /// Its name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SecretMemory => "secret-memory",
            Self::NeverSwapped => "never-swapped",
            Self::DumpExcluded => "dump-excluded",
            Self::ForkExcluded => "fork-excluded",
            Self::NoCore => "no-core",
            Self::NotDumpable => "not-dumpable",
            Self::FewDescriptors => "few-descriptors",
            Self::DescriptorLimit => "descriptor-limit",
            Self::NoNewPrivileges => "no-new-privileges",
            Self::LandlockFiles => "landlock-files",
            Self::LandlockNetwork => "landlock-network",
            Self::LandlockScope => "landlock-scope",
            Self::OwnUser => "own-user",
            Self::NoCapabilities => "no-capabilities",
            Self::EmptyBoundingSet => "empty-bounding-set",
            Self::Seccomp => "seccomp",
        }
    }

    const fn bit(self) -> u32 {
        1 << self as u8
    }
}

/// Which protections hold, and how large the arena is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Protections {
    bits: u32,
    arena: Shelter,
}

impl Protections {
    /// What the arena itself brings.
    pub(super) fn of_arena(arena: Shelter) -> Self {
        let mut held = Self { bits: 0, arena };
        held.set(Protection::SecretMemory, arena.memory == Memory::Secretmem);
        held.set(Protection::NeverSwapped, arena.memory != Memory::Unlocked);
        held.set(Protection::DumpExcluded, arena.dump_excluded);
        held.set(Protection::ForkExcluded, arena.fork_excluded);
        held
    }

    pub(super) fn set(&mut self, protection: Protection, held: bool) {
        match held {
            true => self.bits |= protection.bit(),
            false => self.bits &= !protection.bit(),
        }
    }

    /// Whether `protection` holds.
    pub fn holds(self, protection: Protection) -> bool {
        self.bits & protection.bit() != 0
    }

    /// One bit per protection, in the order of [`Protection::ALL`], lowest first.
    pub fn bits(self) -> u32 {
        self.bits
    }

    /// The arena, as the kernel gave it.
    pub fn arena(self) -> Shelter {
        self.arena
    }

    /// Every protection by name, and whether it holds.
    pub fn describe(self) -> impl Iterator<Item = (&'static str, bool)> {
        Protection::ALL
            .into_iter()
            .map(move |protection| (protection.name(), self.holds(protection)))
    }
}
