//! Trails and their delivery in the store. Trails are few and read when somebody asks for them, so nothing is cached.

use strongroom_base::id::{AccountId, Region};
use strongroom_store::{Cursor, Expect, Name, Table};

use super::{Changes, Listed, Repository, Stored};
use crate::failure::Failure;
use crate::records::{StreamRecord, TrailDeliveryRecord, TrailRecord};

/// Where a trail is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct TrailName {
    /// The owning account.
    pub account: AccountId,
    /// The Region it was created in.
    pub home: Region,
    /// Its name.
    pub name: String,
}

impl TrailName {
    /// Where the trail of `record` is.
    pub(crate) fn of(record: &TrailRecord) -> Self {
        Self {
            account: record.account,
            home: record.home.clone(),
            name: record.name.clone(),
        }
    }

    /// Its ARN (Service Authorization Reference, AWS CloudTrail: trail).
    pub(crate) fn arn(&self) -> String {
        let Self {
            account,
            home,
            name,
        } = self;
        let partition = home.partition();
        format!("arn:{partition}:cloudtrail:{home}:{account}:trail/{name}")
    }

    fn components(&self) -> [&[u8]; 3] {
        [
            self.account.as_str().as_bytes(),
            self.home.as_str().as_bytes(),
            self.name.as_bytes(),
        ]
    }

    fn store_name(&self) -> Name {
        Name::new(Table::Trails, &self.components())
    }

    fn delivery_store_name(&self, region: &Region) -> Name {
        let [account, home, name] = self.components();
        let region = region.as_str().as_bytes();
        Name::new(Table::TrailDeliveries, &[account, home, name, region])
    }
}

impl Repository {
    /// The trail, unless there is none.
    pub(crate) fn trail(&self, name: &TrailName) -> Result<Option<Stored<TrailRecord>>, Failure> {
        self.read(&name.store_name())
    }

    /// Trails of all accounts.
    pub(crate) fn list_all_trails(
        &self,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Listed<Stored<TrailRecord>>, Failure> {
        self.list_stored(Table::Trails, &[], after, limit)
    }

    /// Trails of an account, with any home Region.
    pub(crate) fn list_trails(
        &self,
        account: &AccountId,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Listed<TrailRecord>, Failure> {
        self.list(Table::Trails, &[account.as_str().as_bytes()], after, limit)
    }

    /// Trails of an account with this home Region.
    pub(crate) fn list_trails_of_region(
        &self,
        account: &AccountId,
        home: &Region,
        limit: usize,
    ) -> Result<Listed<TrailRecord>, Failure> {
        let leading = [account.as_str().as_bytes(), home.as_str().as_bytes()];
        self.list(Table::Trails, &leading, None, limit)
    }

    /// How far the delivery of a trail is with the events of `region`; nothing when it has not begun.
    pub(crate) fn trail_delivery(
        &self,
        trail: &TrailName,
        region: &Region,
    ) -> Result<Option<Stored<TrailDeliveryRecord>>, Failure> {
        self.read(&trail.delivery_store_name(region))
    }

    /// How far the delivery of a trail is with the events of each Region.
    pub(crate) fn list_trail_deliveries(
        &self,
        trail: &TrailName,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Listed<Stored<TrailDeliveryRecord>>, Failure> {
        self.list_stored(Table::TrailDeliveries, &trail.components(), after, limit)
    }

    /// How far the stream of events to the syslog receiver is; nothing when it has not begun.
    pub(crate) fn stream(&self) -> Result<Option<Stored<StreamRecord>>, Failure> {
        self.read(&stream_store_name())
    }
}

impl Changes {
    /// Writes how far the stream of events is.
    pub(crate) fn put_stream(self, expect: Expect, record: &StreamRecord) -> Self {
        self.put(stream_store_name(), expect, record)
    }

    /// Writes a trail.
    pub(crate) fn put_trail(self, expect: Expect, record: &TrailRecord) -> Self {
        self.put(TrailName::of(record).store_name(), expect, record)
    }

    /// Deletes a trail.
    pub(crate) fn delete_trail(self, trail: &TrailName, version: u64) -> Self {
        self.delete(trail.store_name(), version)
    }

    /// Relies on the trail being as it was read: what is delivered for a trail must not outlive it.
    pub(crate) fn relying_on_trail(mut self, trail: &Stored<TrailRecord>) -> Self {
        let name = TrailName::of(&trail.record).store_name();
        self.transaction = self.transaction.read(name, Expect::At(trail.version));
        self
    }

    /// Writes how far a delivery is.
    pub(crate) fn put_trail_delivery(self, expect: Expect, record: &TrailDeliveryRecord) -> Self {
        let trail = TrailName {
            account: record.account,
            home: record.home.clone(),
            name: record.trail.clone(),
        };
        self.put(trail.delivery_store_name(&record.region), expect, record)
    }

    /// Forgets how far a delivery is.
    pub(crate) fn delete_trail_delivery(
        self,
        trail: &TrailName,
        delivery: &Stored<TrailDeliveryRecord>,
    ) -> Self {
        let name = trail.delivery_store_name(&delivery.record.region);
        self.delete(name, delivery.version)
    }
}

fn stream_store_name() -> Name {
    Name::new(Table::Stream, &[])
}
