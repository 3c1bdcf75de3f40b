//! Byte-level BPE ("gpt2"): tokens in GPT-2's byte alphabet, merges in order of rank, and a
//! pre-tokenizer that the file only names. Sennrich et al. 2016 (arXiv 1508.07909); Radford et al.
//! 2019 for the byte alphabet.

use tokenizers::models::bpe::{BPE, Merges, Vocab};
use tokenizers::pre_tokenizers::byte_level::ByteLevel;

use super::metadata::{Metadata, Vocabulary};
use super::pre_tokenizer;
use crate::error::{Error, Result};

const MERGES: &str = "tokenizer.ggml.merges";
const PRE: &str = "tokenizer.ggml.pre";

/// The tokenizer, and whether it puts BOS before a text when the file does not say.
pub fn build(
    metadata: &Metadata,
    vocabulary: &Vocabulary,
) -> Result<(tokenizers::Tokenizer, bool)> {
    let style = pre_tokenizer::named(metadata.text(PRE)?.unwrap_or("default"))?;
    let mut vocab = Vocab::default();
    for (id, token) in vocabulary.tokens.iter().enumerate() {
        // Of equal tokens the first keeps its id; the others, fillers, are never made.
        vocab.entry(token.to_string()).or_insert(id as u32);
    }
    let merges = merges(metadata, &vocab)?;
    let model = BPE::builder()
        .vocab_and_merges(vocab, merges)
        .ignore_merges(style.whole_words_first)
        .build()
        .map_err(|e| Error::data_loss(format!("{MERGES}: {e}")))?;
    let mut inner = tokenizers::Tokenizer::new(model);
    if style.composed {
        inner
            .with_normalizer(Some(tokenizers::normalizers::unicode::NFC))
            .map_err(Error::internal)?;
    }
    inner.with_pre_tokenizer(Some(style.pre_tokenizer()?));
    inner.with_decoder(Some(ByteLevel::default()));
    inner
        .add_tokens(vocabulary.added_tokens())
        .map_err(|e| Error::data_loss(format!("tokenizer.ggml.tokens: {e}")))?;
    Ok((inner, style.bos_by_default))
}

fn merges(metadata: &Metadata, vocab: &Vocab) -> Result<Merges> {
    let lines = metadata
        .texts(MERGES)?
        .ok_or_else(|| Error::data_loss(format!("{MERGES}: wanted the merges, found none")))?;
    let mut merges = Merges::with_capacity(lines.len());
    for (rank, line) in lines.into_iter().enumerate() {
        let wrong = |what: &str| Error::data_loss(format!("{MERGES}[{rank}]: {line:?}: {what}"));
        // The left part may begin with a blank in old files, so the blank after it is looked for.
        let blank = line
            .char_indices()
            .skip(1)
            .find_map(|(at, c)| (c == ' ').then_some(at))
            .ok_or_else(|| wrong("wanted two tokens and a blank between"))?;
        let (left, right) = (&line[..blank], &line[blank + 1..]);
        for part in [left, right, &[left, right].concat()] {
            if !vocab.contains_key(part) {
                return Err(wrong(&format!("{part:?} is not in the vocabulary")));
            }
        }
        merges.push((left.to_string(), right.to_string()));
    }
    Ok(merges)
}
