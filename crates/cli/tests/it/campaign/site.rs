//! A server of a campaign: one for development, or one that is sealed whenever it or its key process starts.

use std::path::{Path, PathBuf};

use strongroom_testkit::Server;

use super::person::{ACCOUNTS, Person};
use crate::seal::{Made, PASSPHRASE};
use crate::{Scratch, program, scratch};

/// A server, its folders, and the roots of its accounts.
pub(super) struct Site {
    pub(super) server: Server,
    pub(super) data: PathBuf,
    pub(super) roots: [Person; ACCOUNTS.len()],
    folder: Folder,
}

enum Folder {
    Development(Scratch),
    Sealed(Box<Made>),
}

impl Site {
    /// A server for development.
    pub(super) fn development() -> Self {
        let (folder, data) = scratch();
        let arguments = ["--log-format", "json", "--metrics", "127.0.0.1:0"];
        Self {
            server: Server::dev_with(&program(), &data, &arguments),
            data,
            roots: ACCOUNTS.map(Person::root),
            folder: Folder::Development(folder),
        }
    }

    /// A server that a passphrase opens, open.
    pub(super) fn sealed() -> Self {
        let made = Made::new(&[]);
        let server = made.serve_with("[log]\nformat = \"json\"\n");
        made.unseal(PASSPHRASE).succeeded();
        let roots = ACCOUNTS.map(|account| {
            let (id, secret) = made.root_of(account);
            Person::root_with(account, &id, &secret)
        });
        Self {
            server,
            data: made.data(),
            roots,
            folder: Folder::Sealed(Box::new(made)),
        }
    }

    pub(super) fn is_sealed_at_start(&self) -> bool {
        matches!(self.folder, Folder::Sealed(_))
    }

    /// A folder beside the data.
    pub(super) fn beside(&self) -> &Path {
        self.data.parent().unwrap()
    }

    /// Opens a server that started, or whose key process did. It may be gone by then.
    pub(super) fn open(&self) {
        if let Folder::Sealed(made) = &self.folder {
            made.unseal(PASSPHRASE);
        }
    }
}
