//! Shapes that the operations share: metrics, dimensions, values and times.

use crate::patterns::begins_without_colon;
use crate::{double, enumeration, integer, list, structure, text, timestamp};

text!(AccountId, 1..=255);
text!(DimensionName, 1..=255);
text!(DimensionValue, 1..=1024);
text!(MetricLabel);
text!(MetricName, 1..=255);
text!(Namespace, 1..=255, "[^:].*", begins_without_colon);
text!(NextToken);
integer!(Period, 1..);
double!(DatapointValue);
timestamp!(Timestamp);

list!(Dimensions of Dimension, 0..=30);

enumeration!(StandardUnit {
    Seconds = "Seconds",
    Microseconds = "Microseconds",
    Milliseconds = "Milliseconds",
    Bytes = "Bytes",
    Kilobytes = "Kilobytes",
    Megabytes = "Megabytes",
    Gigabytes = "Gigabytes",
    Terabytes = "Terabytes",
    Bits = "Bits",
    Kilobits = "Kilobits",
    Megabits = "Megabits",
    Gigabits = "Gigabits",
    Terabits = "Terabits",
    Percent = "Percent",
    Count = "Count",
    BytesPerSecond = "Bytes/Second",
    KilobytesPerSecond = "Kilobytes/Second",
    MegabytesPerSecond = "Megabytes/Second",
    GigabytesPerSecond = "Gigabytes/Second",
    TerabytesPerSecond = "Terabytes/Second",
    BitsPerSecond = "Bits/Second",
    KilobitsPerSecond = "Kilobits/Second",
    MegabitsPerSecond = "Megabits/Second",
    GigabitsPerSecond = "Gigabits/Second",
    TerabitsPerSecond = "Terabits/Second",
    CountPerSecond = "Count/Second",
    None = "None",
});

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    Dimension {
        name: DimensionName = "Name", required;
        value: DimensionValue = "Value", required;
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    Metric {
        namespace: Namespace = "Namespace";
        metric_name: MetricName = "MetricName";
        dimensions: Dimensions = "Dimensions";
    }
}
