//! A tokenizer from a model folder's files. tokenizer.json is the tokenizer; tokenizer_config.json
//! and special_tokens_map.json add tokens that it lacks, name BOS and EOS, and for the Llama and
//! Gemma classes decide which special tokens go around a text, as transformers does it.

use serde_json::{Map, Value};
use tokenizers::AddedToken;

use super::{SpecialToken, Surround, Tokenizer, text_of_token};
use crate::error::{Error, Result};

/// Contents of the files; None: the file does not exist.
pub struct Files<'a> {
    pub tokenizer_json: &'a [u8],
    pub tokenizer_config_json: Option<&'a [u8]>,
    pub special_tokens_map_json: Option<&'a [u8]>,
}

/// Names that config files give to special tokens.
const ROLES: [&str; 7] = [
    "bos_token",
    "eos_token",
    "unk_token",
    "sep_token",
    "pad_token",
    "cls_token",
    "mask_token",
];

/// Classes of transformers whose post-processor follows add_bos_token and add_eos_token.
const CLASSES_WITH_FLAGS: [&str; 8] = [
    "LlamaTokenizer",
    "LlamaTokenizerFast",
    "CodeLlamaTokenizer",
    "CodeLlamaTokenizerFast",
    "GemmaTokenizer",
    "GemmaTokenizerFast",
    "CohereTokenizer",
    "CohereTokenizerFast",
];

impl Tokenizer {
    pub fn from_files(files: &Files) -> Result<Self> {
        let mut inner = tokenizers::Tokenizer::from_bytes(files.tokenizer_json)
            .map_err(|e| Error::data_loss(format!("tokenizer.json: {e}")))?;
        let config = Config::parse(files)?;
        config.add_tokens(&mut inner)?;
        let special = |role: &str| -> Option<SpecialToken> {
            let content = config.role(role)?.to_string();
            let id = inner.token_to_id(&content)?;
            Some(SpecialToken { content, id })
        };
        let (bos, eos) = (special("bos_token"), special("eos_token"));
        if let Some((add_bos, add_eos)) = config.surround_flags() {
            let surround = Surround::Each {
                before: bos.clone().filter(|_| add_bos),
                after: eos.clone().filter(|_| add_eos),
            };
            inner.with_post_processor(Some(surround.post_processor()?));
        }
        Tokenizer::new(inner, bos.map(|t| t.id), eos.map(|t| t.id), &[])
    }
}

struct Config {
    tokenizer: Map<String, Value>,
    special: Map<String, Value>,
}

impl Config {
    fn parse(files: &Files) -> Result<Self> {
        Ok(Config {
            tokenizer: object(files.tokenizer_config_json, "tokenizer_config.json")?,
            special: object(files.special_tokens_map_json, "special_tokens_map.json")?,
        })
    }

    fn role(&self, role: &str) -> Option<&str> {
        [&self.tokenizer, &self.special]
            .into_iter()
            .find_map(|map| text_of_token(map.get(role)?))
    }

    /// Tokens that only the config files know: by id first, then the named ones.
    fn add_tokens(&self, inner: &mut tokenizers::Tokenizer) -> Result<()> {
        let known: Vec<String> = Tokenizer::added_tokens(inner)
            .into_iter()
            .map(|(_, token)| token.content)
            .collect();
        let mut wanted: Vec<AddedToken> = self.added_tokens_decoder()?;
        let named = ROLES.into_iter().filter_map(|role| self.role(role));
        let more = [&self.tokenizer, &self.special]
            .into_iter()
            .filter_map(|map| map.get("additional_special_tokens")?.as_array())
            .flatten()
            .filter_map(text_of_token);
        for content in named.chain(more) {
            if !wanted.iter().any(|token| token.content == content) {
                wanted.push(AddedToken::from(content, true));
            }
        }
        wanted.retain(|token| !known.contains(&token.content));
        inner
            .add_tokens(wanted)
            .map_err(|e| Error::data_loss(format!("tokenizer_config.json: added tokens: {e}")))?;
        Ok(())
    }

    fn added_tokens_decoder(&self) -> Result<Vec<AddedToken>> {
        let Some(Value::Object(by_id)) = self.tokenizer.get("added_tokens_decoder") else {
            return Ok(Vec::new());
        };
        let mut tokens: Vec<(u32, AddedToken)> = Vec::new();
        for (id, flags) in by_id {
            let place = || format!("tokenizer_config.json: added_tokens_decoder: {id:?}");
            let number = id
                .parse()
                .map_err(|_| Error::data_loss(format!("{}: wanted a token id", place())))?;
            let content = text_of_token(flags)
                .ok_or_else(|| Error::data_loss(format!("{}: wanted \"content\"", place())))?;
            let flag = |name: &str| flags.get(name).and_then(Value::as_bool).unwrap_or(false);
            let token = AddedToken::from(content, flag("special"))
                .single_word(flag("single_word"))
                .lstrip(flag("lstrip"))
                .rstrip(flag("rstrip"))
                .normalized(flag("normalized"));
            tokens.push((number, token));
        }
        tokens.sort_by_key(|(id, _)| *id);
        Ok(tokens.into_iter().map(|(_, token)| token).collect())
    }

    /// (add BOS, add EOS), when the config and not tokenizer.json decides.
    fn surround_flags(&self) -> Option<(bool, bool)> {
        let class = self.tokenizer.get("tokenizer_class")?.as_str()?;
        if !CLASSES_WITH_FLAGS.contains(&class) {
            return None;
        }
        let flag = |name: &str| self.tokenizer.get(name).and_then(Value::as_bool);
        let (bos, eos) = (flag("add_bos_token"), flag("add_eos_token"));
        if bos.is_none() && eos.is_none() {
            return None;
        }
        Some((bos.unwrap_or(true), eos.unwrap_or(false)))
    }
}

/// A JSON object; empty when the file does not exist.
pub fn object(bytes: Option<&[u8]>, file: &str) -> Result<Map<String, Value>> {
    let Some(bytes) = bytes else {
        return Ok(Map::new());
    };
    match serde_json::from_slice(bytes) {
        Ok(Value::Object(map)) => Ok(map),
        Ok(_) => Err(Error::data_loss(format!("{file}: wanted an object"))),
        Err(e) => Err(Error::data_loss(format!("{file}: {e}"))),
    }
}
