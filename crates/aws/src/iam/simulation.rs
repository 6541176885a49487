//! What policies would decide.

use super::{
    ArnType, BooleanType, MarkerType, MaxItemsType, PolicyDocumentType, PolicyNameType,
    ResponseMarkerType,
};
use crate::patterns::is_name;
use crate::{enumeration, integer, list, map, structure, text};

text!(ActionNameType, 3..=128);
text!(AttachmentName, 1..=128, r"[\w+=,.@-]+", is_name);
text!(ContextKeyNameType, 5..=256);
text!(ContextKeyValueType);
text!(EvalDecisionSourceType, 3..=256);
text!(PolicyIdentifierType);
text!(ResourceHandlingOptionType, 1..=64);
text!(ResourceNameType, 1..=2048);
integer!(ColumnNumber);
integer!(LineNumber);

enumeration!(AttachmentType {
    User = "user",
    Group = "group",
    Role = "role",
});

enumeration!(ContextKeyTypeEnum {
    String = "string",
    StringList = "stringList",
    Numeric = "numeric",
    NumericList = "numericList",
    Boolean = "boolean",
    BooleanList = "booleanList",
    Ip = "ip",
    IpList = "ipList",
    Binary = "binary",
    BinaryList = "binaryList",
    Date = "date",
    DateList = "dateList",
});

enumeration!(PolicyEvaluationDecisionType {
    Allowed = "allowed",
    ExplicitDeny = "explicitDeny",
    ImplicitDeny = "implicitDeny",
});

enumeration!(PolicyIdentifierPolicyType {
    Inline = "inline",
    AwsManaged = "aws-managed",
    UserManaged = "user-managed",
    PermissionBoundary = "permission-boundary",
    Scp = "scp",
    Rcp = "rcp",
});

enumeration!(PolicySourceType {
    User = "user",
    Group = "group",
    Role = "role",
    AwsManaged = "aws-managed",
    UserManaged = "user-managed",
    Resource = "resource",
    None = "none",
});

list!(ActionNameListType of ActionNameType);
list!(ContextEntryListType of ContextEntry);
list!(ContextKeyNamesResultListType of ContextKeyNameType);
list!(ContextKeyValueListType of ContextKeyValueType);
map!(EvalDecisionDetailsType, EvalDecisionSourceType => PolicyEvaluationDecisionType);
list!(EvaluationResultsListType of EvaluationResult);
list!(OrganizationPolicyListType of OrderedOrganizationPolicyType, 0..=7);
list!(PolicyExclusionsListType of PolicyIdentifier, 0..=256);
list!(ResourceNameListType of ResourceNameType);
list!(ResourceSpecificResultListType of ResourceSpecificResult);
list!(SimulationPolicyListType of PolicyDocumentType);
list!(StatementListType of Statement);

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    ContextEntry {
        context_key_name: ContextKeyNameType = "ContextKeyName";
        context_key_values: ContextKeyValueListType = "ContextKeyValues";
        context_key_type: ContextKeyTypeEnum = "ContextKeyType";
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    EvaluationResult {
        eval_action_name: ActionNameType = "EvalActionName", required;
        eval_resource_name: ResourceNameType = "EvalResourceName";
        eval_decision: PolicyEvaluationDecisionType = "EvalDecision", required;
        matched_statements: StatementListType = "MatchedStatements";
        missing_context_values: ContextKeyNamesResultListType = "MissingContextValues";
        organizations_decision_detail: OrganizationsDecisionDetail = "OrganizationsDecisionDetail";
        permissions_boundary_decision_detail: PermissionsBoundaryDecisionDetail = "PermissionsBoundaryDecisionDetail";
        eval_decision_details: EvalDecisionDetailsType = "EvalDecisionDetails";
        resource_specific_results: ResourceSpecificResultListType = "ResourceSpecificResults";
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    InlinePolicyIdentifierType {
        policy_name: PolicyNameType = "PolicyName", required;
        attachment_type: AttachmentType = "AttachmentType", required;
        attachment_name: AttachmentName = "AttachmentName", required;
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    OrderedOrganizationPolicyType {
        service_control_policy_input_list: SimulationPolicyListType = "ServiceControlPolicyInputList";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    OrganizationsDecisionDetail {
        allowed_by_organizations: BooleanType = "AllowedByOrganizations";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    PermissionsBoundaryDecisionDetail {
        allowed_by_permissions_boundary: BooleanType = "AllowedByPermissionsBoundary";
    }
}

// A union in the model: one member must be there.
structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    PolicyIdentifier {
        policy_type: PolicyIdentifierPolicyType = "PolicyType";
        policy_arn: ArnType = "PolicyArn";
        inline_policy_identifier: InlinePolicyIdentifierType = "InlinePolicyIdentifier";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    Position {
        line: LineNumber = "Line";
        column: ColumnNumber = "Column";
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    ResourceSpecificResult {
        eval_resource_name: ResourceNameType = "EvalResourceName", required;
        eval_resource_decision: PolicyEvaluationDecisionType = "EvalResourceDecision", required;
        matched_statements: StatementListType = "MatchedStatements";
        missing_context_values: ContextKeyNamesResultListType = "MissingContextValues";
        eval_decision_details: EvalDecisionDetailsType = "EvalDecisionDetails";
        permissions_boundary_decision_detail: PermissionsBoundaryDecisionDetail = "PermissionsBoundaryDecisionDetail";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    Statement {
        source_policy_id: PolicyIdentifierType = "SourcePolicyId";
        source_policy_type: PolicySourceType = "SourcePolicyType";
        start_position: Position = "StartPosition";
        end_position: Position = "EndPosition";
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    SimulatePrincipalPolicyRequest {
        policy_source_arn: ArnType = "PolicySourceArn", required;
        policy_input_list: SimulationPolicyListType = "PolicyInputList";
        permissions_boundary_policy_input_list: SimulationPolicyListType = "PermissionsBoundaryPolicyInputList";
        policy_exclusion_list: PolicyExclusionsListType = "PolicyExclusionList";
        action_names: ActionNameListType = "ActionNames", required;
        resource_arns: ResourceNameListType = "ResourceArns";
        resource_policy: PolicyDocumentType = "ResourcePolicy";
        resource_owner: ResourceNameType = "ResourceOwner";
        caller_arn: ResourceNameType = "CallerArn";
        context_entries: ContextEntryListType = "ContextEntries";
        resource_handling_option: ResourceHandlingOptionType = "ResourceHandlingOption";
        max_items: MaxItemsType = "MaxItems";
        marker: MarkerType = "Marker";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    SimulatePolicyResponse {
        evaluation_results: EvaluationResultsListType = "EvaluationResults";
        is_truncated: BooleanType = "IsTruncated";
        marker: ResponseMarkerType = "Marker";
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    SimulateCustomPolicyRequest {
        policy_input_list: SimulationPolicyListType = "PolicyInputList", required;
        permissions_boundary_policy_input_list: SimulationPolicyListType = "PermissionsBoundaryPolicyInputList";
        ordered_organization_policy_input_list: OrganizationPolicyListType = "OrderedOrganizationPolicyInputList";
        action_names: ActionNameListType = "ActionNames", required;
        resource_arns: ResourceNameListType = "ResourceArns";
        resource_policy: PolicyDocumentType = "ResourcePolicy";
        resource_owner: ResourceNameType = "ResourceOwner";
        caller_arn: ResourceNameType = "CallerArn";
        context_entries: ContextEntryListType = "ContextEntries";
        resource_handling_option: ResourceHandlingOptionType = "ResourceHandlingOption";
        max_items: MaxItemsType = "MaxItems";
        marker: MarkerType = "Marker";
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    GetContextKeysForCustomPolicyRequest {
        policy_input_list: SimulationPolicyListType = "PolicyInputList", required;
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    GetContextKeysForPolicyResponse {
        context_key_names: ContextKeyNamesResultListType = "ContextKeyNames";
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    GetContextKeysForPrincipalPolicyRequest {
        policy_source_arn: ArnType = "PolicySourceArn", required;
        policy_input_list: SimulationPolicyListType = "PolicyInputList";
    }
}
