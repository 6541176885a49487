//! The shapes of the Security Token Service, version 2011-06-15, named and limited as in botocore's model.
//! They carry no meaning of ours.

use crate::shape::OperationModel;

mod common;
mod identity;
mod sessions;

pub use common::*;
pub use identity::*;
pub use sessions::*;

/// Every operation of the API that is served.
pub const OPERATIONS: &[OperationModel] = &[
    OperationModel::new::<AssumeRoleRequest, AssumeRoleResponse>("AssumeRole"),
    OperationModel::new::<AssumeRoleWithWebIdentityRequest, AssumeRoleWithWebIdentityResponse>(
        "AssumeRoleWithWebIdentity",
    ),
    OperationModel::new::<GetAccessKeyInfoRequest, GetAccessKeyInfoResponse>("GetAccessKeyInfo"),
    OperationModel::new::<GetCallerIdentityRequest, GetCallerIdentityResponse>("GetCallerIdentity"),
    OperationModel::new::<GetFederationTokenRequest, GetFederationTokenResponse>(
        "GetFederationToken",
    ),
    OperationModel::new::<GetSessionTokenRequest, GetSessionTokenResponse>("GetSessionToken"),
];

#[cfg(test)]
mod tests;
