//! What a request says of its grammar, as the library's own form: JSON schemas, regular
//! expressions, lists of choices, and grammars in Lark or EBNF.

use llguidance::api::TopLevelGrammar;
use serde_json::{Map, Value, json};

use super::{ebnf, size, tags};
use crate::error::{Error, Result};

/// What may stand between the tokens of JSON, once in a place: what people and models write, and not
/// the endless blanks that some models fall into.
const WHITESPACE: &str = r"[ \t]{1,2}|\r?\n[ \t]{0,64}";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    JsonSchema,
    Regex,
    /// A JSON list of texts, one of which is the answer.
    Choice,
    /// Lark, or EBNF when a rule is written with `::=`.
    Grammar,
    /// Free text with tags whose insides are JSON; see `tags`.
    Tags,
}

pub struct Spec<'a> {
    pub kind: Kind,
    pub text: &'a str,
    /// Of JSON: a regular expression for what may stand between its tokens; None: a few blanks.
    pub whitespace_pattern: Option<&'a str>,
    /// Of JSON: nothing may.
    pub no_whitespace: bool,
    /// Of JSON: objects have the properties that their schemas name, unless these say otherwise.
    pub no_additional_properties: bool,
}

pub fn read(spec: &Spec) -> Result<TopLevelGrammar> {
    match spec.kind {
        Kind::JsonSchema => json_schema(spec),
        Kind::Regex => regex(spec.text),
        Kind::Choice => choice(spec.text),
        Kind::Grammar if ebnf::is_ebnf(spec.text) => {
            Ok(TopLevelGrammar::from_lark(ebnf::to_lark(spec.text)?))
        }
        Kind::Grammar => lark(spec.text),
        Kind::Tags => Ok(TopLevelGrammar::from_lark(tags::to_lark(spec)?)),
    }
}

fn json_schema(spec: &Spec) -> Result<TopLevelGrammar> {
    let schema: Value =
        serde_json::from_str(spec.text).map_err(|e| Error::invalid(format!("not JSON: {e}")))?;
    Ok(TopLevelGrammar::from_json_schema(settled_schema(
        spec, schema,
    )?))
}

/// A schema that is not too large, with the options of the request in it.
pub fn settled_schema(spec: &Spec, mut schema: Value) -> Result<Value> {
    size::check_schema(&schema, spec.text.len())?;
    if spec.no_additional_properties {
        close_objects(&mut schema);
    }
    if let Value::Object(object) = &mut schema {
        set_whitespace(spec, object);
    }
    Ok(schema)
}

fn set_whitespace(spec: &Spec, schema: &mut Map<String, Value>) {
    let options = schema.entry("x-guidance").or_insert_with(|| json!({}));
    let Value::Object(options) = options else {
        return;
    };
    let pattern = "whitespace_pattern";
    if spec.no_whitespace {
        options.insert("whitespace_flexible".to_string(), json!(false));
    } else if let Some(wanted) = spec.whitespace_pattern {
        options.insert(pattern.to_string(), json!(wanted));
    } else if !options.contains_key("whitespace_flexible") {
        options.entry(pattern).or_insert(json!(WHITESPACE));
    }
}

/// `"additionalProperties": false` in every schema of an object that does not speak of them.
fn close_objects(schema: &mut Value) {
    match schema {
        Value::Array(schemas) => schemas.iter_mut().for_each(close_objects),
        Value::Object(object) => {
            for (keyword, value) in object.iter_mut() {
                match (keyword.as_str(), value) {
                    ("const" | "enum" | "default" | "examples", _) => {}
                    (
                        "properties" | "patternProperties" | "$defs" | "definitions",
                        Value::Object(named),
                    ) => named.values_mut().for_each(close_objects),
                    (_, value) => close_objects(value),
                }
            }
            let is_object = object.get("type").is_some_and(|t| t == "object")
                || object.contains_key("properties");
            if is_object && !object.contains_key("patternProperties") {
                object.entry("additionalProperties").or_insert(json!(false));
            }
        }
        _ => {}
    }
}

fn regex(text: &str) -> Result<TopLevelGrammar> {
    if text.is_empty() {
        return Err(Error::invalid(
            "wanted a regular expression that is not empty",
        ));
    }
    Ok(TopLevelGrammar::from_regex(text))
}

fn choice(text: &str) -> Result<TopLevelGrammar> {
    let choices: Vec<String> = serde_json::from_str(text)
        .map_err(|e| Error::invalid(format!("wanted a list of texts: {e}")))?;
    if choices.is_empty() {
        return Err(Error::invalid("wanted at least one choice, found none"));
    }
    if choices.iter().any(String::is_empty) {
        return Err(Error::invalid("wanted choices that are not empty"));
    }
    let choices: Vec<String> = choices.iter().map(|text| literal(text)).collect();
    Ok(TopLevelGrammar::from_regex(&choices.join("|")))
}

fn lark(text: &str) -> Result<TopLevelGrammar> {
    if text.trim().is_empty() {
        return Err(Error::invalid("wanted a grammar, found an empty text"));
    }
    // Schemas inside the grammar are held to the limits of schemas.
    for (at, mark) in text.match_indices("%json") {
        let rest = &text[at + mark.len()..];
        let mut values = serde_json::Deserializer::from_str(rest).into_iter::<Value>();
        if let Some(Ok(schema)) = values.next() {
            size::check_schema(&schema, text.len())?;
        }
    }
    Ok(TopLevelGrammar::from_lark(text.to_string()))
}

/// A text as a regular expression that matches nothing else.
pub fn literal(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii_alphanumeric() {
            out.push(c);
        } else {
            out.push_str(&format!("\\x{{{:X}}}", c as u32));
        }
    }
    out
}
