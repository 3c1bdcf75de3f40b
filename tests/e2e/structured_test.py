"""Structured outputs over HTTP and offline: every kind, streamed and not, beside free requests; what comes back is of
the form that was asked for, and the same whoever else is served."""

import concurrent.futures
import json
import re
import threading
import unittest

from continuous_test import LIMITS, MODES
from harness import LLAMA, SpyreTest
from server import Server, ServerTest, shapes, with_clients

with_clients()

import openai  # noqa: E402 (the packages are there only from here on)
import pydantic  # noqa: E402 (the client brings it)

SCHEMA = {
    "type": "object",
    "properties": {"name": {"type": "string", "maxLength": 4}, "age": {"type": "integer", "minimum": 0, "maximum": 99}},
    "required": ["name", "age"],
    "additionalProperties": False,
}
COMPACT = {"disable_any_whitespace": True}


class Person(pydantic.BaseModel):
    name: str = pydantic.Field(max_length=4)
    age: int = pydantic.Field(ge=0, le=99)


def is_person(text: str) -> bool:
    return Person.model_validate_json(text) is not None


# A body's fields, and what its text must be.
KINDS = {
    "json": ({"structured_outputs": {"json": SCHEMA, **COMPACT}}, is_person),
    "regex": ({"structured_outputs": {"regex": "[a-c]{2,5}-[0-9]{3}"}}, re.compile("[a-c]{2,5}-[0-9]{3}").fullmatch),
    "choice": ({"structured_outputs": {"choice": ["yes", "no"]}}, ["yes", "no"].__contains__),
    "ebnf": ({"structured_outputs": {"grammar": 'root ::= "(" root ")" | "x"'}}, re.compile(r"\(*x\)*").fullmatch),
    "lark": ({"structured_outputs": {"grammar": 'start: "a" B+\nB: /[0-9]{2}/'}}, re.compile("a([0-9]{2})+").fullmatch),
    "format": (
        {"response_format": {"type": "json_schema", "json_schema": {"name": "p", "schema": SCHEMA}}},
        is_person,
    ),
    "guided_regex": ({"guided_regex": "[01]{8}"}, re.compile("[01]{8}").fullmatch),
    "guided_choice": ({"guided_choice": ["left", "right"]}, ["left", "right"].__contains__),
    "guided_json": ({"guided_json": json.dumps(SCHEMA), "guided_whitespace_pattern": "[ ]?"}, is_person),
}


def body(kind: str, seed: int, **more) -> dict:
    return {"prompt": "Once", "max_tokens": 56, "temperature": 1.0, "seed": seed, **KINDS[kind][0], **more}


class Structured(ServerTest):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(LLAMA, "--served-model-name", "tiny", env=shapes("64", "60", "4"))
        cls.addClassCleanup(cls.server.kill)
        cls.server.wait_ready()
        cls.client = openai.OpenAI(base_url=f"{cls.server.url}/v1", api_key="none", max_retries=0)
        cls.addClassCleanup(cls.client.close)

    def complete(self, wanted: dict) -> list[dict]:
        return self.server.post("/v1/completions", wanted)["choices"]

    def test_every_kind_is_kept(self):
        for kind, (_, fits) in KINDS.items():
            with self.subTest(kind=kind):
                ended = 0
                for seed in range(32):  # where blanks are allowed, a model of random weights rarely ends
                    [choice] = self.complete(body(kind, seed))
                    if choice["finish_reason"] == "stop":
                        ended += 1
                        self.assertTrue(fits(choice["text"]), choice["text"])
                    if ended == 3:
                        break
                self.assertGreater(ended, 0)

    def test_streamed_is_whole(self):
        for kind in KINDS:
            with self.subTest(kind=kind):
                wanted = body(kind, 3, n=2)
                whole = self.complete(wanted)
                texts, reasons = ["", ""], [None, None]
                extra = {name: wanted.pop(name) for name in list(wanted) if name.startswith(("guided", "struct"))}
                extra |= {"response_format": wanted.pop("response_format")} if "response_format" in wanted else {}
                for chunk in self.client.completions.create(model="tiny", stream=True, extra_body=extra, **wanted):
                    for choice in chunk.choices:
                        texts[choice.index] += choice.text
                        reasons[choice.index] = choice.finish_reason or reasons[choice.index]
                self.assertEqual(texts, [choice["text"] for choice in whole])
                self.assertEqual(reasons, [choice["finish_reason"] for choice in whole])

    def test_alone_is_beside_others(self):
        wanted = [body(kind, seed) for seed, kind in enumerate(KINDS)]
        wanted += [{"prompt": "Once", "max_tokens": 30, "temperature": 1.0, "seed": seed} for seed in range(4)]
        alone = [self.complete(each) for each in wanted]
        together: list = [None] * len(wanted)

        def ask(index):
            together[index] = self.complete(wanted[index])

        threads = [threading.Thread(target=ask, args=(index,)) for index in range(len(wanted))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(together, alone)

    def test_every_mode_of_continuous_batching_gives_the_same(self):
        wanted = [body(kind, 1) for kind in KINDS]
        alone = [self.complete(each) for each in wanted]
        for mode, (env, flags) in MODES.items():
            with self.subTest(mode=mode):
                server = self.serve(LLAMA, *LIMITS, *flags, env=env)
                with concurrent.futures.ThreadPoolExecutor(len(wanted)) as pool:
                    answers = list(pool.map(lambda each: server.post("/v1/completions", each)["choices"], wanted))
                self.assertEqual(answers, alone)
                server.kill()

    def test_the_client_parses_a_chat(self):
        parsed = 0
        for seed in range(60):  # a model of random weights ends rarely
            if parsed == 2:
                break
            try:
                answer = self.client.chat.completions.parse(
                    model="tiny",
                    messages=[{"role": "user", "content": "Hi"}],
                    response_format=Person,
                    max_tokens=56,
                    seed=seed,
                    extra_body={"temperature": 0.9},
                )
            except openai.LengthFinishReasonError:
                continue
            parsed += 1
            self.assertIsInstance(answer.choices[0].message.parsed, Person)
        self.assertGreater(parsed, 0)

    def test_json_objects(self):
        ended = 0
        for seed in range(60):
            if ended == 2:
                break
            answer = self.client.chat.completions.create(
                model="tiny",
                messages=[{"role": "user", "content": "Hi"}],
                response_format={"type": "json_object"},
                max_tokens=56,
                seed=seed,
                temperature=1.2,
            )
            if answer.choices[0].finish_reason == "stop":
                ended += 1
                self.assertIsInstance(json.loads(answer.choices[0].message.content), dict)
        self.assertGreater(ended, 0)

    def test_with_logprobs_and_stops(self):
        [choice] = self.complete(body("regex", 5, logprobs=2))
        self.assertEqual("".join(choice["logprobs"]["tokens"]), choice["text"])
        [choice] = self.complete(body("regex", 5, stop=["-"]))
        self.assertRegex(choice["text"], "^[a-c]{2,5}$")
        self.assertEqual(choice["stop_reason"], "-")

    def test_old_names_are_deprecated(self):
        for kind, deprecated in (("choice", None), ("guided_choice", "true")):
            _, headers, _ = self.server.request("POST", "/v1/completions", body(kind, 1))
            self.assertEqual(headers.get("deprecation"), deprecated)

    def test_bombs_do_not_hold_up_others(self):
        options = [{"minLength": i} for i in range(160)]
        bombs = [
            {"structured_outputs": {"json": {"allOf": [{"anyOf": options}, {"anyOf": options}]}}},
            {"structured_outputs": {"json": {"type": "integer", "multipleOf": 123456789}}},
            {"structured_outputs": {"regex": "(" * 20000}},
            {"structured_outputs": {"regex": "x" * 100000}},
            {"structured_outputs": {"grammar": "start: " + "(" * 20000}},
            {"guided_grammar": "root ::= a0\n" + "".join(f"a{i} ::= a{i + 1} a{i + 1}\n" for i in range(40)) + 'a40 ::= "x"'},
        ]
        for bomb in bombs:
            error = self.server.post("/v1/completions", {"prompt": "a", **bomb}, status=400)["error"]
            self.assertLess(len(error["message"]), 3000)
        self.assertEqual(len(self.complete({"prompt": "a", "max_tokens": 2})), 1)


class Offline(SpyreTest):
    def test_lines_of_a_file(self):
        lines = [{"id": kind, **body(kind, 2)} for kind in KINDS]
        lines += [{"id": "free", "prompt": "Once", "max_tokens": 5}, {"id": "wrong", "prompt": "a", "guided_regex": "("}]
        source = self.folder / "lines.jsonl"
        source.write_text("".join(json.dumps(line) + "\n" for line in lines))
        done = self.spyre("generate", LLAMA, "--input", source, status=None)
        results = {result["id"]: result for result in map(json.loads, done.stdout.splitlines())}
        self.assertEqual(len(results), len(lines))
        self.assertIn("guided_regex", results["wrong"]["error"]["message"])
        for kind, (_, fits) in KINDS.items():
            if results[kind]["finish_reason"] == "stop":
                self.assertTrue(fits(results[kind]["text"]), results[kind]["text"])


if __name__ == "__main__":
    unittest.main()
