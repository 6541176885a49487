//! The loop around the core: lanes that receive a message, carry out its frames and send one message
//! of replies; and one slow worker, so that Argon2 and RSA generation never stall a lane. What nobody
//! waits for, spare RSA key pairs, it makes only while it has nothing else to do.

use std::collections::VecDeque;
use std::os::fd::BorrowedFd;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use rustix::net::{RecvFlags, SendFlags};
use strongroom_hsm_api::Code;
use strongroom_hsm_api::command::{CONTEXT_LENGTH_MAX, RECIPIENT_LENGTH_MAX};
use strongroom_hsm_api::frame::{MESSAGE_LENGTH_MAX, RequestFrame, append_reply, frames};
use strongroom_hsm_api::wire::{Field, decode};
use zeroize::Zeroize;

use crate::core::{Core, InLane};

/// The most slow commands that may wait.
const SLOW_WAITING_MAX: usize = 64;
/// The longest slow command: the token of a symmetric key, an encryption context and a recipient.
const SLOW_BODY_BYTES_MAX: usize = CONTEXT_LENGTH_MAX + RECIPIENT_LENGTH_MAX + (2 << 10);
/// What those that wait may take of the arena.
const SLOW_WAITING_BYTES_MAX: usize = 512 << 10;

/// Replies are sent when this many bytes have gathered: the rest of a message, the longest reply included.
const REPLIES_SENT_AT: usize = MESSAGE_LENGTH_MAX / 2;

/// A core behind its socket.
pub struct Server<'s> {
    core: Core,
    socket: BorrowedFd<'s>,
    slow: Mutex<Waiting>,
    slow_came: Condvar,
}

/// The frames of slow commands, the oldest first.
#[derive(Default)]
struct Waiting {
    frames: VecDeque<Vec<u8>>,
    bytes: usize,
}

impl Waiting {
    fn push(&mut self, frame: Vec<u8>) -> Result<(), Code> {
        let bytes = self.bytes + frame.len();
        if self.frames.len() >= SLOW_WAITING_MAX || bytes > SLOW_WAITING_BYTES_MAX {
            return Err(Code::Busy);
        }
        self.bytes = bytes;
        self.frames.push_back(frame);
        Ok(())
    }

    fn pop(&mut self) -> Option<Vec<u8>> {
        let frame = self.frames.pop_front()?;
        self.bytes -= frame.len();
        Some(frame)
    }
}

/// The socket closed, or what came through it cannot be framed: there is nobody left to serve.
pub struct Ended;

impl<'s> Server<'s> {
    /// Serves `core` on `socket`, a SOCK_SEQPACKET end.
    pub fn new(core: Core, socket: BorrowedFd<'s>) -> Self {
        Self {
            core,
            socket,
            slow: Mutex::default(),
            slow_came: Condvar::new(),
        }
    }

    /// Runs one lane until the socket ends. `before_waiting` runs whenever the lane is about to wait.
    pub fn run_lane(&self, before_waiting: impl Fn()) -> Ended {
        let mut message = vec![0; MESSAGE_LENGTH_MAX];
        let mut replies = Vec::with_capacity(MESSAGE_LENGTH_MAX);
        loop {
            before_waiting();
            let received =
                match rustix::net::recv(self.socket, message.as_mut_slice(), RecvFlags::empty()) {
                    Ok((_, length)) => length,
                    Err(rustix::io::Errno::INTR) => continue,
                    Err(_) => return Ended,
                };
            let Some(batch) = message
                .get_mut(..received)
                .filter(|batch| !batch.is_empty())
            else {
                return Ended;
            };
            if self.carry_out(batch, &mut replies).is_err() {
                return Ended;
            }
            batch.zeroize();
        }
    }

    /// Runs the slow worker; it has no end of its own.
    pub fn run_slow(&self, before_waiting: impl Fn()) -> Ended {
        let mut reply = Vec::new();
        loop {
            before_waiting();
            let mut frame = self.next_slow(&before_waiting);
            if let Ok(request) = decode::<RequestFrame<'_>>(&frame) {
                self.core.handle(&request, &mut reply);
            }
            frame.zeroize();
            if self.send(&mut reply).is_err() {
                return Ended;
            }
        }
    }

    fn carry_out(&self, batch: &[u8], replies: &mut Vec<u8>) -> Result<(), Ended> {
        for frame in frames::<RequestFrame<'_>>(batch) {
            // Frames that cannot be told apart cannot be answered either.
            let request = frame.map_err(|_| Ended)?;
            match self.core.handle_in_lane(&request, replies) {
                InLane::Done => {}
                InLane::DoneWithSpare => self.wake_slow(),
                InLane::TakesLong => self.queue_slow(&request, replies),
            }
            if replies.len() >= REPLIES_SENT_AT {
                self.send(replies)?;
            }
        }
        self.send(replies)
    }

    fn send(&self, replies: &mut Vec<u8>) -> Result<(), Ended> {
        if replies.is_empty() {
            return Ok(());
        }
        let sent = loop {
            match rustix::net::send(self.socket, replies, SendFlags::NOSIGNAL) {
                Err(rustix::io::Errno::INTR) => {}
                other => break other,
            }
        };
        // Replies carry plaintexts. What lies beyond their end was wiped when it was shorter.
        replies.as_mut_slice().zeroize();
        replies.clear();
        sent.map(|_| ()).map_err(|_| Ended)
    }

    fn queue_slow(&self, request: &RequestFrame<'_>, replies: &mut Vec<u8>) {
        if request.body.len() > SLOW_BODY_BYTES_MAX {
            append_reply(replies, request.id, Code::Malformed, |_| {});
            return;
        }
        let mut frame = Vec::new();
        request.write(&mut frame);
        if let Err(code) = self.slow().push(frame) {
            append_reply(replies, request.id, code, |_| {});
            return;
        }
        self.slow_came.notify_one();
    }

    /// Lets the slow worker see that a spare is gone.
    fn wake_slow(&self) {
        // It looks for work under this lock: past it, it waits or will look again.
        drop(self.slow());
        self.slow_came.notify_one();
    }

    fn slow(&self) -> MutexGuard<'_, Waiting> {
        self.slow.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next slow command. Until there is one, makes spares or waits.
    fn next_slow(&self, before_waiting: &impl Fn()) -> Vec<u8> {
        let mut waiting = self.slow();
        loop {
            if let Some(frame) = waiting.pop() {
                return frame;
            }
            if self.core.wants_spare() {
                drop(waiting);
                self.core.make_spare();
                before_waiting();
                waiting = self.slow();
            } else {
                waiting = self
                    .slow_came
                    .wait(waiting)
                    .unwrap_or_else(PoisonError::into_inner);
            }
        }
    }
}
