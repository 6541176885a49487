//! Who may do what, over the wire: ways in which a request could be understood as another one.

use serde_json::json;
use strongroom_testkit::{Reply, Request, Server};

use crate::{program, scratch};

const IAM: &str = "2010-05-08";
const STS: &str = "2011-06-15";

/// Who signs: an access key id and its secret.
type Signer<'s> = (&'s str, &'s str);

const ROOT: Signer<'_> = ("test", "test");

/// A signed form, for `service` in `region`.
fn form(server: &Server, signer: Signer<'_>, (region, service): (&str, &str), body: &str) -> Reply {
    let mut request = Request::form(server.address(), body.as_bytes());
    request.credentials.access_key_id = signer.0.to_owned();
    request.credentials.secret_access_key = signer.1.to_owned();
    request.scope = (region.to_owned(), service.to_owned());
    server.client().send(&request.bytes()).unwrap()
}

fn iam(server: &Server, action: &str) -> Reply {
    let body = format!("Action={action}&Version={IAM}");
    let reply = form(server, ROOT, ("us-east-1", "iam"), &body);
    assert_eq!(reply.status, 200, "{action}: {}", reply.text());
    reply
}

fn element(reply: &Reply, name: &str) -> String {
    let text = reply.text();
    let (_, rest) = text.split_once(&format!("<{name}>")).unwrap();
    rest.split_once('<').unwrap().0.to_owned()
}

/// Users and roles have one ARN: what a policy denies in us-east-1 is not to be had where ARNs begin otherwise.
#[test]
fn another_partition_is_no_way_around_a_deny() {
    let (_folder, data) = scratch();
    let server = Server::dev(&program(), &data);
    iam(&server, "CreateUser&UserName=dave");
    let made = iam(&server, "CreateAccessKey&UserName=dave");
    let secret = element(&made, "SecretAccessKey");
    let dave = (&*element(&made, "AccessKeyId"), &*secret);
    let admin = "arn:aws:iam::aws:policy/AdministratorAccess";
    let role = "arn:aws:iam::000000000000:role/admin";
    let policy = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": ["iam:*", "sts:*"], "Resource": "*"},
        {"Effect": "Deny", "Action": "iam:AttachUserPolicy", "Resource": "*",
            "Condition": {"ArnEquals": {"iam:PolicyARN": admin}}},
        {"Effect": "Deny", "Action": "sts:AssumeRole", "Resource": role},
    ]});
    iam(
        &server,
        &format!("PutUserPolicy&UserName=dave&PolicyName=p&PolicyDocument={policy}"),
    );
    let trust = json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow",
        "Principal": {"AWS": "000000000000"}, "Action": "sts:AssumeRole"}});
    iam(
        &server,
        &format!("CreateRole&RoleName=admin&AssumeRolePolicyDocument={trust}"),
    );
    for (region, partition) in [
        ("us-east-1", "aws"),
        ("cn-north-1", "aws-cn"),
        ("us-gov-west-1", "aws-us-gov"),
    ] {
        let at = |arn: &str| arn.replacen("arn:aws:", &format!("arn:{partition}:"), 1);
        let attach = format!(
            "Action=AttachUserPolicy&Version={IAM}&UserName=dave&PolicyArn={}",
            at(admin)
        );
        let assume = format!(
            "Action=AssumeRole&Version={STS}&RoleSessionName=s1&RoleArn={}",
            at(role)
        );
        for (service, body) in [("iam", attach), ("sts", assume)] {
            let reply = form(&server, dave, (region, service), &body);
            assert_eq!(reply.status, 403, "{body}: {}", reply.text());
        }
        let who = format!("Action=GetCallerIdentity&Version={STS}");
        let reply = form(&server, dave, (region, "sts"), &who);
        assert_eq!(reply.status, 200, "{region}: {}", reply.text());
    }
}

/// IAM User Guide, aws:SourceIp: an address of IPv4 is one also on a socket of IPv6.
#[test]
fn addresses_of_ipv4_are_such_on_every_socket() {
    let (_folder, data) = scratch();
    let server = Server::dev_on(&program(), &data, "[::ffff:127.0.0.1]:0", &[]);
    let root = "arn:aws:iam::000000000000:root";
    let policy = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": root}, "Action": "kms:*", "Resource": "*"},
        {"Effect": "Deny", "Principal": "*", "Action": "kms:Encrypt", "Resource": "*",
            "Condition": {"IpAddress": {"aws:SourceIp": "127.0.0.0/8"}}},
    ]});
    let mut client = server.client();
    let made = client.ok("CreateKey", &json!({"Policy": policy.to_string()}));
    let input = json!({"KeyId": made["KeyMetadata"]["Arn"], "Plaintext": "QUJD"});
    let (status, reply) = client.call("Encrypt", &input);
    assert_eq!(
        (status, &reply["__type"]),
        (400, &json!("AccessDeniedException"))
    );
}

/// A session whose secret no key opens any more is nobody's, also one that was just used.
#[test]
fn a_session_ends_with_the_domain_key_that_wrapped_it() {
    let (_folder, data) = scratch();
    let server = Server::dev(&program(), &data);
    let begin = format!("Action=GetSessionToken&Version={STS}");
    let begun = form(&server, ROOT, ("us-east-1", "sts"), &begin);
    let (id, secret) = (
        element(&begun, "AccessKeyId"),
        element(&begun, "SecretAccessKey"),
    );
    let token = element(&begun, "SessionToken");
    let client = server.client_as(&id, &secret);
    let mut client = client.with_header("x-amz-security-token", &token);
    client.ok("ListKeys", &json!({}));
    let path = data.display().to_string();
    for command in [&["rotate"][..], &["retire", "1"]] {
        let arguments = [&["domain"], command, &["--data", &path]].concat();
        program().run(arguments).succeeded();
    }
    let (status, reply) = client.call("ListKeys", &json!({}));
    assert_eq!(status, 400, "{reply}");
}
