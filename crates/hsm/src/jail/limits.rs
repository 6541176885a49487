//! Resource limits. The one on locked memory is raised earlier, with the arena.

use rustix::process::{Resource, Rlimit};

/// The channel, standard error, and one short-lived memory descriptor at a time; lower numbers than
/// this are free because the rest was closed.
const DESCRIPTORS_MAX: u64 = 8;

/// Sets RLIMIT_CORE to zero; false when it is not.
pub(super) fn forbid_core_dumps() -> bool {
    lower(Resource::Core, 0)
}

/// Sets RLIMIT_NOFILE to a handful; false when it is not.
pub(super) fn limit_descriptors() -> bool {
    lower(Resource::Nofile, DESCRIPTORS_MAX)
}

fn lower(resource: Resource, value: u64) -> bool {
    let limit = Rlimit {
        current: Some(value),
        maximum: Some(value),
    };
    rustix::process::setrlimit(resource, limit).is_ok()
        && rustix::process::getrlimit(resource) == limit
}
