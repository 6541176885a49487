//! Signatures over the audit log. No other command uses their keys, and none of them signs an earlier state of
//! the log than it signed before: the log is what a service that is taken over would like to rewrite.

use strongroom_crypto::signature::{Hash, Input, RsaPadding};
use strongroom_hsm_api::Code;
use strongroom_hsm_api::checkpoint::Checkpoint;
use strongroom_hsm_api::command as api;
use strongroom_hsm_api::key::Usage;

use super::signing::{check_message, refused};
use crate::core::checkpoints::Position;
use crate::core::key::Form;
use crate::core::{Core, Outcome};

impl Core {
    pub(in crate::core) fn sign_checkpoint(
        &self,
        command: api::SignCheckpoint<'_>,
    ) -> Outcome<api::SignedCheckpoint> {
        let key = self.usable_key(command.token, Usage::SignAudit)?;
        let Form::Ed25519(pair) = &key.form else {
            return Err(Code::UsageRefused);
        };
        self.checkpoints.advance(Position {
            writer: command.writer,
            sequence: command.sequence,
        })?;
        let checkpoint = Checkpoint {
            writer: command.writer,
            boot: self.checkpoints.boot(),
            time: u64::try_from(self.clock.now().0).unwrap_or(0),
            sequence: command.sequence,
            link: command.link,
        };
        Ok(api::SignedCheckpoint {
            boot: checkpoint.boot,
            time: checkpoint.time,
            signature: pair.sign(&checkpoint.signed_bytes()).to_vec(),
        })
    }

    pub(in crate::core) fn sign_digest(
        &self,
        command: api::SignDigest<'_>,
    ) -> Outcome<api::Signature> {
        check_message(command.message)?;
        let key = self.usable_key(command.token, Usage::SignAudit)?;
        let Form::RsaSigning(pair) = &key.form else {
            return Err(Code::UsageRefused);
        };
        let input = Input::Message(command.message);
        let signature = pair
            .sign(RsaPadding::Pkcs1, Hash::Sha256, input)
            .map_err(refused)?;
        Ok(api::Signature { signature })
    }
}
