//! What things cost, as a file says: the program itself knows no price.

use std::io::Read;
use std::path::Path;

use serde::Deserialize;
use strongroom_kms::usage_report::{CallRow, Class, KeyRow, MANAGED_BY_AWS, MANAGED_BY_CUSTOMER};

use crate::Failed;

const PRICES_BYTES_MAX: u64 = 64 * 1024;
const MILLIS_PER_HOUR: f64 = 3_600_000.0;

/// The prices as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Prices {
    /// What the prices are in.
    pub(crate) currency: String,
    /// Whether calls that failed cost what others do.
    failed_calls: FailedCalls,
    /// How many hours a key-month has.
    hours_per_key_month: f64,
    /// A customer managed key, for a month.
    key_month: f64,
    /// What its first rotation adds.
    first_rotation_month: f64,
    /// What its second rotation adds.
    second_rotation_month: f64,
    /// Ten thousand requests of each class.
    per_10_000_requests: Requests,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum FailedCalls {
    Free,
    Charged,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Requests {
    symmetric: f64,
    #[serde(rename = "rsa-2048")]
    rsa_2048: f64,
    asymmetric: f64,
    ecc_key_pair: f64,
    rsa_key_pair: f64,
}

/// Reads a price file of at most 64 KiB.
pub(crate) fn read(path: &Path) -> Result<Prices, Failed> {
    let fault = |error: Failed| format!("{}: {error}", path.display());
    let mut text = String::new();
    let file = std::fs::File::open(path).map_err(|error| fault(error.into()))?;
    let mut file = file.take(PRICES_BYTES_MAX);
    file.read_to_string(&mut text)
        .map_err(|error| fault(error.into()))?;
    Ok(parse(&text).map_err(fault)?)
}

/// The prices that `text` says.
pub(super) fn parse(text: &str) -> Result<Prices, Failed> {
    let prices: Prices = toml::from_str(text)?;
    let all = prices.all();
    if !all.iter().all(|price| price.is_finite() && *price >= 0.0) {
        return Err("prices are numbers of at least 0".into());
    }
    if prices.hours_per_key_month <= 0.0 {
        return Err("hours_per_key_month must be more than 0".into());
    }
    Ok(prices)
}

impl Prices {
    /// What the calls of a row cost; nothing is known of those outside the price list.
    pub(crate) fn of_calls(&self, row: &CallRow) -> Option<f64> {
        let calls = match self.failed_calls {
            FailedCalls::Free => row.succeeded,
            FailedCalls::Charged => row.succeeded.saturating_add(row.failed),
        };
        Some(number(calls) / 10_000.0 * self.of_class(row.class)?)
    }

    /// What the keys of a row cost (AWS KMS pricing, key storage: AWS managed keys nothing); nothing is known if
    /// their manager is not.
    pub(crate) fn of_keys(&self, row: &KeyRow) -> Option<f64> {
        match row.manager.as_str() {
            MANAGED_BY_AWS => Some(0.0),
            MANAGED_BY_CUSTOMER => Some(self.of_months(row)),
            _ => None,
        }
    }

    fn of_months(&self, row: &KeyRow) -> f64 {
        let months = |millis| number(millis) / MILLIS_PER_HOUR / self.hours_per_key_month;
        months(row.standing_millis) * self.key_month
            + months(row.first_rotation_millis) * self.first_rotation_month
            + months(row.second_rotation_millis) * self.second_rotation_month
    }

    fn of_class(&self, class: Class) -> Option<f64> {
        let requests = &self.per_10_000_requests;
        match class {
            Class::Symmetric => Some(requests.symmetric),
            Class::Rsa2048 => Some(requests.rsa_2048),
            Class::Asymmetric => Some(requests.asymmetric),
            Class::EccKeyPair => Some(requests.ecc_key_pair),
            Class::RsaKeyPair => Some(requests.rsa_key_pair),
            Class::Unknown | Class::OtherService => None,
        }
    }

    fn all(&self) -> [f64; 9] {
        let requests = &self.per_10_000_requests;
        [
            self.hours_per_key_month,
            self.key_month,
            self.first_rotation_month,
            self.second_rotation_month,
            requests.symmetric,
            requests.rsa_2048,
            requests.asymmetric,
            requests.ecc_key_pair,
            requests.rsa_key_pair,
        ]
    }
}

/// Exact up to 2^53.
pub(super) fn number(count: u64) -> f64 {
    count as f64
}
