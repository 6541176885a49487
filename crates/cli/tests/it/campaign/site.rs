//! A server of a campaign: one for development, or one that is sealed whenever it or its key process starts.

use std::path::{Path, PathBuf};
use std::time::Duration;

use strongroom_testkit::{Server, eventually};
use tokio::net::TcpSocket;

use super::crew::wait_for_end;
use super::person::{ACCOUNTS, Person, Scene};
use crate::load::Course;
use crate::seal::{Made, PASSPHRASE};
use crate::{Scratch, program, scratch};

/// How long opening may take, tried again as often as it takes.
const OPEN_MAX: Duration = Duration::from_secs(20);

/// A port that nobody else is given while the server is off, so that it can be attacked there as soon as it listens. It is
/// bound, and never listened on: then Linux lets a server listen there that sets SO_REUSEADDR, and refuses connections
/// while there is none.
pub(super) struct Port(TcpSocket);

impl Port {
    /// A port that was free.
    pub(super) fn hold() -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_reuseaddr(true).unwrap();
        socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
        Self(socket)
    }

    /// Where a server shall listen.
    pub(super) fn address(&self) -> String {
        self.0.local_addr().unwrap().to_string()
    }
}

/// A server, its folders, and the roots of its accounts.
pub(super) struct Site {
    pub(super) server: Server,
    pub(super) data: PathBuf,
    pub(super) roots: [Person; ACCOUNTS.len()],
    folder: Folder,
    #[expect(dead_code, reason = "it is held as long as the server")]
    port: Port,
}

enum Folder {
    Development(#[expect(dead_code, reason = "it lasts as long as the server")] Scratch),
    Sealed(Box<Made>),
}

impl Site {
    /// A server for development.
    pub(super) fn development() -> Self {
        let ((folder, data), port) = (scratch(), Port::hold());
        let arguments = ["--log-format", "json", "--metrics", "127.0.0.1:0"];
        Self {
            server: Server::dev_on(&program(), &data, &port.address(), &arguments),
            data,
            roots: ACCOUNTS.map(Person::root),
            folder: Folder::Development(folder),
            port,
        }
    }

    /// A server that a passphrase opens, open.
    pub(super) fn sealed() -> Self {
        let (made, port) = (Made::new(&[]), Port::hold());
        made.listen_on(&port.address());
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
            port,
        }
    }

    pub(super) fn is_sealed_at_start(&self) -> bool {
        matches!(self.folder, Folder::Sealed(_))
    }

    /// A folder beside the data.
    pub(super) fn beside(&self) -> &Path {
        self.data.parent().unwrap()
    }

    /// Opens a server that started, or whose key process did.
    pub(super) fn open(&self) {
        let Folder::Sealed(made) = &self.folder else {
            return;
        };
        // One that has not noticed yet that its key process is another one says that it is open.
        self.server.key_process();
        eventually("an open server", OPEN_MAX, || {
            made.unseal(PASSPHRASE);
            (made.status()["state"] == "open").then_some(())
        });
    }

    /// Ends the server in order.
    pub(super) fn end(&mut self, scene: Scene<'_>) {
        let key_process = self.server.key_process();
        let status = self.server.terminate();
        assert!(status.success(), "{}", self.server.stderr());
        wait_for_end(&key_process);
        scene.ledger().note_log(&self.server.stderr());
    }

    /// Starts a server that ended.
    pub(super) fn start(&mut self, course: &Course) {
        course.starts();
        self.server.restart();
        course.moved(self.server.address());
    }

    /// Ends the server in order, starts it again and opens it.
    pub(super) fn restart(&mut self, scene: Scene<'_>) {
        scene.course.gone();
        self.end(scene);
        self.start(scene.course);
        self.open();
    }
}
