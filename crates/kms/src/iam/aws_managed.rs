//! The managed policies that every account has. Never changed at run time.

use std::sync::{Arc, LazyLock};

use strongroom_policy::{CompiledPolicy, Grammar};

/// A managed policy that every account has.
pub(crate) struct AwsManagedPolicy {
    /// Its name; its path is `/`, its ARN `arn:aws:iam::aws:policy/NAME`.
    pub name: &'static str,
    /// Its unique id.
    pub id: &'static str,
    /// What it is for.
    pub description: &'static str,
    /// The document.
    pub document: &'static str,
    /// The compiled document; none if it were broken, which a test excludes.
    pub policy: LazyLock<Option<Arc<CompiledPolicy>>>,
}

impl AwsManagedPolicy {
    /// The one with this name, whatever its case.
    pub(crate) fn named(name: &str) -> Option<&'static Self> {
        let mut all = AWS_MANAGED_POLICIES.iter();
        all.find(|policy| policy.name.eq_ignore_ascii_case(name))
    }

    /// Its ARN.
    pub(crate) fn arn(&self, partition: &str) -> String {
        format!("arn:{partition}:iam::aws:policy/{}", self.name)
    }
}

macro_rules! aws_managed {
    ($($name:literal $id:literal $description:literal $document:literal;)*) => {
        /// All of them.
        pub(crate) static AWS_MANAGED_POLICIES: [AwsManagedPolicy; 4] = [$(AwsManagedPolicy {
            name: $name,
            id: $id,
            description: $description,
            document: $document,
            policy: LazyLock::new(|| {
                let policy = super::compile($document, Grammar::Identity);
                policy.ok().map(Arc::new)
            }),
        }),*];
    };
}

// Those that people attach when they set up a key management service. IAM's list is much longer.
aws_managed! {
    "AdministratorAccess" "ANPAIWMBCKSKIEE64ZLYK"
        "Provides full access to AWS services and resources."
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;
    "AWSKeyManagementServicePowerUser" "ANPAJNPP7PPPPMJRV2SA4"
        "Provides access to AWS Key Management Service (KMS)."
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["kms:CreateAlias","kms:CreateKey","kms:DeleteAlias","kms:Describe*","kms:GenerateRandom","kms:Get*","kms:List*","kms:TagResource","kms:UntagResource","iam:ListGroups","iam:ListRoles","iam:ListUsers"],"Resource":"*"}]}"#;
    "IAMFullAccess" "ANPAI7XKCFMBPM3QQRRVQ"
        "Provides full access to IAM."
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:*","Resource":"*"}]}"#;
    "PowerUserAccess" "ANPAJYRXTHIB4FOVS3ZXS"
        "Provides full access to services and resources, but does not allow management of users and groups."
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","NotAction":["iam:*","organizations:*","account:*"],"Resource":"*"}]}"#;
}
