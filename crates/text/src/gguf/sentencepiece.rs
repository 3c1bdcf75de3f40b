//! SentencePiece BPE ("llama"): pieces with scores instead of merges, blanks written U+2581, bytes
//! as a last resort. The best-scored piece that two neighbours make is merged first, so merges in
//! order of their piece's score say the same. Kudo and Richardson 2018 (arXiv 1808.06226).

use tokenizers::decoders::byte_fallback::ByteFallback;
use tokenizers::decoders::fuse::Fuse;
use tokenizers::decoders::sequence::Sequence as DecoderSequence;
use tokenizers::decoders::strip::Strip;
use tokenizers::models::bpe::{BPE, Merges, Vocab};
use tokenizers::normalizers::{Prepend, Replace, utils::Sequence};
use tokenizers::{AddedToken, DecoderWrapper, NormalizerWrapper};

use super::metadata::{Kind, Metadata, Vocabulary, same_length};
use crate::error::{Error, Result};

const BLANK: char = '\u{2581}';
const SCORES: &str = "tokenizer.ggml.scores";

/// The tokenizer, and whether it puts BOS before a text when the file does not say.
pub fn build(
    metadata: &Metadata,
    vocabulary: &Vocabulary,
) -> Result<(tokenizers::Tokenizer, bool)> {
    let scores = metadata
        .numbers(SCORES)?
        .ok_or_else(|| Error::data_loss(format!("{SCORES}: wanted the scores, found none")))?;
    same_length(SCORES, scores.len(), vocabulary.tokens.len())?;
    let leading_blank = metadata
        .flag("tokenizer.ggml.add_space_prefix")?
        .unwrap_or(true);
    let unknown = metadata.id("tokenizer.ggml.unknown_token_id", vocabulary)?;

    let written = |id: usize| written(vocabulary, id, leading_blank);
    let mut vocab = Vocab::default();
    for id in 0..vocabulary.tokens.len() {
        vocab.entry(written(id)).or_insert(id as u32);
    }
    let merges = merges(vocabulary, &scores, &vocab);
    let mut model = BPE::builder()
        .vocab_and_merges(vocab, merges)
        .fuse_unk(true)
        .byte_fallback(true);
    if let Some(id) = unknown {
        model = model.unk_token(written(id as usize));
    }
    let model = model
        .build()
        .map_err(|e| Error::data_loss(format!("tokenizer.ggml.tokens: {e}")))?;
    let mut inner = tokenizers::Tokenizer::new(model);
    inner
        .with_normalizer(Some(normalizer(leading_blank)?))
        .map_err(Error::internal)?;
    inner.with_decoder(Some(decoder(leading_blank)?));
    inner
        .add_tokens(added_tokens(vocabulary, leading_blank))
        .map_err(|e| Error::data_loss(format!("tokenizer.ggml.tokens: {e}")))?;
    Ok((inner, true))
}

/// A token's entry in the vocabulary. User-defined tokens with blanks are matched in the normalised
/// text, so they are entered as they look before it.
fn written(vocabulary: &Vocabulary, id: usize, leading_blank: bool) -> String {
    let token = vocabulary.tokens[id];
    if vocabulary.kinds[id] != Kind::UserDefined || !token.contains(BLANK) {
        return token.to_string();
    }
    let begin = match token.strip_prefix(BLANK) {
        Some(rest) if leading_blank && !rest.is_empty() => rest,
        _ => token,
    };
    begin.replace(BLANK, " ")
}

fn added_tokens(vocabulary: &Vocabulary, leading_blank: bool) -> Vec<AddedToken> {
    let mut tokens = vocabulary.added_tokens();
    let ids = (0..vocabulary.tokens.len())
        .filter(|&id| vocabulary.kinds[id] == Kind::UserDefined)
        .filter(|&id| vocabulary.tokens[id].contains(BLANK));
    for id in ids {
        let found = tokens
            .iter_mut()
            .find(|token| token.content == vocabulary.tokens[id]);
        if let Some(token) = found {
            *token =
                AddedToken::from(written(vocabulary, id, leading_blank), false).normalized(true);
        }
    }
    if PHI3_TURNS
        .iter()
        .all(|turn| vocabulary.tokens.contains(turn))
    {
        for token in &mut tokens {
            let turn = token.content.starts_with("<|") && token.content != "<|endoftext|>";
            token.rstrip = token.special && turn;
        }
    }
    tokens
}

/// Phi-3's turn tokens swallow the blanks after them, which GGUF has no key for: a vocabulary with
/// all of these is taken for Phi-3's. (llama.cpp goes by the model's name.)
const PHI3_TURNS: [&str; 3] = ["<|user|>", "<|assistant|>", "<|end|>"];

/// Every way to make a normal piece out of two others, best score first.
fn merges(vocabulary: &Vocabulary, scores: &[f64], vocab: &Vocab) -> Merges {
    let mut ways: Vec<(f64, u32, u32, usize, &str)> = Vec::new();
    for (id, piece) in vocabulary.tokens.iter().enumerate() {
        if vocabulary.kinds[id] != Kind::Normal {
            continue;
        }
        for (at, _) in piece.char_indices().skip(1) {
            if let (Some(&left), Some(&right)) = (vocab.get(&piece[..at]), vocab.get(&piece[at..]))
            {
                ways.push((scores[id], left, right, at, piece));
            }
        }
    }
    ways.sort_by(|a, b| b.0.total_cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
    ways.into_iter()
        .map(|(_, _, _, at, piece)| (piece[..at].to_string(), piece[at..].to_string()))
        .collect()
}

fn normalizer(leading_blank: bool) -> Result<Sequence> {
    let mut steps: Vec<NormalizerWrapper> = Vec::new();
    if leading_blank {
        steps.push(Prepend::new(BLANK.to_string()).into());
    }
    steps.push(replace(" ", &BLANK.to_string())?.into());
    Ok(Sequence::new(steps))
}

fn decoder(leading_blank: bool) -> Result<DecoderSequence> {
    let mut steps: Vec<DecoderWrapper> = vec![
        replace(&BLANK.to_string(), " ")?.into(),
        ByteFallback::new().into(),
        Fuse::new().into(),
    ];
    if leading_blank {
        steps.push(Strip::new(' ', 1, 0).into());
    }
    Ok(DecoderSequence::new(steps))
}

fn replace(from: &str, to: &str) -> Result<Replace> {
    Replace::new(from, to).map_err(Error::internal)
}
