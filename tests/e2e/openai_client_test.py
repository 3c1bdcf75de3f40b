"""The real OpenAI client against the server: whatever it reads out of our answers must be there."""

import unittest

from harness import LLAMA
from server import Server, ServerTest, shapes, with_clients

with_clients()

import openai  # noqa: E402 (the packages are there only from here on)


class Client(ServerTest):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(LLAMA, "--served-model-name", "tiny", "alias", env=shapes("64", "40", "4"))
        cls.addClassCleanup(cls.server.kill)
        cls.server.wait_ready()
        cls.client = openai.OpenAI(base_url=f"{cls.server.url}/v1", api_key="none", max_retries=0)
        cls.addClassCleanup(cls.client.close)

    def test_models(self):
        self.assertEqual([each.id for each in self.client.models.list()], ["tiny", "alias"])
        self.assertEqual(self.client.models.retrieve("alias").id, "alias")
        with self.assertRaises(openai.NotFoundError):
            self.client.models.retrieve("other")

    def test_completion(self):
        answer = self.client.completions.create(
            model="tiny", prompt="Hello", max_tokens=5, temperature=0, logprobs=2, extra_body={"ignore_eos": True}
        )
        self.assertEqual(answer.object, "text_completion")
        self.assertTrue(answer.id.startswith("cmpl-"))
        [choice] = answer.choices
        self.assertEqual(choice.finish_reason, "length")
        self.assertEqual(answer.usage.completion_tokens, 5)
        self.assertEqual(answer.usage.total_tokens, answer.usage.prompt_tokens + 5)
        self.assertEqual(len(choice.logprobs.tokens), 5)
        self.assertEqual("".join(choice.logprobs.tokens), choice.text)
        self.assertEqual(len(choice.logprobs.text_offset), 5)

    def test_echo_with_logprobs_scores_the_prompt(self):
        answer = self.client.completions.create(
            model="tiny", prompt="Hello there", max_tokens=0, echo=True, logprobs=1, temperature=0
        )
        [choice] = answer.choices
        self.assertEqual(choice.text, "Hello there")
        self.assertIsNone(choice.logprobs.token_logprobs[0])
        self.assertTrue(all(value <= 0 for value in choice.logprobs.token_logprobs[1:]))

    def test_several_prompts_and_choices(self):
        answer = self.client.completions.create(
            model="tiny", prompt=["a", "b", "c"], n=2, max_tokens=4, temperature=1, seed=7
        )
        self.assertEqual([choice.index for choice in answer.choices], list(range(6)))
        more = self.client.completions.create(model="tiny", prompt="b", n=6, max_tokens=4, temperature=1, seed=7)
        self.assertEqual([c.text for c in answer.choices[2:4]], [c.text for c in more.choices[:2]])

    def test_streaming_equals_not_streaming(self):
        for arguments in (
            {"temperature": 0},
            {"temperature": 1.2, "seed": 5},
            {"temperature": 1.2, "seed": 6, "n": 3},
            {"temperature": 0, "stop": ["e"]},
            {"temperature": 0, "logprobs": 1},
        ):
            with self.subTest(arguments=arguments):
                whole = self.client.completions.create(model="tiny", prompt="Once", max_tokens=24, **arguments)
                texts = [""] * len(whole.choices)
                reasons = [None] * len(whole.choices)
                tokens = [[] for _ in whole.choices]
                usage = None
                for chunk in self.client.completions.create(
                    model="tiny",
                    prompt="Once",
                    max_tokens=24,
                    stream=True,
                    stream_options={"include_usage": True},
                    **arguments,
                ):
                    if not chunk.choices:
                        usage = chunk.usage
                        continue
                    [choice] = chunk.choices
                    texts[choice.index] += choice.text
                    if choice.logprobs:
                        tokens[choice.index] += choice.logprobs.tokens
                    reasons[choice.index] = choice.finish_reason or reasons[choice.index]
                self.assertEqual(texts, [choice.text for choice in whole.choices])
                self.assertEqual(reasons, [choice.finish_reason for choice in whole.choices])
                self.assertEqual(usage, whole.usage)
                if "logprobs" in arguments:
                    self.assertEqual(tokens, [choice.logprobs.tokens for choice in whole.choices])

    def test_chat(self):
        messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}]
        answer = self.client.chat.completions.create(
            model="alias", messages=messages, max_completion_tokens=6, temperature=0, logprobs=True, top_logprobs=2
        )
        self.assertTrue(answer.id.startswith("chatcmpl-"))
        self.assertEqual(answer.model, "alias")
        [choice] = answer.choices
        self.assertEqual(choice.message.role, "assistant")
        self.assertIsNotNone(choice.message.content)
        for each in choice.logprobs.content:
            self.assertEqual(len(each.top_logprobs), 2)
            self.assertLessEqual(each.logprob, 0)
        text, roles, finish = "", [], None
        for chunk in self.client.chat.completions.create(
            model="alias", messages=messages, max_completion_tokens=6, temperature=0, stream=True
        ):
            [part] = chunk.choices
            roles += [part.delta.role] if part.delta.role else []
            text += part.delta.content or ""
            finish = part.finish_reason or finish
        self.assertEqual((text, roles, finish), (choice.message.content, ["assistant"], choice.finish_reason))

    def test_content_in_parts(self):
        def ask(content):
            return self.client.chat.completions.create(
                model="tiny", messages=[{"role": "user", "content": content}], max_tokens=4, temperature=0
            )

        whole = ask("Hi")
        parts = ask([{"type": "text", "text": "Hi"}])
        self.assertEqual(parts.choices[0].message.content, whole.choices[0].message.content)
        with self.assertRaises(openai.BadRequestError):
            ask([{"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}])

    def test_errors_are_the_clients_classes(self):
        create = self.client.completions.create
        with self.assertRaises(openai.NotFoundError) as found:
            create(model="nobody", prompt="a")
        self.assertIn("nobody", found.exception.message)
        for field, value in (
            ("temperature", 3),
            ("top_p", 0),
            ("max_tokens", -1),
            ("n", 0),
            ("logprobs", 1000),
            ("stop", [""]),
            ("presence_penalty", 9),
        ):
            with self.subTest(field=field), self.assertRaises(openai.BadRequestError) as found:
                create(model="tiny", prompt="a", **{field: value})
            self.assertIn(field, str(found.exception.body))
        with self.assertRaises(openai.BadRequestError) as found:
            create(model="tiny", prompt=[5] * 5000, max_tokens=4)
        self.assertIn("maximum context length is", found.exception.message)

    def test_keys(self):
        server = self.serve(LLAMA, "--api-key", "secret", "other", env=shapes("64", "20", "1"))
        for key, good in (("secret", True), ("other", True), ("wrong", False)):
            client = openai.OpenAI(base_url=f"{server.url}/v1", api_key=key, max_retries=0)
            if good:
                client.models.list()
            else:
                with self.assertRaises(openai.AuthenticationError):
                    client.models.list()
            client.close()
        for path in ("/health", "/ready", "/version", "/load"):
            self.assertEqual(server.request("GET", path)[0], 200, path)
        for path in ("/tokenize", "/detokenize", "/v1/completions", "/v1/chat/completions"):
            self.assertEqual(server.request("POST", path, {})[0], 401, path)

    def test_retries_wait_for_a_server_that_is_not_ready(self):
        server = self.serve(LLAMA, env=shapes("64", "20", "1"), ready=False)
        client = openai.OpenAI(base_url=f"{server.url}/v1", api_key="none", max_retries=10)
        self.assertEqual(client.completions.create(model=str(LLAMA), prompt="a", max_tokens=1).usage.completion_tokens, 1)
        client.close()


class Async(unittest.IsolatedAsyncioTestCase, ServerTest):
    async def test_a_stream_that_is_left_early(self):
        server = self.serve(LLAMA, env=shapes("64", "40", "2"))
        async with openai.AsyncOpenAI(base_url=f"{server.url}/v1", api_key="none", max_retries=0) as client:
            for _ in range(20):
                stream = await client.completions.create(model=str(LLAMA), prompt="a", max_tokens=40, stream=True)
                async for _ in stream:
                    break
                await stream.close()
            done = await client.completions.create(model=str(LLAMA), prompt="a", max_tokens=3)
        self.assertEqual(len(done.choices), 1)


if __name__ == "__main__":
    unittest.main()
