//! The sockets of services: who connects to one is the service it is for, because nobody but the server's own
//! user can. A socket that others could reach is never served.

use std::fs::{self, Metadata, Permissions};
use std::io::{Error, ErrorKind, Result};
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use strongroom_policy::Principal;
use tokio::net::{UnixListener, UnixStream};

/// The most sockets of services.
pub const SERVICE_SOCKETS_MAX: usize = 32;
/// sockaddr_un has room for 108 bytes with the final zero.
const PATH_BYTES_MAX: usize = 107;
const OTHERS: u32 = 0o077;

/// The listening socket of a service.
#[derive(Debug)]
pub struct ServiceSocket {
    principal: Arc<str>,
    listener: UnixListener,
}

impl ServiceSocket {
    /// Listens at `path` for the service `principal`, such as `s3.amazonaws.com`. What an earlier server left
    /// there is removed.
    ///
    /// # Errors
    /// A name that no service has, a folder that others can enter, a path that is in use or too long.
    pub fn bind(principal: &str, path: &Path) -> Result<Self> {
        bind(principal, path).map_err(|error| {
            let text = format!("the socket {} of {principal}: {error}", path.display());
            Error::new(error.kind(), text)
        })
    }

    /// The service.
    pub(crate) fn principal(&self) -> Arc<str> {
        Arc::clone(&self.principal)
    }

    /// Waits for a connection of the server's own user, or of root.
    pub(crate) async fn accept(&self) -> Result<UnixStream> {
        let (stream, _) = self.listener.accept().await?;
        let peer = stream.peer_cred()?.uid();
        if peer != 0 && peer != own_user() {
            return Err(refused("it was another user who connected"));
        }
        Ok(stream)
    }
}

/// Listens on the sockets of all services: each with its principal and path.
///
/// # Errors
/// More than [`SERVICE_SOCKETS_MAX`], or one that cannot be listened on.
pub fn bind_all(services: &[(String, PathBuf)]) -> Result<Vec<ServiceSocket>> {
    if services.len() > SERVICE_SOCKETS_MAX {
        let text = format!("more than {SERVICE_SOCKETS_MAX} services");
        return Err(Error::new(ErrorKind::InvalidInput, text));
    }
    let all = services.iter();
    all.map(|(principal, path)| ServiceSocket::bind(principal, path))
        .collect()
}

fn bind(principal: &str, path: &Path) -> Result<ServiceSocket> {
    let Some(Principal::Service(principal)) = Principal::parse("Service", principal) else {
        return Err(invalid("no service has this name"));
    };
    let path = std::path::absolute(path)?;
    if path.as_os_str().len() > PATH_BYTES_MAX {
        return Err(invalid("the path is too long for a Unix socket"));
    }
    require_private(path.parent().unwrap_or(&path))?;
    clear(&path)?;
    // The folder is private: there is no moment in which others could connect.
    let listener = UnixListener::bind(&path)?;
    fs::set_permissions(&path, Permissions::from_mode(0o600))?;
    Ok(ServiceSocket {
        principal: principal.into(),
        listener,
    })
}

fn require_private(folder: &Path) -> Result<()> {
    let found = fs::metadata(folder)?;
    let is_private = |found: &Metadata| found.mode() & OTHERS == 0 && found.uid() == own_user();
    if found.is_dir() && is_private(&found) {
        return Ok(());
    }
    Err(refused(
        "its folder must be the server's own user's, and mode 0700",
    ))
}

/// Removes a socket on which nobody listens, and nothing else.
fn clear(path: &Path) -> Result<()> {
    let found = match fs::symlink_metadata(path) {
        Ok(found) => found,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    if !found.file_type().is_socket() {
        return Err(invalid("something that is no socket is there"));
    }
    if std::os::unix::net::UnixStream::connect(path).is_ok() {
        return Err(Error::new(
            ErrorKind::AddrInUse,
            "somebody listens there already",
        ));
    }
    fs::remove_file(path)
}

fn own_user() -> u32 {
    rustix::process::geteuid().as_raw()
}

fn invalid(text: &str) -> Error {
    Error::new(ErrorKind::InvalidInput, text)
}

fn refused(text: &str) -> Error {
    Error::new(ErrorKind::PermissionDenied, text)
}

#[cfg(test)]
mod tests;
