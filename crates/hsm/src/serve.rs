//! The loop around the core: lanes that receive a message, carry out its frames and send one message
//! of replies; and one slow worker, so that Argon2 and RSA generation never stall a lane.

use std::collections::VecDeque;
use std::os::fd::BorrowedFd;
use std::sync::{Condvar, Mutex, PoisonError};

use rustix::net::{RecvFlags, SendFlags};
use strongroom_hsm_api::Code;
use strongroom_hsm_api::frame::{MESSAGE_LENGTH_MAX, RequestFrame, append_reply, frames};
use strongroom_hsm_api::wire::{Field, decode};
use zeroize::Zeroize;

use crate::core::Core;

/// The most slow commands that may wait.
const SLOW_WAITING_MAX: usize = 64;
/// The longest slow command: a secret in its box, or the attributes of a key.
const SLOW_BODY_BYTES_MAX: usize = 8 << 10;

/// Replies are sent when this many bytes have gathered: the rest of a message, the longest reply included.
const REPLIES_SENT_AT: usize = MESSAGE_LENGTH_MAX / 2;

/// A core behind its socket.
pub struct Server<'s> {
    core: Core,
    socket: BorrowedFd<'s>,
    slow: Mutex<VecDeque<Vec<u8>>>,
    slow_came: Condvar,
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
            let mut frame = self.next_slow();
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
            if Core::is_slow(&request) {
                self.queue_slow(&request, replies);
            } else {
                self.core.handle(&request, replies);
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
        let mut waiting = self.slow.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() >= SLOW_WAITING_MAX {
            append_reply(replies, request.id, Code::Busy, |_| {});
            return;
        }
        let mut frame = Vec::new();
        request.write(&mut frame);
        waiting.push_back(frame);
        drop(waiting);
        self.slow_came.notify_one();
    }

    fn next_slow(&self) -> Vec<u8> {
        let mut waiting = self.slow.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(frame) = waiting.pop_front() {
                return frame;
            }
            waiting = self
                .slow_came
                .wait(waiting)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
}
