//! Series of metrics in the store: what they measured in which hour or day, and which series there are.

use strongroom_base::id::{AccountId, Region};
use strongroom_store::{Cursor, Expect, Name, Table};

use super::{Changes, Listed, Repository, Stored};
use crate::failure::Failure;
use crate::records::{SamplesRecord, SeriesRecord};
use crate::series::Series;

/// The time of one record of samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Span {
    /// An hour since the epoch, by the minute.
    Hour(i64),
    /// A day since the epoch, by the hour.
    Day(i64),
}

impl Repository {
    /// When a series measured something, unless it never did.
    pub(crate) fn series(&self, series: &Series) -> Result<Option<Stored<SeriesRecord>>, Failure> {
        self.read(&series_store_name(series))
    }

    /// What a series measured in some time, if anything.
    pub(crate) fn samples(
        &self,
        series: &Series,
        span: Span,
    ) -> Result<Option<Stored<SamplesRecord>>, Failure> {
        self.read(&samples_store_name(series, span))
    }

    /// The series of an account in a Region.
    pub(crate) fn list_series(
        &self,
        account: &AccountId,
        region: &Region,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Listed<SeriesRecord>, Failure> {
        let leading = [account.as_str().as_bytes(), region.as_str().as_bytes()];
        self.list(Table::Series, &leading, after, limit)
    }

    /// The series of all accounts and Regions, with their versions.
    pub(crate) fn list_all_series(
        &self,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Listed<Stored<SeriesRecord>>, Failure> {
        self.list_stored(Table::Series, &[], after, limit)
    }
}

impl Changes {
    /// Writes when a series measured something.
    pub(crate) fn put_series(self, series: &Series, expect: Expect, record: &SeriesRecord) -> Self {
        self.put(series_store_name(series), expect, record)
    }

    /// Forgets a series.
    pub(crate) fn delete_series(self, series: &Series, version: u64) -> Self {
        self.delete(series_store_name(series), version)
    }

    /// Writes what a series measured in some time.
    pub(crate) fn put_samples(
        self,
        series: &Series,
        span: Span,
        expect: Expect,
        record: &SamplesRecord,
    ) -> Self {
        self.put(samples_store_name(series, span), expect, record)
    }

    /// Forgets what a series measured in some time.
    pub(crate) fn delete_samples(self, series: &Series, span: Span, version: u64) -> Self {
        self.delete(samples_store_name(series, span), version)
    }
}

fn series_store_name(series: &Series) -> Name {
    let (account, region) = (series.account.as_str(), series.region.as_str());
    let components = [account.as_bytes(), region.as_bytes(), &series.id()];
    Name::new(Table::Series, &components)
}

fn samples_store_name(series: &Series, span: Span) -> Name {
    let (account, region) = (series.account.as_str(), series.region.as_str());
    let span = match span {
        Span::Hour(hour) => format!("hour {hour}"),
        Span::Day(day) => format!("day {day}"),
    };
    let components = [
        account.as_bytes(),
        region.as_bytes(),
        &series.id(),
        span.as_bytes(),
    ];
    Name::new(Table::Samples, &components)
}
