// The page at / in a headless Chromium: a chat round trip, stop, errors, the view of the engine, narrow screens. Run by
// page_test.py:  node page.mjs FOLDER_WITH_PLAYWRIGHT CHROMIUM URL SCREENSHOT_FOLDER
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
page.on("request", (request) => {
  const scheme = new URL(request.url()).protocol;
  if (!request.url().startsWith(url) && scheme !== "data:") complaints.push(`asks elsewhere: ${request.url()}`);
});

const text = (selector) => page.locator(selector).first().innerText();
const say = async (words) => {
  await page.getByLabel("Message").fill(words);
  await page.keyboard.press("Enter");
};
const noteCount = () => page.locator("#log .note").count();
const answered = async (before) => page.waitForFunction((n) => document.querySelectorAll("#log .note").length > n, before);

// Until it is ready, then with its numbers.
await page.goto(url);
await page.waitForFunction(() => document.querySelector("#phase").textContent === "ready");
assert.ok((await text("#model")).length > 0);
assert.ok((await page.locator(".shape").count()) > 0);

// A chat round trip, by keyboard alone.
await page.getByText("Settings").click();
await page.getByLabel("Max tokens").fill("6");
await page.getByLabel("Temperature").fill("0");
await page.getByLabel("Seed").fill("7");
await say("Hello there");
await answered(0);
assert.equal(await text("#log .user"), "Hello there");
assert.ok((await page.locator("#log .assistant").first().textContent()).length > 0);
assert.match(await text("#log .note"), /^6 tokens, [0-9.]+ tokens\/s, first after [0-9.]+ s, ended by length$/);

// The next turn sends the conversation so far.
const sent = page.waitForRequest((request) => request.method() === "POST");
await say("And again");
const body = (await sent).postDataJSON();
assert.deepEqual(body.messages.map((turn) => turn.role), ["user", "assistant", "user"]);
assert.equal(body.temperature, 0);
assert.equal(body.seed, 7);
assert.ok(!("top_p" in body));
await answered(1);

// The view of the engine follows.
await page.waitForFunction(() => Number(document.querySelector("#finished").textContent) >= 2);
await page.waitForFunction(() =>
  [...document.querySelectorAll("#chart-tokens polyline")].some((line) => line.points.numberOfItems >= 2));
for (const chart of ["#chart-tokens", "#chart-requests", "#chart-shares"]) {
  assert.ok((await page.locator(chart).getAttribute("aria-label")).length > 5, chart);
}
assert.match(await text(".shape"), /\d+\/\d+ · \d+ served/);
await page.screenshot({ path: path.join(pictures, "light.png") });

// Stop: what came stays, and says so.
await page.getByLabel("Max tokens").fill("");
const before = await noteCount();
await say("Tell a long story");
await page.waitForFunction(() => document.querySelectorAll("#log .assistant").length === 3 &&
  document.querySelectorAll("#log .assistant")[2].textContent.length > 0);
await page.getByRole("button", { name: "Stop" }).click();
await answered(before);
assert.match(await page.locator("#log .note").last().innerText(), /ended by you$/);
assert.ok(await page.getByRole("button", { name: "Send" }).isVisible());

// What the server refuses is told in its words.
assert.deepEqual(complaints, []);
await page.getByLabel("Temperature").fill("9");
await say("Too hot");
await page.waitForSelector("#log .failure[role=alert]");
assert.match(await text("#log .failure"), /temperature/);
assert.match(complaints.splice(0).join(), /400/); // the browser's own line, for any such answer

// A new chat, on a narrow dark screen.
await page.getByRole("button", { name: "New chat" }).click();
assert.equal(await page.locator("#log .turn").count(), 0);
await page.emulateMedia({ colorScheme: "dark" });
await page.setViewportSize({ width: 360, height: 740 });
await page.getByLabel("Temperature").fill("0");
await page.getByLabel("Max tokens").fill("6");
await say("Still there?");
await answered(0);
const width = await page.evaluate(() => document.documentElement.scrollWidth);
assert.ok(width <= 360, `the page is ${width} px wide`);
await page.screenshot({ path: path.join(pictures, "narrow.png"), fullPage: true });

assert.deepEqual(complaints, []);
await browser.close();
console.log("page ok");
