"""`spyre cache ls|verify|prune|export|import`, on entries written here as docs/graph_cache.md says they look: a second
writer of the format, which keeps the page true."""

import hashlib
import json
import os
import pathlib
import struct
import time
import unittest

from harness import LLAMA, SpyreTest

DAY = 86400


def key_of(fields: dict[str, str]) -> str:
    lines = ["spyre graph cache 1", *(f"{name}={value}" for name, value in fields.items())]
    return hashlib.sha256("".join(line + "\n" for line in lines).encode()).hexdigest()


def entry(fields: dict[str, str], payload: bytes = b"code", about: dict | None = None) -> bytes:
    header = json.dumps({"fields": [list(each) for each in fields.items()], "about": about or {}}).encode()
    content = b"SPYREGC\0" + struct.pack("<IIQ", 1, len(header), len(payload)) + header + payload
    return content + hashlib.sha256(content).digest()


class CacheCommand(SpyreTest):
    def setUp(self):
        super().setUp()
        self.cache = self.folder / "cache"
        self.cache.mkdir(mode=0o700)

    def add(self, program: str, payload: bytes = b"code", days_ago: float = 0, **fields: str) -> pathlib.Path:
        every = {"program": program, "graph": "0" * 64, **fields}
        path = self.cache / f"{key_of(every)}.spyre"
        path.write_bytes(entry(every, payload, {"model": "tiny"}))
        path.chmod(0o600)
        os.utime(path, (time.time(), time.time() - days_ago * DAY))
        return path

    def run_cache(self, *arguments, **options):
        return self.spyre("cache", *arguments, "--cache-dir", options.pop("cache", self.cache), **options)

    def test_ls_lists_what_is_there(self):
        self.add("prefill 64x1", b"x" * 5000, days_ago=3, llvm="19.1.7")
        self.add("decode 4")
        text = self.run_cache("ls").stdout
        for words in ("prefill 64x1", "decode 4", "3 days ago", "now", "llvm=19.1.7", "2 entries"):
            self.assertIn(words, text)
        listed = json.loads(self.run_cache("ls", "--json").stdout)
        self.assertEqual([each["fields"]["program"] for each in listed["entries"]], ["decode 4", "prefill 64x1"])
        self.assertEqual(listed["entries"][0]["about"], {"model": "tiny"})
        self.assertEqual(listed["bytes"], sum(each.stat().st_size for each in self.cache.iterdir()))
        self.assertEqual(listed["bad"], 0)

    def test_the_folder_comes_from_flag_or_variable(self):
        self.add("decode 4")
        text = self.spyre("cache", "ls", env={"TORCH_SENDNN_CACHE_DIR": str(self.cache)}).stdout
        self.assertIn("1 entry", text)
        self.assert_refused("cache", "ls", says=("--cache-dir", "TORCH_SENDNN_CACHE_DIR"))
        self.assert_refused("cache", "ls", "--cache-dir", self.folder / "typo", says=("typo", "found none"))
        self.assertFalse((self.folder / "typo").exists())

    def test_verify_is_status_1_when_an_entry_is_bad(self):
        self.add("decode 4")
        self.assertIn("1 entry", self.run_cache("verify").stdout)
        bad = self.add("prefill 64x1")
        content = bytearray(bad.read_bytes())
        content[-40] ^= 1
        bad.write_bytes(content)
        self.assertIn("BAD: damaged: checksum", self.run_cache("verify", status=1).stdout)
        report = json.loads(self.run_cache("verify", "--json", status=1).stdout)
        self.assertEqual(report["bad"], 1)
        problems = {each["key"]: each["problem"] for each in report["entries"]}
        self.assertEqual(problems[bad.stem], "damaged: checksum")

    def test_prune_removes_what_cannot_be_used(self):
        good = self.add("decode 4", days_ago=100)
        self.add("a").write_bytes(b"SPYRE")
        self.add("b").chmod(0o666)
        (self.cache / ".spyre-0123456789abcdef.part").write_bytes(b"half")
        (self.cache / "pre_compiled_cache_catalog.json").write_text("[]")
        text = self.run_cache("prune").stdout
        for words in ("truncated", "others may write it", "unfinished files: 1", "removed 2 entries", "kept 1"):
            self.assertIn(words, text)
        left = sorted(each.name for each in self.cache.iterdir())
        self.assertEqual(left, sorted([good.name, "pre_compiled_cache_catalog.json"]))

    def test_prune_by_age_size_and_machine(self):
        self.add("old", days_ago=40)
        newer = [self.add(f"decode {i}", b"x" * 10000, days_ago=i) for i in range(3)]
        other = self.add("foreign", cpu="Another CPU", days_ago=0)
        self.assertIn("not used for 40.0 days", self.run_cache("prune", "--older-than", "30").stdout)
        self.assertIn("compiled for another cpu: had Another CPU", self.run_cache("prune", "--others").stdout)
        self.assertFalse(other.exists())
        text = self.run_cache("prune", "--max-bytes", "25k").stdout
        self.assertIn("removed 1 entry", text)
        self.assertEqual([each.exists() for each in newer], [True, True, False])

    def test_export_and_import(self):
        names = {self.add(f"decode {i}").name for i in range(3)}
        exported = self.folder / "graphs.bin"
        self.assertIn("exported 3 entries", self.run_cache("export", exported).stdout)
        self.assertEqual(exported.stat().st_mode & 0o777, 0o600)
        target = self.folder / "other"
        self.assertIn("imported 3 entries", self.run_cache("import", exported, cache=target).stdout)
        self.assertEqual(target.stat().st_mode & 0o777, 0o700)
        self.assertEqual({each.name for each in target.iterdir()}, names)
        self.assertIn("there already: 3", self.run_cache("import", exported, cache=target).stdout)

    def test_import_refuses_bad_entries_and_takes_the_others(self):
        good = entry({"program": "good"})
        bad = bytearray(entry({"program": "bad"}))
        bad[-1] ^= 1
        evil = entry({"program": "../../evil"})  # fields are no paths: only their hash is a name
        file = self.folder / "mixed.bin"
        file.write_bytes(bytes(bad) + good + evil + b"garbage")
        done = self.run_cache("import", file, status=1)
        self.assertIn("imported 2 entries", done.stdout)
        self.assertIn("entry 1 at byte 0: damaged: checksum", done.stderr)
        self.assertIn("entry 4", done.stderr)
        self.assertEqual(len(list(self.cache.iterdir())), 2)
        self.assertEqual(sorted(each.name for each in self.folder.iterdir()), ["cache", "mixed.bin"])

    def test_wrong_uses_are_refused(self):
        self.assert_refused("cache", says=("wanted a command", "cache prune"))
        self.assert_refused("cache", "import", "--cache-dir", self.cache, says=("FILE",))
        missing = self.folder / "none.bin"
        self.assert_refused("cache", "import", missing, "--cache-dir", self.cache, says=("none.bin",))
        self.assert_refused("cache", "export", "/dev/null", "--cache-dir", self.cache, says=("/dev/null",))
        self.assert_refused("cache", "ls", "--older-than", "3", says=("cache prune",))
        self.assert_refused("cache", "prune", "--older-than", "-1", "--cache-dir", self.cache, says=("from 0",))
        self.cache.chmod(0o777)
        self.assert_refused("cache", "ls", "--cache-dir", self.cache, says=("others may write it", "chmod 700"))

    def test_a_read_only_folder_is_for_reading(self):
        self.add("decode 4")
        self.cache.chmod(0o500)
        self.addCleanup(self.cache.chmod, 0o700)
        self.assertIn("1 entry", self.run_cache("verify").stdout)
        self.assert_refused("cache", "prune", "--cache-dir", self.cache, says=("read-only",))

    def test_enabled_without_a_folder_is_a_start_error(self):
        wanted = ("TORCH_SENDNN_CACHE_ENABLE", "TORCH_SENDNN_CACHE_DIR")
        generate = ("generate", LLAMA, "--token-ids", "5", "--max-tokens", "1")
        self.assert_refused(*generate, env={"TORCH_SENDNN_CACHE_ENABLE": "1"}, says=wanted)
        self.spyre(*generate, env={"TORCH_SENDNN_CACHE_ENABLE": "1", "VLLM_DISABLE_COMPILE_CACHE": "1"})


if __name__ == "__main__":
    unittest.main()
