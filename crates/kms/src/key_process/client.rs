//! Calls to the key process over its one socket. Calls made in the same turn of the runtime leave
//! in one message, and a message of replies wakes the service once.

use std::collections::HashMap;
use std::io;
use std::marker::PhantomData;
use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use strongroom_hsm_api::Code;
use strongroom_hsm_api::command::Command;
use strongroom_hsm_api::frame::{
    FRAME_LENGTH_MAX, MESSAGE_LENGTH_MAX, ReplyFrame, append_request, frames,
};
use strongroom_hsm_api::wire::{self, Field};
use tokio::net::UnixDatagram;
use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;
use zeroize::Zeroize;

use crate::metrics::Metrics;

/// The most calls that may wait for their reply at one time.
const CALLS_WAITING_MAX: usize = 4096;

/// A key process that answers none of the calls that wait for so long is given up; the slowest
/// command takes seconds.
const SILENCE_MAX: Duration = Duration::from_secs(60);

/// Session 0 is the KMS service.
const SERVICE_SESSION: u32 = 0;

/// Why a call has no reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallError {
    /// The key process answered with this code.
    Refused(Code),
    /// The key process ended before it answered, or said something unreadable.
    Lost,
    /// Too many calls are waiting, or the call is too long for a frame.
    Overloaded,
}

/// A connection to one key process. Cheap to clone; all clones share the socket.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
}

/// Ends every call when it is dropped: also if the runtime ends first.
struct Serving(Arc<Shared>);

impl Drop for Serving {
    fn drop(&mut self) {
        self.0.end();
    }
}

struct Shared {
    metrics: Arc<Metrics>,
    next_id: AtomicU64,
    state: Mutex<State>,
    outgoing: Notify,
}

#[derive(Default)]
struct State {
    /// Messages to send, each within the limit of one message.
    messages: Vec<Vec<u8>>,
    waiting: HashMap<u64, Waiting>,
    answered: u64,
    ended: bool,
}

/// A call without its reply.
struct Waiting {
    since: Instant,
    reply: oneshot::Sender<Reply>,
}

struct Reply {
    status: u16,
    body: Vec<u8>,
}

impl Client {
    /// Takes over `socket` and serves it until either side ends. The returned future completes when
    /// the key process is gone; every call then waiting, and every later one, fails with
    /// [`CallError::Lost`]. How long replies take is counted in `metrics`.
    pub fn connect(
        socket: OwnedFd,
        metrics: Arc<Metrics>,
    ) -> io::Result<(Self, impl Future<Output = ()> + Send)> {
        // A SOCK_SEQPACKET socket keeps messages apart as datagram sockets do, and tells of its end too.
        let socket = std::os::unix::net::UnixDatagram::from(socket);
        socket.set_nonblocking(true)?;
        let socket = UnixDatagram::from_std(socket)?;
        let shared = Arc::new(Shared {
            metrics,
            next_id: AtomicU64::new(1),
            state: Mutex::new(State::default()),
            outgoing: Notify::new(),
        });
        let served = Serving(Arc::clone(&shared));
        let serve = async move { served.0.serve(&socket).await };
        Ok((Self { shared }, serve))
    }

    /// How many calls wait for their reply.
    pub fn calls_in_flight(&self) -> usize {
        self.shared.state().waiting.len()
    }

    /// Sends `command`; the answer is its reply.
    pub fn call<'a, C: Command<'a>>(&self, command: &C) -> Answer<C::Reply> {
        Answer::new(self.shared.post(C::NUMBER, |out| command.write(out)))
    }
}

/// The reply to a call, once it has come. Borrows nothing from the call.
pub struct Answer<R> {
    sent: Result<oneshot::Receiver<Reply>, CallError>,
    reply: PhantomData<fn() -> R>,
}

impl<R> Answer<R> {
    fn new(sent: Result<oneshot::Receiver<Reply>, CallError>) -> Self {
        Self {
            sent,
            reply: PhantomData,
        }
    }

    /// The answer of no process.
    pub(super) fn lost() -> Self {
        Self::new(Err(CallError::Lost))
    }
}

impl<R: for<'b> Field<'b>> Future for Answer<R> {
    type Output = Result<R, CallError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let receiver = match &mut self.sent {
            Ok(receiver) => receiver,
            Err(error) => return Poll::Ready(Err(*error)),
        };
        let received = std::task::ready!(Pin::new(receiver).poll(context));
        Poll::Ready(received.map_err(|_| CallError::Lost).and_then(Reply::read))
    }
}

impl Reply {
    fn read<R: for<'b> Field<'b>>(mut self) -> Result<R, CallError> {
        let result = match wire::decode::<Code>(&self.status.to_be_bytes()) {
            Ok(Code::Success) => wire::decode(&self.body).map_err(|_| CallError::Lost),
            Ok(code) => Err(CallError::Refused(code)),
            Err(_) => Err(CallError::Lost),
        };
        self.body.zeroize();
        result
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn post(
        &self,
        command: u8,
        write_body: impl FnOnce(&mut Vec<u8>),
    ) -> Result<oneshot::Receiver<Reply>, CallError> {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let mut frame = Vec::new();
        append_request(&mut frame, id, SERVICE_SESSION, command, write_body);
        if frame.len() > FRAME_LENGTH_MAX {
            return Err(CallError::Overloaded);
        }
        let (reply, receiver) = oneshot::channel();
        let since = Instant::now();
        let mut state = self.state();
        if state.ended {
            return Err(CallError::Lost);
        }
        if state.waiting.len() >= CALLS_WAITING_MAX {
            return Err(CallError::Overloaded);
        }
        state.waiting.insert(id, Waiting { since, reply });
        match state.messages.last_mut() {
            Some(message) if message.len() + frame.len() <= MESSAGE_LENGTH_MAX => {
                message.extend_from_slice(&frame);
                frame.zeroize();
            }
            _ => state.messages.push(frame),
        }
        drop(state);
        self.outgoing.notify_one();
        Ok(receiver)
    }

    /// Sends and receives side by side: a key process that waits for room to reply must always find it,
    /// however much there is to send.
    async fn serve(&self, socket: &UnixDatagram) {
        tokio::select! {
            () = self.send_all(socket) => {}
            () = self.receive_all(socket) => {}
            () = self.watch() => {}
        }
    }

    async fn send_all(&self, socket: &UnixDatagram) {
        loop {
            self.outgoing.notified().await;
            if self.flush(socket).await.is_err() {
                return;
            }
        }
    }

    async fn receive_all(&self, socket: &UnixDatagram) {
        let mut buffer = vec![0; MESSAGE_LENGTH_MAX];
        loop {
            let received = socket.recv(&mut buffer).await;
            if self.deliver(received, &mut buffer).is_err() {
                return;
            }
        }
    }

    /// Completes when a call has waited for [`SILENCE_MAX`] and nothing was answered all that time.
    async fn watch(&self) {
        let mut seen = (0, 0);
        loop {
            tokio::time::sleep(SILENCE_MAX).await;
            let state = self.state();
            let (answered, next_id) = seen;
            let silent = state.answered == answered;
            // A call that came since the last look may be on its way.
            if silent && state.waiting.keys().any(|id| *id < next_id) {
                tracing::error!("the key process has not answered for {SILENCE_MAX:?}");
                return;
            }
            seen = (state.answered, self.next_id.load(Ordering::Relaxed));
        }
    }

    async fn flush(&self, socket: &UnixDatagram) -> io::Result<()> {
        let messages = std::mem::take(&mut self.state().messages);
        for mut message in messages {
            socket.send(&message).await?;
            message.zeroize();
        }
        Ok(())
    }

    fn deliver(&self, received: io::Result<usize>, buffer: &mut [u8]) -> io::Result<()> {
        let length = received?;
        let message = buffer
            .get_mut(..length)
            .filter(|message| !message.is_empty());
        let message = message.ok_or(io::ErrorKind::UnexpectedEof)?;
        let now = Instant::now();
        let mut state = self.state();
        for frame in frames::<ReplyFrame<'_>>(message) {
            let frame = frame.map_err(|_| io::ErrorKind::InvalidData)?;
            state.answered += 1;
            if let Some(waiting) = state.waiting.remove(&frame.id) {
                let took = now.saturating_duration_since(waiting.since);
                self.metrics.note_key_process_reply(took);
                // A caller that gave up does not want its reply; dropping it wipes it.
                let _ = waiting.reply.send(Reply {
                    status: frame.status,
                    body: frame.body.to_vec(),
                });
            }
        }
        drop(state);
        message.zeroize();
        Ok(())
    }

    fn end(&self) {
        let mut state = self.state();
        state.ended = true;
        state.waiting.clear();
        state.messages.clear();
    }
}

#[cfg(test)]
mod tests;
