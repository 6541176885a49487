use strongroom_aws::sigv4::{AuthFailure, Credentials};

use crate::iam::Caller;
use crate::ops::Service;
use crate::workbench::{Bench, Xml};

mod access;
mod groups;
mod policies;
mod users;

/// A policy that allows everything.
const EVERYTHING: &str =
    r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
const ADMINISTRATOR: &str = "arn:aws:iam::aws:policy/AdministratorAccess";

type Parameters<'p> = &'p [(&'p str, &'p str)];

/// Carries out a call of the root: the XML, or the exception's name and text.
async fn root(
    bench: &Bench,
    operation: &str,
    parameters: Parameters<'_>,
) -> Result<Xml, (&'static str, String)> {
    call(bench, &bench.root(), operation, parameters).await
}

async fn call(
    bench: &Bench,
    caller: &Caller,
    operation: &str,
    parameters: Parameters<'_>,
) -> Result<Xml, (&'static str, String)> {
    let answer = bench
        .query_with(caller, Service::Iam, operation, parameters)
        .await;
    answer.map_err(|refusal| {
        let (exception, text) = refusal.query();
        (exception.name(), text.to_owned())
    })
}

/// Carries out calls of the root that must succeed.
async fn done(bench: &Bench, calls: &[(&str, Parameters<'_>)]) {
    for (operation, parameters) in calls {
        if let Err(refused) = root(bench, operation, parameters).await {
            panic!("{operation} {parameters:?}: {refused:?}");
        }
    }
}

/// Carries out a call of the root that must be refused with this exception and text.
async fn refused(
    bench: &Bench,
    operation: &str,
    parameters: Parameters<'_>,
    exception: &str,
    text: &str,
) {
    match root(bench, operation, parameters).await {
        Err(told) => assert_eq!(told, (exception, text.to_owned()), "{operation}"),
        Ok(answer) => panic!("{operation}: {answer:?}"),
    }
}

/// Makes an access key of a user: its id and its secret.
async fn new_key(bench: &Bench, user: &str) -> (String, String) {
    let made = root(bench, "CreateAccessKey", &[("UserName", user)]).await;
    let made = made.unwrap();
    let text = |name| made.one(name).to_owned();
    (text("AccessKeyId"), text("SecretAccessKey"))
}

/// Who signs with this key.
async fn signer(
    bench: &Bench,
    (id, secret): &(String, String),
) -> Result<Option<Caller>, AuthFailure> {
    let credentials = Credentials {
        access_key_id: id,
        secret_access_key: secret.as_bytes(),
        session_token: None,
    };
    bench.signed(&credentials).await
}
