//! The ways in that a burglar tries. Each begins with a request that would be admitted, and spoils one thing, so that
//! what is refused is that thing.

use http::Method;
use serde_json::{Value, json};
use strongroom_testkit::{Request, base64, from_base64};

use super::super::Dice;
use super::super::person::Person;
use super::forgery::Forgery;
use super::house::{House, context};

const MISSING: &[&str] = &["MissingAuthenticationToken"];
const INCOMPLETE: &[&str] = &["IncompleteSignature"];
const INVALID: &[&str] = &["InvalidSignatureException", "SignatureDoesNotMatch"];
const EXPIRED: &[&str] = &["Signature expired"];
const EARLY: &[&str] = &["Signature not yet current"];
const MALFORMED: &[&str] = &["MalformedHttpRequestException"];
const UNKNOWN: &[&str] = &["UnrecognizedClientException", "InvalidClientTokenId"];
/// Of a session that has ended meanwhile, by a jump of the clock.
const NO_SESSION: &[&str] = &["UnrecognizedClientException", "ExpiredTokenException"];
const NO_GRANT: &[&str] = &["InvalidGrantTokenException", "AccessDenied"];
const DENIED: &[&str] = &["AccessDenied"];
const CIPHERTEXT: &[&str] = &["InvalidCiphertextException"];
/// Seconds beyond which a request is of another time, with room for a clock that runs backwards.
const LATE_SECONDS: usize = 900;

/// A way in.
pub(super) struct Kind {
    pub(super) name: &'static str,
    /// Words of which the refusal of a server that is well has one.
    pub(super) refusals: &'static [&'static str],
    pub(super) trace: Trace,
    pub(super) forge: Forge,
}

/// Makes a request for a server whose clock is ahead by so many seconds.
pub(super) type Forge = fn(&House, i64, &mut Dice) -> Vec<u8>;

/// What the audit log holds of it.
#[derive(Clone, Copy)]
pub(super) enum Trace {
    /// Nothing: nobody is known to have called.
    None,
    /// A record of this operation.
    Record(&'static str),
}

const fn forged(name: &'static str, refusals: &'static [&'static str], forge: Forge) -> Kind {
    let trace = Trace::None;
    Kind {
        name,
        refusals,
        trace,
        forge,
    }
}

const fn called(
    name: &'static str,
    operation: &'static str,
    refusals: &'static [&'static str],
    forge: Forge,
) -> Kind {
    let trace = Trace::Record(operation);
    Kind {
        name,
        refusals,
        trace,
        forge,
    }
}

/// All of them.
pub(super) const KINDS: &[Kind] = &[
    forged("no signature", MISSING, |house, ahead, _| {
        spoiled(house, ahead, |forgery| forgery.remove("authorization"))
    }),
    forged("wrong secret", INVALID, |house, ahead, _| {
        let mut request = honest(house, ahead);
        request.credentials.secret_access_key.push('x');
        request.bytes()
    }),
    forged("signature altered", INVALID, |house, ahead, dice| {
        spoiled(house, ahead, |forgery| {
            let signature = forgery.signature();
            let altered = altered_hex(&signature, dice);
            forgery.replace("authorization", &signature, &altered);
        })
    }),
    forged("signature truncated", INVALID, |house, ahead, dice| {
        spoiled(house, ahead, |forgery| {
            let signature = forgery.signature();
            let short = &signature[..1 + dice.below(62)];
            forgery.replace("authorization", &signature, short);
        })
    }),
    forged("signature empty", INVALID, |house, ahead, _| {
        spoiled(house, ahead, |forgery| {
            let signature = forgery.signature();
            forgery.replace("authorization", &signature, "");
        })
    }),
    forged("signature twice as long", INVALID, |house, ahead, _| {
        spoiled(house, ahead, |forgery| {
            let signature = forgery.signature();
            forgery.header("authorization").push_str(&signature);
        })
    }),
    forged("body changed", INVALID, |house, ahead, _| {
        spoiled(house, ahead, |forgery| {
            forgery.body = house.second.opening().to_string().into_bytes();
        })
    }),
    forged("target changed", INVALID, |house, ahead, _| {
        let input = json!({"KeyId": house.safe.key});
        let mut forgery = signed(&house.user, "DescribeKey", &input, ahead);
        forgery.replace("x-amz-target", "DescribeKey", "DisableKey");
        forgery.bytes()
    }),
    forged("target not signed", INVALID, |house, ahead, _| {
        let mut request = honest(house, ahead);
        request.set("x-amz-target", "");
        let mut forgery = Forgery::of(&request);
        forgery.add("x-amz-target", "TrentService.Decrypt");
        forgery.bytes()
    }),
    forged("target not in SignedHeaders", INVALID, |house, ahead, _| {
        spoiled(house, ahead, |forgery| {
            forgery.replace("authorization", ";x-amz-target", "");
        })
    }),
    forged("host not signed", INVALID, |house, ahead, _| {
        spoiled(house, ahead, |forgery| {
            forgery.replace("authorization", "host;", "");
        })
    }),
    forged("host changed", INVALID, |house, ahead, _| {
        spoiled(house, ahead, |forgery| {
            forgery.header("host").push_str(".evil");
        })
    }),
    forged("date changed", INVALID, |house, ahead, _| {
        spoiled(house, ahead, |forgery| {
            let date = forgery.header("x-amz-date");
            let second = if date.ends_with("0Z") { "1Z" } else { "0Z" };
            let start = date.len() - 2;
            date.replace_range(start.., second);
        })
    }),
    forged("expired", EXPIRED, |house, ahead, dice| {
        let ago = i64::try_from(LATE_SECONDS + dice.below(10_000_000)).unwrap();
        honest(house, ahead - ago).bytes()
    }),
    forged("not yet current", EARLY, |house, ahead, dice| {
        let early = i64::try_from(LATE_SECONDS + dice.below(10_000_000)).unwrap();
        honest(house, ahead + early).bytes()
    }),
    forged("old request, new date", INVALID, |house, ahead, _| {
        let mut old = Forgery::of(&honest(house, ahead - 600));
        let now = Forgery::of(&honest(house, ahead))
            .header("x-amz-date")
            .clone();
        *old.header("x-amz-date") = now;
        old.bytes()
    }),
    forged("another day's scope", INVALID, |house, ahead, _| {
        let mut forgery = Forgery::of(&honest(house, ahead));
        let yesterday = Forgery::of(&honest(house, ahead - 86_400));
        let (day, before) = (day_of(forgery), day_of(yesterday));
        forgery = Forgery::of(&honest(house, ahead));
        forgery.replace("authorization", &format!("/{day}/"), &format!("/{before}/"));
        forgery.bytes()
    }),
    forged("Region of the scope changed", INVALID, |house, ahead, _| {
        spoiled(house, ahead, |forgery| {
            forgery.replace("authorization", "/us-east-1/", "/eu-west-1/");
        })
    }),
    forged("signed for another Region", INVALID, |house, ahead, _| {
        let mut request = honest(house, ahead);
        request.scope.0 = "eu-west-1".to_owned();
        let mut forgery = Forgery::of(&request);
        forgery.replace("authorization", "/eu-west-1/", "/us-east-1/");
        forgery.bytes()
    }),
    forged(
        "signed for another service",
        INVALID,
        |house, ahead, dice| {
            let mut request = honest(house, ahead);
            let service = dice.pick(&["s3", "sts", "iam", "KMS", "cloudtrail"]);
            (*service).clone_into(&mut request.scope.1);
            request.bytes()
        },
    ),
    forged(
        "service of the scope changed",
        INVALID,
        |house, ahead, _| {
            let mut request = honest(house, ahead);
            request.scope.1 = "sts".to_owned();
            let mut forgery = Forgery::of(&request);
            forgery.replace("authorization", "/sts/", "/kms/");
            forgery.bytes()
        },
    ),
    forged("end of the scope changed", INVALID, |house, ahead, _| {
        spoiled(house, ahead, |forgery| {
            forgery.replace("authorization", "/aws4_request", "/aws5_request");
        })
    }),
    forged("another algorithm", INCOMPLETE, |house, ahead, dice| {
        let algorithm = dice.pick(&[
            "AWS4-HMAC-SHA1",
            "AWS4-ECDSA-P256-SHA256",
            "AWS4-HMAC-SHA512",
        ]);
        spoiled(house, ahead, |forgery| {
            forgery.replace("authorization", "AWS4-HMAC-SHA256", algorithm);
        })
    }),
    forged(
        "presigned, of another service",
        MISSING,
        |house, ahead, _| {
            let mut forgery = Forgery::of(&honest(house, ahead));
            let (signature, date) = (forgery.signature(), forgery.header("x-amz-date").clone());
            forgery.remove("authorization");
            forgery.target = format!(
                "/?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={}%2F{}%2Fus-east-1%2Fsts%2Faws4_request&X-Amz-Date={date}&X-Amz-Expires=604800&X-Amz-SignedHeaders=host&X-Amz-Signature={signature}",
                house.user.access_key_id,
                &date[..8],
            );
            forgery.bytes()
        },
    ),
    forged("query added", INVALID, |house, ahead, _| {
        spoiled(house, ahead, |forgery| {
            forgery.target = "/?Action=GetCallerIdentity".to_owned();
        })
    }),
    forged("two targets", MALFORMED, |house, ahead, _| {
        let input = json!({"KeyId": house.safe.key});
        let mut forgery = signed(&house.user, "DescribeKey", &input, ahead);
        forgery.add("x-amz-target", "TrentService.DisableKey");
        forgery.bytes()
    }),
    forged("two signatures", MALFORMED, |house, ahead, _| {
        spoiled(house, ahead, |forgery| {
            let value = forgery.header("authorization").clone();
            forgery
                .headers
                .insert(0, ("authorization".to_owned(), value));
        })
    }),
    forged("two hosts", MALFORMED, |house, ahead, _| {
        spoiled(house, ahead, |forgery| {
            forgery.add("host", "kms.example.com")
        })
    }),
    forged("payload not signed", INVALID, |house, ahead, _| {
        let mut request = honest(house, ahead);
        request.set("x-amz-content-sha256", "UNSIGNED-PAYLOAD");
        request.bytes()
    }),
    forged("header added", INVALID, |house, ahead, _| {
        spoiled(house, ahead, |forgery| forgery.add("x-amz-extra", "1"))
    }),
    forged("GET", INVALID, |house, ahead, _| {
        let mut request = honest(house, ahead);
        request.method = Method::GET;
        let got = Forgery::of(&request).header("authorization").clone();
        spoiled(house, ahead, |forgery| {
            *forgery.header("authorization") = got
        })
    }),
    forged(
        "access key that never was",
        UNKNOWN,
        |house, ahead, dice| {
            let mut request = honest(house, ahead);
            let id = format!(
                "AKIA{:016}",
                dice.below(usize::MAX) % 10_000_000_000_000_000
            );
            request.credentials.access_key_id = id;
            request.bytes()
        },
    ),
    forged("access key of a neighbour", INVALID, |house, ahead, _| {
        let mut request = honest(house, ahead);
        request.credentials.access_key_id = house.tenant.access_key_id.clone();
        request.bytes()
    }),
    forged("access key switched off", UNKNOWN, |house, ahead, _| {
        open_by(&house.off, house, ahead)
    }),
    forged("access key deleted", UNKNOWN, |house, ahead, _| {
        open_by(&house.cut, house, ahead)
    }),
    forged("user deleted", UNKNOWN, |house, ahead, _| {
        call(&house.gone, "Decrypt", &house.personal.opening(), ahead)
    }),
    forged("session without its token", UNKNOWN, |house, ahead, _| {
        let mut session = house.session.clone();
        session.token = None;
        open_by(&session, house, ahead)
    }),
    forged("session token altered", NO_SESSION, |house, ahead, dice| {
        let mut session = house.session.clone();
        let mut token = from_base64(session.token.as_ref().unwrap());
        let place = dice.below(token.len());
        token[place] ^= 1 << dice.below(8);
        session.token = Some(base64(&token));
        open_by(&session, house, ahead)
    }),
    forged(
        "session token truncated",
        NO_SESSION,
        |house, ahead, dice| {
            let mut session = house.session.clone();
            let token = from_base64(session.token.as_ref().unwrap());
            session.token = Some(base64(&token[..1 + dice.below(token.len() - 1)]));
            open_by(&session, house, ahead)
        },
    ),
    forged("token of another session", NO_SESSION, |house, ahead, _| {
        let mut session = house.session.clone();
        session.token.clone_from(&house.other_session.token);
        open_by(&session, house, ahead)
    }),
    forged(
        "token beside a user's key",
        NO_SESSION,
        |house, ahead, _| {
            let mut user = house.user.clone();
            user.token.clone_from(&house.session.token);
            open_by(&user, house, ahead)
        },
    ),
    forged(
        "session of a deleted role",
        NO_SESSION,
        |house, ahead, _| open_by(&house.dead_session, house, ahead),
    ),
    called(
        "deleted role assumed",
        "AssumeRole",
        DENIED,
        |house, ahead, _| {
            let body = format!(
                "Action=AssumeRole&Version=2011-06-15&RoleArn={}&RoleSessionName=burglar",
                house.dead_role
            );
            let mut request = House::form(&house.user, &body);
            request.ahead_seconds = ahead;
            request.bytes()
        },
    ),
    called(
        "neighbour decrypts",
        "Decrypt",
        DENIED,
        |house, ahead, dice| open_by(intruder(house, dice), house, ahead),
    ),
    called(
        "neighbour decrypts, names the key",
        "Decrypt",
        DENIED,
        |house, ahead, dice| {
            let mut input = house.safe.opening();
            input["KeyId"] = (*dice.pick(&[&house.safe.key, &house.alias_arn()]))
                .clone()
                .into();
            call(intruder(house, dice), "Decrypt", &input, ahead)
        },
    ),
    called(
        "neighbour encrypts",
        "Encrypt",
        DENIED,
        |house, ahead, dice| {
            let key = (*dice.pick(&[&house.safe.key, &house.alias_arn()])).clone();
            let input = json!({"KeyId": key, "Plaintext": "QUJD"});
            call(intruder(house, dice), "Encrypt", &input, ahead)
        },
    ),
    called(
        "neighbour asks by bare id",
        "Encrypt",
        &["NotFoundException", "AccessDenied"],
        |house, ahead, dice| {
            let id = house.safe.key.rsplit_once('/').unwrap().1;
            let input = json!({"KeyId": *dice.pick(&[id, &house.alias]), "Plaintext": "QUJD"});
            call(intruder(house, dice), "Encrypt", &input, ahead)
        },
    ),
    called(
        "neighbour describes",
        "DescribeKey",
        DENIED,
        |house, ahead, dice| about(intruder(house, dice), "DescribeKey", &house.safe.key, ahead),
    ),
    called(
        "neighbour reads a public key",
        "GetPublicKey",
        DENIED,
        |house, ahead, dice| about(intruder(house, dice), "GetPublicKey", &house.signing, ahead),
    ),
    called("neighbour signs", "Sign", DENIED, |house, ahead, dice| {
        let input =
            json!({"KeyId": house.signing, "Message": "QUJD", "SigningAlgorithm": "ECDSA_SHA_256"});
        call(intruder(house, dice), "Sign", &input, ahead)
    }),
    called(
        "neighbour takes it over",
        "ReEncrypt",
        DENIED,
        |house, ahead, dice| {
            let input = json!({"CiphertextBlob": house.safe.blob, "SourceEncryptionContext": context(), "DestinationKeyId": house.tenants.key});
            call(intruder(house, dice), "ReEncrypt", &input, ahead)
        },
    ),
    called(
        "neighbour brings his own",
        "ReEncrypt",
        DENIED,
        |house, ahead, dice| {
            let input = json!({"CiphertextBlob": house.tenants.blob, "SourceEncryptionContext": context(), "DestinationKeyId": house.safe.key});
            call(intruder(house, dice), "ReEncrypt", &input, ahead)
        },
    ),
    called(
        "neighbour makes a data key",
        "GenerateDataKey",
        DENIED,
        |house, ahead, dice| {
            let input = json!({"KeyId": house.safe.key, "KeySpec": "AES_256"});
            call(intruder(house, dice), "GenerateDataKey", &input, ahead)
        },
    ),
    called(
        "neighbour grants himself",
        "CreateGrant",
        DENIED,
        |house, ahead, dice| {
            let input = json!({"KeyId": house.safe.key, "GranteePrincipal": house.neighbour.account, "Operations": ["Decrypt"]});
            let input = with_principal(input, &house.neighbour);
            call(intruder(house, dice), "CreateGrant", &input, ahead)
        },
    ),
    called(
        "neighbour revokes",
        "RevokeGrant",
        DENIED,
        |house, ahead, dice| {
            let input = json!({"KeyId": house.safe.key, "GrantId": house.grant_id});
            call(intruder(house, dice), "RevokeGrant", &input, ahead)
        },
    ),
    called(
        "neighbour lists grants",
        "ListGrants",
        DENIED,
        |house, ahead, dice| about(intruder(house, dice), "ListGrants", &house.safe.key, ahead),
    ),
    called(
        "neighbour disables",
        "DisableKey",
        DENIED,
        |house, ahead, dice| about(intruder(house, dice), "DisableKey", &house.safe.key, ahead),
    ),
    called(
        "neighbour deletes",
        "ScheduleKeyDeletion",
        DENIED,
        |house, ahead, dice| {
            about(
                intruder(house, dice),
                "ScheduleKeyDeletion",
                &house.safe.key,
                ahead,
            )
        },
    ),
    called(
        "neighbour opens a disabled key",
        "EnableKey",
        DENIED,
        |house, ahead, dice| {
            about(
                intruder(house, dice),
                "EnableKey",
                &house.disabled.key,
                ahead,
            )
        },
    ),
    called(
        "neighbour puts a policy",
        "PutKeyPolicy",
        DENIED,
        |house, ahead, dice| {
            let policy = json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*"}});
            let input = json!({"KeyId": house.safe.key, "Policy": policy.to_string()});
            call(intruder(house, dice), "PutKeyPolicy", &input, ahead)
        },
    ),
    called("policy taken away", "Decrypt", DENIED, |house, ahead, _| {
        call(&house.neighbour, "Decrypt", &house.once.opening(), ahead)
    }),
    called(
        "user without policies",
        "Decrypt",
        DENIED,
        |house, ahead, _| open_by(&house.poor, house, ahead),
    ),
    called(
        "user's policy removed",
        "Decrypt",
        DENIED,
        |house, ahead, _| open_by(&house.stripped, house, ahead),
    ),
    called("user with a Deny", "Decrypt", DENIED, |house, ahead, _| {
        open_by(&house.forbidden, house, ahead)
    }),
    called(
        "name of a deleted user",
        "Decrypt",
        DENIED,
        |house, ahead, _| call(&house.again, "Decrypt", &house.personal.opening(), ahead),
    ),
    called(
        "grant revoked, or of another operation",
        "Decrypt",
        DENIED,
        |house, ahead, _| open_by(&house.grantee, house, ahead),
    ),
    called(
        "token of a revoked grant",
        "Decrypt",
        NO_GRANT,
        |house, ahead, dice| {
            let person = *dice.pick(&[&house.grantee, &house.poor, &house.tenant]);
            open_with(person, &house.revoked, house, ahead)
        },
    ),
    called(
        "token of another's grant",
        "Decrypt",
        DENIED,
        |house, ahead, dice| {
            let person = *dice.pick(&[&house.grantee, &house.poor, &house.tenant]);
            open_with(person, &house.foreign_grant, house, ahead)
        },
    ),
    called(
        "another context",
        "Decrypt",
        CIPHERTEXT,
        |house, ahead, dice| {
            let mut input = house.safe.opening();
            let contexts = [
                json!({}),
                json!({"door": "back"}),
                json!({"Door": "front"}),
                json!({"door": "front", "x": "y"}),
            ];
            input["EncryptionContext"] = dice.pick(&contexts).clone();
            call(&house.user, "Decrypt", &input, ahead)
        },
    ),
    called(
        "ciphertext altered",
        "Decrypt",
        &["InvalidCiphertextException", "AccessDenied"],
        |house, ahead, dice| {
            let mut blob = from_base64(&house.safe.blob);
            let place = dice.below(blob.len());
            blob[place] ^= 1 << dice.below(8);
            open_blob(&blob, house, ahead)
        },
    ),
    called(
        "ciphertext truncated",
        "Decrypt",
        &["InvalidCiphertextException", "AccessDenied"],
        |house, ahead, dice| {
            let blob = from_base64(&house.safe.blob);
            open_blob(&blob[..1 + dice.below(blob.len() - 1)], house, ahead)
        },
    ),
    called(
        "ciphertext moved between keys",
        "Decrypt",
        &["InvalidCiphertextException", "AccessDenied"],
        |house, ahead, dice| {
            let others = [&house.second.blob, &house.tenants.blob];
            let (ours, theirs) = (
                from_base64(&house.safe.blob),
                from_base64(others[dice.below(others.len())]),
            );
            // Equal starts and ends are common to all; what lies between is of one key.
            let start = ours.iter().zip(&theirs).take_while(|(a, b)| a == b).count();
            let cut = start + 1 + dice.below(ours.len() - start - 20);
            open_blob(&[&ours[..cut], &theirs[cut..]].concat(), house, ahead)
        },
    ),
    called(
        "ciphertext of another key",
        "Decrypt",
        &["IncorrectKeyException"],
        |house, ahead, _| {
            let mut input = house.safe.opening();
            input["KeyId"] = house.second.key.clone().into();
            call(&house.user, "Decrypt", &input, ahead)
        },
    ),
    called(
        "key disabled",
        "Decrypt",
        &["DisabledException"],
        |house, ahead, _| call(&house.user, "Decrypt", &house.disabled.opening(), ahead),
    ),
    called(
        "disabled key encrypts",
        "GenerateDataKey",
        &["DisabledException"],
        |house, ahead, _| {
            let input = json!({"KeyId": house.disabled.key, "KeySpec": "AES_256"});
            call(&house.user, "GenerateDataKey", &input, ahead)
        },
    ),
    called(
        "key pending deletion",
        "Decrypt",
        &["KMSInvalidStateException"],
        |house, ahead, _| call(&house.user, "Decrypt", &house.dying.opening(), ahead),
    ),
    called(
        "signature of a message forged",
        "Verify",
        &["KMSInvalidSignatureException"],
        |house, ahead, dice| {
            let forged: Vec<u8> = (0..64)
                .map(|_| u8::try_from(dice.below(256)).unwrap())
                .collect();
            let der = [
                &[0x30, 68, 2, 32, 1],
                &forged[..31],
                &[2, 32, 1],
                &forged[31..62],
            ]
            .concat();
            let input = json!({"KeyId": house.signing, "Message": "QUJD", "Signature": base64(&der), "SigningAlgorithm": "ECDSA_SHA_256"});
            call(&house.user, "Verify", &input, ahead)
        },
    ),
];

/// The request that is spoiled: it opens the safe.
pub(super) fn honest(house: &House, ahead: i64) -> Request {
    let mut request = House::call(&house.user, "Decrypt", &house.safe.opening());
    request.ahead_seconds = ahead;
    request
}

/// The same, spoiled after it was signed.
fn spoiled(house: &House, ahead: i64, spoil: impl FnOnce(&mut Forgery)) -> Vec<u8> {
    let mut forgery = Forgery::of(&honest(house, ahead));
    spoil(&mut forgery);
    forgery.bytes()
}

fn signed(person: &Person, operation: &str, input: &Value, ahead: i64) -> Forgery {
    let mut request = House::call(person, operation, input);
    request.ahead_seconds = ahead;
    Forgery::of(&request)
}

fn call(person: &Person, operation: &str, input: &Value, ahead: i64) -> Vec<u8> {
    signed(person, operation, input, ahead).bytes()
}

fn about(person: &Person, operation: &str, key: &str, ahead: i64) -> Vec<u8> {
    call(person, operation, &json!({"KeyId": key}), ahead)
}

fn open_by(person: &Person, house: &House, ahead: i64) -> Vec<u8> {
    call(person, "Decrypt", &house.safe.opening(), ahead)
}

fn open_with(person: &Person, grant: &str, house: &House, ahead: i64) -> Vec<u8> {
    let mut input = house.safe.opening();
    input["GrantTokens"] = json!([grant]);
    call(person, "Decrypt", &input, ahead)
}

fn open_blob(blob: &[u8], house: &House, ahead: i64) -> Vec<u8> {
    let mut input = house.safe.opening();
    input["CiphertextBlob"] = base64(blob).into();
    call(&house.user, "Decrypt", &input, ahead)
}

fn intruder<'h>(house: &'h House, dice: &mut Dice) -> &'h Person {
    let intruders = [&house.neighbour, &house.tenant];
    intruders[dice.below(intruders.len())]
}

fn with_principal(mut input: Value, person: &Person) -> Value {
    input["GranteePrincipal"] = format!("arn:aws:iam::{}:root", person.account).into();
    input
}

fn day_of(mut forgery: Forgery) -> String {
    forgery.header("x-amz-date")[..8].to_owned()
}

fn altered_hex(digits: &str, dice: &mut Dice) -> String {
    let place = dice.below(digits.len());
    let other = if digits[place..].starts_with('0') {
        "1"
    } else {
        "0"
    };
    format!("{}{other}{}", &digits[..place], &digits[place + 1..])
}
