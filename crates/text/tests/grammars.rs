//! Grammars of every kind followed at random, and grammars that try to exhaust time or memory.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use spyre_text::error::{Error, Status};
use spyre_text::grammar::{Compiler, Grammar, Kind, Spec};
use spyre_text::tokenizer::{Files, Tokenizer};

/// Longest that any text may take; a hundred times what they take on an idle machine.
const PATIENCE: Duration = Duration::from_secs(20);

fn tokenizer() -> &'static Tokenizer {
    static TOKENIZER: OnceLock<Tokenizer> = OnceLock::new();
    TOKENIZER.get_or_init(|| {
        let folder = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../tests/reference/tokenizers/bpe_smollm/"
        );
        let read = |name: &str| std::fs::read(format!("{folder}{name}")).unwrap();
        Tokenizer::from_files(&Files {
            tokenizer_json: &read("tokenizer.json"),
            tokenizer_config_json: Some(&read("tokenizer_config.json")),
            special_tokens_map_json: None,
        })
        .unwrap()
    })
}

fn end() -> u32 {
    tokenizer().eos_id().unwrap()
}

/// Rows beyond the tokenizer's tokens, as models have them.
fn vocab_size() -> u32 {
    tokenizer().vocab_size() + 5
}

fn compiler() -> &'static Compiler {
    static COMPILER: OnceLock<Compiler> = OnceLock::new();
    COMPILER.get_or_init(|| Compiler::new(tokenizer(), vocab_size(), &[end()]).unwrap())
}

fn compile(kind: Kind, text: &str) -> Result<Grammar, Error> {
    compiler().compile(&Spec {
        kind,
        text,
        whitespace_pattern: None,
        no_whitespace: false,
        no_additional_properties: false,
    })
}

fn words() -> Vec<u32> {
    vec![0; (vocab_size() as usize).div_ceil(32)]
}

fn allowed(words: &[u32]) -> Vec<u32> {
    (0..words.len() as u32 * 32)
        .filter(|&id| words[id as usize / 32] >> (id % 32) & 1 == 1)
        .collect()
}

/// Follows the grammar by random choices; None: it had not ended after `most` tokens.
fn walk(grammar: &Grammar, seed: u64, most: usize) -> Option<String> {
    let mut state = grammar.state().unwrap();
    let mut random = seed.wrapping_mul(2) + 1;
    let mut words = words();
    let mut ids = Vec::new();
    for _ in 0..most {
        state.mask(&mut words).unwrap();
        let allowed = allowed(&words);
        assert!(!allowed.is_empty());
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        let token = allowed[(random >> 33) as usize % allowed.len()];
        if token == end() {
            return Some(tokenizer().decode(&ids, false).unwrap());
        }
        ids.push(token as i32);
        if state.accept(token).unwrap() {
            return Some(tokenizer().decode(&ids, false).unwrap());
        }
    }
    None
}

fn walks(kind: Kind, text: &str) -> Vec<String> {
    let grammar = compile(kind, text).unwrap_or_else(|e| panic!("{text}: {}", e.message));
    (0..40)
        .filter_map(|seed| walk(&grammar, seed, 200))
        .collect()
}

#[test]
fn choices_are_given_whole() {
    let texts = ["yes", "no", "a/b \"c\"\n\u{e9}\u{1f600}", "yes, please"];
    let found = walks(Kind::Choice, &serde_json::to_string(&texts).unwrap());
    assert!(!found.is_empty());
    for text in &found {
        assert!(texts.contains(&text.as_str()), "{text:?}");
    }
}

#[test]
fn json_is_of_its_schema() {
    let schema = r##"{"type": "object", "properties": {
        "name": {"type": "string", "maxLength": 6}, "age": {"type": "integer", "minimum": 0, "maximum": 120},
        "tags": {"type": "array", "items": {"$ref": "#/$defs/tag"}, "maxItems": 3}},
        "required": ["name", "age"], "additionalProperties": false,
        "$defs": {"tag": {"enum": ["a", "b"]}}}"##;
    let found = walks(Kind::JsonSchema, schema);
    assert!(!found.is_empty());
    for text in found {
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert!(value["name"].is_string(), "{text}");
        let age = value["age"].as_i64().unwrap();
        assert!((0..=120).contains(&age), "{text}");
        for tag in value["tags"].as_array().unwrap_or(&Vec::new()) {
            assert!(["a", "b"].contains(&tag.as_str().unwrap()), "{text}");
        }
    }
}

#[test]
fn whitespace_and_more_properties_are_options() {
    let spec = |no_whitespace, pattern| Spec {
        kind: Kind::JsonSchema,
        text: r#"{"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}"#,
        whitespace_pattern: pattern,
        no_whitespace,
        no_additional_properties: true,
    };
    let grammar = compiler().compile(&spec(true, None)).unwrap();
    for text in (0..20).filter_map(|seed| walk(&grammar, seed, 50)) {
        let digits = text
            .strip_prefix("{\"a\":")
            .unwrap()
            .strip_suffix('}')
            .unwrap();
        assert!(digits.parse::<f64>().is_ok(), "{text}");
    }
    let grammar = compiler().compile(&spec(false, Some("_"))).unwrap();
    let found: Vec<String> = (0..20)
        .filter_map(|seed| walk(&grammar, seed, 50))
        .collect();
    assert!(found.iter().any(|text| text.contains('_')), "{found:?}");
    assert!(found.iter().all(|text| !text.contains(' ')), "{found:?}");
    let grammar = compiler().compile(&spec(false, None)).unwrap();
    let found: Vec<String> = (0..20)
        .filter_map(|seed| walk(&grammar, seed, 50))
        .collect();
    assert!(found.iter().any(|text| text.contains(' ')), "{found:?}");
    assert!(
        found
            .iter()
            .all(|text| !text.contains("   \t") || text.contains('\n')),
        "{found:?}"
    );
    let wrong = compiler().compile(&spec(false, Some("("))).err().unwrap();
    assert_eq!(wrong.status, Status::InvalidArgument, "{}", wrong.message);
}

#[test]
fn regular_expressions_match_whole() {
    for (regex, check) in [
        (r"[a-c]{2,4}!", "abc!"),
        (r"^(yes|no)$", "yesno"),
        (r"\d{3}-\d{2}", "0123456789-"),
        (r"a/b|c/d", "abcd/"),
    ] {
        let found = walks(Kind::Regex, regex);
        assert!(!found.is_empty(), "{regex}");
        for text in found {
            assert!(
                text.chars().all(|c| c.is_numeric() || check.contains(c)),
                "{regex}: {text}"
            );
        }
    }
}

#[test]
fn ebnf_of_both_sorts_of_rules() {
    let sum = "# a sum\nroot ::= expr\nexpr ::= term (\"+\" expr)? | \"(\" expr \")\"\n\
               term ::= [0-9]{1,3}\n";
    for text in walks(Kind::Grammar, sum) {
        assert!(text.chars().all(|c| "0123456789+()".contains(c)), "{text}");
    }
    let plain = "root ::= greeting \" \" name-1 [!?] \"\\x41\\u00e9\\\"\" empty\n\
                 greeting ::= \"hi\" |\n  \"hello\"\nname-1 ::= [^ -z]* # none\nempty ::= \"\"?\n";
    let found = walks(Kind::Grammar, plain);
    for text in &found {
        assert!(
            text.starts_with("hi ") || text.starts_with("hello "),
            "{text}"
        );
        assert!(text.ends_with("A\u{e9}\""), "{text}");
    }
    let optional = walks(
        Kind::Grammar,
        "root ::= a b\na ::= \"x\"*\nb ::= \"y\" b | \"\"\n",
    );
    assert!(
        optional
            .iter()
            .all(|text| text.chars().all(|c| c == 'x' || c == 'y'))
    );
}

#[test]
fn lark() {
    let found = walks(
        Kind::Grammar,
        "start: \"a\" (\"b\" | WORD)+\nWORD: /[x-z]{2}/\n",
    );
    assert!(!found.is_empty());
    assert!(found.iter().all(|text| text.starts_with('a')), "{found:?}");
}

#[test]
fn tags_stand_in_free_text() {
    let tags = r#"{"structures": [
        {"begin": "<f=a>", "schema": {"type": "integer", "maximum": 9, "minimum": 0}, "end": "</f>"},
        {"begin": "<f=b>", "schema": {"const": "x"}, "end": ""}], "triggers": ["<f="]}"#;
    let grammar = compile(Kind::Tags, tags).unwrap_or_else(|e| panic!("{}", e.message));
    let takes = |text: &str| {
        let mut state = grammar.state().unwrap();
        let ids = tokenizer().encode(text, false).unwrap().get_ids().to_vec();
        let all = ids.iter().all(|&id| state.accept(id).is_ok());
        all && {
            let mut words = words();
            state.mask(&mut words).is_ok() && allowed(&words).contains(&end())
        }
    };
    for text in ["free < f text", "a<f=a>7</f> b <f=b>\"x\" and <f=a>0</f>"] {
        assert!(takes(text), "{text}");
    }
    for text in ["a<f=c", "a<f=a>70</f>", "a<f=a>7"] {
        assert!(!takes(text), "{text}");
    }
    for (wrong, words) in [
        (r#"{"structures": []}"#, "triggers"),
        (r#"{"structures": [], "triggers": []}"#, "at least one"),
        (r#"{"structures": [], "triggers": ["<"]}"#, "begins with"),
        (
            r#"{"structures": [{"begin": "a", "schema": true, "end": ""}], "triggers": ["b"]}"#,
            "found \"a\"",
        ),
    ] {
        let error = compile(Kind::Tags, wrong).err().unwrap();
        assert_eq!(error.status, Status::InvalidArgument);
        assert!(error.message.contains(words), "{}", error.message);
    }
}

#[test]
fn special_tokens_are_no_text() {
    let grammar = compile(Kind::Regex, "(?s:.){1,5}").unwrap();
    let mut state = grammar.state().unwrap();
    let mut words = words();
    state.mask(&mut words).unwrap();
    for id in allowed(&words) {
        assert!(tokenizer().has_text(id, true), "token {id}");
        assert!(id < tokenizer().vocab_size());
    }
}

#[test]
fn the_end_is_allowed_where_the_grammar_may_end() {
    let grammar = compile(Kind::Regex, "a|ab").unwrap();
    let mut state = grammar.state().unwrap();
    let mut words = words();
    state.mask(&mut words).unwrap();
    assert!(!allowed(&words).contains(&end()));
    let a = tokenizer().token_id("a").unwrap();
    let b = tokenizer().token_id("b").unwrap();
    assert!(!state.accept(a).unwrap());
    state.mask(&mut words).unwrap();
    assert_eq!(allowed(&words).len(), 2);
    assert!(allowed(&words).contains(&end()) && allowed(&words).contains(&b));
    let mut other = grammar.state().unwrap();
    assert!(state.accept(b).unwrap(), "nothing can follow");
    state.mask(&mut words).unwrap();
    assert_eq!(allowed(&words), [end()]);
    // A token that was not allowed is an error, and stays one.
    assert!(other.accept(b).is_err());
    assert!(other.mask(&mut words).is_err());
}

#[test]
fn without_an_end_token_an_answer_ends_where_nothing_may_follow() {
    let compiler = Compiler::new(tokenizer(), vocab_size(), &[]).unwrap();
    let spec = Spec {
        kind: Kind::Regex,
        text: "a",
        whitespace_pattern: None,
        no_whitespace: false,
        no_additional_properties: false,
    };
    let mut state = compiler.compile(&spec).unwrap().state().unwrap();
    let mut words = words();
    state.mask(&mut words).unwrap();
    assert!(state.accept(tokenizer().token_id("a").unwrap()).unwrap());
}

#[test]
fn wrong_grammars_say_where_and_why() {
    let cases = [
        (
            Kind::JsonSchema,
            "{",
            Status::InvalidArgument,
            "line 1 column 1",
        ),
        (
            Kind::JsonSchema,
            "[]",
            Status::InvalidArgument,
            "schema must be",
        ),
        (
            Kind::JsonSchema,
            r#"{"type": "strange"}"#,
            Status::InvalidArgument,
            "strange",
        ),
        (
            Kind::JsonSchema,
            r#"{"not": {}}"#,
            Status::Unsupported,
            "\"not\"",
        ),
        (
            Kind::JsonSchema,
            r#"{"uniqueItems": true}"#,
            Status::Unsupported,
            "\"uniqueItems\"",
        ),
        (
            Kind::JsonSchema,
            r#"{"type": "string", "format": "moon"}"#,
            Status::Unsupported,
            "moon",
        ),
        (
            Kind::JsonSchema,
            r#"{"type": "integer", "multipleOf": 123456789}"#,
            Status::ResourceExhausted,
            "found 123456789",
        ),
        (
            Kind::JsonSchema,
            r##"{"$ref": "#/$defs/x"}"##,
            Status::InvalidArgument,
            "$defs",
        ),
        (
            Kind::JsonSchema,
            r#"{"$ref": "http://localhost/x"}"#,
            Status::Unsupported,
            "localhost",
        ),
        (
            Kind::JsonSchema,
            "false",
            Status::InvalidArgument,
            "nsatisfiable",
        ),
        (
            Kind::JsonSchema,
            r#"{"type": "integer", "minimum": 2, "maximum": 1}"#,
            Status::InvalidArgument,
            "",
        ),
        (Kind::Regex, "a(", Status::InvalidArgument, "unclosed group"),
        (Kind::Regex, "", Status::InvalidArgument, "not empty"),
        (Kind::Regex, "a\\bc", Status::Unsupported, "lookarounds"),
        (Kind::Regex, "(?=a)b", Status::Unsupported, ""),
        (Kind::Regex, r"(a)\1", Status::Unsupported, "backreferences"),
        (Kind::Choice, "[]", Status::InvalidArgument, "at least one"),
        (Kind::Choice, "[\"\"]", Status::InvalidArgument, "not empty"),
        (
            Kind::Choice,
            "[1]",
            Status::InvalidArgument,
            "list of texts",
        ),
        (Kind::Grammar, " ", Status::InvalidArgument, "empty"),
        (Kind::Grammar, "start: \"a", Status::InvalidArgument, "1"),
        (Kind::Grammar, "start: b\n", Status::InvalidArgument, "b"),
        (
            Kind::Grammar,
            "x ::= \"a\"",
            Status::InvalidArgument,
            "\"root\"",
        ),
        (
            Kind::Grammar,
            "root ::= \"a\nb\"",
            Status::InvalidArgument,
            "line 1, column 12",
        ),
        (
            Kind::Grammar,
            "root ::= (\"a\"",
            Status::InvalidArgument,
            "\")\"",
        ),
        (
            Kind::Grammar,
            "root ::= a\n  \"b\"",
            Status::InvalidArgument,
            "line 1, column 10",
        ),
        (
            Kind::Grammar,
            "root ::= \"a\"\nroot ::= \"b\"",
            Status::InvalidArgument,
            "line 2, column 1",
        ),
        (
            Kind::Grammar,
            "root ::= [z-a]",
            Status::InvalidArgument,
            "range",
        ),
        (
            Kind::Grammar,
            "root ::= [a",
            Status::InvalidArgument,
            "\"]\"",
        ),
        (
            Kind::Grammar,
            "root ::= \"\\q\"",
            Status::InvalidArgument,
            "escape",
        ),
        (
            Kind::Grammar,
            "root ::= \"a\"{2,1}",
            Status::InvalidArgument,
            "{m,n}",
        ),
        (
            Kind::Grammar,
            "root ::= \"a\"{99999}",
            Status::InvalidArgument,
            "10000",
        ),
        (
            Kind::Grammar,
            "root ::= root",
            Status::InvalidArgument,
            "no token",
        ),
    ];
    for (kind, text, status, words) in cases {
        match compile(kind, text) {
            Ok(_) => panic!("{text}: was compiled"),
            Err(error) => {
                assert_eq!(error.status, status, "{text}: {}", error.message);
                assert!(error.message.contains(words), "{text}: {}", error.message);
                assert!(!error.message.contains("acktrace"), "{}", error.message);
            }
        }
    }
}

fn repeat(text: &str, times: usize) -> String {
    text.repeat(times)
}

/// Each ends, well or with an error, before patience does; what was compiled is followed too.
#[test]
fn bombs_are_refused_or_harmless() {
    let many =
        |item: &dyn Fn(usize) -> String, times| (0..times).map(item).collect::<Vec<_>>().join(",");
    let options = |n: usize| many(&|i| format!(r#"{{"minLength":{i}}}"#), n);
    let big = many(&|i| format!(r#""p{i}":{{"type":"string"}}"#), 1000);
    let cases: Vec<(Kind, String)> = vec![
        (Kind::Regex, "((a{1,100}){1,100}){1,100}".into()),
        (Kind::Regex, "(a|aa)*".repeat(50)),
        (Kind::Regex, "(.*a.{20}b){5}".into()),
        (Kind::Regex, "a{1000000000}".into()),
        (Kind::Regex, repeat("(", 20_000) + &repeat(")", 20_000)),
        (Kind::Regex, format!("[{}]", repeat("\\w", 5000))),
        (Kind::Regex, "x".repeat(60_000)),
        (Kind::Regex, "x".repeat(100_000)),
        (Kind::Grammar, format!("start: {}\"a\"{}", repeat("(", 30_000), repeat(")", 30_000))),
        (Kind::Grammar, format!("root ::= {}\"a\"{}", repeat("(", 30_000), repeat(")", 30_000))),
        (Kind::Grammar, format!("root ::= \"a\"{}", repeat("*", 30_000))),
        (Kind::Grammar, "start: x{1,1000000}\nx: \"a\" | \"b\" x".into()),
        (Kind::Grammar, "root ::= x{10000}\nx ::= y{10000}\ny ::= \"a\" | \"b\" y".into()),
        (Kind::Grammar, (0..40).fold("root ::= a0\n".to_string(), |text, i| {
            text + &format!("a{i} ::= a{} a{}\n", i + 1, i + 1)
        }) + "a40 ::= \"x\"\n"),
        (Kind::Grammar, format!("start: \"a\" b\nb: %json {{\"allOf\":[{{\"anyOf\":[{0}]}},{{\"anyOf\":[{0}]}}]}}", options(160))),
        (Kind::JsonSchema, repeat("[", 60_000)),
        (Kind::JsonSchema, repeat(r#"{"items":"#, 100) + "{}" + &repeat("}", 100)),
        (Kind::JsonSchema, format!(r#"{{"allOf":[{{"anyOf":[{0}]}},{{"anyOf":[{0}]}},{{"properties":{{{big}}}}}]}}"#, options(160))),
        (Kind::JsonSchema, format!(r#"{{"anyOf":[{}],"properties":{{"a":{{"properties":{{{big}}}}}}}}}"#,
            many(&|i| format!(r#"{{"properties":{{"a":{{}},"b{i}":{{}}}}}}"#), 800))),
        (Kind::JsonSchema, format!(r#"{{"patternProperties":{{{}}}}}"#, many(&|i| format!(r#""^(a|b)*{i}.*x{{3,9}}$":{{}}"#), 1000))),
        (Kind::JsonSchema, r##"{"$defs":{"a":{"properties":{"l":{"$ref":"#/$defs/a"},"r":{"$ref":"#/$defs/a"}}},
            "b":{"properties":{"l":{"$ref":"#/$defs/b"},"r":{"$ref":"#/$defs/b"}}}},
            "allOf":[{"$ref":"#/$defs/a"},{"$ref":"#/$defs/b"}]}"##.into()),
        (Kind::JsonSchema, r#"{"type":"array","items":{"type":"integer"},"minItems":1000000000}"#.into()),
        (Kind::JsonSchema, r#"{"type":"array","items":{"type":"array","items":{"type":"null"},"maxItems":100000},"maxItems":100000}"#.into()),
        (Kind::JsonSchema, r#"{"type":"string","maxLength":1000000000}"#.into()),
        (Kind::JsonSchema, r#"{"type":"string","minLength":100000,"pattern":"^(ab|c)*$"}"#.into()),
        (Kind::JsonSchema, r#"{"type":"object","minProperties":100000,"additionalProperties":{"type":"null"}}"#.into()),
        (Kind::JsonSchema, r#"{"type":"integer","multipleOf":9973}"#.into()),
        (Kind::JsonSchema, r#"{"allOf":[{"multipleOf":9973},{"multipleOf":9967}]}"#.into()),
        (Kind::Grammar, "start: A\nA: /.*a.{20}/ & ~/.*b.{20}/\n".into()),
        (Kind::Grammar, "start: A\nA: ~/(.*a.{30})(.*b.{30})/ & /(.*c.{12}){8}/\n".into()),
        (Kind::JsonSchema, r#"{"type":"number","multipleOf":0.000001,"minimum":-1e300,"maximum":1e300}"#.into()),
        (Kind::JsonSchema, format!(r#"{{"enum":[{}]}}"#, many(&|i| format!("\"value{i}\""), 4000))),
        (Kind::JsonSchema, format!(r#"{{"oneOf":[{}]}}"#, many(&|i| format!(r#"{{"properties":{{"k":{{"const":"v{i}"}}}},"required":["k"]}}"#), 800))),
        (Kind::Choice, format!("[{}]", many(&|i| format!("\"choice {i}\""), 4000))),
    ];
    for (kind, text) in cases {
        let shown: String = text.chars().take(60).collect();
        let began = Instant::now();
        let outcome = match compile(kind, &text) {
            Ok(grammar) => {
                let compiled = began.elapsed();
                let mut state = grammar.state().unwrap();
                let mut words = words();
                let masked = state.mask(&mut words).map_err(|e| e.message);
                format!("compiled in {compiled:?}, mask {masked:?}")
            }
            Err(error) => {
                assert_ne!(error.status, Status::Internal, "{shown}: {}", error.message);
                assert!(error.message.len() < 2500, "{shown}: {}", error.message);
                error.message
            }
        };
        println!("{:?} {shown}: {outcome}", began.elapsed());
        assert!(began.elapsed() < PATIENCE, "{shown}: {:?}", began.elapsed());
    }
}
