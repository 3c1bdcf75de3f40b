//! C entries of grammars. A compiler and a grammar may be used by many threads at once, a state by
//! one at a time.

use super::tokenizer::SpyreTextTokenizer;
use super::{SpyreTextSpan, SpyreTextString, guard, token_ids};
use crate::error::Error;
use crate::grammar::{Compiler, Grammar, Kind, Spec, State};
use crate::tokenizer::checked;

/// A JSON schema.
pub const SPYRE_TEXT_GRAMMAR_JSON_SCHEMA: i32 = 0;
/// A regular expression that the whole answer matches.
pub const SPYRE_TEXT_GRAMMAR_REGEX: i32 = 1;
/// A JSON list of texts, one of which is the answer.
pub const SPYRE_TEXT_GRAMMAR_CHOICE: i32 = 2;
/// A grammar in Lark or EBNF.
pub const SPYRE_TEXT_GRAMMAR_GRAMMAR: i32 = 3;
/// Structural tags: a JSON object with structures and triggers.
pub const SPYRE_TEXT_GRAMMAR_TAGS: i32 = 4;

/// Compiles grammars for one tokenizer and vocabulary; opaque.
pub struct SpyreTextGrammarCompiler(Compiler);

/// A compiled grammar; opaque.
pub struct SpyreTextGrammar(Grammar);

/// A grammar after some tokens; opaque.
pub struct SpyreTextGrammarState(State);

/// What to compile.
#[repr(C)]
pub struct SpyreTextGrammarSpec {
    /// SPYRE_TEXT_GRAMMAR_*
    pub kind: i32,
    pub text: SpyreTextSpan,
    /// Of JSON: a regular expression for what may stand between tokens; null: a few blanks.
    pub whitespace_pattern: SpyreTextSpan,
    /// Of JSON: nothing stands between tokens.
    pub no_whitespace: bool,
    /// Of JSON: no properties but those that a schema names.
    pub no_additional_properties: bool,
}

/// vocab_size: of the model's logits. ends: the tokens that end an answer.
///
/// # Safety
/// `tokenizer` is alive; pointers are valid; `*out` is freed with
/// `spyre_text_grammar_compiler_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spyre_text_grammar_compiler_new(
    tokenizer: *const SpyreTextTokenizer,
    vocab_size: i32,
    ends: *const i32,
    num_ends: usize,
    out: *mut *mut SpyreTextGrammarCompiler,
    error: *mut SpyreTextString,
) -> i32 {
    unsafe {
        guard(out, error, || {
            let ends: Vec<u32> = token_ids(ends, num_ends)
                .iter()
                .map(|&id| checked(id))
                .collect::<Result<_, _>>()?;
            let compiler = Compiler::new((*tokenizer).get(), checked(vocab_size)?, &ends)?;
            Ok(Box::into_raw(Box::new(SpyreTextGrammarCompiler(compiler))))
        })
    }
}

/// Null is fine. Grammars stay usable.
///
/// # Safety
/// `compiler` was made by this library and is freed once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spyre_text_grammar_compiler_free(compiler: *mut SpyreTextGrammarCompiler) {
    if !compiler.is_null() {
        drop(unsafe { Box::from_raw(compiler) });
    }
}

/// # Safety
/// `compiler` is alive; spans and pointers are valid; `*out` is freed with
/// `spyre_text_grammar_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spyre_text_grammar_compile(
    compiler: *const SpyreTextGrammarCompiler,
    spec: *const SpyreTextGrammarSpec,
    out: *mut *mut SpyreTextGrammar,
    error: *mut SpyreTextString,
) -> i32 {
    unsafe {
        guard(out, error, || {
            let spec = &*spec;
            let kind = match spec.kind {
                SPYRE_TEXT_GRAMMAR_JSON_SCHEMA => Kind::JsonSchema,
                SPYRE_TEXT_GRAMMAR_REGEX => Kind::Regex,
                SPYRE_TEXT_GRAMMAR_CHOICE => Kind::Choice,
                SPYRE_TEXT_GRAMMAR_GRAMMAR => Kind::Grammar,
                SPYRE_TEXT_GRAMMAR_TAGS => Kind::Tags,
                other => return Err(Error::internal(format!("grammar kind {other}"))),
            };
            let whitespace_pattern = match spec.whitespace_pattern.get() {
                Some(_) => Some(spec.whitespace_pattern.text("whitespace_pattern")?),
                None => None,
            };
            let grammar = (*compiler).0.compile(&Spec {
                kind,
                text: spec.text.text("grammar")?,
                whitespace_pattern,
                no_whitespace: spec.no_whitespace,
                no_additional_properties: spec.no_additional_properties,
            })?;
            Ok(Box::into_raw(Box::new(SpyreTextGrammar(grammar))))
        })
    }
}

/// Null is fine. States stay usable.
///
/// # Safety
/// `grammar` was made by this library and is freed once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spyre_text_grammar_free(grammar: *mut SpyreTextGrammar) {
    if !grammar.is_null() {
        drop(unsafe { Box::from_raw(grammar) });
    }
}

/// The grammar before the first token.
///
/// # Safety
/// `grammar` is alive; pointers are valid; `*out` is freed with `spyre_text_grammar_state_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spyre_text_grammar_state_new(
    grammar: *const SpyreTextGrammar,
    out: *mut *mut SpyreTextGrammarState,
    error: *mut SpyreTextString,
) -> i32 {
    unsafe {
        guard(out, error, || {
            let state = (*grammar).0.state()?;
            Ok(Box::into_raw(Box::new(SpyreTextGrammarState(state))))
        })
    }
}

/// Null is fine.
///
/// # Safety
/// `state` was made by this library and is freed once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spyre_text_grammar_state_free(state: *mut SpyreTextGrammarState) {
    if !state.is_null() {
        drop(unsafe { Box::from_raw(state) });
    }
}

/// The tokens that may come next: bit i % 32 of words[i / 32] is token i.
///
/// # Safety
/// `state` is alive; `words` is valid for `num_words` writes; `error` is valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spyre_text_grammar_mask(
    state: *mut SpyreTextGrammarState,
    words: *mut u32,
    num_words: usize,
    error: *mut SpyreTextString,
) -> i32 {
    let mut done = ();
    unsafe {
        guard(&mut done, error, || {
            let words = std::slice::from_raw_parts_mut(words, num_words);
            (*state).0.mask(words)
        })
    }
}

/// The sequence grew by a token that the last mask allowed. `*ended`: nothing may follow it.
///
/// # Safety
/// `state` is alive; pointers are valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spyre_text_grammar_accept(
    state: *mut SpyreTextGrammarState,
    token: i32,
    ended: *mut bool,
    error: *mut SpyreTextString,
) -> i32 {
    unsafe { guard(ended, error, || (*state).0.accept(checked(token)?)) }
}
