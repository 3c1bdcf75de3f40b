"""Bodies that the API refuses: where they go, what they are, which status is right. Values are written as JSON, since
Python would not write some of them. The model of malformed_test.py has 397 tokens and takes 256 of them."""

import json

COMPLETIONS = "/v1/completions"
CHAT = "/v1/chat/completions"
TOKENIZE = "/tokenize"
DETOKENIZE = "/detokenize"
MESSAGES = '[{"role":"user","content":"Hi"}]'
BASES = {
    COMPLETIONS: {"prompt": '"a"', "max_tokens": "2"},
    CHAT: {"messages": MESSAGES, "max_tokens": "2"},
    TOKENIZE: {"prompt": '"a"'},
    DETOKENIZE: {"tokens": "[1]"},
}
BOTH = (COMPLETIONS, CHAT)

# What an embedding model is asked: another server, with an encoder that takes 56 tokens.
EMBEDDINGS = "/v1/embeddings"
POOLING = "/pooling"
SCORE = "/score"
RERANK = "/rerank"
POOLING_BASES = {
    EMBEDDINGS: {"input": '"a"'},
    POOLING: {"input": '"a"'},
    SCORE: {"text_1": '"a"', "text_2": '"b"'},
    RERANK: {"query": '"a"', "documents": '["b"]'},
}


def with_fields(path: str, **fields: str) -> str:
    base = (BASES | POOLING_BASES)[path]
    return "{" + ",".join(f"{json.dumps(name)}:{value}" for name, value in {**base, **fields}.items()) + "}"


# Values that have the wrong type for a field of this kind.
BOOLEAN = ('"true"', "1", "0.0", "[]", "{}")
INTEGER = ('"5"', "1.5", "true", "[1]", "{}", "1e300", "99999999999999999999", "-99999999999999999999")
NUMBER = ('"0.5"', "true", "[0.5]", "{}", "1e999", "NaN", "Infinity", "-Infinity")
TEXT = ("5", "true", '["a"]', "{}")
TEXTS = ("5", "[5]", '["a",null]', "{}", '[["a"]]', "true")
TOKENS = ('"5"', '["5"]', "5", "[1.5]", "[-1]", "[4294967296]", "[null]", "[[1]]", "{}")
OBJECT = ('"text"', "5", "[]", "true")
OBJECTS = ('"text"', "5", "{}", "[5]", "[null]")

# What both APIs take, with values of the wrong type and values out of range.
SHARED = {
    "model": (*TEXT,),
    "max_tokens": (*INTEGER, "-1", "-9223372036854775808", "9223372036854775807"),  # no warmup shape is so long
    "n": (*INTEGER, "0", "-1", "16385", "2147483648"),
    "temperature": (*NUMBER, "-0.1", "2.1", "-1e308", "1e308"),
    "top_p": (*NUMBER, "0", "-1", "1.0001"),
    "top_k": (*INTEGER, "-2", "2147483648"),
    "min_p": (*NUMBER, "-0.5", "1.5"),
    "presence_penalty": (*NUMBER, "-2.1", "3"),
    "frequency_penalty": (*NUMBER, "-3", "2.01"),
    "repetition_penalty": (*NUMBER, "0", "-1", "1e39"),
    "seed": INTEGER,
    "stop": (*TEXTS, '""', '["a",""]', json.dumps([f"s{i}" for i in range(1000)])),
    "stop_token_ids": (*TOKENS, "[397]", "[2147483647]"),
    "include_stop_str_in_output": BOOLEAN,
    "ignore_eos": BOOLEAN,
    "min_tokens": (*INTEGER, "-1", "3"),
    "skip_special_tokens": BOOLEAN,
    "spaces_between_special_tokens": BOOLEAN,
    "logit_bias": (
        *OBJECT[:2],
        "[1]",
        '{"a":1}',
        '{"1":"1"}',
        '{"":1}',
        '{"-1":1}',
        '{"397":1}',
        '{"1.5":1}',
        '{"99999999999":1}',
        '{"1":null}',
        '{"1":1e999}',
        '{" 1":1}',
    ),
    "allowed_token_ids": (*TOKENS, "[]", "[397]"),
    "bad_words": (*TEXTS, '[""]', '[" "]', json.dumps([f"w{i}" for i in range(129)])),
    "prompt_logprobs": (*INTEGER, "-2", "1000"),
    "stream": BOOLEAN,
    "stream_options": (*OBJECT, '{"include_usage":"yes"}', '{"include_usage":true}'),
    "return_token_ids": BOOLEAN,
    "return_tokens_as_token_ids": BOOLEAN,
    "add_special_tokens": BOOLEAN,
    "truncate_prompt_tokens": (*INTEGER, "-2"),
    "truncation_side": (*TEXT, '"middle"', '""'),
    "request_id": TEXT,
    "priority": (*INTEGER, "1", "-1"),
    "cache_salt": (*TEXT, '""', json.dumps("x" * 129)),
    "use_beam_search": BOOLEAN,
    "length_penalty": NUMBER,
    "best_of": (*INTEGER, "0", "2"),
    "response_format": (*OBJECT, "{}", '{"type":5}', '{"type":"poem"}', '{"type":"json_schema"}'),
    "structured_outputs": (*OBJECT, '{"regex":"("}', '{"regex":"a","choice":["a"]}', '{"choice":[5]}', '{"json":5}'),
    "guided_json": ("5", "[]", '"{"', '{"type":"poem"}', '{"not":{}}'),
    "guided_regex": (*TEXT, '"["'),
    "guided_choice": ("5", "[]", "[5]", '[""]'),
    "guided_grammar": (*TEXT, '""', '"root ::= x"'),
}
ONLY_COMPLETIONS = {
    "prompt": (
        "null",
        '""',
        "[]",
        "5",
        "true",
        "{}",
        "[[]]",
        '["a",5]',
        '[1,"a"]',
        "[1.5]",
        "[-1]",
        "[397]",
        "[2147483647]",
        "[2147483648]",
        "[[1],[397]]",
        "[[[1]]]",
        "[null]",
        json.dumps([5] * 256),
        json.dumps([5] * 100_000),
        json.dumps("word " * 100_000),
        json.dumps(["a"] * 100_000),
    ),
    "logprobs": (*INTEGER, "-2", "1000", "2147483648"),
    "echo": BOOLEAN,
    "suffix": (*TEXT, '"end"'),
    "max_tokens": ("0",),
}
ONLY_CHAT = {
    "messages": (
        "null",
        "[]",
        "{}",
        '"Hi"',
        "5",
        "[5]",
        "[null]",
        "[[]]",
        "[{}]",
        '[{"content":"Hi"}]',
        '[{"role":null,"content":"Hi"}]',
        '[{"role":5,"content":"Hi"}]',
        '[{"role":["user"],"content":"Hi"}]',
        '[{"role":"user","content":5}]',
        '[{"role":"user","content":{}}]',
        '[{"role":"user","content":true}]',
        '[{"role":"user","content":["Hi"]}]',
        '[{"role":"user","content":[{}]}]',
        '[{"role":"user","content":[{"type":"text"}]}]',
        '[{"role":"user","content":[{"type":5,"text":"Hi"}]}]',
        '[{"role":"user","content":[{"type":"text","text":5}]}]',
        '[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:,"}}]}]',
        '[{"role":"user","content":[{"type":"input_audio"}]}]',
        '[{"role":"assistant","tool_calls":5}]',
        '[{"role":"assistant","tool_calls":[5]}]',
        '[{"role":"user","content":"Hi","name":5}]',
        '[{"role":"tool","content":"Hi","tool_call_id":5}]',
        json.dumps([{"role": "user", "content": "word " * 10_000}]),
        json.dumps([{"role": "user", "content": "a"}] * 10_000),
    ),
    "max_tokens": ("0",),
    "max_completion_tokens": (*INTEGER, "0", "-1"),
    "logprobs": BOOLEAN,
    "top_logprobs": (*INTEGER, "-2", "5", "1000"),
    "echo": BOOLEAN,
    "tools": (*OBJECT[:2], "{}", "[5]", "[{}]", '[{"type":"function","function":{}}]', '[{"function":{"name":5}}]'),
    "tool_choice": (*TEXT, '"sometimes"', '"required"', '{"type":"function","function":{"name":"f"}}'),
    "parallel_tool_calls": BOOLEAN,
    "reasoning_effort": (*TEXT, '"some"'),
    "include_reasoning": BOOLEAN,
    "chat_template": (
        *TEXT,
        '"{{ messages }}"',
        json.dumps("{% for i in range(1000000000) %}{% endfor %}"),
        json.dumps("{{ ''.__class__ }}"),
    ),
    "chat_template_kwargs": OBJECT,
    "documents": OBJECTS,
    "add_generation_prompt": BOOLEAN,
    "continue_final_message": BOOLEAN,
    "return_prompt_text": BOOLEAN,
}
TOKENIZERS = {
    TOKENIZE: {
        "prompt": ("null", "5", "[1]", "{}", "true"),
        "add_special_tokens": BOOLEAN,
        "return_token_strs": BOOLEAN,
        "model": (*TEXT,),
    },
    DETOKENIZE: {
        "tokens": ("null", *TOKENS),
        "model": (*TEXT,),
    },
}

# What all endpoints of pooling models take, and each for itself.
POOLING_SHARED = {
    "model": (*TEXT,),
    "truncate_prompt_tokens": (*INTEGER, "-2", "0", "57"),
    "truncation_side": (*TEXT, '"middle"'),
    "use_activation": BOOLEAN,
    "priority": (*INTEGER, "1"),
    "request_id": TEXT,
}
INPUTS = {
    "input": (
        "null",
        "5",
        "true",
        "{}",
        "[]",
        "[[]]",
        '["a",5]',
        '[1,"a"]',
        "[1.5]",
        "[-1]",
        "[2147483647]",
        "[2147483648]",
        "[[1],[2147483647]]",
        "[[[1]]]",
        "[null]",
        json.dumps([5] * 57),
        json.dumps([5] * 100_000),
        json.dumps("word " * 1_000),
        json.dumps("word " * 1_000_000),
        json.dumps(["a"] * 20_000),
    ),
    "encoding_format": (*TEXT, '"hex"'),
    "embed_dtype": (*TEXT, '"float64"', '"fp8_e4m3"'),
    "endianness": (*TEXT, '"middle"'),
    "dimensions": (*INTEGER, "0", "-1", "1", "9223372036854775807"),
    "prompt_name": (*TEXT, '"nobody"'),
    "add_special_tokens": BOOLEAN,
}
POOLING_FIELDS = {
    EMBEDDINGS: INPUTS,
    POOLING: INPUTS | {"task": (*TEXT, '"classify"', '"token_embed"', '"poem"')},
    SCORE: {
        "text_1": ("null", "5", "{}", "[]", "[5]", '["a","b"]', json.dumps("word " * 1_000)),
        "text_2": ("null", "5", "{}", "[]", "[5]", json.dumps("word " * 1_000), json.dumps(["a"] * 20_000)),
        "instruction": (*TEXT, '"Find"'),
        "max_tokens_per_doc": (*INTEGER, "-1", "5"),
    },
    RERANK: {
        "query": ("null", "5", "[]", '["a"]', json.dumps("word " * 1_000)),
        "documents": ("null", "5", '"a"', "[]", "[5]", "[{}]", '[{"text":5}]', '[{"title":"a"}]', "[null]"),
        "top_n": (*INTEGER, "-1"),
        "return_documents": BOOLEAN,
        "max_tokens_per_query": (*INTEGER, "-1", "5"),
    },
}
POOLING_ODD = (
    (EMBEDDINGS, {"input": '""'}),
    (EMBEDDINGS, {"input": '["","a"]'}),
    (EMBEDDINGS, {"nobody_knows": "1"}),
    (EMBEDDINGS, {"input": '"\\ud83d\\ude00\\u0000\\uffff"'}),
    (EMBEDDINGS, {"input": json.dumps("word " * 1_000), "truncate_prompt_tokens": "-1"}),
    (EMBEDDINGS, {"input": json.dumps([5] * 100_000), "truncate_prompt_tokens": "3.0"}),
    (SCORE, {"text_1": '""', "text_2": '["",""]'}),
    (RERANK, {"top_n": "9223372036854775807"}),
    (RERANK, {"documents": '[{"text":"a","title":5}]'}),
)

# Nobody's JSON object; {base} stands for the members of a good one.
BROKEN = (
    b"",
    b" ",
    b"null",
    b"true",
    b"5",
    b'"text"',
    b"[]",
    b"[{base}]",
    b"{",
    b"{}",
    b"{base",
    b"{base,}",
    b"{base}}",
    b"{base}{base}",
    b"{base} x",
    b"{'prompt':'a'}",
    b"{prompt:1}",
    b'{"prompt"}',
    b'{"prompt":}',
    b'{"prompt":"a',
    b'{"prompt":"a\n"}',
    b'{"prompt":"\\x"}',
    b'{"prompt":"\\u12"}',
    b'{"prompt":"\\ud800","messages":"\\ud800"}',
    b'{"prompt":"\\udc00 a","messages":"\\udc00"}',
    b'{"prompt":"\\ud800\\ud800","messages":"\\ud800\\ud800"}',
    b'{base,"user":"\\ud83d"}',
    b'{base,"user":"\xff"}',
    b'{base,"user":"\xc0\x80"}',
    b'{base,"user":"\xed\xa0\x80"}',
    b'{base,"user":"\xf4\x90\x80\x80"}',
    b'{base,"user":"\xe2\x82"}',
    b'{base,"\xff":1}',
    b'{base,"temperature":NaN}',
    b'{base,"temperature":-Infinity}',
    b'{base,"temperature":nan}',
    b'{base,"temperature":.5}',
    b'{base,"temperature":1.}',
    b'{base,"temperature":+1}',
    b'{base,"temperature":01}',
    b'{base,"temperature":0x1}',
    b'{base,"temperature":1e}',
    b'{base,"temperature":1e99999}',
    b'{base,"seed":--1}',
    b"{base,/* a word */}",
    b"\xef\xbb\xbf{base",
    b"\xff\xfe{\x00}\x00",
    b"\x00",
    b'{base,"user":' + b"[" * 1_000 + b"]" * 1_000 + b"}",
    b'{base,"user":' + b"[" * 1_000_000,
    b'{base,"user":' + b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + b"}",
    b'{base,"seed":' + b"1" * 100_000 + b"}",
    b"--boundary\r\nContent-Disposition: form-data\r\n\r\na\r\n--boundary--\r\n",
    b"prompt=a&max_tokens=2",
)
MEDIA_TYPES = ("", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/jsonx", "a")


def _members(path: str) -> bytes:
    return with_fields(path)[1:-1].encode()


def _blamed(field: str, value: str) -> str:
    """Numbers that no double holds are not JSON to the server: then it blames the body."""
    return "body" if any(word in value for word in ("1e999", "NaN", "Infinity")) else field


def _fields():
    for path in BOTH:
        for table in (SHARED, ONLY_COMPLETIONS if path == COMPLETIONS else ONLY_CHAT):
            for field, values in table.items():
                yield from ((path, field, value) for value in values)
    for path, table in TOKENIZERS.items():
        for field, values in table.items():
            yield from ((path, field, value) for value in values)


# Odd, but right: what answers 200.
ODD = (
    (COMPLETIONS, {"prompt": '[""]'}),  # the tokenizer puts a token in front
    (COMPLETIONS, {"nobody_knows": "1"}),
    (COMPLETIONS, {"max_tokens": "2.0"}),
    (COMPLETIONS, {"n": "null", "stop": "null", "seed": "null", "logit_bias": "null"}),
    (COMPLETIONS, {"prompt": '"\\ud83d\\ude00\\u0000\\uffff"'}),
    (COMPLETIONS, {"logit_bias": '{"1":1e38,"2":-1e38}'}),
    (COMPLETIONS, {"repetition_penalty": "1e38"}),
    (COMPLETIONS, {"temperature": "1e-320"}),
    (COMPLETIONS, {"user": "[" * 150 + "]" * 150}),
    (COMPLETIONS, {"seed": "-9223372036854775808"}),
    (COMPLETIONS, {"stop_token_ids": json.dumps([1] * 10_000)}),
    (CHAT, {"continue_final_message": "true"}),
    (CHAT, {"messages": '[{"role":"poet","content":"Hi"}]'}),
    (CHAT, {"messages": '[{"role":"","content":""}]'}),
    (CHAT, {"chat_template_kwargs": '{"messages":5,"bos_token":[],"":null}'}),
    (DETOKENIZE, {"tokens": "[]"}),
    (DETOKENIZE, {"tokens": "[397,2147483647]"}),  # as vLLM: ids of nothing have no text
    (TOKENIZE, {"prompt": '""'}),
    (TOKENIZE, {"prompt": json.dumps("word " * 100_000)}),
)


def _cases():
    """Name, path, body, Content-Type, status, and what the error's param names (None: nothing in particular)."""
    usual = "application/json"
    for path, field, value in _fields():
        body = with_fields(path, **{field: value}).encode()
        yield f"{path}: {field} {value[:60]}", path, body, usual, 400, _blamed(field, value)
    for path in BASES:
        for body in BROKEN:
            yield f"{path}: {body[:60]}", path, body.replace(b"base", _members(path), 2), usual, 400, None
        for media in MEDIA_TYPES:
            yield f"{path}: Content-Type '{media}'", path, with_fields(path).encode(), media, 400, None
        for model in ("nobody", "TINY", "tiny ", "../tiny", "\u0000", "x" * 10_000):
            body = with_fields(path, model=json.dumps(model)).encode()
            yield f"{path}: model {model[:20]!r}", path, body, usual, 404, "model"
    greedy = with_fields(COMPLETIONS, n="2", temperature="0").encode()
    yield "two greedy choices", COMPLETIONS, greedy, usual, 400, None
    beams = with_fields(COMPLETIONS, use_beam_search="true", stream="true", n="2").encode()
    yield "beams in a stream", COMPLETIONS, beams, usual, 400, None
    empty = with_fields(COMPLETIONS, prompt='[""]', add_special_tokens="false").encode()
    yield "an empty prompt in a list", COMPLETIONS, empty, usual, 400, None
    both = with_fields(CHAT, continue_final_message="true", add_generation_prompt="true").encode()
    yield "a message to be continued and a new one", CHAT, both, usual, 400, None
    logprobs = with_fields(COMPLETIONS, prompt_logprobs="1", stream="true").encode()
    yield "the prompt's logprobs in a stream", COMPLETIONS, logprobs, usual, 400, None
    for path, fields in ODD:
        yield f"{path}: {fields}"[:80], path, with_fields(path, **fields).encode(), usual, 200, None
    for path in BASES:
        yield f"{path}: nothing odd", path, with_fields(path).encode(), usual, 200, None
        yield f"{path}: odd media type", path, with_fields(path).encode(), "Application/JSON ; charset=x", 200, None


def _pooling_cases():
    usual = "application/json"
    for path, table in POOLING_FIELDS.items():
        for field, values in (POOLING_SHARED | table).items():
            for value in values:
                body = with_fields(path, **{field: value}).encode()
                blamed = _blamed(field, value)
                # Of two texts, either may be the one that does not fit the other.
                yield f"{path}: {field} {value[:60]}", path, body, usual, 400, None if path == SCORE else blamed
        for body in BROKEN:
            yield f"{path}: {body[:60]}", path, body.replace(b"base", _members(path), 2), usual, 400, None
        yield f"{path}: model nobody", path, with_fields(path, model='"nobody"').encode(), usual, 404, "model"
        yield f"{path}: nothing odd", path, with_fields(path).encode(), usual, 200, None
    for path, fields in POOLING_ODD:
        yield f"{path}: {fields}"[:80], path, with_fields(path, **fields).encode(), usual, 200, None
    # What the model is not made for.
    for path in (COMPLETIONS, CHAT):
        yield f"{path}: of an embedding model", path, with_fields(path).encode(), usual, 400, "model"
    classify = with_fields(EMBEDDINGS).encode()
    yield "classes of an embedding model", "/classify", classify, usual, 400, "model"


CASES = list(_cases())
POOLING_CASES = list(_pooling_cases())
