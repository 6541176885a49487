//! The keys that sign the audit log, in the store. Few, and read seldom: not cached here.

use strongroom_store::{Expect, Name, Table};

use super::{Changes, Repository, Stored};
use crate::failure::Failure;
use crate::records::AuditKeyRecord;

/// The most keys that sign the audit log, kept with all that were replaced: three decades of digest keys.
pub(crate) const AUDIT_KEYS_MAX: usize = 400;

impl Repository {
    /// Every key that signs the audit log, or did.
    pub fn list_audit_keys(&self) -> Result<Vec<Stored<AuditKeyRecord>>, Failure> {
        let listed = self.list_stored(Table::AuditKeys, &[], None, AUDIT_KEYS_MAX)?;
        Ok(listed.records)
    }
}

impl Changes {
    /// Writes a key that signs the audit log.
    pub(crate) fn put_audit_key(self, expect: Expect, record: &AuditKeyRecord) -> Self {
        self.put(audit_key_store_name(record), expect, record)
    }

    /// Deletes a key that signed the audit log.
    pub(crate) fn delete_audit_key(self, stored: &Stored<AuditKeyRecord>) -> Self {
        self.delete(audit_key_store_name(&stored.record), stored.version)
    }
}

fn audit_key_store_name(record: &AuditKeyRecord) -> Name {
    Name::new(Table::AuditKeys, &[&record.id])
}
