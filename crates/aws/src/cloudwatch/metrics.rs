//! ListMetrics: which metrics there are.

use super::{AccountId, DimensionName, DimensionValue, Metric, MetricName, Namespace, NextToken};
use crate::{boolean, enumeration, list, structure};

boolean!(IncludeLinkedAccounts);

list!(DimensionFilters of DimensionFilter, 0..=10);
list!(Metrics of Metric);
list!(OwningAccounts of AccountId);

enumeration!(RecentlyActive {
    Pt3h = "PT3H",
});

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    DimensionFilter {
        name: DimensionName = "Name", required;
        value: DimensionValue = "Value";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    ListMetricsInput {
        namespace: Namespace = "Namespace";
        metric_name: MetricName = "MetricName";
        dimensions: DimensionFilters = "Dimensions";
        next_token: NextToken = "NextToken";
        recently_active: RecentlyActive = "RecentlyActive";
        include_linked_accounts: IncludeLinkedAccounts = "IncludeLinkedAccounts";
        owning_account: AccountId = "OwningAccount";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    ListMetricsOutput {
        metrics: Metrics = "Metrics";
        next_token: NextToken = "NextToken";
        owning_accounts: OwningAccounts = "OwningAccounts";
    }
}
