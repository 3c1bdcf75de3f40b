// The page at / of an embedding model, in a headless Chromium: texts in, a table of cosines out. Run by page_test.py:
//   node similarity_page.mjs FOLDER_WITH_PLAYWRIGHT CHROMIUM URL SCREENSHOT_FOLDER
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import path from "node:path";

const [tools, executablePath, url, pictures] = process.argv.slice(2);
const { chromium } = createRequire(path.join(tools, "package.json"))("playwright-core");

const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
const page = await browser.newPage({ viewport: { width: 1200, height: 800 } });
page.setDefaultTimeout(60_000);
const complaints = [];
page.on("pageerror", (error) => complaints.push(`exception: ${error.message}`));
page.on("console", (message) => {
  if (["error", "warning"].includes(message.type())) complaints.push(message.text());
});

await page.goto(url);
await page.waitForFunction(() => document.querySelector("#phase").textContent === "ready");
assert.ok(await page.locator("#log").isHidden());

// By keyboard alone: Enter starts a line, Ctrl+Enter compares.
await page.getByLabel("Texts", { exact: true }).focus();
for (const line of ["Hello there", "Hello there", "something else"]) {
  await page.keyboard.type(line);
  await page.keyboard.press("Enter");
}
await page.keyboard.press("Control+Enter");
await page.waitForSelector("#alike tbody tr");
const cells = await page.locator("#alike tbody tr").evaluateAll((rows) =>
  rows.map((row) => [...row.cells].map((cell) => cell.textContent)));
assert.equal(cells.length, 3);
assert.equal(cells[0][0], "1  Hello there");
assert.deepEqual(cells.map((row, i) => row[i + 1]), ["1.00", "1.00", "1.00"]);
assert.equal(cells[0][2], "1.00");
assert.equal(cells[0][3], cells[2][1]);
assert.ok(Number(cells[0][3]) < 1);
await page.screenshot({ path: path.join(pictures, "similarity.png") });

assert.deepEqual(complaints, []);
await browser.close();
console.log("page ok");
