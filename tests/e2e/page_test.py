"""The page at / in a headless Chromium (page.mjs does the clicking). Skipped, by name, where there is no node, no Chromium
or no way to get playwright-core."""

import shutil
import subprocess
import unittest

from demo import demo_model
from harness import BERT, LLAMA, ROOT
from server import ServerTest, shapes


def tools() -> tuple[str, str, str]:
    """node, Chromium and the folder with playwright-core."""
    node = shutil.which("node")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    for name, found in (("node", node), ("npm", shutil.which("npm")), ("chromium", chromium)):
        if found is None:
            raise unittest.SkipTest(f"{name} is not installed (scripts/setup installs it)")
    done = subprocess.run([str(ROOT / "scripts/browser_tools")], capture_output=True, text=True, timeout=600)
    if done.returncode != 0:
        raise unittest.SkipTest(f"playwright-core is not here and cannot be fetched: {done.stderr[-300:]}")
    return node, chromium, done.stdout.strip()


class Page(ServerTest):
    def click(self, script: str, server):
        node, chromium, folder = tools()
        done = subprocess.run(
            [node, str(ROOT / "tests/e2e" / script), folder, chromium, f"{server.url}/", str(self.folder)],
            capture_output=True,
            text=True,
            timeout=300,
        )
        self.assertEqual(done.returncode, 0, f"{done.stderr[-3000:]}\n{server.log[-2000:]}")
        self.assertIn("page ok", done.stdout)

    def test_in_a_browser(self):
        tools()
        self.click("page.mjs", self.serve(demo_model(), env=shapes("512,64", "512,64", "1,4")))

    def test_an_embedding_model_in_a_browser(self):
        tools()
        self.click("similarity_page.mjs", self.serve(BERT))

    def test_is_one_file_that_names_no_other_host(self):
        server = self.serve(LLAMA, env=shapes("64", "20", "1"))
        status, headers, body = server.request("GET", "/")
        self.assertEqual(status, 200)
        self.assertTrue(headers["content-type"].startswith("text/html"))
        self.assertIn("connect-src 'self'", headers["content-security-policy"])
        self.assertEqual(body, (ROOT / "web/index.html").read_bytes())


if __name__ == "__main__":
    unittest.main()
