//! What a burglar wants: an account's keys and what they encrypted, and people and sessions that had rights and lost
//! them. Whatever was taken away was used before, so that it is in every cache.

use serde_json::{Value, json};
use strongroom_testkit::{Credentials, Reply, Request, base64};

use super::super::person::{Caller, IAM, Person, STS, Scene, credentials, element};

/// What no reply to a burglar may show.
const SECRET: &[u8] = b"what the burglar is after, of no use to anybody";
/// No request goes there: the Host header is signed, and names no address.
const HOST: &str = "kms.us-east-1.example.com";

/// A key, and the secret encrypted under it.
pub(super) struct Safe {
    pub(super) key: String,
    pub(super) blob: String,
}

/// Victims, and those who attack them.
pub(super) struct House {
    /// May do everything in the owner's account.
    pub(super) user: Person,
    /// May do nothing.
    pub(super) poor: Person,
    /// May do everything but decrypt.
    pub(super) forbidden: Person,
    /// Had a policy.
    pub(super) stripped: Person,
    /// Has an access key that was switched off.
    pub(super) off: Person,
    /// Had an access key.
    pub(super) cut: Person,
    /// Was deleted.
    pub(super) gone: Person,
    /// Has the name of who was deleted.
    pub(super) again: Person,
    /// Has a grant for Encrypt, and had one for Decrypt.
    pub(super) grantee: Person,
    /// The token of the grant that was revoked.
    pub(super) revoked: String,
    /// The token of a grant to another, of another key.
    pub(super) foreign_grant: String,
    pub(super) session: Person,
    pub(super) other_session: Person,
    /// A session of a role that was deleted.
    pub(super) dead_session: Person,
    pub(super) dead_role: String,
    /// The root of another account, and a user there who may do everything.
    pub(super) neighbour: Person,
    pub(super) tenant: Person,
    pub(super) tenants: Safe,
    pub(super) safe: Safe,
    pub(super) second: Safe,
    pub(super) disabled: Safe,
    pub(super) dying: Safe,
    /// The neighbour could use it.
    pub(super) once: Safe,
    /// Its policy names who was deleted.
    pub(super) personal: Safe,
    pub(super) signing: String,
    pub(super) alias: String,
    pub(super) grant_id: String,
}

/// What ciphertexts are bound to.
pub(super) fn context() -> Value {
    json!({"door": "front"})
}

impl House {
    pub(super) fn build(scene: Scene<'_>, owner: &Person, neighbour: &Person) -> Self {
        let (mut root, mut next) = (scene.caller(owner), scene.caller(neighbour));
        let root = &mut root;
        let [safe, second, disabled, dying, once] = [(); 5].map(|()| Safe::fill(root));
        let tenant = servant(&mut next, "tenant");
        let user = servant(root, "user");
        lose_policy(root, &mut next, &once);
        root.kms_ok("DisableKey", &json!({"KeyId": disabled.key}));
        root.kms_ok("ScheduleKeyDeletion", &json!({"KeyId": dying.key}));
        let (gone, again, personal) = replaced(root);
        let (grantee, revoked, grant_id) = grantee(root, &safe);
        let (dead_session, dead_role) = dead_session(root, &user);
        let signing = json!({"KeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY"});
        let alias = "alias/burglars-dream".to_owned();
        let named = json!({"AliasName": alias, "TargetKeyId": safe.key});
        root.kms_ok("CreateAlias", &named);
        Self {
            poor: new_user(root, "poor"),
            forbidden: forbidden(root),
            stripped: stripped(root, &safe),
            off: off(root),
            cut: cut(root),
            foreign_grant: new_grant(root, &second, &user, "Decrypt").0,
            session: session(root, &user),
            other_session: session(root, &user),
            signing: new_key(root, &signing),
            tenants: Safe::fill(&mut next),
            neighbour: neighbour.clone(),
            user,
            gone,
            again,
            grantee,
            revoked,
            dead_session,
            dead_role,
            tenant,
            safe,
            second,
            disabled,
            dying,
            once,
            personal,
            alias,
            grant_id,
        }
    }

    /// Whether a reply gives the secret away.
    pub(super) fn shows_secret(&self, reply: &Reply) -> bool {
        reply.text().contains(&base64(SECRET))
    }

    /// The alias by its ARN.
    pub(super) fn alias_arn(&self) -> String {
        let (start, _) = self.safe.key.split_once(":key/").unwrap();
        format!("{start}:{}", self.alias)
    }

    /// A call that is signed by `person`.
    pub(super) fn call(person: &Person, operation: &str, input: &Value) -> Request {
        let nowhere = ([127, 0, 0, 1], 1).into();
        let mut request = Request::json(nowhere, operation, input.to_string().as_bytes());
        sign_by(&mut request, person);
        request
    }

    /// A call of STS that is signed by `person`.
    pub(super) fn form(person: &Person, body: &str) -> Request {
        let mut request = Request::form(([127, 0, 0, 1], 1).into(), body.as_bytes());
        sign_by(&mut request, person);
        request
    }
}

fn sign_by(request: &mut Request, person: &Person) {
    request.set("host", HOST);
    request.credentials = Credentials {
        access_key_id: person.access_key_id.clone(),
        secret_access_key: person.secret.clone(),
    };
    if let Some(token) = &person.token {
        request.set("x-amz-security-token", token);
    }
}

impl Safe {
    fn fill(owner: &mut Caller<'_>) -> Self {
        Self::fill_key(owner, &json!({}))
    }

    fn fill_key(owner: &mut Caller<'_>, input: &Value) -> Self {
        let key = new_key(owner, input);
        let input =
            json!({"KeyId": key, "Plaintext": base64(SECRET), "EncryptionContext": context()});
        let made = owner.kms_ok("Encrypt", &input);
        let blob = made["CiphertextBlob"].as_str().unwrap().to_owned();
        Self { key, blob }
    }

    /// The input of Decrypt that opens it.
    pub(super) fn opening(&self) -> Value {
        json!({"CiphertextBlob": self.blob, "EncryptionContext": context()})
    }
}

fn new_key(owner: &mut Caller<'_>, input: &Value) -> String {
    let made = owner.kms_ok("CreateKey", input);
    made["KeyMetadata"]["Arn"].as_str().unwrap().to_owned()
}

fn new_user(root: &mut Caller<'_>, name: &str) -> Person {
    let name = format!("burglars-{name}");
    root.iam_ok("CreateUser", &format!("&UserName={name}"));
    new_access_key(root, &name)
}

fn new_access_key(root: &mut Caller<'_>, name: &str) -> Person {
    let made = root.iam_ok("CreateAccessKey", &format!("&UserName={name}"));
    credentials(&made, root.person.account, name)
}

fn put_policy(root: &mut Caller<'_>, person: &Person, statements: &Value) {
    let policy = json!({"Version": "2012-10-17", "Statement": statements});
    let name = person.name.as_ref().unwrap();
    let members = format!("&UserName={name}&PolicyName=p&PolicyDocument={policy}");
    root.iam_ok("PutUserPolicy", &members);
}

fn allow_all() -> Value {
    json!({"Effect": "Allow", "Action": ["kms:*", "iam:*", "sts:*"], "Resource": "*"})
}

/// A user who may do everything.
fn servant(root: &mut Caller<'_>, name: &str) -> Person {
    let person = new_user(root, name);
    put_policy(root, &person, &json!([allow_all()]));
    person
}

fn forbidden(root: &mut Caller<'_>) -> Person {
    let person = new_user(root, "forbidden");
    let deny = json!({"Effect": "Deny", "Action": "kms:Decrypt", "Resource": "*"});
    put_policy(root, &person, &json!([allow_all(), deny]));
    person
}

fn stripped(root: &mut Caller<'_>, safe: &Safe) -> Person {
    let person = servant(root, "stripped");
    root.scene
        .caller(&person)
        .kms_ok("Decrypt", &safe.opening());
    let name = person.name.as_ref().unwrap();
    let members = format!("&UserName={name}&PolicyName=p");
    root.iam_ok("DeleteUserPolicy", &members);
    person
}

fn off(root: &mut Caller<'_>) -> Person {
    let person = servant(root, "off");
    root.scene.caller(&person).kms_ok("ListKeys", &json!({}));
    let (name, id) = (person.name.as_ref().unwrap(), &person.access_key_id);
    let members = format!("&UserName={name}&AccessKeyId={id}&Status=Inactive");
    root.iam_ok("UpdateAccessKey", &members);
    person
}

fn cut(root: &mut Caller<'_>) -> Person {
    let person = servant(root, "cut");
    root.scene.caller(&person).kms_ok("ListKeys", &json!({}));
    delete_access_key(root, &person);
    person
}

fn delete_access_key(root: &mut Caller<'_>, person: &Person) {
    let (name, id) = (person.name.as_ref().unwrap(), &person.access_key_id);
    let members = format!("&UserName={name}&AccessKeyId={id}");
    root.iam_ok("DeleteAccessKey", &members);
}

fn root_arn(person: &Person) -> String {
    format!("arn:aws:iam::{}:root", person.account)
}

/// A key policy that lets these principals do everything.
fn key_policy(principals: &[String]) -> String {
    let policy = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": principals}, "Action": "kms:*", "Resource": "*"},
    ]});
    policy.to_string()
}

fn lose_policy(root: &mut Caller<'_>, neighbour: &mut Caller<'_>, once: &Safe) {
    let (own, other) = (root_arn(&root.person), root_arn(&neighbour.person));
    let put = |principals: &[String]| json!({"KeyId": once.key, "Policy": key_policy(principals)});
    root.kms_ok("PutKeyPolicy", &put(&[own.clone(), other]));
    neighbour.kms_ok("Decrypt", &once.opening());
    root.kms_ok("PutKeyPolicy", &put(&[own]));
}

/// Somebody whom a key's policy named, and who was deleted; somebody else of the same name; the key.
fn replaced(root: &mut Caller<'_>) -> (Person, Person, Safe) {
    let gone = new_user(root, "replaced");
    let name = gone.name.clone().unwrap();
    let arn = format!("arn:aws:iam::{}:user/{name}", gone.account);
    let policy = key_policy(&[root_arn(&root.person), arn]);
    let personal = Safe::fill_key(root, &json!({"Policy": policy}));
    let opening = personal.opening();
    root.scene.caller(&gone).kms_ok("Decrypt", &opening);
    delete_access_key(root, &gone);
    root.iam_ok("DeleteUser", &format!("&UserName={name}"));
    root.iam_ok("CreateUser", &format!("&UserName={name}"));
    let again = new_access_key(root, &name);
    (gone, again, personal)
}

/// Token and id of a new grant.
fn new_grant(root: &mut Caller<'_>, safe: &Safe, to: &Person, operation: &str) -> (String, String) {
    let name = to.name.as_ref().unwrap();
    let arn = format!("arn:aws:iam::{}:user/{name}", to.account);
    let input = json!({"KeyId": safe.key, "GranteePrincipal": arn, "Operations": [operation]});
    let made = root.kms_ok("CreateGrant", &input);
    let text = |member: &str| made[member].as_str().unwrap().to_owned();
    (text("GrantToken"), text("GrantId"))
}

fn grantee(root: &mut Caller<'_>, safe: &Safe) -> (Person, String, String) {
    let person = new_user(root, "grantee");
    let (_, kept) = new_grant(root, safe, &person, "Encrypt");
    let (token, id) = new_grant(root, safe, &person, "Decrypt");
    root.scene
        .caller(&person)
        .kms_ok("Decrypt", &safe.opening());
    let input = json!({"KeyId": safe.key, "GrantId": id});
    root.kms_ok("RevokeGrant", &input);
    (person, token, kept)
}

fn session(root: &Caller<'_>, user: &Person) -> Person {
    let mut caller = root.scene.caller(user);
    let made = caller.form(STS, "GetSessionToken", "");
    let made = credentials(&made.done("GetSessionToken"), user.account, "session");
    root.scene.caller(&made).kms_ok("ListKeys", &json!({}));
    made
}

fn dead_session(root: &mut Caller<'_>, user: &Person) -> (Person, String) {
    let name = "burglars-role";
    let trust = json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow",
        "Principal": {"AWS": root_arn(&root.person)}, "Action": "sts:AssumeRole"}});
    let made = root.iam_ok(
        "CreateRole",
        &format!("&RoleName={name}&AssumeRolePolicyDocument={trust}"),
    );
    let arn = element(&made, "Arn");
    let policy = json!({"Version": "2012-10-17", "Statement": allow_all()});
    let members = format!("&RoleName={name}&PolicyName=p&PolicyDocument={policy}");
    root.iam_ok("PutRolePolicy", &members);
    let members = format!("&RoleArn={arn}&RoleSessionName=burglar");
    let made = root.scene.caller(user).form(STS, "AssumeRole", &members);
    let session = credentials(&made.done("AssumeRole"), user.account, "role");
    root.scene.caller(&session).kms_ok("ListKeys", &json!({}));
    let members = format!("&RoleName={name}&PolicyName=p");
    root.form(IAM, "DeleteRolePolicy", &members)
        .done("DeleteRolePolicy");
    root.iam_ok("DeleteRole", &format!("&RoleName={name}"));
    (session, arn)
}
