//! The text of tokens that come one by one. The pieces, joined, are the decoded text of all tokens;
//! each is whole characters. While the text so far ends in U+FFFD it is held back, since a token may
//! complete the character; a piece that was handed out is never taken back.
//!
//! Cost per token does not grow with the text. Byte-level tokens are bytes: what is not yet handed
//! out waits as bytes, and only the last four say whether it may go. Other decoders look at their
//! neighbours (a leading blank goes, runs of byte tokens are one), so a window of tokens is decoded
//! again: those handed out last, as context, and those held back, at most MAX_HELD.

use std::sync::Arc;

use crate::error::Result;
use crate::tokenizer::{Spelling, Tokenizer, checked};

/// Tokens of the prompt that may matter for the first piece: a character has at most 4 byte tokens.
const PROMPT_CONTEXT: usize = 6;
/// Tokens held back before the window goes out as it is; only a long run of wrong bytes gets here.
const MAX_HELD: usize = 64;

pub struct TokenStream {
    tokenizer: Arc<Tokenizer>,
    skips: Skips,
    state: State,
}

/// Which tokens give no text.
pub struct Skips {
    /// Special tokens,
    pub special_tokens: bool,
    /// but for these.
    pub shown: Vec<i32>,
}

impl Skips {
    fn shows(&self, tokenizer: &Tokenizer, id: u32) -> bool {
        let skip = self.special_tokens && !self.shown.contains(&(id as i32));
        tokenizer.has_text(id, skip)
    }
}

enum State {
    Bytes(Bytes),
    Window(Window),
}

#[derive(Default)]
struct Bytes {
    held: Vec<u8>,
    /// How many of them are the prompt's: a character that it left unfinished.
    of_prompt: usize,
}

#[derive(Default)]
struct Window {
    ids: Vec<u32>,
    /// The first of `ids` whose text is not handed out.
    unread: usize,
    /// Text of ids[..unread].
    context: String,
}

impl TokenStream {
    pub fn new(tokenizer: Arc<Tokenizer>, skips: Skips, prompt: &[i32]) -> Result<Self> {
        let mut context = Vec::new();
        for &id in prompt.iter().rev() {
            let id = checked(id)?;
            if context.len() < PROMPT_CONTEXT && skips.shows(&tokenizer, id) {
                context.push(id);
            }
        }
        context.reverse();
        let state = match tokenizer.spelling() {
            Spelling::Bytes => {
                let mut bytes = Vec::new();
                for id in context {
                    bytes.extend(tokenizer.token_bytes(id as i32)?);
                }
                let held = bytes.split_off(unfinished_from(&bytes));
                State::Bytes(Bytes {
                    of_prompt: held.len(),
                    held,
                })
            }
            Spelling::Pieces { .. } => {
                let mut window = Window::default();
                window.restart(&tokenizer, context)?;
                State::Window(window)
            }
        };
        Ok(TokenStream {
            tokenizer,
            skips,
            state,
        })
    }

    /// The text that became certain with this token, often none.
    pub fn push(&mut self, id: i32) -> Result<String> {
        let token = checked(id)?;
        if !self.skips.shows(&self.tokenizer, token) {
            return Ok(String::new());
        }
        match &mut self.state {
            State::Bytes(bytes) => {
                bytes.held.extend(self.tokenizer.token_bytes(id)?);
                Ok(if ends_in_a_character(&bytes.held) {
                    bytes.take()
                } else {
                    String::new()
                })
            }
            State::Window(window) => window.push(&self.tokenizer, token),
        }
    }

    /// What is held back, when no token follows.
    pub fn flush(&mut self) -> Result<String> {
        match &mut self.state {
            State::Bytes(bytes) => Ok(bytes.take()),
            State::Window(window) => {
                let text = window.unread_text(&self.tokenizer)?;
                *window = Window::default();
                Ok(text)
            }
        }
    }
}

impl Window {
    fn push(&mut self, tokenizer: &Tokenizer, id: u32) -> Result<String> {
        self.ids.push(id);
        let text = self.unread_text(tokenizer)?;
        let held = self.ids.len() - self.unread;
        if text.ends_with('\u{fffd}') && held < MAX_HELD {
            return Ok(String::new());
        }
        let read = self.ids.split_off(self.unread);
        self.restart(tokenizer, read)?;
        Ok(text)
    }

    /// Makes `ids`, all handed out, the context of what follows.
    fn restart(&mut self, tokenizer: &Tokenizer, ids: Vec<u32>) -> Result<()> {
        self.context = tokenizer.decode_checked(&ids, false)?;
        self.unread = ids.len();
        self.ids = ids;
        Ok(())
    }

    fn unread_text(&self, tokenizer: &Tokenizer) -> Result<String> {
        let all = tokenizer.decode_checked(&self.ids, false)?;
        let finished = self.context.trim_end_matches('\u{fffd}');
        // A prompt may end inside a character that the unread tokens complete.
        let text = all
            .strip_prefix(self.context.as_str())
            .or_else(|| all.strip_prefix(finished));
        match text {
            Some(text) => Ok(text.to_string()),
            // A wrong byte spoilt its run of byte tokens, whose text is out already.
            None => tokenizer.decode_checked(&self.ids[self.unread..], false),
        }
    }
}

impl Bytes {
    fn take(&mut self) -> String {
        let text = String::from_utf8_lossy(&self.held);
        // The prompt's part shows as U+FFFD when the character was never completed.
        let mine = match self.of_prompt {
            0 => &text,
            _ => text.strip_prefix('\u{fffd}').unwrap_or(&text),
        };
        let mine = mine.to_string();
        *self = Bytes::default();
        mine
    }
}

/// Where the last character begins, complete or not: the last byte that is no continuation.
fn last_character(bytes: &[u8]) -> usize {
    let reach = bytes.len().saturating_sub(4);
    (reach..bytes.len())
        .rev()
        .find(|&at| bytes[at] & 0xc0 != 0x80)
        .unwrap_or(bytes.len())
}

/// Does the lossy text of these bytes end in a character other than U+FFFD? A byte that begins a
/// character is never part of the one before, so the last four bytes decide.
fn ends_in_a_character(bytes: &[u8]) -> bool {
    match std::str::from_utf8(&bytes[last_character(bytes)..]) {
        Ok(tail) => !tail.is_empty() && !tail.ends_with('\u{fffd}'),
        Err(_) => false,
    }
}

/// Where an unfinished character at the end begins; the length when there is none.
fn unfinished_from(bytes: &[u8]) -> usize {
    let begin = last_character(bytes);
    match std::str::from_utf8(&bytes[begin..]) {
        // No error length: more bytes could still complete it.
        Err(e) if e.error_len().is_none() => begin,
        _ => bytes.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_four_bytes_decide() {
        for text in ["a", "é", "你", "😀", "x😀", "\u{80}"] {
            assert!(ends_in_a_character(text.as_bytes()), "{text}");
            assert_eq!(unfinished_from(text.as_bytes()), text.len(), "{text}");
        }
        for held in [
            &b""[..],
            b"\xff",
            b"a\xe4\xbd",
            b"\x80\x80\x80\x80\x80",
            b"\xc3\xa9\xa9",
            "\u{fffd}".as_bytes(),
        ] {
            assert!(!ends_in_a_character(held), "{held:x?}");
        }
        assert_eq!(unfinished_from(b"a\xe4\xbd"), 1);
        assert_eq!(unfinished_from(b"a\xff"), 2);
        assert_eq!(unfinished_from(b"\xc3\xa9\xa9"), 3);
    }

    #[test]
    fn it_agrees_with_the_lossy_text_of_everything() {
        let alphabet = [
            0x41, 0x80, 0xbf, 0xc3, 0xa9, 0xe4, 0xbd, 0xa0, 0xf0, 0x9f, 0xff,
        ];
        let mut seed = 1u32;
        for _ in 0..20_000 {
            let bytes: Vec<u8> = (0..6)
                .map(|_| {
                    seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    alphabet[(seed >> 16) as usize % alphabet.len()]
                })
                .collect();
            let text = String::from_utf8_lossy(&bytes);
            assert_eq!(
                ends_in_a_character(&bytes),
                !text.ends_with('\u{fffd}'),
                "{bytes:x?}"
            );
        }
    }
}
