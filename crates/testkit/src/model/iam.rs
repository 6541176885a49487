//! What IAM's operations do in a world.

use super::call::Operations as Op;
use super::policy::Who;
use super::world::{AccessKey, Caller, Refused, Step, User, World, refuse};

/// IAM User Guide, "IAM and AWS STS quotas".
const ACCESS_KEYS_PER_USER_MAX: usize = 2;

impl World {
    pub(super) fn iam(&mut self, step: &mut Step<'_>) -> Result<(), Refused> {
        let operation = &step.call.operation;
        let user = user(operation);
        let account = step.caller.account.clone();
        let name = (account.clone(), user.to_owned());
        let creates = matches!(operation, Op::CreateUser(_));
        let missing = !creates && !self.users.contains_key(&name);
        if !self.may_manage(&step.caller, operation.name(), user) {
            // Which of the two is noticed first, nobody says.
            return match missing {
                true => refuse(&["AccessDenied", "NoSuchEntity"]),
                false => refuse(&["AccessDenied"]),
            };
        }
        if missing {
            return refuse(&["NoSuchEntity"]);
        }
        match operation {
            Op::CreateUser(_) => {
                if self.users.contains_key(&name) {
                    return refuse(&["EntityAlreadyExists"]);
                }
                let unique = self.number();
                let policies = Default::default();
                self.users.insert(name, User { unique, policies });
                Ok(())
            }
            Op::DeleteUser(_) => {
                let has_policies = !self.users[&name].policies.is_empty();
                if has_policies || self.access_keys_of(&account, user).next().is_some() {
                    return refuse(&["DeleteConflict"]);
                }
                self.users.remove(&name);
                Ok(())
            }
            Op::PutUserPolicy(_, policy_name, policy) => {
                let user = self.users.get_mut(&name).expect("the user is there");
                user.policies.insert(policy_name.clone(), policy.clone());
                Ok(())
            }
            Op::DeleteUserPolicy(_, policy_name) => {
                let user = self.users.get_mut(&name).expect("the user is there");
                match user.policies.remove(policy_name) {
                    Some(_) => Ok(()),
                    None => refuse(&["NoSuchEntity"]),
                }
            }
            Op::CreateAccessKey(_) => {
                if self.access_keys_of(&account, user).count() >= ACCESS_KEYS_PER_USER_MAX {
                    return refuse(&["LimitExceeded"]);
                }
                let number = self.number();
                let id = step.learn("AccessKeyId", number);
                let key = AccessKey {
                    secret: step.learn("SecretAccessKey", number),
                    user: Some(user.to_owned()),
                    account,
                    active: true,
                };
                self.access_keys.insert(id, key);
                Ok(())
            }
            Op::UpdateAccessKey(_, id, active) => {
                self.own_access_key(&account, user, id)?.active = *active;
                Ok(())
            }
            Op::DeleteAccessKey(_, id) => {
                self.own_access_key(&account, user, id)?;
                self.access_keys.remove(id);
                Ok(())
            }
            Op::ListAccessKeys(_) => self.list_access_keys(step, &account, user),
            _ => unreachable!("no operation of IAM"),
        }
    }

    fn may_manage(&self, caller: &Caller, operation: &str, user: &str) -> bool {
        let arn = Who::User(caller.account.clone(), user.to_owned()).arn();
        let facts = self.facts_of_caller(caller);
        self.may(caller, &format!("iam:{operation}"), Some(&arn), &facts)
    }

    fn access_keys_of<'w>(
        &'w self,
        account: &'w str,
        user: &'w str,
    ) -> impl Iterator<Item = (&'w String, &'w AccessKey)> {
        let all = self.access_keys.iter();
        all.filter(move |(_, key)| key.account == account && key.user.as_deref() == Some(user))
    }

    fn own_access_key(
        &mut self,
        account: &str,
        user: &str,
        id: &str,
    ) -> Result<&mut AccessKey, Refused> {
        let found = self.access_keys.get_mut(id);
        let found = found.filter(|key| key.account == account && key.user.as_deref() == Some(user));
        found.map_or_else(|| refuse(&["NoSuchEntity"]), Ok)
    }

    /// A key that was made by a call without an answer is known from here on, but not its secret.
    fn list_access_keys(
        &mut self,
        step: &mut Step<'_>,
        account: &str,
        user: &str,
    ) -> Result<(), Refused> {
        let Some(reply) = step.reply else {
            return Ok(());
        };
        let listed: Vec<(String, bool)> = reply["AccessKeys"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|one| {
                let id = one["AccessKeyId"].as_str().unwrap_or_default();
                (id.to_owned(), one["Status"] == "Active")
            })
            .collect();
        for (id, _) in &listed {
            let unknown = self
                .access_keys_of(account, user)
                .map(|(id, _)| id.clone())
                .find(|known| known.starts_with('?'));
            if let (false, Some(unknown)) = (self.access_keys.contains_key(id), unknown) {
                let key = self.access_keys.remove(&unknown).expect("it was found");
                self.access_keys.insert(id.clone(), key);
            }
        }
        let mut known: Vec<_> = self
            .access_keys_of(account, user)
            .map(|(id, key)| (id.clone(), key.active))
            .collect();
        let mut listed = listed;
        known.sort();
        listed.sort();
        if known != listed {
            step.wrong
                .push(format!("access keys {listed:?}, and should be {known:?}"));
        }
        Ok(())
    }
}

/// The user whom an operation is about.
fn user(operation: &Op) -> &str {
    match operation {
        Op::CreateUser(user)
        | Op::DeleteUser(user)
        | Op::PutUserPolicy(user, ..)
        | Op::DeleteUserPolicy(user, _)
        | Op::CreateAccessKey(user)
        | Op::UpdateAccessKey(user, ..)
        | Op::DeleteAccessKey(user, _)
        | Op::ListAccessKeys(user) => user,
        _ => "",
    }
}
