//! What KMS's operations do in a world: who may, then the key's state, then its usage, then cryptography (facts: order
//! of checks, key states).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::call::{Context, Key as Name, Operations as Op, Spec};
use super::policy::{Effect, Facts, Policy, Who};
use super::world::{
    Asked, Bound, Caller, Deletion, Grant, Key, KeyPolicy, Naming, Place, Refused, Spoken, State,
    Step, World, arn, refuse,
};

/// KMS API, RotateKeyOnDemand.
const ROTATIONS_MAX: u32 = 25;
const DAY_SECONDS: i64 = 24 * 60 * 60;
const PERIOD_DAYS: i64 = 365;

impl World {
    pub(super) fn kms(&mut self, step: &mut Step<'_>) -> Result<(), Refused> {
        let call = step.call;
        match &call.operation {
            Op::CreateKey { spec, policy, tags } => {
                self.create_key(step, *spec, policy.as_ref(), tags)
            }
            Op::ListKeys => self.list_keys(step),
            Op::ListAliases => self.list_aliases(step),
            Op::DescribeKey(key) => self.describe_key(step, key),
            Op::EnableKey(key) => self.switch(step, key, State::Enabled),
            Op::DisableKey(key) => self.switch(step, key, State::Disabled),
            Op::ScheduleKeyDeletion(key, days) => self.schedule(step, key, *days),
            Op::CancelKeyDeletion(key) => self.cancel(step, key),
            Op::UpdateKeyDescription(key, text) => {
                let key = self.changeable(step, key)?;
                key.description.clone_from(text);
                Ok(())
            }
            Op::TagResource(key, tags) => {
                let mut facts = Facts::new();
                for (tag, value) in tags {
                    facts.insert(
                        format!("aws:requesttag/{}", tag.to_lowercase()),
                        vec![value.clone()],
                    );
                }
                let place = self.allowed_with(step, key, Naming::Key, &Asked::Nothing, facts)?;
                self.require(&place, &[State::Enabled, State::Disabled])?;
                let key = self.keys.get_mut(&place).expect("it was found");
                key.tags.extend(tags.clone());
                Ok(())
            }
            Op::UntagResource(key, tags) => {
                let key = self.changeable(step, key)?;
                key.tags.retain(|tag, _| !tags.contains(tag));
                Ok(())
            }
            Op::ListResourceTags(key) => self.list_tags(step, key),
            Op::PutKeyPolicy(key, policy) => {
                let place = self.allowed(step, key, Naming::Key)?;
                let stored = self.accept_policy(&step.caller, &place, policy)?;
                self.keys.get_mut(&place).expect("it was found").policy = stored;
                Ok(())
            }
            Op::GetKeyPolicy(key) => self.get_policy(step, key),
            Op::CreateAlias(alias, key) => self.create_alias(step, alias, key),
            Op::UpdateAlias(alias, key) => self.update_alias(step, alias, key),
            Op::DeleteAlias(alias) => self.delete_alias(step, alias),
            Op::Encrypt { key, context, .. } | Op::GenerateDataKey { key, context } => {
                let asked = Asked::Context(context);
                let place = self.allowed_with(step, key, Naming::Alias, &asked, Facts::new())?;
                self.usable(&place, Spec::Symmetric, "InvalidKeyUsageException")?;
                step.expect("KeyId", json!(arn(&place)));
                Ok(())
            }
            Op::Decrypt {
                key,
                ciphertext,
                context,
            } => self.decrypt(step, key.as_ref(), ciphertext, context),
            Op::ReEncrypt {
                source,
                ciphertext,
                from,
                destination,
                to,
            } => self.re_encrypt(step, source.as_ref(), ciphertext, from, (destination, to)),
            Op::GenerateMac(key, _) | Op::Sign(key, _) => {
                let place = self.allowed(step, key, Naming::Alias)?;
                self.usable(
                    &place,
                    wanted_spec(&call.operation),
                    "InvalidKeyUsageException",
                )?;
                step.expect("KeyId", json!(arn(&place)));
                Ok(())
            }
            Op::VerifyMac(key, message, mark) | Op::Verify(key, message, mark) => {
                let place = self.allowed(step, key, Naming::Alias)?;
                let spec = wanted_spec(&call.operation);
                self.usable(&place, spec, "InvalidKeyUsageException")?;
                let mark = (place.clone(), message.clone(), mark.clone());
                if !step.memory.marks.contains(&mark) {
                    return match spec {
                        Spec::Hmac => refuse(&["KMSInvalidMacException"]),
                        _ => refuse(&["KMSInvalidSignatureException"]),
                    };
                }
                step.expect("KeyId", json!(arn(&place)));
                Ok(())
            }
            Op::CreateGrant { .. } => self.create_grant(step),
            Op::ListGrants(key) => self.list_grants(step, key),
            Op::RetireGrant(key, id) => self.retire_grant(step, key, id),
            Op::RevokeGrant(key, id) => {
                let place = self.allowed(step, key, Naming::Key)?;
                let key = self.keys.get_mut(&place).expect("it was found");
                match key.grants.remove(id) {
                    Some(_) => Ok(()),
                    None => refuse(&["InvalidGrantIdException"]),
                }
            }
            Op::EnableKeyRotation(key, days) => {
                let key = self.rotatable(step, key)?;
                key.rotation = days.or(key.rotation).or(Some(PERIOD_DAYS));
                Ok(())
            }
            Op::DisableKeyRotation(key) => self.disable_rotation(step, key),
            Op::GetKeyRotationStatus(key) => self.rotation_status(step, key),
            Op::RotateKeyOnDemand(key) => self.rotate(step, key),
            _ => unreachable!("no operation of KMS"),
        }
    }

    // --- Whether it may be done ---

    fn allowed(&self, step: &Step<'_>, key: &Name, naming: Naming) -> Result<Place, Refused> {
        self.allowed_with(step, key, naming, &Asked::Nothing, Facts::new())
    }

    /// The key that is named, if the caller may do what it calls for.
    fn allowed_with(
        &self,
        step: &Step<'_>,
        key: &Name,
        naming: Naming,
        asked: &Asked<'_>,
        more: Facts,
    ) -> Result<Place, Refused> {
        let action = format!("kms:{}", step.call.operation.name());
        self.allowed_to(step, &action, key, naming, asked, more)
    }

    fn allowed_to(
        &self,
        step: &Step<'_>,
        action: &str,
        key: &Name,
        naming: Naming,
        asked: &Asked<'_>,
        more: Facts,
    ) -> Result<Place, Refused> {
        let (place, alias) = self.find(step, key, naming)?;
        let mut facts = self.facts(&step.caller, &place, alias.as_ref());
        facts.extend(more);
        match self.may_use(&step.caller, action, &place, &facts, asked) {
            true => Ok(place),
            false => refuse(&["AccessDeniedException"]),
        }
    }

    /// Whether the caller may do what has no resource but its account.
    fn allowed_own(
        &self,
        caller: &Caller,
        action: &str,
        resource: Option<&str>,
        more: Facts,
    ) -> Result<(), Refused> {
        let mut facts = self.facts_of_caller(caller);
        facts.extend(more);
        match self.may(caller, action, resource, &facts) {
            true => Ok(()),
            false => refuse(&["AccessDeniedException"]),
        }
    }

    fn require(&self, place: &Place, states: &[State]) -> Result<(), Refused> {
        match self.keys[place].state {
            state if states.contains(&state) => Ok(()),
            State::Disabled => refuse(&["DisabledException"]),
            State::PendingDeletion | State::Enabled => refuse(&["KMSInvalidStateException"]),
        }
    }

    fn usable(&self, place: &Place, spec: Spec, unfit: &'static str) -> Result<(), Refused> {
        self.require(place, &[State::Enabled])?;
        match self.keys[place].spec == spec {
            true => Ok(()),
            false => refuse(&[unfit]),
        }
    }

    fn changeable(&mut self, step: &Step<'_>, key: &Name) -> Result<&mut Key, Refused> {
        let place = self.allowed(step, key, Naming::Key)?;
        self.require(&place, &[State::Enabled, State::Disabled])?;
        Ok(self.keys.get_mut(&place).expect("it was found"))
    }

    // --- Keys ---

    fn create_key(
        &mut self,
        step: &mut Step<'_>,
        spec: Spec,
        policy: Option<&Policy>,
        tags: &BTreeMap<String, String>,
    ) -> Result<(), Refused> {
        let caller = step.caller.clone();
        let mut facts = Facts::from([("kms:keyspec".into(), vec![spec.name().into()])]);
        for (tag, value) in tags {
            let name = format!("aws:requesttag/{}", tag.to_lowercase());
            facts.insert(name, vec![value.clone()]);
        }
        self.allowed_own(&caller, "kms:CreateKey", None, facts.clone())?;
        if !tags.is_empty() {
            self.allowed_own(&caller, "kms:TagResource", None, facts)?;
        }
        let number = self.number();
        let unnamed = (
            caller.account.clone(),
            step.call.region.clone(),
            format!("?{number}"),
        );
        let default = Policy::delegating_to(&caller.account);
        let key = Key {
            spec,
            state: State::Enabled,
            deletion: None,
            description: String::new(),
            policy: self.bind(&default).expect("it names no user"),
            tags: tags.clone(),
            grants: BTreeMap::new(),
            rotation: None,
            rotations: 0,
        };
        self.keys.insert(unnamed.clone(), key);
        let accepted = policy.map(|policy| self.accept_policy(&caller, &unnamed, policy));
        let mut key = self.keys.remove(&unnamed).expect("it was put there");
        if let Some(accepted) = accepted {
            key.policy = accepted?;
        }
        step.expect("KeyMetadata.KeyState", json!("Enabled"));
        step.expect("KeyMetadata.KeySpec", json!(spec.name()));
        let (account, region, _) = unnamed;
        let id = step.learn("KeyMetadata.KeyId", number);
        let place = (account, region, id);
        if step.reply.is_some() {
            step.expect("KeyMetadata.Arn", json!(arn(&place)));
        }
        self.keys.insert(place, key);
        Ok(())
    }

    /// KMS API, PutKeyPolicy: users that are there, and a caller who could put another policy.
    fn accept_policy(
        &self,
        caller: &Caller,
        place: &Place,
        policy: &Policy,
    ) -> Result<KeyPolicy, Refused> {
        let Some(stored) = self.bind(policy) else {
            return refuse(&["MalformedPolicyDocumentException"]);
        };
        let facts = self.facts(caller, place, None);
        let action = "kms:PutKeyPolicy";
        let denied = self.is_denied(caller, action, Some(&arn(place)), &facts)
            || stored
                .speaks(Effect::Deny, caller, action, place, &facts)
                .is_some();
        let is_own = caller.account == place.0;
        let identity = self.is_allowed(caller, action, Some(&arn(place)), &facts);
        let allowed = match stored.speaks(Effect::Allow, caller, action, place, &facts) {
            Some(Spoken::Directly) => is_own || identity,
            Some(Spoken::ToAccount) => identity,
            None => false,
        };
        match allowed && !denied {
            true => Ok(stored),
            false => refuse(&["MalformedPolicyDocumentException"]),
        }
    }

    fn get_policy(&self, step: &mut Step<'_>, key: &Name) -> Result<(), Refused> {
        let place = self.allowed(step, key, Naming::Key)?;
        let KeyPolicy { policy, users } = &self.keys[&place].policy;
        // Who is gone is shown by a unique id.
        let all_there = users
            .iter()
            .all(|(who, unique)| self.bound(who) == Some(Bound::User(*unique)));
        if let Some(reply) = step.reply
            && all_there
            && !policy.is_said_by(reply["Policy"].as_str().unwrap_or_default())
        {
            let wanted = policy.text();
            step.wrong
                .push(format!("the policy is {reply}, and should be {wanted}"));
        }
        Ok(())
    }

    fn list_keys(&mut self, step: &mut Step<'_>) -> Result<(), Refused> {
        self.allowed_own(&step.caller, "kms:ListKeys", None, Facts::new())?;
        let Some(reply) = step.reply else {
            return Ok(());
        };
        let listed = reply["Keys"].as_array().into_iter().flatten();
        let listed: BTreeSet<String> = listed
            .map(|one| one["KeyId"].as_str().unwrap_or_default().to_owned())
            .collect();
        self.name_unnamed(step, &listed);
        let here = self.keys.keys().filter(|(account, region, _)| {
            *account == step.caller.account && *region == step.call.region
        });
        let known: BTreeSet<String> = here.map(|(_, _, id)| id.clone()).collect();
        if known != listed {
            step.wrong
                .push(format!("keys {listed:?}, and should be {known:?}"));
        }
        Ok(())
    }

    /// A key that was made by a call without an answer gets the id that is new in the list.
    fn name_unnamed(&mut self, step: &Step<'_>, listed: &BTreeSet<String>) {
        let place = |id: &String| {
            (
                step.caller.account.clone(),
                step.call.region.clone(),
                id.clone(),
            )
        };
        for id in listed {
            if self.keys.contains_key(&place(id)) {
                continue;
            }
            let unnamed = self.keys.keys().find(|(account, region, id)| {
                *account == step.caller.account
                    && *region == step.call.region
                    && id.starts_with('?')
            });
            if let Some(unnamed) = unnamed.cloned() {
                let key = self.keys.remove(&unnamed).expect("it was found");
                self.keys.insert(place(id), key);
            }
        }
    }

    fn describe_key(&mut self, step: &mut Step<'_>, key: &Name) -> Result<(), Refused> {
        let place = self.allowed(step, key, Naming::Alias)?;
        let key = self.keys.get_mut(&place).expect("it was found");
        let state = format!("{:?}", key.state);
        step.expect("KeyMetadata.Arn", json!(arn(&place)));
        step.expect("KeyMetadata.KeyId", json!(place.2));
        step.expect("KeyMetadata.KeyState", json!(state));
        step.expect("KeyMetadata.Enabled", json!(key.state == State::Enabled));
        step.expect("KeyMetadata.Description", json!(key.description));
        step.expect("KeyMetadata.KeySpec", json!(key.spec.name()));
        step.expect("KeyMetadata.KeyUsage", json!(key.spec.usage()));
        if let Some(reply) = step.reply {
            let date = &reply["KeyMetadata"]["DeletionDate"];
            if let (Some(deletion), Some(date)) = (&mut key.deletion, seconds(date))
                && !deletion.is_known
                && deletion.date <= date
            {
                deletion.date = date;
                deletion.is_known = true;
            }
            let wanted = key.deletion.as_ref().map(|deletion| deletion.date);
            if seconds(date) != wanted {
                let wrong = format!("DeletionDate is {date}, and should be {wanted:?}");
                step.wrong.push(wrong);
            }
        }
        Ok(())
    }

    fn switch(&mut self, step: &Step<'_>, key: &Name, state: State) -> Result<(), Refused> {
        self.changeable(step, key)?.state = state;
        Ok(())
    }

    fn schedule(&mut self, step: &mut Step<'_>, key: &Name, days: i64) -> Result<(), Refused> {
        let window = days.to_string();
        let facts = Facts::from([(
            "kms:schedulekeydeletionpendingwindowindays".into(),
            vec![window],
        )]);
        let place = self.allowed_with(step, key, Naming::Key, &Asked::Nothing, facts)?;
        let fits = (7..=30).contains(&days);
        match self.require(&place, &[State::Enabled, State::Disabled]) {
            // Which of the two is noticed first, nobody says.
            Err(mut refused) if !fits => {
                refused.insert("ValidationException");
                return Err(refused);
            }
            other => other?,
        }
        if !fits {
            return refuse(&["ValidationException"]);
        }
        let wanted = self.wall + days * DAY_SECONDS;
        let date = step
            .reply
            .map_or(Some(wanted), |reply| seconds(&reply["DeletionDate"]));
        let Some(date) = date.filter(|date| *date >= wanted) else {
            let reply = step.reply;
            step.wrong
                .push(format!("{reply:?} should not be before {wanted}"));
            return Ok(());
        };
        step.expect("KeyState", json!("PendingDeletion"));
        step.expect("PendingWindowInDays", json!(days));
        let deletion = Deletion {
            date,
            is_known: step.reply.is_some(),
            days,
            scheduled: self.monotonic,
            lives: self.lives,
        };
        let key = self.keys.get_mut(&place).expect("it was found");
        key.state = State::PendingDeletion;
        key.deletion = Some(deletion);
        Ok(())
    }

    fn cancel(&mut self, step: &Step<'_>, key: &Name) -> Result<(), Refused> {
        let place = self.allowed(step, key, Naming::Key)?;
        let key = self.keys.get_mut(&place).expect("it was found");
        if key.state != State::PendingDeletion {
            return refuse(&["KMSInvalidStateException"]);
        }
        key.state = State::Disabled;
        key.deletion = None;
        Ok(())
    }

    fn list_tags(&self, step: &mut Step<'_>, key: &Name) -> Result<(), Refused> {
        let place = self.allowed(step, key, Naming::Key)?;
        let Some(reply) = step.reply else {
            return Ok(());
        };
        let listed = reply["Tags"].as_array().into_iter().flatten();
        let listed: BTreeMap<String, String> = listed
            .map(|tag| {
                let text = |member: &str| tag[member].as_str().unwrap_or_default().to_owned();
                (text("TagKey"), text("TagValue"))
            })
            .collect();
        let wanted = &self.keys[&place].tags;
        if listed != *wanted {
            step.wrong
                .push(format!("tags {listed:?}, and should be {wanted:?}"));
        }
        Ok(())
    }

    // --- Aliases ---

    fn alias(&self, step: &Step<'_>, alias: &str) -> (String, String, String) {
        (
            step.caller.account.clone(),
            step.call.region.clone(),
            alias.to_owned(),
        )
    }

    fn allowed_alias(&self, step: &Step<'_>, alias: &str) -> Result<(), Refused> {
        let (account, region, name) = self.alias(step, alias);
        let arn = format!("arn:aws:kms:{region}:{account}:{name}");
        let action = format!("kms:{}", step.call.operation.name());
        self.allowed_own(&step.caller, &action, Some(&arn), Facts::new())
    }

    fn create_alias(&mut self, step: &Step<'_>, alias: &str, key: &Name) -> Result<(), Refused> {
        let place = both(
            self.allowed_alias(step, alias),
            self.allowed(step, key, Naming::Key),
        )?
        .1;
        let state = self.require(&place, &[State::Enabled, State::Disabled]);
        let name = self.alias(step, alias);
        let free = match self.aliases.contains_key(&name) {
            true => refuse(&["AlreadyExistsException"]),
            false => Ok(()),
        };
        both(state, free)?;
        self.aliases.insert(name, place.2);
        Ok(())
    }

    /// The alias and the key it names, if the caller may change both.
    fn allowed_target(&self, step: &Step<'_>, alias: &str) -> Result<Place, Refused> {
        let name = self.alias(step, alias);
        let Some(id) = self.aliases.get(&name).cloned() else {
            return match self.allowed_alias(step, alias) {
                Ok(()) => refuse(&["NotFoundException"]),
                Err(_) => refuse(&["NotFoundException", "AccessDeniedException"]),
            };
        };
        both(
            self.allowed_alias(step, alias),
            self.allowed(step, &id, Naming::Key),
        )
        .map(|(_, place)| place)
    }

    fn update_alias(&mut self, step: &Step<'_>, alias: &str, key: &Name) -> Result<(), Refused> {
        let (old, new) = both(
            self.allowed_target(step, alias),
            self.allowed(step, key, Naming::Key),
        )?;
        let state = self.require(&new, &[State::Enabled, State::Disabled]);
        let alike = match self.keys[&old].spec == self.keys[&new].spec {
            true => Ok(()),
            false => refuse(&["ValidationException"]),
        };
        both(state, alike)?;
        let name = self.alias(step, alias);
        self.aliases.insert(name, new.2);
        Ok(())
    }

    fn delete_alias(&mut self, step: &Step<'_>, alias: &str) -> Result<(), Refused> {
        self.allowed_target(step, alias)?;
        let name = self.alias(step, alias);
        self.aliases.remove(&name);
        Ok(())
    }

    fn list_aliases(&self, step: &mut Step<'_>) -> Result<(), Refused> {
        self.allowed_own(&step.caller, "kms:ListAliases", None, Facts::new())?;
        let Some(reply) = step.reply else {
            return Ok(());
        };
        let listed = reply["Aliases"].as_array().into_iter().flatten();
        let listed: BTreeMap<String, String> = listed
            .map(|one| {
                let text = |member: &str| one[member].as_str().unwrap_or_default().to_owned();
                (text("AliasName"), text("TargetKeyId"))
            })
            .filter(|(name, _)| !name.starts_with("alias/aws/"))
            .collect();
        let here = self.aliases.iter().filter(|((account, region, _), _)| {
            *account == step.caller.account && *region == step.call.region
        });
        let wanted: BTreeMap<String, String> = here
            .map(|((_, _, name), id)| (name.clone(), id.clone()))
            .collect();
        if listed != wanted {
            step.wrong
                .push(format!("aliases {listed:?}, and should be {wanted:?}"));
        }
        Ok(())
    }

    // --- Cryptography ---

    /// The key that shall decrypt, if the caller may: the one that is named, or the one that encrypted.
    fn allowed_source(
        &self,
        step: &Step<'_>,
        action: &str,
        named: Option<&Name>,
        ciphertext: &[u8],
        context: &Context,
    ) -> Result<Place, Refused> {
        let asked = Asked::Context(context);
        if let Some(named) = named {
            return self.allowed_to(step, action, named, Naming::Alias, &asked, Facts::new());
        }
        let Some(known) = step.memory.ciphertexts.get(ciphertext) else {
            // Of what is changed, the key may still be legible, and comes first.
            return refuse(&[
                "InvalidCiphertextException",
                "AccessDeniedException",
                "DisabledException",
                "KMSInvalidStateException",
                "InvalidKeyUsageException",
            ]);
        };
        let is_here = known.place.1 == step.call.region && self.keys.contains_key(&known.place);
        let facts = is_here.then(|| self.facts(&step.caller, &known.place, None));
        match facts {
            Some(facts) if self.may_use(&step.caller, action, &known.place, &facts, &asked) => {
                Ok(known.place.clone())
            }
            _ => refuse(&["AccessDeniedException"]),
        }
    }

    /// Whether `place` made the ciphertext, with this context.
    fn opens(
        &self,
        step: &mut Step<'_>,
        place: &Place,
        ciphertext: &[u8],
        context: &Context,
        material: &str,
    ) -> Result<(), Refused> {
        let memory = step.memory;
        let Some(known) = memory.ciphertexts.get(ciphertext) else {
            return refuse(&["InvalidCiphertextException", "IncorrectKeyException"]);
        };
        if known.place != *place {
            return refuse(&["IncorrectKeyException"]);
        }
        if known.context != *context {
            return refuse(&["InvalidCiphertextException"]);
        }
        if let Some(known) = &known.material {
            step.expect(material, json!(known));
        }
        Ok(())
    }

    fn decrypt(
        &self,
        step: &mut Step<'_>,
        named: Option<&Name>,
        ciphertext: &[u8],
        context: &Context,
    ) -> Result<(), Refused> {
        let place = self.allowed_source(step, "kms:Decrypt", named, ciphertext, context)?;
        self.usable_to_decrypt(&place)?;
        self.opens(step, &place, ciphertext, context, "KeyMaterialId")?;
        let plaintext = &step.memory.ciphertexts[ciphertext].plaintext;
        let plaintext = crate::base64(plaintext);
        step.expect("KeyId", json!(arn(&place)));
        step.expect("Plaintext", json!(plaintext));
        Ok(())
    }

    /// A key of another usage is called incorrect or unfit.
    fn usable_to_decrypt(&self, place: &Place) -> Result<(), Refused> {
        self.require(place, &[State::Enabled])?;
        match self.keys[place].spec {
            Spec::Symmetric => Ok(()),
            Spec::Hmac | Spec::MlDsa => {
                refuse(&["IncorrectKeyException", "InvalidKeyUsageException"])
            }
        }
    }

    fn re_encrypt(
        &self,
        step: &mut Step<'_>,
        source: Option<&Name>,
        ciphertext: &[u8],
        from: &Context,
        (destination, to): (&Name, &Context),
    ) -> Result<(), Refused> {
        let asked = Asked::Context(to);
        let action = "kms:ReEncryptTo";
        let (source, destination) = both(
            self.allowed_source(step, "kms:ReEncryptFrom", source, ciphertext, from),
            self.allowed_to(
                step,
                action,
                destination,
                Naming::Alias,
                &asked,
                Facts::new(),
            ),
        )?;
        both(
            self.usable_to_decrypt(&source),
            self.usable(&destination, Spec::Symmetric, "InvalidKeyUsageException"),
        )?;
        self.opens(step, &source, ciphertext, from, "SourceKeyMaterialId")?;
        step.expect("SourceKeyId", json!(arn(&source)));
        step.expect("KeyId", json!(arn(&destination)));
        Ok(())
    }

    // --- Grants ---

    fn create_grant(&mut self, step: &mut Step<'_>) -> Result<(), Refused> {
        let Op::CreateGrant {
            key,
            grantee,
            retiring,
            operations,
            equals,
            subset,
            name,
        } = &step.call.operation
        else {
            unreachable!("it is CreateGrant");
        };
        let operations: BTreeSet<String> = operations.iter().cloned().collect();
        let asked = Asked::Grant {
            operations: &operations,
            equals: equals.as_ref(),
            subset: subset.as_ref(),
        };
        let mut facts = Facts::from([
            ("kms:granteeprincipal".into(), vec![grantee.arn()]),
            (
                "kms:grantoperations".into(),
                operations.iter().cloned().collect(),
            ),
        ]);
        for (context_key, value) in equals.iter().chain(subset).flatten() {
            let fact = format!("kms:encryptioncontext:{}", context_key.to_lowercase());
            facts.insert(fact, vec![value.clone()]);
        }
        let place = self.allowed_with(step, key, Naming::Key, &asked, facts)?;
        self.require(&place, &[State::Enabled])?;
        let spec = self.keys[&place].spec;
        let is_unfit = operations
            .iter()
            .any(|operation| !grantable(spec).contains(&operation.as_str()));
        let has_context = equals.is_some() || subset.is_some();
        let fits = match is_unfit || (has_context && spec != Spec::Symmetric) {
            true => refuse(&["ValidationException"]),
            false => Ok(()),
        };
        let bound = |who: &Who| match self.bound(who) {
            Some(bound) => Ok(bound),
            None => refuse(&["InvalidArnException"]),
        };
        let retiring = retiring.as_ref().map(bound).transpose();
        let (_, (grantee, retiring)) = both(fits, both(bound(grantee), retiring))?;
        let grant = Grant {
            issuer: step.caller.account.clone(),
            grantee,
            retiring,
            operations,
            equals: equals.clone(),
            subset: subset.clone(),
            name: name.clone(),
        };
        // KMS API, CreateGrant, Name: the same grant is not made twice.
        let known = self.keys[&place].grants.iter();
        let same = known
            .filter(|(_, known)| name.is_some() && **known == grant)
            .map(|(id, _)| id.clone())
            .next();
        if let Some(id) = same {
            step.expect("GrantId", json!(id));
            return Ok(());
        }
        let number = self.number();
        let id = step.learn("GrantId", number);
        let key = self.keys.get_mut(&place).expect("it was found");
        if key.grants.insert(id, grant).is_some() {
            step.wrong.push("the id of another grant".to_owned());
        }
        Ok(())
    }

    fn list_grants(&mut self, step: &mut Step<'_>, key: &Name) -> Result<(), Refused> {
        let place = self.allowed(step, key, Naming::Key)?;
        let Some(reply) = step.reply else {
            return Ok(());
        };
        let listed: Vec<Value> = reply["Grants"].as_array().cloned().unwrap_or_default();
        let key = self.keys.get_mut(&place).expect("it was found");
        for one in &listed {
            let id = one["GrantId"].as_str().unwrap_or_default();
            let unnamed = key.grants.keys().find(|id| id.starts_with('?')).cloned();
            if let (false, Some(unnamed)) = (key.grants.contains_key(id), unnamed) {
                let grant = key.grants.remove(&unnamed).expect("it was found");
                key.grants.insert(id.to_owned(), grant);
            }
        }
        let key = &self.keys[&place];
        let mut found: Vec<_> = listed
            .iter()
            .map(|one| (one["GrantId"].to_string(), terms_listed(one).to_string()))
            .collect();
        let grants = key.grants.iter();
        let mut wanted: Vec<_> = grants
            .map(|(id, grant)| (json!(id).to_string(), terms(grant).to_string()))
            .collect();
        found.sort();
        wanted.sort();
        if found != wanted {
            step.wrong
                .push(format!("grants {found:?}, and should be {wanted:?}"));
        }
        Ok(())
    }

    /// KMS API, RetireGrant: who is named to retire it, whoever has it and may retire it, and the account that gave it.
    fn retire_grant(&mut self, step: &Step<'_>, key: &Name, id: &str) -> Result<(), Refused> {
        let (place, _) = self.find(step, key, Naming::Key)?;
        let caller = &step.caller;
        let is_own = caller.account == place.0;
        let Some(grant) = self.keys[&place].grants.get(id) else {
            return match is_own {
                true => refuse(&["InvalidGrantIdException"]),
                false => refuse(&["InvalidGrantIdException", "AccessDeniedException"]),
            };
        };
        let facts = self.facts(&step.caller, &place, None);
        let (action, resource) = ("kms:RetireGrant", arn(&place));
        let identity = self.is_allowed(caller, action, Some(&resource), &facts);
        let is_named = grant.retiring.as_ref().is_some_and(|one| caller.is(one))
            || (grant.is_to(caller) && grant.operations.contains("RetireGrant"));
        let is_of_issuer = grant.issuer == caller.account;
        let by_name = is_named && (is_own || is_of_issuer || identity);
        let allowed = by_name || (is_of_issuer && identity);
        if !allowed || self.is_denied(caller, action, Some(&resource), &facts) {
            return refuse(&["AccessDeniedException"]);
        }
        let key = self.keys.get_mut(&place).expect("it was found");
        key.grants.remove(id);
        Ok(())
    }

    // --- Rotation ---

    fn rotatable(&mut self, step: &Step<'_>, key: &Name) -> Result<&mut Key, Refused> {
        let place = self.allowed(step, key, Naming::Rotation)?;
        let state = self.require(&place, &[State::Enabled]);
        let kind = match self.keys[&place].spec {
            Spec::Symmetric => Ok(()),
            Spec::Hmac | Spec::MlDsa => refuse(&["UnsupportedOperationException"]),
        };
        both(state, kind)?;
        Ok(self.keys.get_mut(&place).expect("it was found"))
    }

    /// CAP: of a key that cannot rotate it succeeds.
    fn disable_rotation(&mut self, step: &mut Step<'_>, key: &Name) -> Result<(), Refused> {
        let place = self.allowed(step, key, Naming::Rotation)?;
        self.require(&place, &[State::Enabled])?;
        self.keys.get_mut(&place).expect("it was found").rotation = None;
        Ok(())
    }

    fn rotation_status(&self, step: &mut Step<'_>, key: &Name) -> Result<(), Refused> {
        let place = self.allowed(step, key, Naming::Rotation)?;
        let key = &self.keys[&place];
        let period = key.rotation.filter(|_| key.state != State::PendingDeletion);
        step.expect("KeyRotationEnabled", json!(period.is_some()));
        step.expect("RotationPeriodInDays", json!(period));
        Ok(())
    }

    fn rotate(&mut self, step: &mut Step<'_>, key: &Name) -> Result<(), Refused> {
        let key = self.rotatable(step, key)?;
        if key.rotation.is_some() {
            // While the automatic rotation is due.
            step.tolerated.insert("ConflictException");
        }
        if key.rotations >= ROTATIONS_MAX {
            return refuse(&["LimitExceededException"]);
        }
        key.rotations += 1;
        Ok(())
    }
}

/// Both, or what either is refused with: nobody says which is noticed first.
fn both<A, B>(first: Result<A, Refused>, second: Result<B, Refused>) -> Result<(A, B), Refused> {
    match (first, second) {
        (Ok(first), Ok(second)) => Ok((first, second)),
        (Err(first), Err(second)) => Err(first.union(&second).copied().collect()),
        (Err(refused), Ok(_)) | (Ok(_), Err(refused)) => Err(refused),
    }
}

fn wanted_spec(operation: &Op) -> Spec {
    match operation {
        Op::Sign(..) | Op::Verify(..) => Spec::MlDsa,
        _ => Spec::Hmac,
    }
}

/// KMS Developer Guide, "Grant operations".
fn grantable(spec: Spec) -> &'static [&'static str] {
    match spec {
        Spec::Symmetric => &[
            "CreateGrant",
            "RetireGrant",
            "DescribeKey",
            "Decrypt",
            "Encrypt",
            "GenerateDataKey",
            "ReEncryptFrom",
            "ReEncryptTo",
        ],
        Spec::Hmac => &[
            "CreateGrant",
            "RetireGrant",
            "DescribeKey",
            "GenerateMac",
            "VerifyMac",
        ],
        Spec::MlDsa => &[
            "CreateGrant",
            "RetireGrant",
            "DescribeKey",
            "Sign",
            "Verify",
        ],
    }
}

fn terms(grant: &Grant) -> Value {
    json!({
        "operations": grant.operations, "equals": grant.equals, "subset": grant.subset,
        "name": grant.name, "issuer": Who::Account(grant.issuer.clone()).arn(),
    })
}

fn terms_listed(one: &Value) -> Value {
    let operations = one["Operations"].as_array().into_iter().flatten();
    let operations: BTreeSet<&str> = operations.filter_map(Value::as_str).collect();
    json!({
        "operations": operations,
        "equals": one["Constraints"]["EncryptionContextEquals"],
        "subset": one["Constraints"]["EncryptionContextSubset"],
        "name": one["Name"], "issuer": one["IssuingAccount"],
    })
}

/// Whole seconds of a date.
fn seconds(date: &Value) -> Option<i64> {
    date.as_f64().map(|seconds| {
        #[allow(clippy::cast_possible_truncation, reason = "dates of this century")]
        let whole = seconds.floor() as i64;
        whole
    })
}
