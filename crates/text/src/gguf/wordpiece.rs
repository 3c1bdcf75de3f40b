//! WordPiece ("bert"). GGUF files mark the beginning of a word with U+2581 where BERT's vocabulary
//! marks its continuation with ##; this turns it back. Devlin et al. 2019 (arXiv 1810.04805).

use tokenizers::AddedToken;
use tokenizers::decoders::wordpiece::WordPiece as WordPieceDecoder;
use tokenizers::models::bpe::Vocab;
use tokenizers::models::wordpiece::WordPiece;
use tokenizers::normalizers::BertNormalizer;
use tokenizers::pre_tokenizers::bert::BertPreTokenizer;

use super::metadata::{Kind, Metadata, Vocabulary};
use crate::error::{Error, Result};

const WORD_BEGINS: char = '\u{2581}';

/// The tokenizer; WordPiece models put [CLS] before a text when the file does not say.
pub fn build(
    metadata: &Metadata,
    vocabulary: &Vocabulary,
) -> Result<(tokenizers::Tokenizer, bool)> {
    let is_special = |id: usize| special(vocabulary, id);
    let written: Vec<String> = (0..vocabulary.tokens.len())
        .map(|id| match vocabulary.tokens[id].strip_prefix(WORD_BEGINS) {
            Some(word) => word.to_string(),
            None if is_special(id) => vocabulary.tokens[id].to_string(),
            None => format!("##{}", vocabulary.tokens[id]),
        })
        .collect();
    let mut vocab = Vocab::default();
    for (id, token) in written.iter().enumerate() {
        vocab.entry(token.clone()).or_insert(id as u32);
    }
    let unknown = metadata.id("tokenizer.ggml.unknown_token_id", vocabulary)?;
    let unknown = unknown.map_or("[UNK]", |id| &written[id as usize]);
    let model = WordPiece::builder()
        .vocab(vocab)
        .unk_token(unknown.to_string())
        .build()
        .map_err(|e| Error::data_loss(format!("tokenizer.ggml.tokens: {e}")))?;
    let mut inner = tokenizers::Tokenizer::new(model);
    // Files seldom say whether text is lower-cased; a vocabulary with capitals says that it is not.
    let capitals = (0..written.len())
        .any(|id| !is_special(id) && written[id].bytes().any(|b| b.is_ascii_uppercase()));
    let lowercase = metadata
        .flag("tokenizer.ggml.normalizer.lowercase")?
        .unwrap_or(!capitals);
    inner
        .with_normalizer(Some(BertNormalizer::new(true, true, None, lowercase)))
        .map_err(Error::internal)?;
    inner.with_pre_tokenizer(Some(BertPreTokenizer));
    inner.with_decoder(Some(WordPieceDecoder::new("##".to_string(), true)));
    let special = (0..written.len())
        .filter(|&id| is_special(id))
        .map(|id| AddedToken::from(written[id].clone(), true).normalized(false));
    inner
        .add_tokens(special)
        .map_err(|e| Error::data_loss(format!("tokenizer.ggml.tokens: {e}")))?;
    Ok((inner, true))
}

/// Files without token types leave only the brackets: [CLS], [PAD], ...
fn special(vocabulary: &Vocabulary, id: usize) -> bool {
    match vocabulary.kinds[id] {
        Kind::Control | Kind::Unknown => true,
        Kind::Normal => {
            let token = vocabulary.tokens[id];
            token.len() > 2 && token.starts_with('[') && token.ends_with(']')
        }
        Kind::UserDefined | Kind::Unused | Kind::Byte => false,
    }
}
