//! The store and its anchor: compared before anything is answered, advanced with every commit. Only here is a statement
//! made, and none of a store that does not fit unless an operator says so.

use strongroom_hsm_api::Code;
use strongroom_hsm_api::command as api;
use strongroom_hsm_api::command::Fit;

use crate::core::anchor::Genuine;
use crate::core::seal::Seal;
use crate::core::{Core, Outcome, Pending};

impl Core {
    pub(in crate::core) fn advance_anchor(
        &self,
        command: api::AdvanceAnchor,
    ) -> Outcome<api::Anchored> {
        let opened = self.open()?;
        let seal = self.life().seal.as_ref().map_or(0, Seal::version);
        let position = self.anchor.advance(command.base, command.root, seal)?;
        Ok(api::Anchored {
            statement: opened.scribe.state(position),
        })
    }

    pub(in crate::core) fn check_anchor(
        &self,
        command: api::CheckAnchor<'_>,
    ) -> Outcome<api::Checked> {
        let opened = self.unsealed()?;
        let genuine = opened.scribe.sift(&command.found);
        let fit = self.compare(&genuine)?;
        let position = genuine.position().filter(|_| fit == Fit::Fits);
        Ok(api::Checked {
            fit,
            statement: position.map_or_else(Vec::new, |position| opened.scribe.state(position)),
        })
    }

    pub(in crate::core) fn adopt_anchor(
        &self,
        command: api::AdoptAnchor<'_>,
    ) -> Outcome<api::PendingChange> {
        let opened = self.unsealed()?;
        let genuine = opened.scribe.sift(&command.found);
        if self.compare(&genuine)? != Fit::Adoptable {
            return Err(Code::AnchorRefused);
        }
        let mut life = self.life();
        if life.pending.is_some() {
            return Err(Code::ChangePending);
        }
        let seal = life.seal.as_ref().ok_or(Code::Sealed)?;
        // The version that is durable now: the statement is written before the next one is.
        let first = self.anchor.first(&genuine, seal.version())?;
        let domain = opened.domain.same();
        let seal = seal.anchored().with_ring_of(&domain, &*self.random);
        let statement = opened.scribe.state(first);
        Ok(life.propose(
            Pending {
                seal,
                domain,
                shares: Vec::new(),
                first: Some(first),
            },
            statement,
        ))
    }

    pub(in crate::core) fn accept_anchor(
        &self,
        command: api::AcceptAnchor<'_>,
    ) -> Outcome<api::Anchored> {
        let opened = self.unsealed()?;
        let genuine = opened.scribe.sift(&command.found);
        let fits = matches!(self.compare(&genuine)?, Fit::Fits | Fit::Adoptable);
        if fits || genuine.store_sequence() != command.sequence {
            return Err(Code::AnchorRefused);
        }
        let seal = self.life().seal.as_ref().map_or(0, Seal::version);
        let position = self.anchor.accept(&genuine, seal)?;
        Ok(api::Anchored {
            statement: opened.scribe.state(position),
        })
    }

    fn compare(&self, genuine: &Genuine) -> Outcome<Fit> {
        let life = self.life();
        let seal = life.seal.as_ref().ok_or(Code::Sealed)?;
        let (version, is_anchored) = (seal.version(), seal.is_anchored());
        Ok(self.anchor.compare(genuine, version, is_anchored))
    }
}
