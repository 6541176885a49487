//! Shapes with parts: lists, maps and structures.

use std::collections::BTreeMap;

use super::model::{Bounds, Kind, Model, Sensitivity};
use super::violation::length_violated;
use super::{Constraint, Malformed, Path, Shape, Violations};
use crate::json::Json;

/// Reads the items of a list.
pub fn decode_list<S: Shape>(
    model: &Model,
    json: &Json,
    path: &Path<'_>,
    violations: &mut Violations,
) -> Result<Option<Vec<S>>, Malformed> {
    let Json::Array(items) = json else {
        return Err(Malformed::new("List", json));
    };
    let before = violations.count();
    if let Kind::List(_, bounds) = model.kind
        && let Some(constraint) = length_violated(items.len(), bounds)
    {
        violations.add(path, shown_list(items), &constraint);
    }
    let values = match S::MODEL.kind {
        Kind::Text(..) | Kind::Enumeration(_) => decode_texts(items, path, violations)?,
        _ => decode_items(items, path, violations)?,
    };
    Ok((violations.count() == before).then_some(values))
}

/// Items that are named one by one in messages.
fn decode_items<S: Shape>(
    items: &[Json],
    path: &Path<'_>,
    violations: &mut Violations,
) -> Result<Vec<S>, Malformed> {
    let mut values = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        let path = Path::Item(path, index);
        match item {
            Json::Null => violations.null(&path),
            _ => values.extend(S::decode(item, &path, violations)?),
        }
    }
    Ok(values)
}

/// Strings, for which one message names the whole list and every constraint of its items.
fn decode_texts<S: Shape>(
    items: &[Json],
    path: &Path<'_>,
    violations: &mut Violations,
) -> Result<Vec<S>, Malformed> {
    let mut values = Vec::with_capacity(items.len());
    let mut unnamed = Violations::default();
    for item in items {
        match item {
            Json::Null => unnamed.null(path),
            _ => values.extend(S::decode(item, path, &mut unnamed)?),
        }
    }
    if !unnamed.is_empty() {
        let constraint = Constraint::Items(item_constraints(S::MODEL));
        violations.add(path, shown_list(items), &constraint);
    }
    Ok(values)
}

fn item_constraints(model: &Model) -> Vec<Constraint> {
    let mut constraints = match &model.kind {
        Kind::Text(bounds, pattern, _) => {
            let max = bounds.filter(|bounds| bounds.max != Bounds::NO_MAX);
            let max = max.map(|bounds| Constraint::LengthMax(bounds.max));
            let min = bounds.map(|bounds| Constraint::LengthMin(bounds.min));
            let pattern = pattern.map(|pattern| Constraint::Pattern(pattern.text));
            max.into_iter().chain(min).chain(pattern).collect()
        }
        Kind::Enumeration(names) => vec![Constraint::OneOf(names)],
        _ => Vec::new(),
    };
    constraints.push(Constraint::NotNull);
    constraints
}

/// Reads a map of scalars. Where the values are strings, other scalars become their text.
pub fn decode_map<K: Shape + Ord, V: Shape>(
    json: &Json,
    path: &Path<'_>,
    violations: &mut Violations,
) -> Result<Option<BTreeMap<K, V>>, Malformed> {
    let Json::Object(members) = json else {
        return Err(Malformed::new("Map", json));
    };
    let before = violations.count();
    let mut values = BTreeMap::new();
    for (name, value) in members {
        let Some(value) = map_value(V::MODEL, value)? else {
            violations.add(path, shown_map(members), &values_not_null());
            continue;
        };
        let key = K::decode(&Json::String(name.clone()), path, violations)?;
        let value = V::decode(&value, path, violations)?;
        values.extend(key.zip(value));
    }
    Ok((violations.count() == before).then_some(values))
}

fn values_not_null() -> Constraint {
    Constraint::Values(vec![Constraint::NotNull])
}

fn map_value(model: &Model, json: &Json) -> Result<Option<Json>, Malformed> {
    let is_text = matches!(model.kind, Kind::Text(..) | Kind::Enumeration(_));
    match json {
        Json::Null => Ok(None),
        _ if !is_text => Ok(Some(json.clone())),
        Json::Bool(value) => Ok(Some(Json::String(value.to_string()))),
        Json::Number(text) | Json::String(text) => Ok(Some(Json::String(text.clone()))),
        Json::Array(_) | Json::Object(_) => Err(Malformed::new("String", json)),
    }
}

// Lists and maps stand in messages as Java prints them.
fn shown_list(items: &[Json]) -> String {
    let items: Vec<String> = items.iter().map(shown).collect();
    format!("[{}]", items.join(", "))
}

fn shown_map(members: &[(String, Json)]) -> String {
    let members: Vec<String> = members
        .iter()
        .map(|(name, value)| format!("{name}={}", shown(value)))
        .collect();
    format!("{{{}}}", members.join(", "))
}

fn shown(json: &Json) -> String {
    match json {
        Json::Null => "null".to_owned(),
        Json::Bool(value) => value.to_string(),
        Json::Number(text) | Json::String(text) => text.clone(),
        Json::Array(items) => shown_list(items),
        Json::Object(members) => shown_map(members),
    }
}

/// The JSON object that a structure is read from.
pub fn members(json: &Json) -> Result<&Json, Malformed> {
    match json {
        Json::Object(_) => Ok(json),
        _ => Err(Malformed::new("Structure", json)),
    }
}

/// The JSON of the member `name`, unless it is absent or null.
pub fn member<'a>(object: &'a Json, name: &str) -> Option<&'a Json> {
    object.get(name).filter(|value| **value != Json::Null)
}

/// Reads a member that may be absent.
pub fn optional<S: Shape>(
    object: &Json,
    name: &'static str,
    path: &Path<'_>,
    violations: &mut Violations,
) -> Result<Option<S>, Malformed> {
    match member(object, name) {
        Some(value) => S::decode(value, &Path::Member(path, name), violations),
        None => Ok(None),
    }
}

/// Reads a member that must be there, and notes when it is not.
pub fn required<S: Shape>(
    object: &Json,
    name: &'static str,
    path: &Path<'_>,
    violations: &mut Violations,
) -> Result<Option<S>, Malformed> {
    if member(object, name).is_none() {
        let path = Path::Member(path, name);
        match S::MODEL.kind {
            Kind::Blob(_, Sensitivity::Secret) | Kind::Text(_, _, Sensitivity::Secret) => {
                violations.add_hidden(&path, &Constraint::NotNull)
            }
            _ => violations.null(&path),
        }
    }
    optional(object, name, path, violations)
}

/// A list shape: `list!(TagList of Tag)`, or with limits `list!(GrantTokenList of GrantTokenType, 0..=10)`, or without
/// a greatest length `list!(Operator of OperatorValue, 1..)`;
/// `list!(secret CustomKeyStoresList of CustomKeyStoresListEntry)` of what holds secrets has no `Debug`.
#[macro_export]
macro_rules! list {
    (secret $name:ident of $item:ty) => {
        #[doc = concat!("The list shape `", stringify!($name), "`, which holds secrets.")]
        #[derive(Default)]
        pub struct $name(pub Vec<$item>);

        $crate::list!(@shape $name of $item, None);
    };
    ($name:ident of $item:ty, $min:literal ..) => {
        $crate::list! {
            @plain $name of $item,
            Some($crate::shape::Bounds { min: $min, max: $crate::shape::Bounds::NO_MAX })
        }
    };
    ($name:ident of $item:ty $(, $min:literal ..= $max:literal)?) => {
        $crate::list! {
            @plain $name of $item,
            $crate::optional!($($crate::shape::Bounds { min: $min, max: $max })?)
        }
    };
    (@plain $name:ident of $item:ty, $bounds:expr) => {
        #[doc = concat!("The list shape `", stringify!($name), "`.")]
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub struct $name(pub Vec<$item>);

        $crate::list!(@shape $name of $item, $bounds);
    };
    (@shape $name:ident of $item:ty, $bounds:expr) => {
        $crate::shape! {
            $name,
            List(<$item as $crate::shape::Shape>::MODEL, $bounds),
            |json, path, violations| Ok($crate::shape::parts::decode_list(
                Self::MODEL, json, path, violations
            )?.map(Self)),
            |value, out| out.array(|out| {
                for item in &value.0 {
                    $crate::shape::Shape::encode(item, out);
                }
            })
        }
    };
}

/// A map shape, in the byte order of its keys: `map!(EncryptionContextType, Key => Value)`; both are
/// scalars, the key a string or an enumeration.
#[macro_export]
macro_rules! map {
    ($name:ident, $key:ty => $value:ty) => {
        #[doc = concat!("The map shape `", stringify!($name), "`.")]
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub struct $name(pub std::collections::BTreeMap<$key, $value>);

        $crate::shape! {
            $name,
            Map(
                <$key as $crate::shape::Shape>::MODEL,
                <$value as $crate::shape::Shape>::MODEL
            ),
            |json, path, violations| Ok($crate::shape::parts::decode_map(
                json, path, violations
            )?.map(Self)),
            |map, out| out.object(|out| {
                for (key, value) in &map.0 {
                    out.name(key.as_str());
                    $crate::shape::Shape::encode(value, out);
                }
            })
        }
    };
}

/// A structure: `structure!(EncryptRequest { key_id: KeyIdType = "KeyId", required; … })`. Members
/// are written in the order of the declaration; those not `required` are `Option`.
#[macro_export]
macro_rules! structure {
    ($(#[$attribute:meta])* $name:ident {
        $($field:ident: $type:ty = $wire:literal $(, $required:ident)?;)*
    }) => {
        #[doc = concat!("The structure `", stringify!($name), "`.")]
        $(#[$attribute])*
        pub struct $name {
            $(
                #[doc = concat!("`", $wire, "`")]
                pub $field: $crate::structure!(@type $type $(, $required)?),
            )*
        }

        $crate::shape! {
            $name,
            Structure(&[$($crate::shape::Member {
                name: $wire,
                model: <$type as $crate::shape::Shape>::MODEL,
                presence: $crate::structure!(@presence $($required)?),
            }),*]),
            |json, _path, _violations| {
                let _members = $crate::shape::parts::members(json)?;
                $(let $field = $crate::structure!(
                    @read $($required)?
                )(_members, $wire, _path, _violations)?;)*
                Ok(Some(Self {
                    $($field: $crate::structure!(@value $field $(, $required)?),)*
                }))
            },
            |_value, out| out.object(|_out| {
                $(if let Some(member) = $crate::structure!(
                    @present &_value.$field $(, $required)?
                ) {
                    _out.name($wire);
                    $crate::shape::Shape::encode(member, _out);
                })*
            })
        }
    };
    (@type $type:ty) => { Option<$type> };
    (@type $type:ty, required) => { $type };
    (@presence) => { $crate::shape::Presence::Optional };
    (@presence required) => { $crate::shape::Presence::Required };
    (@read) => { $crate::shape::parts::optional };
    (@read required) => { $crate::shape::parts::required };
    (@value $field:ident) => { $field };
    (@value $field:ident, required) => {
        match $field {
            Some(value) => value,
            None => return Ok(None),
        }
    };
    (@present $member:expr) => { ($member).as_ref() };
    (@present $member:expr, required) => { Some($member) };
}
