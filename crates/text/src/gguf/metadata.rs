//! Typed reading of the metadata object, with errors that name the key, what was wanted and what
//! was found. Nothing here knows what the keys mean, but for the vocabulary's lists.

use serde_json::{Map, Value};
use tokenizers::AddedToken;

use crate::error::{Error, Result};

pub struct Metadata(Map<String, Value>);

/// Kinds of tokens, as the format numbers them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Normal,
    Unknown,
    Control,
    UserDefined,
    Unused,
    Byte,
}

/// The tokens in order of their ids; the lists are equally long.
pub struct Vocabulary<'a> {
    pub tokens: Vec<&'a str>,
    pub kinds: Vec<Kind>,
}

const TOKENS: &str = "tokenizer.ggml.tokens";
const KINDS: &str = "tokenizer.ggml.token_type";

impl Metadata {
    pub fn parse(json: &[u8]) -> Result<Self> {
        match serde_json::from_slice(json) {
            Ok(Value::Object(map)) => Ok(Metadata(map)),
            Ok(_) => Err(Error::invalid("GGUF metadata: wanted a JSON object")),
            Err(e) => Err(Error::invalid(format!("GGUF metadata: {e}"))),
        }
    }

    pub fn text(&self, key: &str) -> Result<Option<&str>> {
        self.read(key, "a string", Value::as_str)
    }

    pub fn flag(&self, key: &str) -> Result<Option<bool>> {
        self.read(key, "true or false", Value::as_bool)
    }

    pub fn texts(&self, key: &str) -> Result<Option<Vec<&str>>> {
        self.read(key, "a list of strings", |value| {
            value.as_array()?.iter().map(Value::as_str).collect()
        })
    }

    pub fn numbers(&self, key: &str) -> Result<Option<Vec<f64>>> {
        self.read(key, "a list of numbers", |value| {
            value.as_array()?.iter().map(Value::as_f64).collect()
        })
    }

    /// A token's id, which must be inside the vocabulary.
    pub fn id(&self, key: &str, vocabulary: &Vocabulary) -> Result<Option<u32>> {
        let end = vocabulary.tokens.len() as u64;
        self.read(key, &format!("a token id below {end}"), |value| {
            value.as_u64().filter(|&id| id < end).map(|id| id as u32)
        })
    }

    /// `key` itself (without a name) and its named variants, `key.name`.
    pub fn texts_below(&self, key: &str) -> Result<Vec<(Option<&str>, &str)>> {
        let mut found = Vec::new();
        for each in self.0.keys() {
            let name = match each.strip_prefix(key) {
                Some("") => None,
                Some(rest) => match rest.strip_prefix('.') {
                    Some(name) => Some(name),
                    None => continue,
                },
                None => continue,
            };
            if let Some(text) = self.text(each)? {
                found.push((name, text));
            }
        }
        Ok(found)
    }

    pub fn vocabulary(&self) -> Result<Vocabulary<'_>> {
        let tokens = self
            .texts(TOKENS)?
            .ok_or_else(|| Error::data_loss(format!("{TOKENS}: wanted the tokens, found none")))?;
        if tokens.is_empty() || tokens.len() > i32::MAX as usize {
            let found = tokens.len();
            return Err(Error::data_loss(format!(
                "{TOKENS}: wanted 1 to 2^31 - 1 tokens, found {found}"
            )));
        }
        let kinds = match self.numbers(KINDS)? {
            None => vec![Kind::Normal; tokens.len()],
            Some(numbers) => {
                same_length(KINDS, numbers.len(), tokens.len())?;
                numbers.into_iter().map(kind).collect()
            }
        };
        Ok(Vocabulary { tokens, kinds })
    }

    fn read<'a, T>(
        &'a self,
        key: &str,
        wanted: &str,
        read: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Result<Option<T>> {
        let Some(value) = self.0.get(key).filter(|value| !value.is_null()) else {
            return Ok(None);
        };
        read(value).map(Some).ok_or_else(|| {
            let mut found: String = value.to_string().chars().take(60).collect();
            if found.len() < value.to_string().len() {
                found.push_str("...");
            }
            Error::data_loss(format!("{key}: wanted {wanted}, found {found}"))
        })
    }
}

impl Vocabulary<'_> {
    /// Tokens to match in a text before anything else: control tokens, which decoding may skip, and
    /// those that the model's makers defined.
    pub fn added_tokens(&self) -> Vec<AddedToken> {
        let pairs = self.tokens.iter().zip(&self.kinds);
        pairs
            .filter_map(|(token, kind)| {
                let special = match kind {
                    Kind::Control | Kind::Unknown => true,
                    Kind::UserDefined => false,
                    Kind::Normal | Kind::Unused | Kind::Byte => return None,
                };
                Some(AddedToken::from(*token, special).normalized(false))
            })
            .collect()
    }
}

pub fn same_length(key: &str, found: usize, wanted: usize) -> Result<()> {
    if found == wanted {
        return Ok(());
    }
    Err(Error::data_loss(format!(
        "{key}: wanted {wanted} entries, one per token, found {found}"
    )))
}

fn kind(number: f64) -> Kind {
    match number as i64 {
        2 => Kind::Unknown,
        3 => Kind::Control,
        4 => Kind::UserDefined,
        5 => Kind::Unused,
        6 => Kind::Byte,
        _ => Kind::Normal,
    }
}
