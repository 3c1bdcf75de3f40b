"""Settings of `spyre serve` that change what the API answers: templates, tokenizers, sampling defaults, memory."""

import json
import unittest

from harness import LLAMA, REFERENCE
from server import ServerTest, shapes

HELLO = [{"role": "user", "content": "Hi"}]
SHAPES = shapes("64", "20", "2")


class Settings(ServerTest):
    def test_a_template_from_a_file_and_from_the_flag(self):
        plain = "{% for m in messages %}<{{ m.content }}>{% endfor %}"
        parts = "{% for m in messages %}{% for p in m.content %}<{{ p.text }}>{% endfor %}{% endfor %}"
        file = self.folder / "template.jinja"
        file.write_text(plain)
        for template in (file, plain, parts):  # the last is told by its looks
            with self.subTest(template=template):
                server = self.serve(LLAMA, "--chat-template", template, env=SHAPES)
                chat = {"messages": HELLO, "max_tokens": 1, "return_prompt_text": True}
                self.assertEqual(server.post("/v1/chat/completions", chat)["prompt_text"], "<Hi>")
                ids = server.post("/tokenize", {"messages": HELLO})
                wanted = server.post("/tokenize", {"prompt": "<Hi>", "add_special_tokens": False})
                self.assertEqual(ids["tokens"], wanted["tokens"])

    def test_defaults_are_overridden_and_the_tokenizer_is_shown(self):
        override = '{"max_new_tokens": 3, "temperature": 0}'
        server = self.serve(
            LLAMA, "--override-generation-config", override, "--enable-tokenizer-info-endpoint", env=SHAPES
        )
        body = {"prompt": "Hi", "max_tokens": 9, "ignore_eos": True}
        answers = [server.post("/v1/completions", body) for _ in range(2)]
        self.assertEqual(answers[0]["usage"]["completion_tokens"], 3)
        self.assertEqual(answers[0]["choices"], answers[1]["choices"])
        info = server.get_json("/tokenizer_info")
        config = json.loads((LLAMA / "tokenizer_config.json").read_text())
        self.assertEqual(info["eos_token"], config["eos_token"])
        self.assertEqual(info["chat_template"], (LLAMA / "chat_template.jinja").read_text())
        self.assertIn("/tokenizer_info", server.get_json("/openapi.json")["paths"])

    def test_the_tokenizer_of_another_place(self):
        other = REFERENCE / "decoders/qwen2"
        server = self.serve(LLAMA, "--tokenizer", other, env=SHAPES)
        answer = server.post("/tokenize", {"prompt": "Hello there"})
        done = self.spyre("tokenize", other, input='"Hello there"\n')
        self.assertEqual(answer["tokens"], json.loads(done.stdout)["tokens"])
        self.assertEqual(server.request("GET", "/tokenizer_info")[0], 404)

    def test_what_cannot_be_followed_stops_the_start(self):
        for flags, says in (
            (("--chat-template", "none.jinja"), ("--chat-template", "none.jinja")),
            (("--chat-template", "{% if %}"), ("--chat-template",)),
            (("--tokenizer", self.folder / "none"), ("--tokenizer", "no such file")),
            (("--override-generation-config", '{"temp": 1}'), ("temp", "temperature", "max_new_tokens")),
            (("--convert", "classify"), ("--convert", "a head for labels")),
        ):
            with self.subTest(flags=flags):
                self.assert_refused("serve", LLAMA, "--port", "0", *flags, says=says, env=SHAPES)
        done = self.spyre("serve", LLAMA, "--port", "0", "--gpu-memory-utilization", "0.0000001", env=SHAPES, status=1)
        self.assertIn("--gpu-memory-utilization 1e-07 of", done.stderr)


if __name__ == "__main__":
    unittest.main()
