//! Custom key stores: keys kept in CloudHSM or behind an XKS proxy. What carries a password or a
//! credential has no `Debug`.

use super::common::is_region;
use super::{
    BooleanType, CloudHsmClusterIdType, CustomKeyStoreIdType, DateType, LimitType, MarkerType,
};
use crate::patterns::is_digits;
use crate::{enumeration, list, structure, text};

text!(CustomKeyStoreNameType, 1..=256);
text!(TrustAnchorCertificateType, 1..=5000);
text!(secret KeyStorePasswordType, 7..=32);
text!(AccountIdType, 12..=12, "[0-9]{12}", is_account_id);
text!(
    XksProxyUriEndpointType,
    10..=128,
    "^https://[a-zA-Z0-9.-]+$",
    is_uri_endpoint
);
text!(
    XksProxyUriPathType,
    10..=128,
    r"^(/[a-zA-Z0-9\/_-]+/kms/xks/v\d{1,2})$|^(/kms/xks/v\d{1,2})$",
    is_uri_path
);
text!(
    XksProxyVpcEndpointServiceNameType,
    20..=64,
    r"^(com|eu)\.amazonaws\.vpce\.([a-z]+-){2,3}\d+\.vpce-svc-[0-9a-z]+$",
    is_endpoint_service
);
text!(
    secret XksProxyAuthenticationAccessKeyIdType,
    20..=30,
    "^[A-Z2-7]+$",
    is_upper_base32
);
text!(
    secret XksProxyAuthenticationRawSecretAccessKeyType,
    43..=64,
    r"^[a-zA-Z0-9\/+=]+$",
    is_base64
);

enumeration!(CustomKeyStoreType {
    AwsCloudHsm = "AWS_CLOUDHSM",
    ExternalKeyStore = "EXTERNAL_KEY_STORE",
});

enumeration!(XksProxyConnectivityType {
    PublicEndpoint = "PUBLIC_ENDPOINT",
    VpcEndpointService = "VPC_ENDPOINT_SERVICE",
});

enumeration!(ConnectionStateType {
    Connected = "CONNECTED",
    Connecting = "CONNECTING",
    Failed = "FAILED",
    Disconnected = "DISCONNECTED",
    Disconnecting = "DISCONNECTING",
});

enumeration!(ConnectionErrorCodeType {
    InvalidCredentials = "INVALID_CREDENTIALS",
    ClusterNotFound = "CLUSTER_NOT_FOUND",
    NetworkErrors = "NETWORK_ERRORS",
    InternalError = "INTERNAL_ERROR",
    InsufficientCloudHsmHsms = "INSUFFICIENT_CLOUDHSM_HSMS",
    UserLockedOut = "USER_LOCKED_OUT",
    UserNotFound = "USER_NOT_FOUND",
    UserLoggedIn = "USER_LOGGED_IN",
    SubnetNotFound = "SUBNET_NOT_FOUND",
    InsufficientFreeAddressesInSubnet = "INSUFFICIENT_FREE_ADDRESSES_IN_SUBNET",
    XksProxyAccessDenied = "XKS_PROXY_ACCESS_DENIED",
    XksProxyNotReachable = "XKS_PROXY_NOT_REACHABLE",
    XksVpcEndpointServiceNotFound = "XKS_VPC_ENDPOINT_SERVICE_NOT_FOUND",
    XksProxyInvalidResponse = "XKS_PROXY_INVALID_RESPONSE",
    XksProxyInvalidConfiguration = "XKS_PROXY_INVALID_CONFIGURATION",
    XksVpcEndpointServiceInvalidConfiguration = "XKS_VPC_ENDPOINT_SERVICE_INVALID_CONFIGURATION",
    XksProxyTimedOut = "XKS_PROXY_TIMED_OUT",
    XksProxyInvalidTlsConfiguration = "XKS_PROXY_INVALID_TLS_CONFIGURATION",
});

list!(secret CustomKeyStoresList of CustomKeyStoresListEntry);

structure! {
    XksProxyAuthenticationCredentialType {
        access_key_id: XksProxyAuthenticationAccessKeyIdType = "AccessKeyId", required;
        raw_secret_access_key: XksProxyAuthenticationRawSecretAccessKeyType =
            "RawSecretAccessKey", required;
    }
}

structure! {
    CreateCustomKeyStoreRequest {
        custom_key_store_name: CustomKeyStoreNameType = "CustomKeyStoreName", required;
        cloud_hsm_cluster_id: CloudHsmClusterIdType = "CloudHsmClusterId";
        trust_anchor_certificate: TrustAnchorCertificateType = "TrustAnchorCertificate";
        key_store_password: KeyStorePasswordType = "KeyStorePassword";
        custom_key_store_type: CustomKeyStoreType = "CustomKeyStoreType";
        xks_proxy_uri_endpoint: XksProxyUriEndpointType = "XksProxyUriEndpoint";
        xks_proxy_uri_path: XksProxyUriPathType = "XksProxyUriPath";
        xks_proxy_vpc_endpoint_service_name: XksProxyVpcEndpointServiceNameType =
            "XksProxyVpcEndpointServiceName";
        xks_proxy_vpc_endpoint_service_owner: AccountIdType = "XksProxyVpcEndpointServiceOwner";
        xks_proxy_authentication_credential: XksProxyAuthenticationCredentialType =
            "XksProxyAuthenticationCredential";
        xks_proxy_connectivity: XksProxyConnectivityType = "XksProxyConnectivity";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    CreateCustomKeyStoreResponse {
        custom_key_store_id: CustomKeyStoreIdType = "CustomKeyStoreId";
    }
}

structure! {
    UpdateCustomKeyStoreRequest {
        custom_key_store_id: CustomKeyStoreIdType = "CustomKeyStoreId", required;
        new_custom_key_store_name: CustomKeyStoreNameType = "NewCustomKeyStoreName";
        key_store_password: KeyStorePasswordType = "KeyStorePassword";
        cloud_hsm_cluster_id: CloudHsmClusterIdType = "CloudHsmClusterId";
        xks_proxy_uri_endpoint: XksProxyUriEndpointType = "XksProxyUriEndpoint";
        xks_proxy_uri_path: XksProxyUriPathType = "XksProxyUriPath";
        xks_proxy_vpc_endpoint_service_name: XksProxyVpcEndpointServiceNameType =
            "XksProxyVpcEndpointServiceName";
        xks_proxy_vpc_endpoint_service_owner: AccountIdType = "XksProxyVpcEndpointServiceOwner";
        xks_proxy_authentication_credential: XksProxyAuthenticationCredentialType =
            "XksProxyAuthenticationCredential";
        xks_proxy_connectivity: XksProxyConnectivityType = "XksProxyConnectivity";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    UpdateCustomKeyStoreResponse {}
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    ConnectCustomKeyStoreRequest {
        custom_key_store_id: CustomKeyStoreIdType = "CustomKeyStoreId", required;
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    ConnectCustomKeyStoreResponse {}
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    DisconnectCustomKeyStoreRequest {
        custom_key_store_id: CustomKeyStoreIdType = "CustomKeyStoreId", required;
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    DisconnectCustomKeyStoreResponse {}
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    DeleteCustomKeyStoreRequest {
        custom_key_store_id: CustomKeyStoreIdType = "CustomKeyStoreId", required;
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    DeleteCustomKeyStoreResponse {}
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    DescribeCustomKeyStoresRequest {
        custom_key_store_id: CustomKeyStoreIdType = "CustomKeyStoreId";
        custom_key_store_name: CustomKeyStoreNameType = "CustomKeyStoreName";
        limit: LimitType = "Limit";
        marker: MarkerType = "Marker";
    }
}

structure! {
    #[derive(Default)]
    DescribeCustomKeyStoresResponse {
        custom_key_stores: CustomKeyStoresList = "CustomKeyStores";
        next_marker: MarkerType = "NextMarker";
        truncated: BooleanType = "Truncated";
    }
}

structure! {
    #[derive(Default)]
    CustomKeyStoresListEntry {
        custom_key_store_id: CustomKeyStoreIdType = "CustomKeyStoreId";
        custom_key_store_name: CustomKeyStoreNameType = "CustomKeyStoreName";
        cloud_hsm_cluster_id: CloudHsmClusterIdType = "CloudHsmClusterId";
        trust_anchor_certificate: TrustAnchorCertificateType = "TrustAnchorCertificate";
        connection_state: ConnectionStateType = "ConnectionState";
        connection_error_code: ConnectionErrorCodeType = "ConnectionErrorCode";
        creation_date: DateType = "CreationDate";
        custom_key_store_type: CustomKeyStoreType = "CustomKeyStoreType";
        xks_proxy_configuration: XksProxyConfigurationType = "XksProxyConfiguration";
    }
}

structure! {
    #[derive(Default)]
    XksProxyConfigurationType {
        connectivity: XksProxyConnectivityType = "Connectivity";
        access_key_id: XksProxyAuthenticationAccessKeyIdType = "AccessKeyId";
        uri_endpoint: XksProxyUriEndpointType = "UriEndpoint";
        uri_path: XksProxyUriPathType = "UriPath";
        vpc_endpoint_service_name: XksProxyVpcEndpointServiceNameType = "VpcEndpointServiceName";
        vpc_endpoint_service_owner: AccountIdType = "VpcEndpointServiceOwner";
    }
}

fn is_account_id(text: &str) -> bool {
    text.len() == 12 && is_digits(text)
}

fn is_uri_endpoint(text: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
    let host = |host: &str| !host.is_empty() && host.bytes().all(letter);
    text.strip_prefix("https://").is_some_and(host)
}

fn is_uri_path(text: &str) -> bool {
    text.rsplit_once("/kms/xks/v")
        .is_some_and(|(prefix, version)| {
            (1..=2).contains(&version.len())
                && is_digits(version)
                && (prefix.is_empty() || is_uri_prefix(prefix))
        })
}

fn is_uri_prefix(text: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'_' | b'-');
    let rest = |rest: &str| !rest.is_empty() && rest.bytes().all(letter);
    text.strip_prefix('/').is_some_and(rest)
}

fn is_endpoint_service(text: &str) -> bool {
    let letter = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'z');
    let id = |id: &str| !id.is_empty() && id.bytes().all(letter);
    let parts: Vec<&str> = text.split('.').collect();
    let ["com" | "eu", "amazonaws", "vpce", region, service] = parts.as_slice() else {
        return false;
    };
    is_region(region) && service.strip_prefix("vpce-svc-").is_some_and(id)
}

fn is_upper_base32(text: &str) -> bool {
    let letter = |byte: u8| matches!(byte, b'A'..=b'Z' | b'2'..=b'7');
    !text.is_empty() && text.bytes().all(letter)
}

fn is_base64(text: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'+' | b'=');
    !text.is_empty() && text.bytes().all(letter)
}
