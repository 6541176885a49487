//! The life of the domain: made, sealed, unsealed, its ring of keys changed. Nothing takes effect here
//! before its seal is durable.

use strongroom_base::Secret;
use strongroom_crypto::exchange::seal_to;
use strongroom_hsm_api::Code;
use strongroom_hsm_api::command as api;
use strongroom_hsm_api::status::{Phase, Protection, SealKind, Status};
use strongroom_hsm_api::wire::List;

use crate::core::anchor::{self, Scribe};
use crate::core::domain::Domain;
use crate::core::seal::{self, Seal};
use crate::core::{Core, Life, Outcome, Pending};

impl Core {
    pub(in crate::core) fn get_status(&self, _: api::GetStatus) -> Outcome<Status> {
        let life = self.life();
        let opened = self.opened();
        let phase = match (&self.self_tests_passed, &opened, &life.seal) {
            (None, _, _) => Phase::Failed,
            (_, Some(_), _) => Phase::Open,
            (_, None, Some(_)) => Phase::Sealed,
            (_, None, None) => Phase::Empty,
        };
        let seal = life.seal.as_ref();
        Ok(Status {
            phase,
            exchange_key: self.recipient.public(),
            domain: seal.map_or([0; 16], Seal::domain_id),
            seal_kind: List(seal.map(Seal::kind).into_iter().collect()),
            seal_version: seal.map_or(0, Seal::version),
            shares_needed: seal.map_or(0, Seal::shares_needed),
            shares_given: life.shares.given(),
            epoch: opened
                .as_ref()
                .map_or(0, |opened| opened.domain.current_epoch()),
            epochs: List(
                opened
                    .as_ref()
                    .map_or_else(Vec::new, |opened| opened.domain.epochs()),
            ),
            self_tests_passed: self.self_tests_passed.unwrap_or(0),
            protections: List(self.protections.iter().map(copy_protection).collect()),
        })
    }

    pub(in crate::core) fn initialize(
        &self,
        command: api::Initialize<'_>,
    ) -> Outcome<api::PendingChange> {
        let mut life = self.life();
        if life.seal.is_some() || life.pending.is_some() {
            return Err(Code::NotEmpty);
        }
        let plan = self.seal_plan(&command)?;
        let domain = Domain::generate(&*self.random);
        let (seal, shares) = Seal::create(&domain, plan, &mut *life.working_memory, &*self.random)?;
        let shares = shares
            .iter()
            .map(|share| seal_to(&command.recipient, api::PURPOSE_SHARE, share.expose()))
            .collect::<Result<_, _>>()
            .map_err(|_| Code::Malformed)?;
        let first = anchor::first_of([0; 32], seal.version());
        let statement = Scribe::new(&domain).state(first);
        let pending = Pending {
            seal,
            domain,
            shares,
            first: Some(first),
        };
        Ok(life.propose(pending, statement))
    }

    fn seal_plan(&self, command: &api::Initialize<'_>) -> Outcome<seal::Plan> {
        match command.kind {
            SealKind::KeyFile => Ok(seal::Plan::KeyFile(self.open_box(command.secret)?)),
            SealKind::Passphrase => Ok(seal::Plan::Passphrase(self.open_box(command.secret)?)),
            SealKind::Shares if command.secret.is_empty() => Ok(seal::Plan::Shares {
                threshold: command.threshold,
                shares: command.shares,
            }),
            SealKind::Shares => Err(Code::Malformed),
        }
    }

    pub(in crate::core) fn load_seal(&self, command: api::LoadSeal<'_>) -> Outcome<()> {
        let mut life = self.life();
        if life.seal.is_some() || life.pending.is_some() {
            return Err(Code::NotEmpty);
        }
        life.seal = Some(Seal::parse(command.seal)?);
        Ok(())
    }

    pub(in crate::core) fn unseal(&self, command: api::Unseal<'_>) -> Outcome<api::UnsealProgress> {
        let secret = self.open_box(command.secret)?;
        let mut life = self.life();
        if self.opened().is_some() {
            return Err(Code::NotEmpty);
        }
        let Life {
            seal,
            shares,
            working_memory,
            ..
        } = &mut *life;
        let seal = seal.as_ref().ok_or(Code::Sealed)?;
        let (progress, domain) = seal.unseal(&secret, shares, &mut **working_memory)?;
        if let Some(domain) = domain {
            shares.clear();
            working_memory.give_back();
            self.publish(domain);
        }
        Ok(progress)
    }

    pub(in crate::core) fn confirm(&self, command: api::Confirm) -> Outcome<api::Confirmed> {
        let mut life = self.life();
        let pending = life
            .pending
            .take_if(|pending| pending.seal.version() == command.version)
            .ok_or(Code::NothingPending)?;
        life.seal = Some(pending.seal);
        life.working_memory.give_back();
        self.publish(pending.domain);
        if let Some(first) = &pending.first {
            self.anchor.begin(first);
        }
        Ok(api::Confirmed {
            shares: List(pending.shares),
        })
    }

    pub(in crate::core) fn abandon(&self, command: api::Abandon) -> Outcome<()> {
        let mut life = self.life();
        life.pending
            .take_if(|pending| pending.seal.version() == command.version)
            .ok_or(Code::NothingPending)?;
        Ok(())
    }

    pub(in crate::core) fn rotate_domain(
        &self,
        _: api::RotateDomain,
    ) -> Outcome<api::PendingChange> {
        self.change_ring(|domain| domain.with_next_epoch(&*self.random))
    }

    pub(in crate::core) fn retire_epoch(
        &self,
        command: api::RetireEpoch,
    ) -> Outcome<api::PendingChange> {
        self.change_ring(|domain| domain.without_epoch(command.epoch))
    }

    fn change_ring(
        &self,
        change: impl FnOnce(&Domain) -> Option<Domain>,
    ) -> Outcome<api::PendingChange> {
        let mut life = self.life();
        let current = self.open()?;
        if life.pending.is_some() {
            return Err(Code::ChangePending);
        }
        let domain = change(&current.domain).ok_or(Code::EpochRefused)?;
        let seal = life
            .seal
            .as_ref()
            .ok_or(Code::Sealed)?
            .with_ring_of(&domain, &*self.random);
        let pending = Pending {
            seal,
            domain,
            shares: Vec::new(),
            first: None,
        };
        Ok(life.propose(pending, Vec::new()))
    }

    pub(in crate::core) fn get_store_keys(&self, _: api::GetStoreKeys) -> Outcome<api::StoreKeys> {
        let opened = self.unsealed()?;
        let domain = &opened.domain;
        Ok(api::StoreKeys {
            seal: domain.derived(b"strongroom store-seal v1"),
            name: domain.derived(b"strongroom store-name v1"),
            anchor: domain.derived(b"strongroom store-anchor v1"),
        })
    }

    fn open_box(&self, sealed: &[u8]) -> Outcome<Secret<Vec<u8>>> {
        self.recipient
            .open(api::PURPOSE_UNSEAL, sealed)
            .map_err(|_| Code::Malformed)
    }
}

fn copy_protection(protection: &Protection) -> Protection {
    Protection {
        name: protection.name.clone(),
        held: protection.held,
    }
}
