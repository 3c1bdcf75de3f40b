//! The special tokens around a text, as the library's template post-processor, and the way that
//! config files write a token: a string, or an object with its flags.

use serde_json::{Map, Value, json};
use tokenizers::PostProcessorWrapper;

use crate::error::{Error, Result};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpecialToken {
    pub content: String,
    pub id: u32,
}

/// What goes before and after each text.
pub enum Surround {
    /// Each text of a pair gets its own: <s> A </s> <s> B </s>
    Each {
        before: Option<SpecialToken>,
        after: Option<SpecialToken>,
    },
    /// BERT's way: [CLS] A [SEP] B [SEP]
    Separated {
        class: Option<SpecialToken>,
        separator: Option<SpecialToken>,
    },
}

impl Surround {
    pub fn post_processor(&self) -> Result<PostProcessorWrapper> {
        let (before, after, again) = match self {
            Surround::Each { before, after } => (before, after, before.as_ref()),
            Surround::Separated { class, separator } => (class, separator, None),
        };
        let text = |name: &str, number: u32| json!({"Sequence": {"id": name, "type_id": number}});
        let token = |token: &SpecialToken, number: u32| json!({"SpecialToken": {"id": token.content, "type_id": number}});
        let mut single: Vec<Value> = before.iter().map(|t| token(t, 0)).collect();
        single.push(text("A", 0));
        single.extend(after.iter().map(|t| token(t, 0)));
        let mut pair = single.clone();
        pair.extend(again.map(|t| token(t, 1)));
        pair.push(text("B", 1));
        pair.extend(after.iter().map(|t| token(t, 1)));
        let named: Map<String, Value> = [before, after]
            .into_iter()
            .flatten()
            .map(|t| {
                let entry = json!({"id": t.content, "ids": [t.id], "tokens": [t.content]});
                (t.content.clone(), entry)
            })
            .collect();
        serde_json::from_value(json!({
            "type": "TemplateProcessing", "single": single, "pair": pair, "special_tokens": named,
        }))
        .map_err(|e| Error::internal(format!("special tokens around a text: {e}")))
    }
}

/// The text of a token as config files write it; none for null and anything else.
pub fn text_of_token(value: &Value) -> Option<&str> {
    value
        .as_str()
        .or_else(|| value.get("content").and_then(Value::as_str))
}
