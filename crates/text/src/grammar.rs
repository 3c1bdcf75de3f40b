//! Grammars that an answer must follow, over llguidance: a compiler per tokenizer and model, a
//! compiled grammar per request, a state per sequence. A state gives the tokens that may come next
//! as bits, and takes the one that came.
//!
//! What clients send is compiled on a thread with a stack of its own, within limits on text, work
//! and memory: `size` bounds what the library itself does not.

mod ebnf;
mod size;
mod source;
mod tags;

pub use source::{Kind, Spec};

use std::sync::{Arc, Mutex};

use llguidance::api::{ParserLimits, StopReason};
use llguidance::earley::SlicedBiasComputer;
use llguidance::toktrie::{
    ApproximateTokEnv, INVALID_TOKEN, InferenceCapabilities, TokEnv, TokRxInfo, TokTrie, TokenId,
};
use llguidance::{Matcher, ParserFactory};

use crate::error::{Error, Result};
use crate::tokenizer::Tokenizer;

/// Longest text of a grammar of any kind, in bytes.
pub const MAX_GRAMMAR_BYTES: usize = 64 * 1024;
/// The library's parsers recurse; only what is touched becomes memory.
const COMPILE_STACK_BYTES: usize = 256 * 1024 * 1024;
/// The token tree has room for 1024 levels.
const MAX_TOKEN_BYTES: usize = 1000;
/// A state of the lexer takes up to 2 kB.
const MAX_LEXER_STATES: usize = 20_000;
/// Of a message.
const MOST_LINES: usize = 12;
const MOST_COLUMNS: usize = 160;

/// Turns what requests ask for into grammars over one vocabulary. Shared by threads.
pub struct Compiler {
    factory: ParserFactory,
}

/// What an answer must look like; states are copied from it.
pub struct Grammar {
    start: Mutex<Matcher>,
}

/// A grammar after the tokens of one sequence.
pub struct State {
    matcher: Matcher,
}

impl Compiler {
    /// vocab_size: of the model's logits, which may be more or fewer than the tokenizer's tokens.
    /// ends: the tokens that end an answer, allowed where the grammar may end. Without any an answer
    /// ends where nothing may follow.
    pub fn new(tokenizer: &Tokenizer, vocab_size: u32, ends: &[u32]) -> Result<Self> {
        let ends: Vec<TokenId> = ends.iter().copied().filter(|&id| id < vocab_size).collect();
        let words: Vec<Vec<u8>> = (0..vocab_size).map(|id| word(tokenizer, id)).collect();
        let mut trie = TokTrie::from(&TokRxInfo::new(vocab_size, INVALID_TOKEN), &words);
        if !ends.is_empty() {
            trie = trie.with_eos_tokens(&ends);
        }
        let env: TokEnv = Arc::new(ApproximateTokEnv::new(trie));
        let mut factory = ParserFactory::new(
            &env,
            InferenceCapabilities::default(),
            &SlicedBiasComputer::general_slices(),
        )
        .map_err(Error::internal)?;
        factory.quiet();
        *factory.limits_mut() = ParserLimits {
            max_lexer_states: MAX_LEXER_STATES,
            verbose_errors: false,
            ..ParserLimits::default()
        };
        Ok(Compiler { factory })
    }

    /// Errors: InvalidArgument (not a grammar of that kind; says where), Unsupported (a keyword),
    /// ResourceExhausted (too large or too much work).
    pub fn compile(&self, spec: &Spec) -> Result<Grammar> {
        if spec.text.len() > MAX_GRAMMAR_BYTES {
            return Err(Error::exhausted(format!(
                "wanted at most {MAX_GRAMMAR_BYTES} bytes, found {}",
                spec.text.len()
            )));
        }
        on_large_stack(|| {
            let grammar = source::read(spec)?;
            let parser = self.factory.create_parser(grammar).map_err(refused)?;
            let mut start = State {
                matcher: Matcher::new(Ok(parser)),
            };
            // What has no first token is refused now; what the lexer learns of it every state keeps.
            start.mask(&mut [])?;
            Ok(Grammar {
                start: Mutex::new(start.matcher),
            })
        })
    }
}

impl Grammar {
    pub fn state(&self) -> Result<State> {
        let start = self.start.lock().map_err(Error::internal)?;
        Ok(State {
            matcher: start.deep_clone(),
        })
    }
}

impl State {
    /// Bit i % 32 of word i / 32 says whether token i may come next; past the end only the tokens
    /// that end an answer may. words: for the compiler's vocabulary.
    /// Errors: ResourceExhausted (too much work), InvalidArgument (no token of the vocabulary
    /// spells what must follow).
    pub fn mask(&mut self, words: &mut [u32]) -> Result<()> {
        let mask = self.matcher.compute_mask_or_eos();
        let mask = mask.map_err(|e| self.failed(&e))?;
        let allowed = mask.as_slice();
        let count = words.len().min(allowed.len());
        words[..count].copy_from_slice(&allowed[..count]);
        words[count..].fill(0);
        Ok(())
    }

    /// The sequence grew by `token`, which the last mask allowed. True: nothing may follow it.
    /// Errors: as mask(); InvalidArgument too when the grammar does not allow the token.
    pub fn accept(&mut self, token: u32) -> Result<bool> {
        if self.matcher.is_stopped() && !self.matcher.is_error() {
            return Ok(true);
        }
        let taken = self.matcher.consume_token(token);
        taken.map_err(|e| self.failed(&e))?;
        Ok(self.matcher.is_stopped())
    }

    fn failed(&self, error: &anyhow::Error) -> Error {
        let words = first_lines(&error.to_string());
        match self.matcher.stop_reason() {
            StopReason::LexerTooComplex | StopReason::ParserTooComplex => Error::exhausted(
                format!("the grammar is too complex to be followed here: {words}"),
            ),
            _ => Error::invalid(format!(
                "the grammar cannot go on: no token of the model spells what must follow ({words})"
            )),
        }
    }
}

/// Special tokens are no text: 0xFF, which no text has, keeps them out of every grammar.
fn word(tokenizer: &Tokenizer, id: u32) -> Vec<u8> {
    let Ok(bytes) = tokenizer.token_bytes(id as i32) else {
        return Vec::new();
    };
    if bytes.is_empty() || bytes.len() > MAX_TOKEN_BYTES {
        return Vec::new();
    }
    if tokenizer.has_text(id, true) {
        return bytes;
    }
    let mut special = vec![TokTrie::SPECIAL_TOKEN_MARKER];
    special.extend_from_slice(&bytes);
    special
}

fn on_large_stack<T: Send>(work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    std::thread::scope(|scope| {
        std::thread::Builder::new()
            .name("grammar".to_string())
            .stack_size(COMPILE_STACK_BYTES)
            .spawn_scoped(scope, work)
            .map_err(|e| Error::exhausted(format!("no thread to compile on: {e}")))?
            .join()
            .unwrap_or_else(|panic| Err(Error::internal(crate::abi::panic_text(panic.as_ref()))))
    })
}

/// What the library says of a grammar that it does not take.
fn refused(error: anyhow::Error) -> Error {
    let text = first_lines(&error.to_string());
    let text = text.replace("Unimplemented keys:", "keywords that are not supported:");
    if text.contains("oneOf constraints are not supported") {
        return Error::unsupported(
            "oneOf is supported where its schemas exclude one another (by type, or by a required \
             property with other constants); wanted that, or anyOf",
        );
    }
    let unsupported = [
        "Unimplemented",
        "not supported",
        "Unknown format",
        "unsupported",
    ];
    if unsupported.iter().any(|mark| text.contains(mark)) {
        return Error::unsupported(text);
    }
    let too_much = ["too large", "too big", "fuel", "too complex", "exceeded"];
    if too_much.iter().any(|mark| text.contains(mark)) {
        return Error::exhausted(text);
    }
    Error::invalid(text)
}

/// Without the traces that the library adds for its developers, and without lines of the grammar that
/// are too long to be read.
fn first_lines(text: &str) -> String {
    let end = ["\n<", "\n\nStack backtrace", "\nstack backtrace"]
        .iter()
        .filter_map(|mark| text.find(mark))
        .min()
        .unwrap_or(text.len());
    let lines = text[..end].trim().lines().take(MOST_LINES);
    let short = lines.map(|line| match line.char_indices().nth(MOST_COLUMNS) {
        Some((cut, _)) => format!("{}...", &line[..cut]),
        None => line.to_string(),
    });
    short.collect::<Vec<_>>().join("\n")
}
