//! Texts, and pairs of texts, to tokens: whole, or cut to what a model has room for. Cutting comes
//! before the special tokens are put around, so that these stay.

use tokenizers::{
    Encoding, PostProcessor, TruncationDirection, TruncationParams, truncate_encodings,
};

use super::Tokenizer;
use crate::error::{Error, Result};

/// How many tokens may stay, special ones counted, and at which end the others are lost.
#[derive(Clone, Copy, Debug)]
pub struct Truncation {
    pub max_tokens: usize,
    pub keep_end: bool,
}

pub struct Encoded {
    pub tokens: Encoding,
    /// Tokens before cutting, special ones counted.
    pub whole_tokens: usize,
}

impl Tokenizer {
    /// Added tokens that the text spells out are parsed; `add_special_tokens` adds those that the
    /// model wants around a text.
    pub fn encode(&self, text: &str, add_special_tokens: bool) -> Result<Encoding> {
        self.inner
            .encode_fast(text, add_special_tokens)
            .map_err(|e| Error::invalid(format!("text: cannot be encoded: {e}")))
    }

    /// One text, or two in one sequence. Two lose their tokens from the longer one first, then in
    /// equal parts: transformers' "longest_first".
    pub fn encode_within(
        &self,
        text: &str,
        second: Option<&str>,
        add_special_tokens: bool,
        truncation: Option<Truncation>,
    ) -> Result<Encoded> {
        let first = self.encode(text, false)?;
        let second = match second {
            Some(text) => Some(as_second(self.encode(text, false)?)),
            None => None,
        };
        let around = self.special_tokens_around(add_special_tokens, second.is_some());
        let whole_tokens = first.len() + second.as_ref().map_or(0, Encoding::len) + around;
        let (first, second) = match truncation {
            Some(limit) => cut(first, second, around, limit)?,
            None => (first, second),
        };
        let tokens = self
            .inner
            .post_process(first, second, add_special_tokens)
            .map_err(|e| Error::invalid(format!("text: cannot be encoded: {e}")))?;
        Ok(Encoded {
            tokens,
            whole_tokens,
        })
    }

    fn special_tokens_around(&self, add: bool, is_pair: bool) -> usize {
        match self.inner.get_post_processor() {
            Some(processor) if add => processor.added_tokens(is_pair),
            _ => 0,
        }
    }
}

/// Of a pair: some post-processors keep the numbers that the texts come with.
fn as_second(mut encoding: Encoding) -> Encoding {
    encoding.set_type_ids(vec![1; encoding.len()]);
    encoding
}

fn cut(
    first: Encoding,
    second: Option<Encoding>,
    around: usize,
    limit: Truncation,
) -> Result<(Encoding, Option<Encoding>)> {
    let max_length = limit.max_tokens.checked_sub(around).ok_or_else(|| {
        Error::invalid(format!(
            "truncation: wanted room for at least the {around} special tokens, found {}",
            limit.max_tokens
        ))
    })?;
    let params = TruncationParams {
        max_length,
        direction: if limit.keep_end {
            TruncationDirection::Left
        } else {
            TruncationDirection::Right
        },
        ..TruncationParams::default()
    };
    let (mut first, mut second) =
        truncate_encodings(first, second, &params).map_err(Error::internal)?;
    // What was cut off would be processed too, every piece of one text with every one of the other.
    first.take_overflowing();
    if let Some(second) = second.as_mut() {
        second.take_overflowing();
    }
    Ok((first, second))
}
