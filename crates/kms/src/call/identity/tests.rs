use strongroom_audit::Issuer;

use super::session;
use crate::records::{PoliciesRecord, SessionOf};
use crate::workbench::{Bench, people};

const ACCOUNT: &str = "000000000000";

/// Checks who is told to have issued the session of a federated user.
fn check(bench: &Bench, of: SessionOf, principal_id: &str, arn: &str) {
    let caller = bench.caller_of(bench.session(of, "fed"));
    let told = session(&caller).unwrap();
    let issuer = Issuer {
        principal_id: principal_id.to_owned(),
        arn: arn.to_owned(),
    };
    assert_eq!((told.role, told.federated_by), (None, Some(issuer)));
}

#[tokio::test]
async fn federated_users_are_told_with_whose_they_are() {
    let bench = Bench::new().await;
    let entity = people::entity(ACCOUNT, "/a/", "dave", "AIDADAVE");
    let user = people::user(entity, PoliciesRecord::default());
    bench.store(&user).await;
    let of_user = SessionOf::FederatedByUser("AIDADAVE".to_owned());
    let arn = "arn:aws:iam::000000000000:user/a/dave";
    check(&bench, of_user, "AIDADAVE", arn);
    let of_root = SessionOf::FederatedByRoot(ACCOUNT.parse().unwrap());
    let arn = "arn:aws:iam::000000000000:root";
    check(&bench, of_root, ACCOUNT, arn);
}
