//! Asking the key process for checkpoints: the writer asks and goes on writing, the answer comes as a message.
//! Never waits, and takes silence for an answer.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak, mpsc};

use strongroom_audit::log::Link;
use strongroom_audit::{Checkpoint, CheckpointKeyId};

use super::writer::Message;

/// What a checkpoint is to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ToSign {
    /// The log's id.
    pub writer: [u8; 16],
    /// The records it covers.
    pub sequence: u64,
    /// The link of the last of them.
    pub link: Link,
}

/// What the key process added and signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// The life of the key process.
    pub boot: [u8; 16],
    /// Its clock, in milliseconds since the epoch.
    pub time: u64,
    /// The key it signed with.
    pub key: CheckpointKeyId,
    /// The Ed25519 signature.
    pub signature: [u8; 64],
}

/// Signs checkpoints.
pub trait CheckpointSigner: Send + Sync {
    /// Asks for a signature and returns at once, on whatever thread. An `answer` that is dropped says that there is
    /// none; the writer asks again later.
    fn sign(&self, what: ToSign, answer: SignatureAnswer);
}

/// Where the signature goes.
pub struct SignatureAnswer {
    messages: Weak<mpsc::SyncSender<Message>>,
    request: u64,
    what: ToSign,
}

impl SignatureAnswer {
    /// Gives the writer the signature.
    pub fn give(mut self, signed: Signature) {
        let what = self.what;
        self.send(Some(Checkpoint {
            writer: what.writer,
            boot: signed.boot,
            time: signed.time,
            sequence: what.sequence,
            link: what.link,
            key: signed.key,
            signature: signed.signature,
        }));
    }

    fn send(&mut self, checkpoint: Option<Checkpoint>) {
        let messages = std::mem::take(&mut self.messages);
        if let Some(messages) = messages.upgrade() {
            let request = self.request;
            // For a queue without room it is as if there had been no answer.
            let _ = messages.try_send(Message::Signed {
                request,
                checkpoint,
            });
        }
    }
}

impl Drop for SignatureAnswer {
    fn drop(&mut self) {
        self.send(None);
    }
}

/// Who signs now.
pub(super) struct Signing {
    signer: Mutex<Option<Arc<dyn CheckpointSigner>>>,
    messages: Weak<mpsc::SyncSender<Message>>,
}

impl Signing {
    /// Nobody; answers go to `messages`.
    pub(super) fn new(messages: Weak<mpsc::SyncSender<Message>>) -> Self {
        Self {
            signer: Mutex::new(None),
            messages,
        }
    }

    pub(super) fn set(&self, signer: Option<Arc<dyn CheckpointSigner>>) {
        *self.signer() = signer;
    }

    pub(super) fn is_possible(&self) -> bool {
        self.signer().is_some()
    }

    /// Asks whoever signs now; whether anybody does.
    pub(super) fn ask(&self, request: u64, what: ToSign) -> bool {
        let signer = self.signer().clone();
        let Some(signer) = signer else {
            return false;
        };
        let answer = SignatureAnswer {
            messages: self.messages.clone(),
            request,
            what,
        };
        signer.sign(what, answer);
        true
    }

    fn signer(&self) -> MutexGuard<'_, Option<Arc<dyn CheckpointSigner>>> {
        self.signer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
