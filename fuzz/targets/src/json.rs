//! The reader and the writer of AWS JSON, held to serde_json: what is accepted means the same to both, and what both could
//! read alike is refused for its size or a duplicated member alone.

use serde_json::Value;
use strongroom_aws::json::{DEPTH_MAX, Json, VALUES_MAX, Writer, parse};

pub(crate) fn run(data: &[u8]) {
    let theirs = serde_json::from_slice::<Value>(data);
    match (parse(data), theirs) {
        (Ok(ours), Ok(theirs)) => {
            assert!(same(&ours, &theirs), "read as another value than {theirs}");
            written_means_the_same(&ours);
        }
        (Ok(Json::Object(members)), Err(_)) => {
            assert!(
                data.is_empty() && members.is_empty(),
                "took what is no JSON"
            );
        }
        (Ok(_), Err(_)) => panic!("took what is no object"),
        (Err(_), Ok(theirs)) => assert!(may_be_refused(data, &theirs), "refused {theirs}"),
        (Err(_), Err(_)) => {}
    }
}

fn same(ours: &Json, theirs: &Value) -> bool {
    match (ours, theirs) {
        (Json::Null, Value::Null) => true,
        (Json::Bool(ours), Value::Bool(theirs)) => ours == theirs,
        (Json::Number(ours), Value::Number(theirs)) => {
            let is_integer = theirs.is_i64() || theirs.is_u64();
            let means = ours.parse::<f64>().ok();
            match is_integer {
                true => *ours == theirs.to_string(),
                false => means.is_some() && means == theirs.as_f64(),
            }
        }
        (Json::String(ours), Value::String(theirs)) => ours == theirs,
        (Json::Array(ours), Value::Array(theirs)) => {
            let mut pairs = ours.iter().zip(theirs);
            ours.len() == theirs.len() && pairs.all(|(ours, theirs)| same(ours, theirs))
        }
        (Json::Object(ours), Value::Object(theirs)) => {
            let named = |(name, ours): &(String, Json)| {
                theirs.get(name).is_some_and(|theirs| same(ours, theirs))
            };
            // As many members, and serde_json keeps one of each name: none of ours stands twice.
            ours.len() == theirs.len() && ours.iter().all(named)
        }
        _ => false,
    }
}

fn written_means_the_same(value: &Json) {
    let mut out = Writer::new();
    write(value, &mut out);
    let again = parse(&out.into_bytes());
    assert!(
        again == Ok(value.clone()) || *value == Json::Object(Vec::new()),
        "written as another value"
    );
}

fn write(value: &Json, out: &mut Writer) {
    match value {
        Json::Null => out.literal("null"),
        Json::Bool(value) => out.literal(value),
        Json::Number(text) => out.literal(text),
        Json::String(text) => out.string(text),
        Json::Array(items) => out.array(|out| items.iter().for_each(|item| write(item, out))),
        Json::Object(members) => out.object(|out| {
            for (name, value) in members {
                out.name(name);
                write(value, out);
            }
        }),
    }
}

fn may_be_refused(data: &[u8], theirs: &Value) -> bool {
    let measured = measure(theirs);
    !theirs.is_object()
        || measured.depth > DEPTH_MAX
        || measured.values > VALUES_MAX
        || measured.members != written_members(data)
}

#[derive(Default)]
struct Measured {
    depth: usize,
    values: usize,
    members: usize,
}

fn measure(value: &Value) -> Measured {
    let inner: Vec<Measured> = match value {
        Value::Array(items) => items.iter().map(measure).collect(),
        Value::Object(members) => members.values().map(measure).collect(),
        _ => {
            return Measured {
                values: 1,
                ..Measured::default()
            };
        }
    };
    let own = value.as_object().map_or(0, serde_json::Map::len);
    Measured {
        depth: 1 + inner.iter().map(|inner| inner.depth).max().unwrap_or(0),
        values: 1 + inner.iter().map(|inner| inner.values).sum::<usize>(),
        members: own + inner.iter().map(|inner| inner.members).sum::<usize>(),
    }
}

/// The members that stand in a JSON text, duplicates included: one for each colon outside strings.
fn written_members(data: &[u8]) -> usize {
    let (mut members, mut quoted, mut escaped) = (0, false, false);
    for byte in data {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b':' if !quoted => members += 1,
            _ => {}
        }
    }
    members
}
