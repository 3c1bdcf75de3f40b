//! What one rendering is asked for, and "continue the final message": transformers appends a tag to
//! the last message, renders, and cuts the text at the tag.

use minijinja::value::Value as Variable;
use serde_json::{Map, Value};

use crate::error::{Error, Result};

/// A JSON object: "messages" (a list), "tools", "documents" (lists or null), "add_generation_prompt",
/// "continue_final_message" (false when absent), "kwargs" (an object: more variables),
/// "now_unix_s" (seconds; the machine's clock when absent or null).
pub struct RenderRequest {
    pub bytes: usize,
    pub now_unix_s: Option<i64>,
    messages: Value,
    tools: Value,
    documents: Value,
    add_generation_prompt: bool,
    continue_final_message: bool,
    kwargs: Map<String, Value>,
}

const TAG: &str = "CONTINUE_FINAL_MESSAGE_TAG ";

impl RenderRequest {
    pub fn parse(json: &[u8]) -> Result<Self> {
        let mut fields = match serde_json::from_slice(json) {
            Ok(Value::Object(map)) => map,
            Ok(_) => return Err(Error::invalid("chat request: wanted an object")),
            Err(e) => return Err(Error::invalid(format!("chat request: {e}"))),
        };
        let mut take = |name: &str| fields.remove(name).unwrap_or(Value::Null);
        let (messages, tools, documents) = (take("messages"), take("tools"), take("documents"));
        if !messages.is_array() {
            let found = kind(&messages);
            return Err(Error::invalid(format!(
                "messages: wanted a list, found {found}"
            )));
        }
        for (name, list) in [("tools", &tools), ("documents", &documents)] {
            if !list.is_array() && !list.is_null() {
                let found = kind(list);
                return Err(Error::invalid(format!(
                    "{name}: wanted a list, found {found}"
                )));
            }
        }
        let kwargs = match take("kwargs") {
            Value::Null => Map::new(),
            Value::Object(map) => map,
            other => {
                let found = kind(&other);
                return Err(Error::invalid(format!(
                    "kwargs: wanted an object, found {found}"
                )));
            }
        };
        let add_generation_prompt = take("add_generation_prompt") == Value::Bool(true);
        let continue_final_message = take("continue_final_message") == Value::Bool(true);
        if add_generation_prompt && continue_final_message {
            return Err(Error::invalid(
                "add_generation_prompt and continue_final_message: wanted at most one, found both",
            ));
        }
        Ok(RenderRequest {
            bytes: json.len(),
            now_unix_s: take("now_unix_s").as_i64(),
            messages,
            tools,
            documents,
            add_generation_prompt,
            continue_final_message,
            kwargs,
        })
    }

    pub fn has_tools(&self) -> bool {
        self.tools.is_array()
    }

    /// The template's variables: special tokens, then the caller's, then those of the request; an
    /// absent list is none unless the caller set it.
    pub fn variables(&self, tokens: &[(String, String)]) -> Variable {
        let mut all: Map<String, Value> = Map::new();
        for (name, text) in tokens {
            all.insert(name.clone(), Value::from(text.as_str()));
        }
        all.extend(self.kwargs.clone());
        for (name, list) in [("tools", &self.tools), ("documents", &self.documents)] {
            if list.is_array() || !all.contains_key(name) {
                all.insert(name.to_string(), list.clone());
            }
        }
        let prompt = Value::Bool(self.add_generation_prompt);
        all.insert("add_generation_prompt".to_string(), prompt);
        all.insert("messages".to_string(), self.tagged_messages());
        variable(&Value::Object(all))
    }

    /// The text to be continued. Errors: there is none.
    pub fn continued_text(&self) -> Result<Option<String>> {
        if !self.continue_final_message {
            return Ok(None);
        }
        let mut messages = self.messages.clone();
        match final_text(&mut messages) {
            Some(text) => Ok(Some(text.clone())),
            None => Err(Error::invalid(
                "continue_final_message: wanted text in the last message's content, found none",
            )),
        }
    }

    fn tagged_messages(&self) -> Value {
        let mut messages = self.messages.clone();
        if self.continue_final_message
            && let Some(text) = final_text(&mut messages)
        {
            text.push_str(TAG);
        }
        messages
    }
}

/// The last message's content, or the last text part of it.
fn final_text(messages: &mut Value) -> Option<&mut String> {
    match messages.as_array_mut()?.last_mut()?.get_mut("content")? {
        Value::String(text) => Some(text),
        Value::Array(parts) => {
            parts
                .iter_mut()
                .rev()
                .find_map(|part| match part.get_mut("text")? {
                    Value::String(text) => Some(text),
                    _ => None,
                })
        }
        _ => None,
    }
}

/// The rendered text up to the end of the message that is to be continued.
pub fn cut_after(mut rendered: String, continued: &str) -> Result<String> {
    let tag = rendered.rfind(TAG.trim_end());
    let Some(tag) = tag.filter(|_| rendered.contains(continued.trim())) else {
        return Err(Error::invalid(
            "continue_final_message: the chat template does not print the last message as it is",
        ));
    };
    let untouched = rendered[tag..].starts_with(TAG);
    rendered.truncate(tag);
    if !untouched {
        // The template trims messages, so the blanks before the tag are not the message's own.
        rendered.truncate(rendered.trim_end().len());
    }
    Ok(rendered)
}

/// Requests are at most 128 levels deep: the JSON reader's limit.
fn variable(value: &Value) -> Variable {
    match value {
        Value::Null => Variable::from(()),
        Value::Bool(flag) => Variable::from(*flag),
        Value::Number(number) => match (number.as_i64(), number.as_u64(), number.as_f64()) {
            (Some(whole), _, _) => Variable::from(whole),
            (None, Some(whole), _) => Variable::from(whole),
            (None, None, float) => Variable::from(float.unwrap_or_default()),
        },
        Value::String(text) => Variable::from(text.as_str()),
        Value::Array(list) => list.iter().map(variable).collect(),
        Value::Object(map) => Variable::from_pairs(
            map.iter()
                .map(|(name, each)| (name.as_str(), variable(each))),
        ),
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
