//! A tokenizer of the tokenizers library with the few facts that the engine asks for. How it was
//! read (a folder's files, a GGUF file's metadata) is not known here; `files` and `gguf` make it.

mod encode;
mod files;
mod special;

pub use encode::{Encoded, Truncation};
pub use files::{Files, object};
pub use special::{SpecialToken, Surround, text_of_token};

use tokenizers::{AddedToken, DecoderWrapper};

use crate::error::{Error, Result};

/// How tokens are written in the vocabulary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spelling {
    /// Each character stands for one byte (GPT-2's alphabet).
    Bytes,
    /// As text; a blank may be U+2581, a byte may be <0x0A>.
    Pieces {
        marked_blank: bool,
        byte_pieces: bool,
    },
}

pub struct Tokenizer {
    inner: tokenizers::Tokenizer,
    spelling: Spelling,
    vocab_size: u32,
    bos: Option<u32>,
    eos: Option<u32>,
    stops: Vec<u32>,
}

impl Tokenizer {
    /// bos, eos: as the model names them. more_stops: further tokens that end a turn.
    pub fn new(
        mut inner: tokenizers::Tokenizer,
        bos: Option<u32>,
        eos: Option<u32>,
        more_stops: &[u32],
    ) -> Result<Self> {
        // Some checkpoints of embedders ask for cutting and filling; here the caller decides.
        inner.with_truncation(None).map_err(Error::internal)?;
        inner.with_padding(None);
        let added = inner.get_added_vocabulary().get_added_tokens_decoder();
        let after_added = added.keys().max().map_or(0, |id| u64::from(*id) + 1);
        let vocab_size = after_added.max(inner.get_vocab_size(false) as u64);
        if vocab_size > i32::MAX as u64 {
            return Err(Error::data_loss(format!(
                "tokenizer: wanted ids below 2^31, found {}",
                vocab_size - 1
            )));
        }
        let mut stops: Vec<u32> = eos.into_iter().collect();
        stops.extend(more_stops.iter().filter(|&&id| Some(id) != eos));
        Ok(Tokenizer {
            spelling: spelling(inner.get_decoder()),
            inner,
            vocab_size: vocab_size as u32,
            bos,
            eos,
            stops,
        })
    }

    pub fn vocab_size(&self) -> u32 {
        self.vocab_size
    }

    pub fn bos_id(&self) -> Option<u32> {
        self.bos
    }

    pub fn eos_id(&self) -> Option<u32> {
        self.eos
    }

    pub fn stop_ids(&self) -> &[u32] {
        &self.stops
    }

    pub fn token_id(&self, token: &str) -> Option<u32> {
        self.inner.token_to_id(token)
    }

    pub fn spelling(&self) -> Spelling {
        self.spelling
    }

    /// Ids without a token (models may have more rows than the tokenizer has tokens) give no text.
    pub fn decode(&self, ids: &[i32], skip_special_tokens: bool) -> Result<String> {
        let ids: Vec<u32> = ids.iter().map(|&id| checked(id)).collect::<Result<_>>()?;
        self.decode_checked(&ids, skip_special_tokens)
    }

    pub fn decode_checked(&self, ids: &[u32], skip_special_tokens: bool) -> Result<String> {
        self.inner
            .decode(ids, skip_special_tokens)
            .map_err(|e| Error::internal(format!("token ids cannot be decoded: {e}")))
    }

    /// Does the token give text at all, when special tokens are skipped or not?
    pub fn has_text(&self, id: u32, skip_special_tokens: bool) -> bool {
        let Some(token) = self.inner.id_to_token(id) else {
            return false;
        };
        !(skip_special_tokens && self.inner.get_added_vocabulary().is_special_token(&token))
    }

    /// Empty for an id without a token.
    pub fn token_bytes(&self, id: i32) -> Result<Vec<u8>> {
        let token = self.inner.id_to_token(checked(id)?).unwrap_or_default();
        Ok(match self.spelling {
            Spelling::Bytes => unspell_bytes(&token),
            Spelling::Pieces {
                marked_blank,
                byte_pieces,
            } => match byte_piece(&token) {
                Some(byte) if byte_pieces => vec![byte],
                _ if marked_blank => token.replace('\u{2581}', " ").into_bytes(),
                _ => token.into_bytes(),
            },
        })
    }

    /// Tokens that are matched in the text before anything else, with their ids.
    pub fn added_tokens(inner: &tokenizers::Tokenizer) -> Vec<(u32, AddedToken)> {
        inner.get_added_tokens_decoder().into_iter().collect()
    }
}

pub fn checked(id: i32) -> Result<u32> {
    u32::try_from(id).map_err(|_| Error::invalid(format!("token id: wanted 0 or more, found {id}")))
}

/// "<0x0A>" -> 10
pub fn byte_piece(token: &str) -> Option<u8> {
    let digits = token.strip_prefix("<0x")?.strip_suffix('>')?;
    // from_str_radix alone would take "+1".
    if digits.len() != 2 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    u8::from_str_radix(digits, 16).ok()
}

/// The bytes of a token in GPT-2's alphabet: printable Latin-1 characters stand for themselves, the
/// others follow U+0100 in order. A token with any other character stands for its own UTF-8.
pub fn unspell_bytes(token: &str) -> Vec<u8> {
    let byte = |c: char| -> Option<u8> {
        let code = c as u32;
        match code {
            0x21..=0x7e | 0xa1..=0xac | 0xae..=0xff => Some(code as u8),
            0x100..=0x120 => Some((code - 0x100) as u8),
            0x121..=0x142 => Some((code - 0x121 + 0x7f) as u8),
            0x143 => Some(0xad),
            _ => None,
        }
    };
    let bytes: Option<Vec<u8>> = token.chars().map(byte).collect();
    bytes.unwrap_or_else(|| token.as_bytes().to_vec())
}

fn spelling(decoder: Option<&DecoderWrapper>) -> Spelling {
    let parts: &[DecoderWrapper] = match decoder {
        Some(DecoderWrapper::Sequence(sequence)) => sequence.get_decoders(),
        Some(one) => std::slice::from_ref(one),
        None => &[],
    };
    if let [DecoderWrapper::ByteLevel(_)] = parts {
        return Spelling::Bytes;
    }
    let any = |wanted: fn(&DecoderWrapper) -> bool| parts.iter().any(wanted);
    Spelling::Pieces {
        marked_blank: any(|d| {
            matches!(d, DecoderWrapper::Metaspace(_) | DecoderWrapper::Replace(_))
        }),
        byte_pieces: any(|d| matches!(d, DecoderWrapper::ByteFallback(_))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_byte_alphabet_is_the_library_s() {
        let mut seen: Vec<u8> = tokenizers::pre_tokenizers::byte_level::ByteLevel::alphabet()
            .iter()
            .map(|c| match unspell_bytes(&c.to_string())[..] {
                [byte] => byte,
                _ => panic!("{c:?} is not one byte"),
            })
            .collect();
        seen.sort_unstable();
        assert_eq!(seen, (0..=255).collect::<Vec<u8>>());
        assert_eq!(unspell_bytes("\u{120}a\u{10a}"), b" a\n");
        assert_eq!(unspell_bytes("a b"), b"a b");
    }

    #[test]
    fn byte_pieces_are_two_hexadecimal_digits() {
        assert_eq!(byte_piece("<0x0A>"), Some(10));
        for other in ["<0x0>", "<0x0A", "<0xé>", "<0x+1>", "0x0A"] {
            assert_eq!(byte_piece(other), None, "{other}");
        }
    }
}
