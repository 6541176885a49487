//! Listeners with few connections, each a conversation of its own: those of operators.

use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::sync::Semaphore;

/// The pause after accepting failed, as it does when file descriptors run out.
pub(crate) const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Holds a conversation with everyone whom `poll_accept` lets in, at most `connections_max` at a time, until it is
/// dropped.
pub(crate) async fn serve_each<S, A, C>(
    connections_max: usize,
    poll_accept: impl Fn(&mut Context<'_>) -> Poll<io::Result<(S, A)>>,
    converse: impl Fn(S) -> C,
) where
    C: Future<Output = ()> + Send + 'static,
{
    let room = Arc::new(Semaphore::new(connections_max));
    loop {
        let Ok(permit) = Arc::clone(&room).acquire_owned().await else {
            return;
        };
        let Ok((stream, _)) = poll_fn(&poll_accept).await else {
            tokio::time::sleep(ACCEPT_PAUSE).await;
            continue;
        };
        let conversation = converse(stream);
        tokio::spawn(async move {
            conversation.await;
            drop(permit);
        });
    }
}
