//! Python's methods of strings, lists and dicts: those of the template library's own set, and a few
//! that real templates use besides.

use minijinja::value::{Value, ValueKind, from_args};
use minijinja::{Error, ErrorKind, State};
use minijinja_contrib::pycompat::unknown_method_callback;

pub fn call(
    state: &mut State,
    value: &Value,
    method: &str,
    args: &[Value],
) -> Result<Value, Error> {
    match (value.as_str(), value.kind()) {
        (Some(text), ValueKind::String) => match on_string(text, method, args) {
            Err(e) if e.kind() == ErrorKind::UnknownMethod => {
                unknown_method_callback(state, value, method, args)
            }
            done => done,
        },
        _ => unknown_method_callback(state, value, method, args),
    }
}

fn on_string(text: &str, method: &str, args: &[Value]) -> Result<Value, Error> {
    match method {
        "removeprefix" => {
            let (prefix,): (&str,) = from_args(args)?;
            Ok(Value::from(text.strip_prefix(prefix).unwrap_or(text)))
        }
        "removesuffix" => {
            let (suffix,): (&str,) = from_args(args)?;
            Ok(Value::from(text.strip_suffix(suffix).unwrap_or(text)))
        }
        "partition" | "rpartition" => {
            let (separator,): (&str,) = from_args(args)?;
            check_separator(separator)?;
            Ok(list(partition(text, separator, method == "rpartition")))
        }
        "rsplit" => {
            let (separator, most): (Option<&str>, Option<i64>) = from_args(args)?;
            rsplit(text, separator, most.unwrap_or(-1))
        }
        _ => Err(Error::from(ErrorKind::UnknownMethod)),
    }
}

fn check_separator(separator: &str) -> Result<(), Error> {
    if separator.is_empty() {
        return Err(Error::new(ErrorKind::InvalidOperation, "empty separator"));
    }
    Ok(())
}

/// Before, separator, after; the whole text stands first (last, from the right) without one.
fn partition<'a>(text: &'a str, separator: &'a str, from_right: bool) -> [&'a str; 3] {
    let cut = if from_right {
        text.rsplit_once(separator)
    } else {
        text.split_once(separator)
    };
    match cut {
        Some((before, after)) => [before, separator, after],
        None if from_right => ["", "", text],
        None => [text, "", ""],
    }
}

fn rsplit(text: &str, separator: Option<&str>, most: i64) -> Result<Value, Error> {
    let pieces = usize::try_from(most).map_or(usize::MAX, |most| most.saturating_add(1));
    let mut parts: Vec<&str> = match separator {
        Some(separator) => {
            check_separator(separator)?;
            text.rsplitn(pieces, separator).collect()
        }
        None => {
            let mut words: Vec<&str> = Vec::new();
            let mut rest = text.trim_end();
            while !rest.is_empty() && words.len() + 1 < pieces {
                let begin = rest.rfind(char::is_whitespace).map_or(0, |at| {
                    at + rest[at..].chars().next().map_or(1, char::len_utf8)
                });
                words.push(&rest[begin..]);
                rest = rest[..begin].trim_end();
            }
            if !rest.is_empty() {
                words.push(rest);
            }
            words
        }
    };
    parts.reverse();
    Ok(list(parts))
}

fn list<'a>(parts: impl IntoIterator<Item = &'a str>) -> Value {
    parts.into_iter().map(Value::from).collect()
}
