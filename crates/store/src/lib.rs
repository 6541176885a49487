//! The store: optimistic commits of bytes ([`Engine`]), and sealed records above them
//! ([`SealedStore`]). Knows nothing of what a record means, and never writes a clear name or value.

mod anchor;
mod engine;
mod folder;
mod memory;
mod sealed;
mod sqlite;

pub use anchor::{Anchor, Measured, Root, STATEMENT_BYTES_MAX, Statement};
pub use engine::{
    COMMIT_READS_MAX, COMMIT_WRITES_MAX, Change, Commit, Engine, Entry, Expect, Health,
    KEY_BYTES_MAX, Outcome, Page, Pending, QUEUE_BYTES_MAX, QUEUE_COMMITS_MAX, SCAN_ENTRIES_MAX,
    StoreError, VALUE_BYTES_MAX, Write,
};
pub use folder::{FORMAT_VERSION, Folder, FolderError, Kind, make_folder, replace_file};
pub use memory::Memory;
pub use sealed::{
    COMPONENTS_MAX, Cursor, EachPage, Name, RECORD_BYTES_MAX, Record, RecordPage, SealedStore,
    StoreKeys, Table, Transaction,
};
pub use sqlite::{FREE_BYTES_RESERVE, OpenError, Sqlite, SqliteOptions};
