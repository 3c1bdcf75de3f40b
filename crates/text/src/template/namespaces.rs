//! A namespace is the one value of a template that can be changed, so the one that can come to hold
//! itself, and the engine prints or compares such a value until the stack ends. It takes a template
//! that passes a namespace around: stores it, puts it into a list. None that we know does; they write
//! `{% set ns = namespace(...) %}` and then `ns.name`. Where one does anything else, what it stores in
//! a namespace is looked through first, for fuel, and must not
//! be one. Nothing changes for the others.

use minijinja::value::{ObjectRepr, Value, ValueKind};
use minijinja::{Error, ErrorKind, State};

use super::source::{Piece, Pieces, after, word};

/// What looks through a value.
pub const FILTER: &str = "without_namespaces";

/// The source, with what it stores in namespaces sent through FILTER where that may be needed.
pub fn guarded(source: String) -> String {
    if !passes_namespaces(&source) {
        return source;
    }
    Pieces::new(&source)
        .map(|piece| match piece {
            Piece::Tag(tag) if word(tag) == "set" => guarded_set(tag),
            Piece::Tag(text) | Piece::Expression(text) | Piece::Other(text) => text.to_string(),
        })
        .collect()
}

/// The value, unless a namespace is in it, however deep. A piece of it costs one fuel.
pub fn without_namespaces(state: &State, value: Value) -> Result<Value, Error> {
    let mut open = vec![value.clone()];
    while let Some(each) = open.pop() {
        let Some(object) = each.as_object() else {
            continue;
        };
        if object.type_name().ends_with("::Namespace") {
            return Err(Error::new(
                ErrorKind::InvalidOperation,
                "a namespace that is passed around cannot hold another",
            ));
        }
        if object.repr() == ObjectRepr::Plain {
            continue;
        }
        for inner in each.try_iter()? {
            state.consume_fuel(1)?;
            if each.kind() == ValueKind::Map {
                open.push(each.get_item(&inner)?);
            }
            open.push(inner);
        }
    }
    Ok(value)
}

fn passes_namespaces(source: &str) -> bool {
    let mut names = Vec::new();
    for piece in Pieces::new(source) {
        if let Piece::Tag(tag) = piece {
            names.extend(made_by(tag));
        }
    }
    Pieces::new(source).any(|piece| match piece {
        Piece::Tag(tag) if made_by(tag).is_some() => {
            passes(arguments(tag), &names) // of namespace(...)
        }
        Piece::Tag(code) | Piece::Expression(code) => passes(code, &names),
        Piece::Other(_) => false,
    })
}

/// The name that `{% set name = namespace(...` makes one of.
fn made_by(tag: &str) -> Option<&str> {
    let code = tag[2..].trim_start_matches(['-', '+']).trim_start();
    let (name, made) = code.strip_prefix("set")?.split_once('=')?;
    let made = made.trim_start().strip_prefix("namespace")?.trim_start();
    let name = name.trim();
    (made.starts_with('(') && name.chars().all(is_word)).then_some(name)
}

fn arguments(tag: &str) -> &str {
    tag.split_once('(').map_or("", |(_, rest)| rest)
}

/// Whether code says `namespace` or one of the names other than to reach what is in it.
fn passes(code: &str, names: &[&str]) -> bool {
    let bytes = code.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let end = code[at..]
            .find(|c: char| !is_word(c))
            .map_or(code.len(), |length| at + length);
        if end > at {
            let found = &code[at..end];
            let member = code[..at].trim_end().ends_with('.');
            let next = code[end..].trim_start();
            let named = next.starts_with('=') && !next.starts_with("==");
            let inside = next.starts_with('.') || named;
            let known = found == "namespace" || (names.contains(&found) && !inside);
            if known && !member {
                return true;
            }
            at = end;
        } else {
            at = next_boundary(code, after(bytes, at));
        }
    }
    false
}

fn next_boundary(code: &str, mut at: usize) -> usize {
    while at < code.len() && !code.is_char_boundary(at) {
        at += 1;
    }
    at.min(code.len())
}

/// `set a.b = value` as `set a.b = (value)|without_namespaces`; others as they are.
fn guarded_set(tag: &str) -> String {
    let (Some(equals), Some(code)) = (assignment(tag), tag.strip_suffix("%}")) else {
        return tag.to_string();
    };
    if !tag[..equals].contains('.') {
        return tag.to_string();
    }
    let end = code.trim_end_matches(['-', '+']).len();
    let (target, value) = (&tag[..=equals], &tag[equals + 1..end]);
    format!("{target} ({value})|{FILTER} {}", &tag[end..])
}

/// Where the `=` of a set tag is; none in a `{% set name | filter(x=1) %}` block.
fn assignment(tag: &str) -> Option<usize> {
    let bytes = tag.as_bytes();
    let targets = tag.find(['|', '\'', '"']).unwrap_or(tag.len());
    bytes[..targets].iter().position(|&byte| byte == b'=')
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_templates_stay_as_they_are() {
        for source in [
            "{% set ns = namespace(a=1) %}{% set ns.a = ns.a + 1 %}{{ ns.a }}",
            "{%- set ns = namespace ( found = false , b = [] ) -%}{% if not ns.found %}{% endif %}",
            "{% set ns = namespace() %}{{ message.ns }}{{ f(ns=1) }} ns {{ 'ns' }}{# ns #}",
            "{% set ns = namespace() %}{{ nsx }}{{ 'namespace' ~ \"ä ns\" }}{% set ns.é = 1 %}",
            "{% set a.b = c %}",
        ] {
            assert_eq!(guarded(source.to_string()), source);
        }
    }

    #[test]
    fn others_are_guarded() {
        let begin = "{% set n = namespace() %}{{ [n] }}";
        for (set, wanted) in [
            (
                "{% set n.a = 1 %}",
                "{% set n.a = ( 1 )|without_namespaces %}",
            ),
            (
                "{%- set n.a.b = x == 1 -%}",
                "{%- set n.a.b = ( x == 1 )|without_namespaces -%}",
            ),
            (
                "{% set n.a, (b, n . c) = x+%}",
                "{% set n.a, (b, n . c) = ( x)|without_namespaces +%}",
            ),
            ("{% set x = n.a %}", "{% set x = n.a %}"),
            ("{% set n.a | f(x=1) %}", "{% set n.a | f(x=1) %}"),
            ("{% set n.a %}", "{% set n.a %}"),
            ("{% set n.a = 1", "{% set n.a = 1"),
        ] {
            let source = format!("{begin}{set}");
            assert_eq!(guarded(source), format!("{begin}{wanted}"));
        }
        for source in [
            "{% set n = namespace %}{% set a.b = 1 %}",
            "{% for n in [namespace()] %}{% set n.b = 1 %}",
            "{% set n = namespace(a=namespace()) %}{% set n.b = 1 %}",
            "{% set n = namespace() %}{% set m = n %}{% set m.b = 1 %}",
        ] {
            assert_ne!(guarded(source.to_string()), source);
        }
    }
}
