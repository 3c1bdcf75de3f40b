//! Tokenizers and chat templates from a GGUF file's metadata (its `tokenizer.*` keys, as one JSON
//! object), rebuilt into the library that reads tokenizer.json, so that both roads share one
//! behaviour. How the file stores the keys is the checkpoint room's business.

mod bpe;
mod metadata;
mod pre_tokenizer;
mod sentencepiece;
mod wordpiece;

pub use metadata::Metadata;

use crate::error::{Error, Result};
use crate::template::{ChatTemplate, NamedTemplate};
use crate::tokenizer::{SpecialToken, Surround, Tokenizer};

const MODEL: &str = "tokenizer.ggml.model";

pub fn tokenizer(metadata: &Metadata) -> Result<Tokenizer> {
    let vocabulary = metadata.vocabulary()?;
    let (mut inner, bos_by_default) = match metadata.text(MODEL)? {
        Some("gpt2") => bpe::build(metadata, &vocabulary)?,
        Some("llama") => sentencepiece::build(metadata, &vocabulary)?,
        Some("bert") => wordpiece::build(metadata, &vocabulary)?,
        found => {
            let found = found.unwrap_or("none");
            return Err(Error::unsupported(format!(
                "{MODEL}: wanted gpt2, llama or bert, found {found}"
            )));
        }
    };
    let token = |key: &str| -> Result<Option<SpecialToken>> {
        let id = metadata.id(key, &vocabulary)?;
        Ok(id.and_then(|id| {
            let content = inner.id_to_token(id)?;
            Some(SpecialToken { content, id })
        }))
    };
    let bos = token("tokenizer.ggml.bos_token_id")?;
    let eos = token("tokenizer.ggml.eos_token_id")?;
    let flag = |name: &str, otherwise: bool| -> Result<bool> {
        Ok(metadata
            .flag(&format!("tokenizer.ggml.{name}"))?
            .unwrap_or(otherwise))
    };
    // WordPiece models put both around a text unless told otherwise, as llama.cpp does.
    let wordpiece = metadata.text(MODEL)? == Some("bert");
    let (add_bos, add_eos) = (
        flag("add_bos_token", bos_by_default)?,
        flag("add_eos_token", wordpiece)?,
    );
    let surround = if wordpiece {
        let class = token("tokenizer.ggml.cls_token_id")?.or(bos.clone());
        // The format's own spelling of "separator".
        let separator = token("tokenizer.ggml.seperator_token_id")?.or(eos.clone());
        Surround::Separated {
            class: class.filter(|_| add_bos),
            separator: separator.filter(|_| add_eos),
        }
    } else {
        Surround::Each {
            before: bos.clone().filter(|_| add_bos),
            after: eos.clone().filter(|_| add_eos),
        }
    };
    let mut stops = Vec::new();
    for name in ["eot_token_id", "eom_token_id"] {
        stops.extend(metadata.id(&format!("tokenizer.ggml.{name}"), &vocabulary)?);
    }
    inner.with_post_processor(Some(surround.post_processor()?));
    Tokenizer::new(inner, bos.map(|t| t.id), eos.map(|t| t.id), &stops)
}

/// None: the file has no template.
pub fn chat_template(metadata: &Metadata) -> Result<Option<ChatTemplate>> {
    const KEY: &str = "tokenizer.chat_template";
    let mut templates = Vec::new();
    for (name, source) in metadata.texts_below(KEY)? {
        let name = name.unwrap_or("default").to_string();
        let source = source.to_string();
        templates.push(NamedTemplate { name, source });
    }
    if templates.is_empty() {
        return Ok(None);
    }
    let vocabulary = metadata.vocabulary()?;
    let mut tokens = Vec::new();
    for (variable, key) in [
        ("bos_token", "bos_token_id"),
        ("eos_token", "eos_token_id"),
        ("unk_token", "unknown_token_id"),
        ("pad_token", "padding_token_id"),
    ] {
        if let Some(id) = metadata.id(&format!("tokenizer.ggml.{key}"), &vocabulary)? {
            let text = vocabulary.tokens[id as usize].to_string();
            tokens.push((variable.to_string(), text));
        }
    }
    ChatTemplate::new(&templates, tokens).map(Some)
}
