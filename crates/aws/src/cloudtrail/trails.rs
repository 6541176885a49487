//! Trails.

use super::{Boolean, Date, TagsList, Text};
use crate::{list, structure};

list!(TrailNameList of Text);
list!(TrailList of Trail);
list!(Trails of TrailInfo);

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    CreateTrailRequest {
        name: Text = "Name", required;
        s3_bucket_name: Text = "S3BucketName", required;
        s3_key_prefix: Text = "S3KeyPrefix";
        sns_topic_name: Text = "SnsTopicName";
        include_global_service_events: Boolean = "IncludeGlobalServiceEvents";
        is_multi_region_trail: Boolean = "IsMultiRegionTrail";
        enable_log_file_validation: Boolean = "EnableLogFileValidation";
        cloud_watch_logs_log_group_arn: Text = "CloudWatchLogsLogGroupArn";
        cloud_watch_logs_role_arn: Text = "CloudWatchLogsRoleArn";
        kms_key_id: Text = "KmsKeyId";
        is_organization_trail: Boolean = "IsOrganizationTrail";
        tags_list: TagsList = "TagsList";
        recursive_logging: Boolean = "RecursiveLogging";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    CreateTrailResponse {
        name: Text = "Name";
        s3_bucket_name: Text = "S3BucketName";
        s3_key_prefix: Text = "S3KeyPrefix";
        sns_topic_name: Text = "SnsTopicName";
        sns_topic_arn: Text = "SnsTopicARN";
        include_global_service_events: Boolean = "IncludeGlobalServiceEvents";
        is_multi_region_trail: Boolean = "IsMultiRegionTrail";
        trail_arn: Text = "TrailARN";
        log_file_validation_enabled: Boolean = "LogFileValidationEnabled";
        cloud_watch_logs_log_group_arn: Text = "CloudWatchLogsLogGroupArn";
        cloud_watch_logs_role_arn: Text = "CloudWatchLogsRoleArn";
        kms_key_id: Text = "KmsKeyId";
        is_organization_trail: Boolean = "IsOrganizationTrail";
        recursive_logging: Boolean = "RecursiveLogging";
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    UpdateTrailRequest {
        name: Text = "Name", required;
        s3_bucket_name: Text = "S3BucketName";
        s3_key_prefix: Text = "S3KeyPrefix";
        sns_topic_name: Text = "SnsTopicName";
        include_global_service_events: Boolean = "IncludeGlobalServiceEvents";
        is_multi_region_trail: Boolean = "IsMultiRegionTrail";
        enable_log_file_validation: Boolean = "EnableLogFileValidation";
        cloud_watch_logs_log_group_arn: Text = "CloudWatchLogsLogGroupArn";
        cloud_watch_logs_role_arn: Text = "CloudWatchLogsRoleArn";
        kms_key_id: Text = "KmsKeyId";
        is_organization_trail: Boolean = "IsOrganizationTrail";
        recursive_logging: Boolean = "RecursiveLogging";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    UpdateTrailResponse {
        name: Text = "Name";
        s3_bucket_name: Text = "S3BucketName";
        s3_key_prefix: Text = "S3KeyPrefix";
        sns_topic_name: Text = "SnsTopicName";
        sns_topic_arn: Text = "SnsTopicARN";
        include_global_service_events: Boolean = "IncludeGlobalServiceEvents";
        is_multi_region_trail: Boolean = "IsMultiRegionTrail";
        trail_arn: Text = "TrailARN";
        log_file_validation_enabled: Boolean = "LogFileValidationEnabled";
        cloud_watch_logs_log_group_arn: Text = "CloudWatchLogsLogGroupArn";
        cloud_watch_logs_role_arn: Text = "CloudWatchLogsRoleArn";
        kms_key_id: Text = "KmsKeyId";
        is_organization_trail: Boolean = "IsOrganizationTrail";
        recursive_logging: Boolean = "RecursiveLogging";
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    DeleteTrailRequest {
        name: Text = "Name", required;
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    DeleteTrailResponse {
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    StartLoggingRequest {
        name: Text = "Name", required;
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    StartLoggingResponse {
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    StopLoggingRequest {
        name: Text = "Name", required;
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    StopLoggingResponse {
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    DescribeTrailsRequest {
        trail_name_list: TrailNameList = "trailNameList";
        include_shadow_trails: Boolean = "includeShadowTrails";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    DescribeTrailsResponse {
        trail_list: TrailList = "trailList";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    Trail {
        name: Text = "Name";
        s3_bucket_name: Text = "S3BucketName";
        s3_key_prefix: Text = "S3KeyPrefix";
        sns_topic_name: Text = "SnsTopicName";
        sns_topic_arn: Text = "SnsTopicARN";
        include_global_service_events: Boolean = "IncludeGlobalServiceEvents";
        is_multi_region_trail: Boolean = "IsMultiRegionTrail";
        home_region: Text = "HomeRegion";
        trail_arn: Text = "TrailARN";
        log_file_validation_enabled: Boolean = "LogFileValidationEnabled";
        cloud_watch_logs_log_group_arn: Text = "CloudWatchLogsLogGroupArn";
        cloud_watch_logs_role_arn: Text = "CloudWatchLogsRoleArn";
        kms_key_id: Text = "KmsKeyId";
        has_custom_event_selectors: Boolean = "HasCustomEventSelectors";
        has_insight_selectors: Boolean = "HasInsightSelectors";
        is_organization_trail: Boolean = "IsOrganizationTrail";
        recursive_logging: Boolean = "RecursiveLogging";
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    GetTrailRequest {
        name: Text = "Name", required;
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    GetTrailResponse {
        trail: Trail = "Trail";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    ListTrailsRequest {
        next_token: Text = "NextToken";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    ListTrailsResponse {
        trails: Trails = "Trails";
        next_token: Text = "NextToken";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    TrailInfo {
        trail_arn: Text = "TrailARN";
        name: Text = "Name";
        home_region: Text = "HomeRegion";
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    GetTrailStatusRequest {
        name: Text = "Name", required;
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    GetTrailStatusResponse {
        is_logging: Boolean = "IsLogging";
        latest_delivery_error: Text = "LatestDeliveryError";
        latest_notification_error: Text = "LatestNotificationError";
        latest_delivery_time: Date = "LatestDeliveryTime";
        latest_notification_time: Date = "LatestNotificationTime";
        start_logging_time: Date = "StartLoggingTime";
        stop_logging_time: Date = "StopLoggingTime";
        latest_cloud_watch_logs_delivery_error: Text = "LatestCloudWatchLogsDeliveryError";
        latest_cloud_watch_logs_delivery_time: Date = "LatestCloudWatchLogsDeliveryTime";
        latest_digest_delivery_time: Date = "LatestDigestDeliveryTime";
        latest_digest_delivery_error: Text = "LatestDigestDeliveryError";
        latest_delivery_attempt_time: Text = "LatestDeliveryAttemptTime";
        latest_notification_attempt_time: Text = "LatestNotificationAttemptTime";
        latest_notification_attempt_succeeded: Text = "LatestNotificationAttemptSucceeded";
        latest_delivery_attempt_succeeded: Text = "LatestDeliveryAttemptSucceeded";
        time_logging_started: Text = "TimeLoggingStarted";
        time_logging_stopped: Text = "TimeLoggingStopped";
    }
}
