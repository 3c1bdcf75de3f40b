//! How a named byte-level pre-tokenizer cuts a text into words before BPE. Each pattern cuts what
//! the ones before left; matches and the text between them both become words. The patterns are those
//! of the models' own tokenizers; the names are those that GGUF files carry.

use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::pre_tokenizers::sequence::Sequence;
use tokenizers::pre_tokenizers::split::{Split, SplitPattern};
use tokenizers::{PreTokenizerWrapper, SplitDelimiterBehavior};

use crate::error::{Error, Result};

pub struct Style {
    patterns: &'static [&'static str],
    /// A word that is a token is taken whole, even if the merges don't lead there.
    pub whole_words_first: bool,
    pub bos_by_default: bool,
    /// Text is composed (NFC) first.
    pub composed: bool,
}

impl Style {
    pub fn pre_tokenizer(&self) -> Result<Sequence> {
        let mut steps: Vec<PreTokenizerWrapper> = Vec::new();
        for pattern in self.patterns {
            let pattern = SplitPattern::Regex(pattern.to_string());
            let split = Split::new(pattern, SplitDelimiterBehavior::Isolated, false)
                .map_err(Error::internal)?;
            steps.push(split.into());
        }
        steps.push(ByteLevel::new(false, true, false).into());
        Ok(Sequence::new(steps))
    }
}

const GPT2: &str = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";
const DIGIT: &str = r"\p{N}";
const DIGITS: &str = r"\p{N}+";
const THREE_DIGITS: &str = "[0-9][0-9][0-9]";
const UP_TO_THREE_DIGITS: &str = r"\p{N}{1,3}";
const HAN_KANA: &str = r"[一-龥぀-ゟ゠-ヿ]+";
const HAN_HANGUL: &str = r"[一-龥ࠀ-一가-퟿]+";
const LLAMA3: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
const QWEN2: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
const QWEN35: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
const GPT4O: &str = r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";
const TEKKEN: &str = r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";
const DEEPSEEK3: &str = r##"[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"##;
const SEED_CODER: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1}| ?[^\s\p{L}\p{N}\r\n]+|\s*[\r\n]+|\s+(?!\S)|\s+";
const BAILING: &str = r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+";
const BLOOM: &str = r" ?[^(\s|.,!?…。，、।۔،)]+";

const PLAIN: Style = Style {
    patterns: &[GPT2],
    whole_words_first: false,
    bos_by_default: false,
    composed: false,
};

/// Errors: a name that no model we know has; the message lists those we know.
pub fn named(name: &str) -> Result<Style> {
    let with = |patterns| Style { patterns, ..PLAIN };
    Ok(match name {
        "default" => with(&[r"[\p{P}\$\+<=>\^~\|]+", GPT2, DIGITS, THREE_DIGITS]),
        "gpt-2" | "phi-2" | "mpt" | "jais" | "gigachat" | "a.x-4.0" | "mellum" | "exaone4"
        | "modern-bert" | "roberta-bpe" | "jina-es" | "jina-de" | "jina-v1-en" | "jina-v2-es"
        | "jina-v2-de" | "jina-v2-code" | "trillion" | "granite-docling" => PLAIN,
        "olmo" => Style {
            composed: true,
            ..PLAIN
        },
        "smollm" | "starcoder" | "refact" | "command-r" | "codeshell" | "exaone" | "minerva-7b" => {
            with(&[DIGIT, GPT2])
        }
        "llama-bpe" | "llama3" | "llama-v3" | "falcon3" | "falcon-h1" | "pixtral" | "midm-2.0"
        | "lfm2" => Style {
            patterns: &[LLAMA3],
            whole_words_first: true,
            bos_by_default: true,
            ..PLAIN
        },
        "dbrx" | "smaug-bpe" | "glm4" | "chatglm-bpe" => with(&[LLAMA3]),
        "qwen2" | "deepseek-r1-qwen" | "megrez" | "kormo" => Style {
            patterns: &[QWEN2],
            composed: true,
            ..PLAIN
        },
        "qwen35" => Style {
            patterns: &[QWEN35],
            composed: true,
            ..PLAIN
        },
        "stablelm2" | "hunyuan" | "grok-2" | "solar-open" => with(&[QWEN2]),
        "gpt-4o" | "llama4" => with(&[GPT4O]),
        "tekken" => Style {
            patterns: &[TEKKEN],
            whole_words_first: true,
            bos_by_default: true,
            ..PLAIN
        },
        "falcon" => with(&[r"[\p{P}\$\+<=>\^~\|`]+", GPT2, THREE_DIGITS]),
        "deepseek-coder" => with(&[r"[\r\n]", r"\s?\p{L}+", r"\s?\p{P}+", HAN_HANGUL, DIGIT]),
        "deepseek-v3" | "hunyuan-dense" | "joyai-llm" => {
            with(&[UP_TO_THREE_DIGITS, HAN_KANA, DEEPSEEK3])
        }
        "seed-coder" => with(&[SEED_CODER]),
        "bailingmoe" | "bailingmoe2" | "llada-moe" => with(&[BAILING]),
        "bloom" | "poro-chat" | "gpt3-finnish" => with(&[BLOOM]),
        "viking" => with(&[BLOOM, DIGIT]),
        "superbpe" => with(&[DIGITS, r"(?=(\d{3})+(?!\d))"]),
        _ => {
            return Err(Error::unsupported(format!(
                "tokenizer.ggml.pre: wanted the name of a known pre-tokenizer (default, gpt-2, \
                 llama-bpe, qwen2, smollm, starcoder, refact, gpt-4o, tekken, deepseek-v3, falcon, \
                 ...), found {name:?}; convert the model again or use its tokenizer.json"
            )));
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokenizers::{OffsetReferential, OffsetType, PreTokenizedString, PreTokenizer};

    fn words(name: &str, text: &str) -> Vec<String> {
        let mut cut = PreTokenizedString::from(text);
        let steps = named(name).unwrap().pre_tokenizer().unwrap();
        steps.pre_tokenize(&mut cut).unwrap();
        cut.get_splits(OffsetReferential::Original, OffsetType::Byte)
            .into_iter()
            .map(|(_, (begin, end), _)| text[begin..end].to_string())
            .collect()
    }

    #[test]
    fn styles_differ_where_their_models_do() {
        let text = "We'LL pay 12345 €!!\n\n x";
        assert_eq!(
            words("llama-bpe", text),
            ["We", "'LL", " pay", " ", "123", "45", " €!!\n\n", " x"]
        );
        assert_eq!(words("qwen2", "a 12"), ["a", " ", "1", "2"]);
        assert_eq!(words("smollm", "it's 42"), ["it", "'s", " ", "4", "2"]);
        assert_eq!(words("gpt-2", "it's 42"), ["it", "'s", " 42"]);
        assert_eq!(words("default", "x 1234"), ["x", " ", "123", "4"]);
        assert_eq!(words("gpt-4o", "HelloWorld's"), ["Hello", "World's"]);
        assert_eq!(
            words("tekken", "HelloWorld 12"),
            ["Hello", "World", " ", "1", "2"]
        );
    }

    #[test]
    fn every_pattern_compiles() {
        for name in [
            "falcon",
            "deepseek-coder",
            "deepseek-v3",
            "seed-coder",
            "bailingmoe",
            "bloom",
            "viking",
            "superbpe",
            "qwen35",
            "stablelm2",
            "dbrx",
            "olmo",
        ] {
            assert_eq!(
                words(name, "word 1234 字 x!").concat(),
                "word 1234 字 x!",
                "{name}"
            );
        }
    }

    #[test]
    fn an_unknown_name_is_an_error() {
        let error = named("lama-bpe").err().unwrap();
        assert!(error.message.contains("\"lama-bpe\""), "{}", error.message);
    }
}
