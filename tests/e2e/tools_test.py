"""Tool calls and reasoning over HTTP. The tiny model calls nothing by itself: a copy of its tokenizer has pieces of
calls for tokens that nothing else needs, and the request leaves the model no choice but to say them."""

import json
import shutil
import unittest

from harness import LLAMA
from server import ServerTest, shapes, with_clients

with_clients()

import openai  # noqa: E402 (the packages are there only from here on)

TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "get_weather",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
        },
    }
]
HERMES = (
    "{% for m in messages %}[{{ m.role }}] {{ m.content }}{% for c in m.tool_calls or [] %}"
    "<tool_call>{{ c.function | tojson }}</tool_call>{% endfor %}{% endfor %}"
    "{% if enable_thinking is defined and not enable_thinking %}<think></think>{% else %}<think>{% endif %}"
)
PLAIN = "{{ messages[-1].content }}"
THOUGHT = ("I should look ", "it up.</think>", "Just a moment.")
CALL = ('<tool_call>\n{"name": "get_weather", ', '"arguments": {"city": ', '"Paris"}}\n</tool_call>')
MARK, LLAMA_CALL = "<|python_tag|>", '{"name": "get_weather", "parameters": {"city": "Oslo"}}'
# Spellings of bytes that no prompt here has, and a special token that no template here writes.
FIRST_ID, MARK_ID = 130, 395
MESSAGES = [{"role": "user", "content": "hi"}]


def say(pieces: tuple[str, ...], ids: list[int]) -> dict:
    """Sampling fields that make the model say these pieces: it begins with the first, and of what may follow a piece
    all but the next is forbidden."""
    after = {piece: pieces[place + 1 : place + 2] for place, piece in enumerate(pieces)}
    return {
        "temperature": 0,
        "max_tokens": len(pieces),
        "extra_body": {
            "allowed_token_ids": ids,
            "logit_bias": {str(ids[0]): 100},
            "bad_words": [one + other for one in pieces for other in pieces if other not in after[one]],
            "stop_token_ids": [ids[-1]],
            "include_stop_str_in_output": True,
        },
    }


class ToolsTest(ServerTest):
    def tokenizer(self) -> tuple[str, dict[str, int]]:
        """A folder with a tokenizer that knows the pieces, and their ids."""
        folder = self.folder / "tokenizer"
        shutil.copytree(LLAMA, folder)
        path = folder / "tokenizer.json"
        tokenizer = json.loads(path.read_text())
        pieces = dict(zip((*THOUGHT, *CALL, LLAMA_CALL), range(FIRST_ID, FIRST_ID + 7), strict=True))
        spelled = {id: text for text, id in pieces.items()}
        vocab = tokenizer["model"]["vocab"]
        tokenizer["model"]["vocab"] = {spelled.get(id, text): id for text, id in vocab.items()}
        for token in tokenizer["added_tokens"]:
            if token["id"] == MARK_ID:
                token["content"] = MARK
        plain = {**tokenizer["added_tokens"][0], "special": False}
        tokenizer["added_tokens"] += [{**plain, "id": id, "content": text} for text, id in pieces.items()]
        path.write_text(json.dumps(tokenizer))
        return str(folder), {**pieces, MARK: MARK_ID}

    def start(self, *arguments):
        folder, ids = self.tokenizer()
        self.ids = ids
        server = self.serve(LLAMA, "--tokenizer", folder, *arguments, env=shapes("64,128", "16,16", "4,4"))
        client = openai.OpenAI(base_url=f"{server.url}/v1", api_key="none", max_retries=0)
        self.addCleanup(client.close)
        self.server = server
        return client

    def ask(self, client, pieces, **more):
        fields = say(pieces, [self.ids[piece] for piece in pieces])
        fields["extra_body"].update(more.pop("extra_body", {}))
        return client.chat.completions.create(model=str(LLAMA), messages=MESSAGES, **{**fields, **more})

    def joined(self, chunks) -> tuple[dict, str]:
        message = {"content": "", "reasoning": "", "calls": []}
        reason = None
        for chunk in chunks:
            [choice] = chunk.choices
            delta = choice.delta
            message["content"] += delta.content or ""
            message["reasoning"] += getattr(delta, "reasoning", None) or ""
            for call in delta.tool_calls or []:
                if call.id:
                    self.assertEqual(call.index, len(message["calls"]))
                    message["calls"].append([call.function.name, ""])
                message["calls"][call.index][1] += call.function.arguments
            reason = choice.finish_reason or reason
        return message, reason

    def test_calls_and_thoughts_as_the_template_writes_them(self):
        client = self.start("--chat-template", HERMES)
        self.assertIn("--tool-call-parser hermes", self.server.log)
        self.assertIn("--reasoning-parser qwen3", self.server.log)
        answer = self.ask(client, THOUGHT + CALL, tools=TOOLS)
        [choice] = answer.choices
        self.assertEqual(choice.finish_reason, "tool_calls")
        self.assertEqual(choice.message.content, "Just a moment.")
        self.assertEqual(choice.message.reasoning, "I should look it up.")
        [call] = choice.message.tool_calls
        self.assertRegex(call.id, "^chatcmpl-tool-[0-9a-f]{32}$")
        self.assertEqual((call.function.name, call.function.arguments), ("get_weather", '{"city": "Paris"}'))

        message, reason = self.joined(self.ask(client, THOUGHT + CALL, tools=TOOLS, stream=True))
        self.assertEqual(reason, "tool_calls")
        self.assertEqual(message["content"], "Just a moment.")
        self.assertEqual(message["reasoning"], "I should look it up.")
        self.assertEqual(message["calls"], [["get_weather", '{"city": "Paris"}']])

        # Without thoughts; and as text where nobody asked for calls.
        off = {"chat_template_kwargs": {"enable_thinking": False}}
        [choice] = self.ask(client, CALL, extra_body=off).choices
        self.assertEqual((choice.message.content, choice.finish_reason), ("".join(CALL), "stop"))
        self.assertIsNone(choice.message.tool_calls)

    def test_the_conversation_goes_on_with_the_result(self):
        client = self.start("--chat-template", HERMES)
        call = {"id": "a", "type": "function", "function": {"name": "get_weather", "arguments": '{"city": "Paris"}'}}
        answer = client.chat.completions.create(
            model=str(LLAMA),
            messages=[
                *MESSAGES,
                {"role": "assistant", "content": None, "tool_calls": [call]},
                {"role": "tool", "tool_call_id": "a", "content": "sun"},
            ],
            tools=TOOLS,
            max_tokens=1,
            extra_body={"return_prompt_text": True},
        )
        self.assertIn('"arguments": {"city": "Paris"}', answer.prompt_text)
        self.assertIn("[tool] sun", answer.prompt_text)

    def test_a_mark_that_is_a_special_token(self):
        client = self.start("--chat-template", PLAIN, "--tool-call-parser", "llama3_json", "--enable-auto-tool-choice")
        answer = self.ask(client, (MARK, LLAMA_CALL), tools=TOOLS)
        [call] = answer.choices[0].message.tool_calls
        self.assertEqual((call.function.name, call.function.arguments), ("get_weather", '{"city": "Oslo"}'))
        self.assertIsNone(answer.choices[0].message.content)
        # A mark without a call is as hidden from clients as any special token.
        answer = self.ask(client, (MARK, THOUGHT[2]), tools=TOOLS)
        self.assertEqual(answer.choices[0].message.content, "Just a moment.")
        self.assertEqual(answer.choices[0].finish_reason, "stop")

    def test_calls_can_be_forced_without_a_parser(self):
        client = self.start("--chat-template", PLAIN, "--scheduler", "mixed", "--max-model-len", 256)
        names = {tool["function"]["name"] for tool in TOOLS}
        whole = set()
        for choice in ("required", {"type": "function", "function": {"name": "get_weather"}}):
            for seed in range(4):
                with self.subTest(choice=choice, seed=seed):
                    answer = client.chat.completions.create(
                        model=str(LLAMA), messages=MESSAGES, tools=TOOLS, tool_choice=choice, seed=seed, max_tokens=200
                    )
                    calls = answer.choices[0].message.tool_calls or []
                    self.assertLessEqual({call.function.name for call in calls}, names)
                    # A model of random weights may not come to the end of a string, or to a call.
                    if answer.choices[0].finish_reason != "length":
                        self.assertGreaterEqual(len(calls), 1)
                        for call in calls:
                            json.loads(call.function.arguments)
                        whole.add(str(choice))
        self.assertEqual(len(whole), 2, whole)

    def test_what_cannot_be_read_is_refused(self):
        client = self.start("--chat-template", PLAIN, "--no-enable-auto-tool-choice")
        with self.assertRaises(openai.BadRequestError) as caught:
            client.chat.completions.create(
                model=str(LLAMA), messages=MESSAGES, tools=TOOLS, tool_choice="auto", max_tokens=1
            )
        self.assertEqual(caught.exception.param, "tool_choice")
        client.chat.completions.create(
            model=str(LLAMA), messages=MESSAGES, tools=TOOLS, tool_choice="none", max_tokens=1
        )


if __name__ == "__main__":
    unittest.main()
