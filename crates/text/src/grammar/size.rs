//! How large a JSON schema may become when it is compiled. The library joins the parts of a schema
//! that all must hold (siblings of `anyOf` or `$ref`, the members of `allOf`) by copying every
//! alternative of one part for every alternative of the others, and it compares the patterns of
//! `patternProperties` two by two, and a lexer of `multipleOf` has a state for every remainder: a
//! short text can ask for gigabytes or minutes. Here all that is counted first, on the safe side.

use std::collections::HashMap;

use serde_json::{Map, Value};

use crate::error::{Error, Result};

/// Alternatives that a joined schema may have, times the bytes of the text: the copies that are
/// made of it take a few times as much.
const MAX_JOINED_BYTES: u64 = 16 * 1024 * 1024;
/// Pairs of patterns that are compared; a pair takes up to a fifth of a millisecond.
const MAX_PATTERN_PAIRS: u64 = 2000;
/// Remainders of `multipleOf`: its digits as an integer. Joined ones have their common multiple's.
const MAX_REMAINDERS: u64 = 10_000;

/// Errors: ResourceExhausted, saying what there is too much of; InvalidArgument and Unsupported for
/// references that lead nowhere or out of the schema.
pub fn check_schema(schema: &Value, text_bytes: usize) -> Result<()> {
    let mut walk = Walk {
        root: schema,
        known: HashMap::new(),
        most_alternatives: 1,
        joins: 0,
        patterns: 0,
        pairs: 0,
        remainders: 1,
        joined_remainders: 1,
        two_recursions: false,
        wrong_reference: None,
    };
    walk.weigh(schema);
    if let Some(error) = walk.wrong_reference {
        return Err(error);
    }
    let joined = walk.most_alternatives.saturating_mul(text_bytes as u64);
    if joined > MAX_JOINED_BYTES {
        return Err(Error::exhausted(format!(
            "JSON schema: too many alternatives are joined (allOf, or siblings of anyOf, oneOf or \
             $ref): {} in {text_bytes} bytes of schema; wanted at most {} here",
            walk.most_alternatives,
            MAX_JOINED_BYTES / (text_bytes as u64).max(1)
        )));
    }
    if walk.two_recursions {
        return Err(Error::unsupported(
            "JSON schema: two schemas that refer to themselves are joined (allOf, or siblings of \
             $ref); only one of them may",
        ));
    }
    let remainders = match walk.joins {
        0 => walk.remainders,
        _ => walk.joined_remainders,
    };
    if remainders > MAX_REMAINDERS {
        return Err(Error::exhausted(format!(
            "JSON schema: multipleOf: wanted a number of which {MAX_REMAINDERS} or fewer make a \
             round one (its digits, without the point and zeros), found {remainders}"
        )));
    }
    let pairs = match walk.joins {
        0 => walk.pairs,
        joins => pairs_of(walk.patterns).saturating_mul(joins),
    };
    if pairs > MAX_PATTERN_PAIRS {
        return Err(Error::exhausted(format!(
            "JSON schema: {pairs} pairs of patternProperties would have to be compared, wanted at \
             most {MAX_PATTERN_PAIRS}"
        )));
    }
    Ok(())
}

fn pairs_of(count: u64) -> u64 {
    count.saturating_mul(count.saturating_sub(1)) / 2
}

#[derive(Clone, Copy)]
struct Weight {
    /// Most alternatives anywhere inside.
    alternatives: u64,
    /// It refers to itself, or to something that does.
    recursive: bool,
}

const PLAIN: Weight = Weight {
    alternatives: 1,
    recursive: false,
};

struct Walk<'a> {
    root: &'a Value,
    /// By reference; None while it is being weighed.
    known: HashMap<&'a str, Option<Weight>>,
    most_alternatives: u64,
    /// Parts beyond the first of all joined schemas.
    joins: u64,
    patterns: u64,
    pairs: u64,
    remainders: u64,
    joined_remainders: u64,
    two_recursions: bool,
    wrong_reference: Option<Error>,
}

impl<'a> Walk<'a> {
    fn weigh(&mut self, schema: &'a Value) -> Weight {
        let Value::Object(schema) = schema else {
            return PLAIN;
        };
        let parts = self.parts(schema);
        if parts.len() == 1 {
            return parts[0];
        }
        self.joins += parts.len().saturating_sub(1) as u64;
        let alternatives = parts.iter().fold(1u64, |product, part| {
            product.saturating_mul(part.alternatives)
        });
        self.most_alternatives = self.most_alternatives.max(alternatives);
        let recursive = parts.iter().filter(|part| part.recursive).count();
        self.two_recursions |= recursive > 1;
        Weight {
            alternatives,
            recursive: recursive > 0,
        }
    }

    /// What all must hold.
    fn parts(&mut self, schema: &'a Map<String, Value>) -> Vec<Weight> {
        let mut parts = Vec::new();
        if let Some(own) = self.own_keywords(schema) {
            parts.push(own);
        }
        for (keyword, value) in schema {
            match (keyword.as_str(), value) {
                ("anyOf" | "oneOf", Value::Array(options)) => parts.push(self.any_of(options)),
                ("allOf", Value::Array(all)) => {
                    parts.extend(all.iter().map(|each| self.weigh(each)).collect::<Vec<_>>());
                }
                ("$ref", Value::String(reference)) => parts.push(self.refer(reference)),
                ("enum" | "const", _) => parts.push(PLAIN),
                _ => {}
            }
        }
        parts
    }

    fn own_keywords(&mut self, schema: &'a Map<String, Value>) -> Option<Weight> {
        let mut own = PLAIN;
        let mut any = schema.contains_key("type");
        for (keyword, value) in schema {
            let weight = match (keyword.as_str(), value) {
                ("properties", Value::Object(named)) => self.most(named.values()),
                ("patternProperties", Value::Object(named)) => {
                    self.patterns += named.len() as u64;
                    self.pairs += pairs_of(named.len() as u64);
                    self.most(named.values())
                }
                ("items" | "prefixItems", Value::Array(items)) => self.most(items.iter()),
                ("items" | "additionalItems" | "additionalProperties", one) => self.weigh(one),
                ("multipleOf", number) => {
                    let remainders = remainders(number.as_f64().unwrap_or(1.0));
                    self.remainders = self.remainders.max(remainders);
                    self.joined_remainders = self.joined_remainders.saturating_mul(remainders);
                    PLAIN
                }
                _ => continue,
            };
            any = true;
            own = larger(own, weight);
        }
        any.then_some(own)
    }

    fn most(&mut self, schemas: impl Iterator<Item = &'a Value>) -> Weight {
        schemas.fold(PLAIN, |most, each| larger(most, self.weigh(each)))
    }

    fn any_of(&mut self, options: &'a [Value]) -> Weight {
        let none = Weight {
            alternatives: 0,
            ..PLAIN
        };
        options.iter().fold(none, |sum, each| {
            let weight = self.weigh(each);
            Weight {
                alternatives: sum.alternatives.saturating_add(weight.alternatives),
                recursive: sum.recursive || weight.recursive,
            }
        })
    }

    fn refer(&mut self, reference: &'a str) -> Weight {
        match self.known.get(reference) {
            Some(Some(weight)) => return *weight,
            Some(None) => {
                return Weight {
                    alternatives: 1,
                    recursive: true,
                };
            }
            None => {}
        }
        self.known.insert(reference, None);
        let weight = match target(self.root, reference) {
            Some(schema) => self.weigh(schema),
            None => {
                self.wrong_reference = Some(wrong_reference(reference));
                PLAIN
            }
        };
        self.known.insert(reference, Some(weight));
        weight
    }
}

fn wrong_reference(reference: &str) -> Error {
    if reference.starts_with('#') {
        return Error::invalid(format!(
            "JSON schema: $ref: wanted a place in the schema, found nothing at {reference:?}"
        ));
    }
    Error::unsupported(format!(
        "JSON schema: $ref: wanted a place in the schema itself (\"#/...\"), found {reference:?}"
    ))
}

/// The digits of a number without its point, as far as they are no power of ten: 0.25 has 25.
fn remainders(number: f64) -> u64 {
    let written = format!("{:e}", number.abs());
    let (digits, exponent) = written.split_once('e').unwrap_or((&written, "0"));
    let fraction = digits
        .split_once('.')
        .map_or(0, |(_, after)| after.len() as i32);
    let integer: u64 = digits.replace('.', "").parse().unwrap_or(u64::MAX);
    let zeros = exponent.parse::<i32>().unwrap_or(0) - fraction;
    let power = 10u64.checked_pow(zeros.max(0) as u32).unwrap_or(u64::MAX);
    integer.saturating_mul(power).max(1)
}

fn larger(one: Weight, other: Weight) -> Weight {
    Weight {
        alternatives: one.alternatives.max(other.alternatives),
        recursive: one.recursive || other.recursive,
    }
}

/// As the library finds it: within the schema, by its path.
fn target<'a>(root: &'a Value, reference: &str) -> Option<&'a Value> {
    if reference == "#" {
        return Some(root);
    }
    let path = reference.strip_prefix("#/")?;
    if path.is_empty() {
        return Some(root);
    }
    path.split('/').try_fold(root, |value, step| match value {
        Value::Array(items) => items.get(step.parse::<usize>().ok()?),
        Value::Object(object) => object.get(step),
        _ => None,
    })
}
