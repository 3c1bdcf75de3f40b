//! The `tojson` filter, as Python's json.dumps writes: keys in the order they came, ", " and ": "
//! between, non-ASCII as it is, nothing escaped for HTML.

use minijinja::value::{Kwargs, Value, ValueKind};
use minijinja::{Error, ErrorKind, State};

use super::text::python_float;

/// Deeper values are an error: requests are at most 128 deep, so only a template makes them.
const MAX_DEPTH: usize = 256;

/// value | tojson(indent=none, ensure_ascii=false, separators=none, sort_keys=false)
pub fn tojson(
    state: &State,
    value: &Value,
    indent: Option<Value>,
    kwargs: Kwargs,
) -> Result<String, Error> {
    let indent = match indent {
        Some(indent) => Some(indent),
        None => kwargs.get::<Option<Value>>("indent")?,
    };
    let indent = indent.filter(|v| !v.is_none() && !v.is_undefined());
    let between = kwargs.get::<Option<Value>>("separators")?;
    let (item, key) = separators(between.as_ref(), indent.is_some())?;
    let mut writer = Writer {
        state,
        out: String::new(),
        paid: 0,
        depth: 0,
        indent: indent.as_ref().map(indentation).transpose()?,
        item,
        key,
        ascii: kwargs.get::<Option<bool>>("ensure_ascii")?.unwrap_or(false),
        sorted: kwargs.get::<Option<bool>>("sort_keys")?.unwrap_or(false),
    };
    kwargs.assert_all_used()?;
    writer.write(value)?;
    Ok(writer.out)
}

/// A number of blanks or the text itself.
fn indentation(indent: &Value) -> Result<String, Error> {
    if let Some(text) = indent.as_str() {
        return Ok(text.to_string());
    }
    match usize::try_from(indent.clone()) {
        Ok(blanks) if blanks <= 64 => Ok(" ".repeat(blanks)),
        _ => Err(invalid("tojson: wanted an indent of 0 to 64".to_string())),
    }
}

fn separators(given: Option<&Value>, indented: bool) -> Result<(String, String), Error> {
    let Some(given) = given.filter(|v| !v.is_none()) else {
        let item = if indented { "," } else { ", " };
        return Ok((item.to_string(), ": ".to_string()));
    };
    let pair: Vec<Value> = given.try_iter()?.collect();
    match &pair[..] {
        [item, key] => Ok((item.to_string(), key.to_string())),
        _ => Err(invalid("tojson: wanted two separators".to_string())),
    }
}

struct Writer<'a, 'b, 'c> {
    state: &'a State<'b, 'c>,
    out: String,
    paid: usize,
    depth: usize,
    indent: Option<String>,
    item: String,
    key: String,
    ascii: bool,
    sorted: bool,
}

impl Writer<'_, '_, '_> {
    fn write(&mut self, value: &Value) -> Result<(), Error> {
        self.pay()?;
        match value.kind() {
            ValueKind::None => self.out.push_str("null"),
            ValueKind::Bool => self
                .out
                .push_str(if value.is_true() { "true" } else { "false" }),
            ValueKind::Number => self.out.push_str(&number(value)),
            ValueKind::String => self.string(value.as_str().unwrap_or_default()),
            ValueKind::Seq | ValueKind::Iterable => {
                let items = value.try_iter()?;
                self.container('[', ']', items, |writer, item| writer.write(&item))?;
            }
            ValueKind::Map => {
                let mut keys: Vec<Value> = value.try_iter()?.collect();
                if self.sorted {
                    keys.sort();
                }
                self.container('{', '}', keys.into_iter(), |writer, key| {
                    writer.name(&key)?;
                    let separator = writer.key.clone();
                    writer.out.push_str(&separator);
                    writer.write(&value.get_item(&key)?)
                })?;
            }
            other => return Err(invalid(format!("tojson: {other} is not JSON"))),
        }
        Ok(())
    }

    fn container(
        &mut self,
        open: char,
        close: char,
        items: impl Iterator<Item = Value>,
        each: impl Fn(&mut Self, Value) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(invalid(format!(
                "tojson: more than {MAX_DEPTH} levels deep"
            )));
        }
        self.out.push(open);
        let mut empty = true;
        for item in items {
            if !empty {
                let separator = self.item.clone();
                self.out.push_str(&separator);
            }
            empty = false;
            self.new_line();
            each(self, item)?;
        }
        self.depth -= 1;
        if !empty {
            self.new_line();
        }
        self.out.push(close);
        Ok(())
    }

    fn new_line(&mut self) {
        if let Some(indent) = &self.indent {
            self.out.push('\n');
            for _ in 0..self.depth {
                self.out.push_str(indent);
            }
        }
    }

    fn name(&mut self, key: &Value) -> Result<(), Error> {
        match key.kind() {
            ValueKind::String => self.string(key.as_str().unwrap_or_default()),
            ValueKind::Number | ValueKind::Bool | ValueKind::None => {
                self.out.push('"');
                self.write(key)?;
                self.out.push('"');
            }
            other => return Err(invalid(format!("tojson: {other} is no key"))),
        }
        Ok(())
    }

    fn string(&mut self, text: &str) {
        self.out.push('"');
        for c in text.chars() {
            match c {
                '"' => self.out.push_str("\\\""),
                '\\' => self.out.push_str("\\\\"),
                '\n' => self.out.push_str("\\n"),
                '\r' => self.out.push_str("\\r"),
                '\t' => self.out.push_str("\\t"),
                '\u{8}' => self.out.push_str("\\b"),
                '\u{c}' => self.out.push_str("\\f"),
                c if (c as u32) < 0x20 || (self.ascii && !c.is_ascii()) => {
                    for unit in c.encode_utf16(&mut [0; 2]) {
                        self.out.push_str(&format!("\\u{unit:04x}"));
                    }
                }
                c => self.out.push(c),
            }
        }
        self.out.push('"');
    }

    /// The engine charges for the result once it is there; deep or wide values are paid on the way.
    fn pay(&mut self) -> Result<(), Error> {
        let grown = self.out.len() - self.paid;
        self.paid = self.out.len();
        self.state.consume_fuel(1 + grown as u64 / 64)
    }
}

fn number(value: &Value) -> String {
    match i128::try_from(value.clone()) {
        Ok(whole) if value.is_integer() => whole.to_string(),
        _ => match f64::try_from(value.clone()) {
            Ok(float) if float.is_nan() => "NaN".to_string(),
            Ok(float) if float.is_infinite() && float > 0.0 => "Infinity".to_string(),
            Ok(float) if float.is_infinite() => "-Infinity".to_string(),
            Ok(float) => python_float(float),
            Err(_) => value.to_string(),
        },
    }
}

fn invalid(message: String) -> Error {
    Error::new(ErrorKind::InvalidOperation, message)
}
