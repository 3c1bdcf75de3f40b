//! The chat templates of a model folder: chat_template.jinja, else chat_template.json, else
//! "chat_template" of tokenizer_config.json, which is one template or a list of named ones. The
//! special tokens that they print come from the same config files.

use serde_json::{Map, Value};

use super::{ChatTemplate, NamedTemplate};
use crate::error::{Error, Result};
use crate::tokenizer::{object, text_of_token};

/// Contents of the files; None: the file does not exist.
pub struct TemplateFiles<'a> {
    pub chat_template_jinja: Option<&'a [u8]>,
    pub chat_template_json: Option<&'a [u8]>,
    pub tokenizer_config_json: Option<&'a [u8]>,
    pub special_tokens_map_json: Option<&'a [u8]>,
}

impl ChatTemplate {
    /// None: the model has no template.
    pub fn from_files(files: &TemplateFiles) -> Result<Option<Self>> {
        let config = object(files.tokenizer_config_json, "tokenizer_config.json")?;
        let special = object(files.special_tokens_map_json, "special_tokens_map.json")?;
        let mut templates = Vec::new();
        if let Some(source) = files.chat_template_jinja {
            let source = std::str::from_utf8(source)
                .map_err(|e| Error::data_loss(format!("chat_template.jinja: {e}")))?;
            templates.push(named("default", source));
        } else {
            const FILE: &str = "chat_template.json";
            let alone = object(files.chat_template_json, FILE)?;
            templates.extend(listed(&alone, FILE)?);
            if templates.is_empty() {
                templates.extend(listed(&config, "tokenizer_config.json")?);
            }
        }
        if templates.is_empty() {
            return Ok(None);
        }
        ChatTemplate::new(&templates, special_tokens(&config, &special)).map(Some)
    }
}

fn named(name: &str, source: &str) -> NamedTemplate {
    NamedTemplate {
        name: name.to_string(),
        source: source.to_string(),
    }
}

fn listed(file: &Map<String, Value>, name: &str) -> Result<Vec<NamedTemplate>> {
    let wrong = |what: &str| Error::data_loss(format!("{name}: chat_template{what}"));
    match file.get("chat_template") {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::String(source)) => Ok(vec![named("default", source)]),
        Some(Value::Array(list)) => {
            let each = |(number, entry): (usize, &Value)| {
                let text = |field: &str| entry.get(field).and_then(Value::as_str);
                match (text("name"), text("template")) {
                    (Some(name), Some(source)) => Ok(named(name, source)),
                    _ => Err(wrong(&format!(
                        "[{number}]: wanted an object with name and template"
                    ))),
                }
            };
            list.iter().enumerate().map(each).collect()
        }
        Some(_) => Err(wrong(": wanted a string or a list of named templates")),
    }
}

/// bos_token, eos_token, ... of either file; a null one is not a variable.
fn special_tokens(
    config: &Map<String, Value>,
    special: &Map<String, Value>,
) -> Vec<(String, String)> {
    let mut tokens: Vec<(String, String)> = Vec::new();
    for (name, value) in config.iter().chain(special) {
        if let Some(text) = text_of_token(value)
            && name.ends_with("_token")
            && !tokens.iter().any(|(known, _)| known == name)
        {
            tokens.push((name.clone(), text.to_string()));
        }
    }
    tokens
}
