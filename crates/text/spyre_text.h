// The C interface of crates/text: text services (spyre_text_*) for src/text and one HTTP GET
// (spyre_hub_*) for src/hub. Made by cbindgen; change the Rust sources instead.
//
// Functions of spyre_text_* that can fail answer 0, or the number of a status (SPYRE_TEXT_*) with a
// message in *error; the other output is then left as it was.

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// How a GET ended. The response came through whole, whatever its HTTP status.
#define SPYRE_HUB_OK 0

// A callback answered false.
#define SPYRE_HUB_STOPPED 1

// The URL or the token cannot be sent: wrong scheme, control characters.
#define SPYRE_HUB_BAD_REQUEST 2

// No connection, a failed TLS handshake, a cut or a stalled transfer.
#define SPYRE_HUB_UNREACHABLE 3

// A bug of ours, caught.
#define SPYRE_HUB_INTERNAL 4

// A JSON schema.
#define SPYRE_TEXT_GRAMMAR_JSON_SCHEMA 0

// A regular expression that the whole answer matches.
#define SPYRE_TEXT_GRAMMAR_REGEX 1

// A JSON list of texts, one of which is the answer.
#define SPYRE_TEXT_GRAMMAR_CHOICE 2

// A grammar in Lark or EBNF.
#define SPYRE_TEXT_GRAMMAR_GRAMMAR 3

// Structural tags: a JSON object with structures and triggers.
#define SPYRE_TEXT_GRAMMAR_TAGS 4

// The caller's input is wrong.
#define SPYRE_TEXT_INVALID_ARGUMENT 1

// The input is right, but of a kind that this library does not have.
#define SPYRE_TEXT_UNSUPPORTED 2

// A limit on work, memory or depth was reached.
#define SPYRE_TEXT_RESOURCE_EXHAUSTED 3

// A file of the model is damaged.
#define SPYRE_TEXT_DATA_LOSS 4

// A bug, caught.
#define SPYRE_TEXT_INTERNAL 5

// Longest text of a grammar of any kind, in bytes.
#define MAX_GRAMMAR_BYTES (64 * 1024)

// A client with its connections, which requests to one hub share. Used by one thread at a time.
typedef struct SpyreHubClient SpyreHubClient;

// A compiled grammar; opaque.
typedef struct SpyreTextGrammar SpyreTextGrammar;

// Compiles grammars for one tokenizer and vocabulary; opaque.
typedef struct SpyreTextGrammarCompiler SpyreTextGrammarCompiler;

// A grammar after some tokens; opaque.
typedef struct SpyreTextGrammarState SpyreTextGrammarState;

// The text of tokens that come one by one; opaque.
typedef struct SpyreTextStream SpyreTextStream;

// The chat templates of a model; opaque.
typedef struct SpyreTextTemplate SpyreTextTemplate;

// A tokenizer; opaque.
typedef struct SpyreTextTokenizer SpyreTextTokenizer;

// What to get. Texts are UTF-8 and end in NUL; `token` may be null or empty: none is sent.
typedef struct SpyreHubGet {
  const char *url;
  const char *token;
  // First byte wanted; above 0 a range is asked for, which the server may ignore.
  uint64_t first_byte;
  // Longest wait for a connection and for each next piece, in milliseconds.
  uint64_t idle_ms;
} SpyreHubGet;

// The head of the response, after redirects. The texts live until the callback returns.
typedef struct SpyreHubResponse {
  // HTTP status code.
  uint16_t status;
  // Position in the file of the body's first byte: above 0 only with status 206.
  uint64_t first_byte;
  // `Retry-After` in seconds, 0 when it is absent or a date.
  uint64_t retry_after_s;
  // The hub's reason (`X-Error-Code`: "GatedRepo", "RepoNotFound", ...), empty when absent.
  const char *error_code;
  // The hub's words (`X-Error-Message`), empty when absent.
  const char *error_message;
} SpyreHubResponse;

// Where the response goes. Both answer whether to go on; neither may unwind.
typedef struct SpyreHubSink {
  void *context;
  // Called once, before the body.
  bool (*on_response)(void *context, const struct SpyreHubResponse *response);
  // The next piece of the body; `bytes` 0 means that nothing came for a while.
  bool (*on_body)(void *context, const uint8_t *data, size_t bytes);
} SpyreHubSink;

// Bytes made by this side; give them back with `spyre_text_string_free`.
typedef struct SpyreTextString {
  uint8_t *data;
  size_t bytes;
} SpyreTextString;

// Token ids made by this side, and for each the number of its text (0, in pairs also 1); give them
// back with `spyre_text_ids_free`.
typedef struct SpyreTextIds {
  int32_t *ids;
  int32_t *type_ids;
  size_t count;
  // As many there were before some were cut off.
  size_t whole_count;
} SpyreTextIds;

// Bytes of the caller, borrowed until the call returns. `data` is null for "not given", which
// differs from empty.
typedef struct SpyreTextSpan {
  const uint8_t *data;
  size_t bytes;
} SpyreTextSpan;

// What to compile.
typedef struct SpyreTextGrammarSpec {
  // SPYRE_TEXT_GRAMMAR_*
  int32_t kind;
  struct SpyreTextSpan text;
  // Of JSON: a regular expression for what may stand between tokens; null: a few blanks.
  struct SpyreTextSpan whitespace_pattern;
  // Of JSON: nothing stands between tokens.
  bool no_whitespace;
  // Of JSON: no properties but those that a schema names.
  bool no_additional_properties;
} SpyreTextGrammarSpec;

// Contents of a model folder's files, each null when the file does not exist.
typedef struct SpyreTextTemplateFiles {
  struct SpyreTextSpan chat_template_jinja;
  struct SpyreTextSpan chat_template_json;
  struct SpyreTextSpan tokenizer_config_json;
  struct SpyreTextSpan special_tokens_map_json;
} SpyreTextTemplateFiles;

// Contents of a model folder's files. All but the first may be null: the file does not exist.
typedef struct SpyreTextTokenizerFiles {
  struct SpyreTextSpan tokenizer_json;
  struct SpyreTextSpan tokenizer_config_json;
  struct SpyreTextSpan special_tokens_map_json;
} SpyreTextTokenizerFiles;

// Facts of a tokenizer; -1 stands for "has none".
typedef struct SpyreTextTokenizerFacts {
  // Highest id + 1.
  int64_t vocab_size;
  int64_t bos_id;
  int64_t eos_id;
} SpyreTextTokenizerFacts;

// How many tokens may stay, special ones counted; the others are lost at the end, or, where that
// is kept, at the start.
typedef struct SpyreTextTruncation {
  size_t max_tokens;
  bool keep_end;
} SpyreTextTruncation;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

// Makes a client, freed by `spyre_hub_client_free`. Null on failure (no usable TLS library, no
// memory), and then `*error` receives a text for `spyre_hub_error_free`, else null.
//
// # Safety
// `error` is valid.
struct SpyreHubClient *spyre_hub_client_new(char **error);

// Closes the connections; null is fine.
//
// # Safety
// `client` comes from `spyre_hub_client_new` and is freed once.
void spyre_hub_client_free(struct SpyreHubClient *client);

// Sends the request and hands the response to the sink; blocks until it ended. When the status is
// neither OK nor STOPPED, `*error` receives a text for `spyre_hub_error_free`, else null.
//
// # Safety
// `client` is not in use elsewhere; `get`, `sink` and `error` are valid; the texts of `get` are
// NUL-terminated or null.
int32_t spyre_hub_get(struct SpyreHubClient *client,
                      const struct SpyreHubGet *get,
                      const struct SpyreHubSink *sink,
                      char **error);

// Frees an error text of this module; null is fine.
//
// # Safety
// `error` comes from this module and is freed once.
void spyre_hub_error_free(char *error);

// Frees a string and empties it; an empty one is fine.
//
// # Safety
// `string` was filled by a function of this library, or holds a null pointer.
void spyre_text_string_free(struct SpyreTextString *string);

// Frees a list and empties it; an empty one is fine.
//
// # Safety
// `ids` was filled by a function of this library, or holds null pointers.
void spyre_text_ids_free(struct SpyreTextIds *ids);

// vocab_size: of the model's logits. ends: the tokens that end an answer.
//
// # Safety
// `tokenizer` is alive; pointers are valid; `*out` is freed with
// `spyre_text_grammar_compiler_free`.
int32_t spyre_text_grammar_compiler_new(const struct SpyreTextTokenizer *tokenizer,
                                        int32_t vocab_size,
                                        const int32_t *ends,
                                        size_t num_ends,
                                        struct SpyreTextGrammarCompiler **out,
                                        struct SpyreTextString *error);

// Null is fine. Grammars stay usable.
//
// # Safety
// `compiler` was made by this library and is freed once.
void spyre_text_grammar_compiler_free(struct SpyreTextGrammarCompiler *compiler);

// # Safety
// `compiler` is alive; spans and pointers are valid; `*out` is freed with
// `spyre_text_grammar_free`.
int32_t spyre_text_grammar_compile(const struct SpyreTextGrammarCompiler *compiler,
                                   const struct SpyreTextGrammarSpec *spec,
                                   struct SpyreTextGrammar **out,
                                   struct SpyreTextString *error);

// Null is fine. States stay usable.
//
// # Safety
// `grammar` was made by this library and is freed once.
void spyre_text_grammar_free(struct SpyreTextGrammar *grammar);

// The grammar before the first token.
//
// # Safety
// `grammar` is alive; pointers are valid; `*out` is freed with `spyre_text_grammar_state_free`.
int32_t spyre_text_grammar_state_new(const struct SpyreTextGrammar *grammar,
                                     struct SpyreTextGrammarState **out,
                                     struct SpyreTextString *error);

// Null is fine.
//
// # Safety
// `state` was made by this library and is freed once.
void spyre_text_grammar_state_free(struct SpyreTextGrammarState *state);

// The tokens that may come next: bit i % 32 of words[i / 32] is token i.
//
// # Safety
// `state` is alive; `words` is valid for `num_words` writes; `error` is valid.
int32_t spyre_text_grammar_mask(struct SpyreTextGrammarState *state,
                                uint32_t *words,
                                size_t num_words,
                                struct SpyreTextString *error);

// The sequence grew by a token that the last mask allowed. `*ended`: nothing may follow it.
//
// # Safety
// `state` is alive; pointers are valid.
int32_t spyre_text_grammar_accept(struct SpyreTextGrammarState *state,
                                  int32_t token,
                                  bool *ended,
                                  struct SpyreTextString *error);

// `*out` becomes null when the model has no template.
//
// # Safety
// Spans and pointers are valid; `*out` is freed with `spyre_text_template_free`.
int32_t spyre_text_template_from_files(const struct SpyreTextTemplateFiles *files,
                                       struct SpyreTextTemplate **out,
                                       struct SpyreTextString *error);

// `metadata_json`: one object with the `tokenizer.*` keys of a GGUF file. `*out` becomes null when
// it has no template.
//
// # Safety
// Spans and pointers are valid; `*out` is freed with `spyre_text_template_free`.
int32_t spyre_text_template_from_gguf(struct SpyreTextSpan metadata_json,
                                      struct SpyreTextTemplate **out,
                                      struct SpyreTextString *error);

// `request_json`: see RenderRequest in template.rs.
//
// # Safety
// `template` is alive; spans and pointers are valid.
int32_t spyre_text_template_render(const struct SpyreTextTemplate *template_,
                                   struct SpyreTextSpan request_json,
                                   struct SpyreTextString *out,
                                   struct SpyreTextString *error);

// Null is fine.
//
// # Safety
// `template` was made by this library and is freed once.
void spyre_text_template_free(struct SpyreTextTemplate *template_);

// # Safety
// Spans and pointers are valid; `*out` is freed with `spyre_text_tokenizer_free`.
int32_t spyre_text_tokenizer_from_files(const struct SpyreTextTokenizerFiles *files,
                                        struct SpyreTextTokenizer **out,
                                        struct SpyreTextString *error);

// `metadata_json`: one object with the `tokenizer.*` keys of a GGUF file.
//
// # Safety
// Spans and pointers are valid; `*out` is freed with `spyre_text_tokenizer_free`.
int32_t spyre_text_tokenizer_from_gguf(struct SpyreTextSpan metadata_json,
                                       struct SpyreTextTokenizer **out,
                                       struct SpyreTextString *error);

// Null is fine. Streams of the tokenizer stay usable.
//
// # Safety
// `tokenizer` was made by this library and is freed once.
void spyre_text_tokenizer_free(struct SpyreTextTokenizer *tokenizer);

// # Safety
// `tokenizer` is alive.
struct SpyreTextTokenizerFacts spyre_text_tokenizer_facts(const struct SpyreTextTokenizer *tokenizer);

// Every token that ends a turn: the EOS token, and what a GGUF file calls end of turn or message.
//
// # Safety
// `tokenizer` is alive; pointers are valid.
int32_t spyre_text_stop_ids(const struct SpyreTextTokenizer *tokenizer,
                            struct SpyreTextIds *out,
                            struct SpyreTextString *error);

// The id of the token that is written `token` in the vocabulary, -1 when there is none.
//
// # Safety
// `tokenizer` is alive; the span is valid.
int64_t spyre_text_token_id(const struct SpyreTextTokenizer *tokenizer, struct SpyreTextSpan token);

// # Safety
// `tokenizer` is alive; spans and pointers are valid.
int32_t spyre_text_encode(const struct SpyreTextTokenizer *tokenizer,
                          struct SpyreTextSpan text,
                          bool add_special_tokens,
                          struct SpyreTextIds *out,
                          struct SpyreTextString *error);

// One text, or, where `second` is not null, two in one sequence. `truncation` may be null: all
// tokens stay.
//
// # Safety
// `tokenizer` is alive; spans and pointers are valid.
int32_t spyre_text_encode_within(const struct SpyreTextTokenizer *tokenizer,
                                 struct SpyreTextSpan text,
                                 struct SpyreTextSpan second,
                                 bool add_special_tokens,
                                 const struct SpyreTextTruncation *truncation,
                                 struct SpyreTextIds *out,
                                 struct SpyreTextString *error);

// # Safety
// `tokenizer` is alive; spans and pointers are valid.
int32_t spyre_text_decode(const struct SpyreTextTokenizer *tokenizer,
                          const int32_t *ids,
                          size_t count,
                          bool skip_special_tokens,
                          struct SpyreTextString *out,
                          struct SpyreTextString *error);

// The bytes that a token stands for, which need not be whole UTF-8.
//
// # Safety
// `tokenizer` is alive; pointers are valid.
int32_t spyre_text_token_bytes(const struct SpyreTextTokenizer *tokenizer,
                               int32_t id,
                               struct SpyreTextString *out,
                               struct SpyreTextString *error);

// A stream that goes on where `prompt` ends; the prompt itself is not decoded. `shown`: special
// tokens that have text even when special tokens are skipped.
//
// # Safety
// `tokenizer` is alive; pointers are valid; `*out` is freed with `spyre_text_stream_free`.
int32_t spyre_text_stream_new(const struct SpyreTextTokenizer *tokenizer,
                              bool skip_special_tokens,
                              const int32_t *shown,
                              size_t shown_tokens,
                              const int32_t *prompt,
                              size_t prompt_tokens,
                              struct SpyreTextStream **out,
                              struct SpyreTextString *error);

// The text that the token makes certain, often none.
//
// # Safety
// `stream` is alive; pointers are valid.
int32_t spyre_text_stream_push(struct SpyreTextStream *stream,
                               int32_t id,
                               struct SpyreTextString *out,
                               struct SpyreTextString *error);

// The rest of the text, when no token follows.
//
// # Safety
// `stream` is alive; pointers are valid.
int32_t spyre_text_stream_flush(struct SpyreTextStream *stream,
                                struct SpyreTextString *out,
                                struct SpyreTextString *error);

// Null is fine.
//
// # Safety
// `stream` was made by this library and is freed once.
void spyre_text_stream_free(struct SpyreTextStream *stream);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus
