//! Landlock without any rule: every file, every TCP port, and what lies outside in signals and
//! abstract sockets is denied, should a system call ever pass the seccomp filter.

use ::landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, LandlockStatus, RestrictionStatus,
    Ruleset, RulesetAttr, RulesetError, RulesetStatus, Scope,
};

use super::{Protection, Protections};

/// The newest ABI that the library knows; the kernel takes what it can of it.
const NEWEST: ABI = ABI::V9;

/// Binds this thread and those it makes later, and records what the kernel accepted.
pub(super) fn deny_everything(held: &mut Protections) {
    let level = restrict().map_or(0, |status| enforced_level(&status));
    // The ABI numbers in which the kernel learned each of them.
    held.set(Protection::LandlockFiles, level >= 1);
    held.set(Protection::LandlockNetwork, level >= 4);
    held.set(Protection::LandlockScope, level >= 6);
}

fn restrict() -> Result<RestrictionStatus, RulesetError> {
    Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(NEWEST))?
        .handle_access(AccessNet::from_all(NEWEST))?
        .scope(Scope::from_all(NEWEST))?
        .create()?
        .restrict_self()
}

fn enforced_level(status: &RestrictionStatus) -> i32 {
    match (&status.ruleset, &status.landlock) {
        (RulesetStatus::NotEnforced, _) => 0,
        (_, LandlockStatus::Available { effective_abi, .. }) => *effective_abi as i32,
        (_, LandlockStatus::NotImplemented | LandlockStatus::NotEnabled) => 0,
    }
}
