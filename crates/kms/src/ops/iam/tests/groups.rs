use super::{ADMINISTRATOR, EVERYTHING, call, done, refused, root};
use crate::workbench::Bench;

#[tokio::test]
async fn users_may_what_their_groups_may() {
    let bench = Bench::new().await;
    let (user, group) = (("UserName", "dave"), ("GroupName", "Admins"));
    done(
        &bench,
        &[
            ("CreateUser", &[user]),
            ("CreateGroup", &[group, ("Path", "/g/")]),
            (
                "PutGroupPolicy",
                &[group, ("PolicyName", "p"), ("PolicyDocument", EVERYTHING)],
            ),
        ],
    )
    .await;
    let is_allowed = async || {
        let answer = call(&bench, &bench.user("dave"), "ListGroups", &[]).await;
        answer.is_ok()
    };
    assert!(!is_allowed().await);
    done(&bench, &[("AddUserToGroup", &[group, user])]).await;
    assert!(is_allowed().await);
    // In it already.
    done(&bench, &[("AddUserToGroup", &[group, user])]).await;
    let renamed = [group, ("NewGroupName", "ops"), ("NewPath", "/h/")];
    done(&bench, &[("UpdateGroup", &renamed)]).await;
    assert!(is_allowed().await);
    let group = ("GroupName", "OPS");
    let shown = root(&bench, "GetGroup", &[group]).await.unwrap();
    assert_eq!(shown.one("GroupName"), "ops");
    assert_eq!(shown.one("UserName"), "dave");
    assert_eq!(
        shown.all("Arn"),
        [
            "arn:aws:iam::000000000000:group/h/ops",
            "arn:aws:iam::000000000000:user/dave"
        ]
    );
    let listed = root(&bench, "ListGroupsForUser", &[user]).await.unwrap();
    assert_eq!(listed.one("GroupName"), "ops");
    let text = "Cannot delete entity, must delete policies first.";
    refused(&bench, "DeleteGroup", &[group], "DeleteConflict", text).await;
    let policy = [group, ("PolicyName", "P")];
    done(&bench, &[("DeleteGroupPolicy", &policy)]).await;
    assert!(!is_allowed().await);
    let text = "Cannot delete entity, must remove users from group first.";
    refused(&bench, "DeleteGroup", &[group], "DeleteConflict", text).await;
    let attached = [group, ("PolicyArn", ADMINISTRATOR)];
    done(&bench, &[("AttachGroupPolicy", &attached)]).await;
    assert!(is_allowed().await);
    done(&bench, &[("RemoveUserFromGroup", &[group, user])]).await;
    assert!(!is_allowed().await);
    let text = "Cannot delete entity, must detach all policies first.";
    refused(&bench, "DeleteGroup", &[group], "DeleteConflict", text).await;
    done(
        &bench,
        &[("DetachGroupPolicy", &attached), ("DeleteGroup", &[group])],
    )
    .await;
    let text = "The group with name OPS cannot be found.";
    refused(&bench, "GetGroup", &[group], "NoSuchEntity", text).await;
}

#[tokio::test]
async fn a_group_made_again_has_none_of_its_users() {
    let bench = Bench::new().await;
    let (user, group) = (("UserName", "dave"), ("GroupName", "g"));
    done(
        &bench,
        &[
            ("CreateUser", &[user]),
            ("CreateGroup", &[group]),
            ("AddUserToGroup", &[group, user]),
            ("UpdateGroup", &[group, ("NewGroupName", "h")]),
            ("CreateGroup", &[group]),
        ],
    )
    .await;
    let attached = [group, ("PolicyArn", ADMINISTRATOR)];
    done(&bench, &[("AttachGroupPolicy", &attached)]).await;
    let shown = root(&bench, "GetGroup", &[group]).await.unwrap();
    assert!(shown.all("UserName").is_empty());
    assert!(
        call(&bench, &bench.user("dave"), "ListUsers", &[])
            .await
            .is_err()
    );
    let text = "The user with name dave cannot be found.";
    let absent = [group, user];
    refused(&bench, "RemoveUserFromGroup", &absent, "NoSuchEntity", text).await;
}

#[tokio::test]
async fn a_user_is_in_ten_groups_at_most() {
    let bench = Bench::new().await;
    let user = ("UserName", "dave");
    done(&bench, &[("CreateUser", &[user])]).await;
    for number in 0..11 {
        let name = format!("g{number}");
        let group = ("GroupName", name.as_str());
        done(&bench, &[("CreateGroup", &[group])]).await;
        if number < 10 {
            done(&bench, &[("AddUserToGroup", &[group, user])]).await;
        }
    }
    let text = "Cannot exceed quota for GroupsPerUser: 10";
    let one_more = [("GroupName", "g10"), user];
    refused(&bench, "AddUserToGroup", &one_more, "LimitExceeded", text).await;
    let page = [user, ("MaxItems", "6")];
    let page = root(&bench, "ListGroupsForUser", &page).await.unwrap();
    let rest = [user, ("Marker", page.one("Marker"))];
    let rest = root(&bench, "ListGroupsForUser", &rest).await.unwrap();
    let seen = [page.all("GroupName"), rest.all("GroupName")].concat();
    let all: Vec<String> = (0..10).map(|number| format!("g{number}")).collect();
    assert_eq!(seen, all);
}

#[tokio::test]
async fn an_account_has_300_groups_at_most() {
    let bench = Bench::new().await;
    for number in 0..300 {
        let name = format!("g{number}");
        done(&bench, &[("CreateGroup", &[("GroupName", &name)])]).await;
    }
    let text = "Cannot exceed quota for GroupsPerAccount: 300";
    let more = [("GroupName", "more")];
    refused(&bench, "CreateGroup", &more, "LimitExceeded", text).await;
    let listed = root(&bench, "ListGroups", &[("MaxItems", "1000")]).await;
    assert_eq!(listed.unwrap().all("GroupName").len(), 300);
    done(&bench, &[("DeleteGroup", &[("GroupName", "g7")])]).await;
    done(&bench, &[("CreateGroup", &more)]).await;
}
