use super::{ADMINISTRATOR, EVERYTHING, call, done, new_key, refused, root, signer};
use crate::iam::Caller;
use crate::workbench::Bench;

#[tokio::test]
async fn a_user_is_made_shown_renamed_and_deleted() {
    let bench = Bench::new().await;
    let made = root(
        &bench,
        "CreateUser",
        &[
            ("UserName", "Dave"),
            ("Path", "/dev/"),
            ("PermissionsBoundary", ADMINISTRATOR),
            ("Tags.member.1.Key", "Team"),
            ("Tags.member.1.Value", "blue"),
        ],
    )
    .await
    .unwrap();
    assert_eq!(made.one("Arn"), "arn:aws:iam::000000000000:user/dev/Dave");
    assert!(made.one("UserId").starts_with("AIDA"));
    assert_eq!(made.one("UserId").len(), 21);
    assert_eq!(made.one("PermissionsBoundaryArn"), ADMINISTRATOR);
    let shown = root(&bench, "GetUser", &[("UserName", "dAVE")]).await;
    let shown = shown.unwrap();
    assert_eq!(shown.one("UserName"), "Dave");
    assert_eq!((shown.one("Key"), shown.one("Value")), ("Team", "blue"));
    let renamed = [
        ("UserName", "dave"),
        ("NewUserName", "DAVE"),
        ("NewPath", "/"),
    ];
    done(&bench, &[("UpdateUser", &renamed)]).await;
    let moved = [("UserName", "dave"), ("NewUserName", "eve")];
    done(&bench, &[("UpdateUser", &moved)]).await;
    let shown = root(&bench, "GetUser", &[("UserName", "eve")])
        .await
        .unwrap();
    assert_eq!(shown.one("Arn"), "arn:aws:iam::000000000000:user/eve");
    assert_eq!(shown.one("UserId"), made.one("UserId"));
    let text = "The user with name dave cannot be found.";
    refused(
        &bench,
        "GetUser",
        &[("UserName", "dave")],
        "NoSuchEntity",
        text,
    )
    .await;
    done(&bench, &[("DeleteUser", &[("UserName", "eve")])]).await;
    let text = "The user with name eve cannot be found.";
    refused(
        &bench,
        "DeleteUser",
        &[("UserName", "eve")],
        "NoSuchEntity",
        text,
    )
    .await;
}

#[tokio::test]
async fn names_are_taken_whatever_their_case() {
    let bench = Bench::new().await;
    done(
        &bench,
        &[
            ("CreateUser", &[("UserName", "dave")]),
            ("CreateUser", &[("UserName", "eve")]),
        ],
    )
    .await;
    let text = "User with name DAVE already exists.";
    let again = [("UserName", "DAVE")];
    refused(&bench, "CreateUser", &again, "EntityAlreadyExists", text).await;
    let taken = [("UserName", "eve"), ("NewUserName", "DAVE")];
    refused(&bench, "UpdateUser", &taken, "EntityAlreadyExists", text).await;
}

#[tokio::test]
async fn a_user_with_anything_left_is_not_deleted() {
    let bench = Bench::new().await;
    let user = ("UserName", "dave");
    let attached = [user, ("PolicyArn", ADMINISTRATOR)];
    let inline = [user, ("PolicyName", "p"), ("PolicyDocument", EVERYTHING)];
    let in_group = [user, ("GroupName", "g")];
    done(
        &bench,
        &[
            ("CreateUser", &[user]),
            ("CreateGroup", &[("GroupName", "g")]),
            ("AttachUserPolicy", &attached),
            ("PutUserPolicy", &inline),
            ("AddUserToGroup", &in_group),
        ],
    )
    .await;
    let (key, _) = new_key(&bench, "dave").await;
    let undo: [(&str, &[_], &str); 4] = [
        ("DetachUserPolicy", &attached, "must detach all policies"),
        ("DeleteUserPolicy", &inline[..2], "must delete policies"),
        (
            "DeleteAccessKey",
            &[user, ("AccessKeyId", &key)],
            "must delete access keys",
        ),
        (
            "RemoveUserFromGroup",
            &in_group,
            "must remove users from group",
        ),
    ];
    for (operation, parameters, what) in undo {
        let text = format!("Cannot delete entity, {what} first.");
        refused(&bench, "DeleteUser", &[user], "DeleteConflict", &text).await;
        done(&bench, &[(operation, parameters)]).await;
    }
    done(&bench, &[("DeleteUser", &[user])]).await;
}

#[tokio::test]
async fn users_are_listed_by_path_and_in_pages() {
    let bench = Bench::new().await;
    for number in 0..7 {
        let name = format!("u{number}");
        let path = if number < 5 { "/a/b/" } else { "/c/" };
        done(
            &bench,
            &[("CreateUser", &[("UserName", &name), ("Path", path)])],
        )
        .await;
    }
    let all = root(&bench, "ListUsers", &[]).await.unwrap();
    assert_eq!(all.all("UserName").len(), 7);
    assert_eq!(all.one("IsTruncated"), "false");
    let mut seen = Vec::new();
    let mut marker = None;
    loop {
        let mut asked = vec![("PathPrefix", "/a/"), ("MaxItems", "2")];
        asked.extend(marker.as_deref().map(|marker| ("Marker", marker)));
        let page = root(&bench, "ListUsers", &asked).await.unwrap();
        seen.extend(page.all("UserName").into_iter().map(str::to_owned));
        if page.one("IsTruncated") == "false" {
            break;
        }
        assert_eq!(page.all("UserName").len(), 2);
        marker = Some(page.one("Marker").to_owned());
    }
    seen.sort_unstable();
    assert_eq!(seen, ["u0", "u1", "u2", "u3", "u4"]);
    // A marker of one list opens no other.
    let marker = marker.unwrap();
    for operation in ["ListGroups", "ListAccessKeys"] {
        let other = [("Marker", marker.as_str())];
        refused(
            &bench,
            operation,
            &other,
            "ValidationError",
            "Invalid Marker.",
        )
        .await;
    }
}

#[tokio::test]
async fn who_names_nobody_means_themselves() {
    let bench = Bench::new().await;
    done(
        &bench,
        &[
            ("CreateUser", &[("UserName", "dave"), ("Path", "/d/")]),
            (
                "PutUserPolicy",
                &[
                    ("UserName", "dave"),
                    ("PolicyName", "self"),
                    (
                        "PolicyDocument",
                        r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["iam:GetUser","iam:*AccessKey*"],"Resource":"arn:aws:iam::*:user/d/${aws:username}"}}"#,
                    ),
                ],
            ),
        ],
    )
    .await;
    let dave = bench.user("dave");
    let shown = call(&bench, &dave, "GetUser", &[]).await.unwrap();
    assert_eq!(shown.one("UserName"), "dave");
    let made = call(&bench, &dave, "CreateAccessKey", &[]).await.unwrap();
    let key = ("AccessKeyId", made.one("AccessKeyId"));
    let listed = call(&bench, &dave, "ListAccessKeys", &[]).await.unwrap();
    assert_eq!(listed.one("AccessKeyId"), key.1);
    let used = call(&bench, &dave, "GetAccessKeyLastUsed", &[key]).await;
    assert_eq!(used.unwrap().one("ServiceName"), "N/A");
    let inactive = [key, ("Status", "Inactive")];
    call(&bench, &dave, "UpdateAccessKey", &inactive)
        .await
        .unwrap();
    call(&bench, &dave, "DeleteAccessKey", &[key])
        .await
        .unwrap();
    let listed = call(&bench, &dave, "ListAccessKeys", &[]).await.unwrap();
    assert_eq!(listed.one("AccessKeyMetadata"), "");
}

#[tokio::test]
async fn the_root_has_access_keys_too() {
    let bench = Bench::new().await;
    let shown = root(&bench, "GetUser", &[]).await.unwrap();
    assert_eq!(shown.one("Arn"), "arn:aws:iam::000000000000:root");
    let made = root(&bench, "CreateAccessKey", &[]).await.unwrap();
    let key = (
        made.one("AccessKeyId").to_owned(),
        made.one("SecretAccessKey").to_owned(),
    );
    let caller = signer(&bench, &key).await.unwrap().unwrap();
    assert_eq!(caller.arn, "arn:aws:iam::000000000000:root");
    let used = root(&bench, "GetAccessKeyLastUsed", &[("AccessKeyId", &key.0)]).await;
    let used = used.unwrap();
    assert_eq!(
        (used.one("ServiceName"), used.one("Region")),
        ("kms", "us-east-1")
    );
    done(&bench, &[("CreateAccessKey", &[])]).await;
    let text = "Cannot exceed quota for AccessKeysPerUser: 2";
    refused(&bench, "CreateAccessKey", &[], "LimitExceeded", text).await;
    let listed = root(&bench, "ListAccessKeys", &[]).await.unwrap();
    assert_eq!(listed.all("AccessKeyId").len(), 2);
    done(&bench, &[("DeleteAccessKey", &[("AccessKeyId", &key.0)])]).await;
    assert!(signer(&bench, &key).await.unwrap().is_none());
    // Another account's root has none of them.
    let other = Caller::root(
        "111122223333".parse().unwrap(),
        "test".to_owned(),
        &"us-east-1".parse().unwrap(),
    );
    let listed = call(&bench, &other, "ListAccessKeys", &[]).await.unwrap();
    assert_eq!(listed.one("AccessKeyMetadata"), "");
}

#[tokio::test]
async fn access_keys_belong_to_one_user() {
    let bench = Bench::new().await;
    done(
        &bench,
        &[
            ("CreateUser", &[("UserName", "dave")]),
            ("CreateUser", &[("UserName", "eve")]),
        ],
    )
    .await;
    let (key, _) = new_key(&bench, "dave").await;
    let text = format!("The Access Key with id {key} cannot be found.");
    for owner in [
        &[("UserName", "eve"), ("AccessKeyId", key.as_str())][..],
        &[("AccessKeyId", &key)],
    ] {
        refused(&bench, "DeleteAccessKey", owner, "NoSuchEntity", &text).await;
    }
    new_key(&bench, "dave").await;
    let text = "Cannot exceed quota for AccessKeysPerUser: 2";
    let third = [("UserName", "dave")];
    refused(&bench, "CreateAccessKey", &third, "LimitExceeded", text).await;
    let expired = [
        ("UserName", "dave"),
        ("AccessKeyId", &key),
        ("Status", "Expired"),
    ];
    let text = "The status of an access key can be set to Active or Inactive.";
    refused(&bench, "UpdateAccessKey", &expired, "InvalidInput", text).await;
}

#[tokio::test]
async fn tags_are_compared_without_regard_to_case() {
    let bench = Bench::new().await;
    let user = ("UserName", "dave");
    done(
        &bench,
        &[
            ("CreateUser", &[user]),
            (
                "TagUser",
                &[
                    user,
                    ("Tags.member.1.Key", "b"),
                    ("Tags.member.1.Value", "1"),
                    ("Tags.member.2.Key", "a"),
                    ("Tags.member.2.Value", ""),
                ],
            ),
            (
                "TagUser",
                &[
                    user,
                    ("Tags.member.1.Key", "B"),
                    ("Tags.member.1.Value", "2"),
                ],
            ),
        ],
    )
    .await;
    let listed = root(&bench, "ListUserTags", &[user, ("MaxItems", "1")]).await;
    let listed = listed.unwrap();
    assert_eq!((listed.one("Key"), listed.one("Value")), ("B", "2"));
    let rest = [user, ("Marker", listed.one("Marker"))];
    let rest = root(&bench, "ListUserTags", &rest).await.unwrap();
    assert_eq!((rest.one("Key"), rest.one("Value")), ("a", ""));
    let gone = [
        user,
        ("TagKeys.member.1", "b"),
        ("TagKeys.member.2", "none"),
    ];
    done(&bench, &[("UntagUser", &gone)]).await;
    let listed = root(&bench, "ListUserTags", &[user]).await.unwrap();
    assert_eq!(listed.all("Key"), ["a"]);
    let twice = [
        user,
        ("Tags.member.1.Key", "x"),
        ("Tags.member.1.Value", "1"),
        ("Tags.member.2.Key", "X"),
        ("Tags.member.2.Value", "2"),
    ];
    let text = "Duplicate tag keys found. Please note that Tag keys are case insensitive.";
    refused(&bench, "TagUser", &twice, "InvalidInput", text).await;
    let reserved = [
        user,
        ("Tags.member.1.Key", "AWS:x"),
        ("Tags.member.1.Value", "1"),
    ];
    let text = "Tags beginning with aws: are reserved";
    refused(&bench, "TagUser", &reserved, "InvalidInput", text).await;
    let names: Vec<String> = (1..=50)
        .map(|number| format!("Tags.member.{number}.Key"))
        .collect();
    let values: Vec<String> = (1..=50)
        .map(|number| format!("Tags.member.{number}.Value"))
        .collect();
    let keys: Vec<String> = (1..=50).map(|number| format!("k{number}")).collect();
    let mut many = vec![user];
    for index in 0..50 {
        many.push((&names[index], &keys[index]));
        many.push((&values[index], "v"));
    }
    let text = "The number of tags has reached the maximum limit.";
    refused(&bench, "TagUser", &many, "LimitExceeded", text).await;
}

#[tokio::test]
async fn long_keys_of_tags_are_paged_even_when_one_is_removed_meanwhile() {
    let bench = Bench::new().await;
    let user = ("UserName", "dave");
    let keys: Vec<String> = ["a", "b", "c", "d"]
        .map(|last| format!("{}{last}", "\u{3a9}".repeat(127)))
        .into();
    done(&bench, &[("CreateUser", &[user])]).await;
    for key in &keys {
        let tag = [
            user,
            ("Tags.member.1.Key", key),
            ("Tags.member.1.Value", ""),
        ];
        done(&bench, &[("TagUser", &tag)]).await;
    }
    let first = [user, ("MaxItems", "2")];
    let first = root(&bench, "ListUserTags", &first).await.unwrap();
    assert_eq!(first.all("Key"), keys[..2]);
    let marker = ("Marker", first.one("Marker"));
    let rest = root(&bench, "ListUserTags", &[user, marker]).await;
    assert_eq!(rest.unwrap().all("Key"), keys[2..]);
    let gone = [user, ("TagKeys.member.1", keys[1].as_str())];
    done(&bench, &[("UntagUser", &gone)]).await;
    // All of them begin alike, so some are shown again; none is left out.
    let rest = root(&bench, "ListUserTags", &[user, marker]).await.unwrap();
    assert!(rest.all("Key").ends_with(&[&keys[2], &keys[3]]));
}
