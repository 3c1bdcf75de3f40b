//! Structural tags: text that is free until a trigger begins a tag, whose inside is JSON of a
//! schema, and free again behind it. As a grammar in Lark:
//!
//!   {"structures": [{"begin": "<f=a>", "schema": {...}, "end": "</f>"}], "triggers": ["<f="]}

use serde::Deserialize;
use serde_json::Value;

use super::source::{Spec, literal, settled_schema};
use crate::error::{Error, Result};

#[derive(Deserialize)]
struct Tags {
    structures: Vec<Structure>,
    triggers: Vec<String>,
}

#[derive(Deserialize)]
struct Structure {
    begin: String,
    schema: Value,
    end: String,
}

pub fn to_lark(spec: &Spec) -> Result<String> {
    let tags: Tags = serde_json::from_str(spec.text).map_err(|e| {
        Error::invalid(format!(
            "wanted structures (begin, schema, end) and triggers: {e}"
        ))
    })?;
    let mut of_trigger = vec![Vec::new(); tags.triggers.len()];
    let mut lark = String::new();
    for (number, structure) in tags.structures.iter().enumerate() {
        let trigger = trigger_of(&structure.begin, &tags.triggers)?;
        let rest = &structure.begin[tags.triggers[trigger].len()..];
        let schema = match settled_schema(spec, structure.schema.clone())? {
            Value::Bool(true) => Value::Object(serde_json::Map::new()),
            other => other,
        };
        let (rest, end) = (terminal(rest), terminal(&structure.end));
        lark.push_str(&format!("s{number}: {rest} %json {schema} {end}\n"));
        of_trigger[trigger].push(format!("s{number}"));
    }
    let mut starts = Vec::new();
    for (number, (trigger, structures)) in tags.triggers.iter().zip(&of_trigger).enumerate() {
        if structures.is_empty() {
            return Err(Error::invalid(format!(
                "triggers: wanted a structure that begins with {trigger:?}, found none"
            )));
        }
        let (trigger, structures) = (terminal(trigger), structures.join(" | "));
        lark.push_str(&format!("h{number}[lazy]: TEXT {trigger}\n"));
        lark.push_str(&format!("t{number}: h{number} ({structures})\n"));
        starts.push(format!("t{number}"));
    }
    if starts.is_empty() {
        return Err(Error::invalid("triggers: wanted at least one, found none"));
    }
    let starts = starts.join(" | ");
    lark.push_str(&format!("start: ({starts})* tail\ntail: TEXT\n"));
    lark.push_str("TEXT: /[\\x{0}-\\x{10FFFF}]*/\n");
    Ok(lark)
}

fn trigger_of(begin: &str, triggers: &[String]) -> Result<usize> {
    let found = triggers
        .iter()
        .position(|trigger| !trigger.is_empty() && begin.starts_with(trigger));
    found.ok_or_else(|| {
        Error::invalid(format!(
            "structures: wanted a begin that starts with one of the triggers, found {begin:?}"
        ))
    })
}

fn terminal(text: &str) -> String {
    match text {
        "" => String::new(),
        text => format!("/{}/", literal(text)),
    }
}
