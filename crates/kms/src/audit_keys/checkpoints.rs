//! Signs the log's checkpoints with the keys of an open service. Never makes the log wait: the key process is asked
//! at once, and its answer awaited elsewhere.

use std::sync::Arc;

use tokio::runtime::Handle;

use super::AuditKeys;
use crate::audit_log::{CheckpointSigner, SignatureAnswer, ToSign};

/// The signer of checkpoints.
pub(crate) struct Checkpoints {
    keys: Arc<AuditKeys>,
    runtime: Handle,
}

impl Checkpoints {
    /// Signs with `keys`; answers are awaited on this runtime.
    pub(crate) fn new(keys: Arc<AuditKeys>) -> Self {
        let runtime = Handle::current();
        Self { keys, runtime }
    }
}

impl CheckpointSigner for Checkpoints {
    fn sign(&self, what: ToSign, answer: SignatureAnswer) {
        let asked = (self.keys).sign_checkpoint(what.writer, what.sequence, what.link);
        self.runtime.spawn(async move {
            match asked.await {
                Ok(signature) => answer.give(signature),
                Err(unsigned) => {
                    tracing::debug!(
                        ?unsigned,
                        "a checkpoint was not signed; it is asked for again"
                    );
                }
            }
        });
    }
}
