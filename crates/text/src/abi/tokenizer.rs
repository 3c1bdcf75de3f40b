//! C entries of tokenizers and token streams. A tokenizer may be used by many threads at once; a
//! stream belongs to one at a time and keeps its tokenizer alive.

use std::sync::Arc;

use super::{SpyreTextIds, SpyreTextSpan, SpyreTextString, guard, token_ids};
use crate::gguf;
use crate::stream::{Skips, TokenStream};
use crate::tokenizer::{Files, Tokenizer, Truncation};

/// A tokenizer; opaque.
pub struct SpyreTextTokenizer(Arc<Tokenizer>);

impl SpyreTextTokenizer {
    pub fn get(&self) -> &Tokenizer {
        &self.0
    }
}

/// The text of tokens that come one by one; opaque.
pub struct SpyreTextStream(TokenStream);

/// Contents of a model folder's files. All but the first may be null: the file does not exist.
#[repr(C)]
pub struct SpyreTextTokenizerFiles {
    pub tokenizer_json: SpyreTextSpan,
    pub tokenizer_config_json: SpyreTextSpan,
    pub special_tokens_map_json: SpyreTextSpan,
}

/// How many tokens may stay, special ones counted; the others are lost at the end, or, where that
/// is kept, at the start.
#[repr(C)]
pub struct SpyreTextTruncation {
    pub max_tokens: usize,
    pub keep_end: bool,
}

/// Facts of a tokenizer; -1 stands for "has none".
#[repr(C)]
pub struct SpyreTextTokenizerFacts {
    /// Highest id + 1.
    pub vocab_size: i64,
    pub bos_id: i64,
    pub eos_id: i64,
}

/// # Safety
/// Spans and pointers are valid; `*out` is freed with `spyre_text_tokenizer_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spyre_text_tokenizer_from_files(
    files: *const SpyreTextTokenizerFiles,
    out: *mut *mut SpyreTextTokenizer,
    error: *mut SpyreTextString,
) -> i32 {
    unsafe {
        guard(out, error, || {
            let files = &*files;
            let tokenizer = Tokenizer::from_files(&Files {
                tokenizer_json: files.tokenizer_json.get().unwrap_or_default(),
                tokenizer_config_json: files.tokenizer_config_json.get(),
                special_tokens_map_json: files.special_tokens_map_json.get(),
            })?;
            Ok(Box::into_raw(Box::new(SpyreTextTokenizer(Arc::new(
                tokenizer,
            )))))
        })
    }
}

/// `metadata_json`: one object with the `tokenizer.*` keys of a GGUF file.
///
/// # Safety
/// Spans and pointers are valid; `*out` is freed with `spyre_text_tokenizer_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spyre_text_tokenizer_from_gguf(
    metadata_json: SpyreTextSpan,
    out: *mut *mut SpyreTextTokenizer,
    error: *mut SpyreTextString,
) -> i32 {
    unsafe {
        guard(out, error, || {
            let metadata = gguf::Metadata::parse(metadata_json.get().unwrap_or_default())?;
            let tokenizer = gguf::tokenizer(&metadata)?;
            Ok(Box::into_raw(Box::new(SpyreTextTokenizer(Arc::new(
                tokenizer,
            )))))
        })
    }
}

/// Null is fine. Streams of the tokenizer stay usable.
///
/// # Safety
/// `tokenizer` was made by this library and is freed once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spyre_text_tokenizer_free(tokenizer: *mut SpyreTextTokenizer) {
    if !tokenizer.is_null() {
        drop(unsafe { Box::from_raw(tokenizer) });
    }
}

/// # Safety
/// `tokenizer` is alive.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spyre_text_tokenizer_facts(
    tokenizer: *const SpyreTextTokenizer,
) -> SpyreTextTokenizerFacts {
    let tokenizer = unsafe { &(*tokenizer).0 };
    let or_none = |id: Option<u32>| id.map_or(-1, i64::from);
    SpyreTextTokenizerFacts {
        vocab_size: i64::from(tokenizer.vocab_size()),
        bos_id: or_none(tokenizer.bos_id()),
        eos_id: or_none(tokenizer.eos_id()),
    }
}

/// Every token that ends a turn: the EOS token, and what a GGUF file calls end of turn or message.
///
/// # Safety
/// `tokenizer` is alive; pointers are valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spyre_text_stop_ids(
    tokenizer: *const SpyreTextTokenizer,
    out: *mut SpyreTextIds,
    error: *mut SpyreTextString,
) -> i32 {
    unsafe {
        guard(out, error, || {
            let ids = (*tokenizer).0.stop_ids();
            Ok(SpyreTextIds::new(ids, &vec![0; ids.len()]))
        })
    }
}

/// The id of the token that is written `token` in the vocabulary, -1 when there is none.
///
/// # Safety
/// `tokenizer` is alive; the span is valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spyre_text_token_id(
    tokenizer: *const SpyreTextTokenizer,
    token: SpyreTextSpan,
) -> i64 {
    let found = unsafe { token.text("token") }
        .ok()
        .and_then(|token| unsafe { (*tokenizer).0.token_id(token) });
    found.map_or(-1, i64::from)
}

/// # Safety
/// `tokenizer` is alive; spans and pointers are valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spyre_text_encode(
    tokenizer: *const SpyreTextTokenizer,
    text: SpyreTextSpan,
    add_special_tokens: bool,
    out: *mut SpyreTextIds,
    error: *mut SpyreTextString,
) -> i32 {
    unsafe {
        guard(out, error, || {
            let encoded = (*tokenizer)
                .0
                .encode(text.text("text")?, add_special_tokens)?;
            Ok(SpyreTextIds::new(encoded.get_ids(), encoded.get_type_ids()))
        })
    }
}

/// One text, or, where `second` is not null, two in one sequence. `truncation` may be null: all
/// tokens stay.
///
/// # Safety
/// `tokenizer` is alive; spans and pointers are valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spyre_text_encode_within(
    tokenizer: *const SpyreTextTokenizer,
    text: SpyreTextSpan,
    second: SpyreTextSpan,
    add_special_tokens: bool,
    truncation: *const SpyreTextTruncation,
    out: *mut SpyreTextIds,
    error: *mut SpyreTextString,
) -> i32 {
    unsafe {
        guard(out, error, || {
            let first = text.text("first text")?;
            let second = match second.get() {
                Some(_) => Some(second.text("second text")?),
                None => None,
            };
            let truncation = truncation.as_ref().map(|asked| Truncation {
                max_tokens: asked.max_tokens,
                keep_end: asked.keep_end,
            });
            let encoded =
                (*tokenizer)
                    .0
                    .encode_within(first, second, add_special_tokens, truncation)?;
            let tokens = &encoded.tokens;
            Ok(SpyreTextIds {
                whole_count: encoded.whole_tokens,
                ..SpyreTextIds::new(tokens.get_ids(), tokens.get_type_ids())
            })
        })
    }
}

/// # Safety
/// `tokenizer` is alive; spans and pointers are valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spyre_text_decode(
    tokenizer: *const SpyreTextTokenizer,
    ids: *const i32,
    count: usize,
    skip_special_tokens: bool,
    out: *mut SpyreTextString,
    error: *mut SpyreTextString,
) -> i32 {
    unsafe {
        guard(out, error, || {
            let text = (*tokenizer)
                .0
                .decode(token_ids(ids, count), skip_special_tokens)?;
            Ok(SpyreTextString::new(text))
        })
    }
}

/// The bytes that a token stands for, which need not be whole UTF-8.
///
/// # Safety
/// `tokenizer` is alive; pointers are valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spyre_text_token_bytes(
    tokenizer: *const SpyreTextTokenizer,
    id: i32,
    out: *mut SpyreTextString,
    error: *mut SpyreTextString,
) -> i32 {
    unsafe {
        guard(out, error, || {
            Ok(SpyreTextString::new((*tokenizer).0.token_bytes(id)?))
        })
    }
}

/// A stream that goes on where `prompt` ends; the prompt itself is not decoded. `shown`: special
/// tokens that have text even when special tokens are skipped.
///
/// # Safety
/// `tokenizer` is alive; pointers are valid; `*out` is freed with `spyre_text_stream_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spyre_text_stream_new(
    tokenizer: *const SpyreTextTokenizer,
    skip_special_tokens: bool,
    shown: *const i32,
    shown_tokens: usize,
    prompt: *const i32,
    prompt_tokens: usize,
    out: *mut *mut SpyreTextStream,
    error: *mut SpyreTextString,
) -> i32 {
    unsafe {
        guard(out, error, || {
            let prompt = token_ids(prompt, prompt_tokens);
            let skips = Skips {
                special_tokens: skip_special_tokens,
                shown: token_ids(shown, shown_tokens).to_vec(),
            };
            let stream = TokenStream::new((*tokenizer).0.clone(), skips, prompt)?;
            Ok(Box::into_raw(Box::new(SpyreTextStream(stream))))
        })
    }
}

/// The text that the token makes certain, often none.
///
/// # Safety
/// `stream` is alive; pointers are valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spyre_text_stream_push(
    stream: *mut SpyreTextStream,
    id: i32,
    out: *mut SpyreTextString,
    error: *mut SpyreTextString,
) -> i32 {
    unsafe {
        guard(out, error, || {
            Ok(SpyreTextString::new((*stream).0.push(id)?))
        })
    }
}

/// The rest of the text, when no token follows.
///
/// # Safety
/// `stream` is alive; pointers are valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spyre_text_stream_flush(
    stream: *mut SpyreTextStream,
    out: *mut SpyreTextString,
    error: *mut SpyreTextString,
) -> i32 {
    unsafe {
        guard(out, error, || {
            Ok(SpyreTextString::new((*stream).0.flush()?))
        })
    }
}

/// Null is fine.
///
/// # Safety
/// `stream` was made by this library and is freed once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spyre_text_stream_free(stream: *mut SpyreTextStream) {
    if !stream.is_null() {
        drop(unsafe { Box::from_raw(stream) });
    }
}
