/* global document, innerWidth */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright";
import { chromiumArguments, findChromium } from "../browsers/chromium.mjs";
import { seriousIn } from "../studio/driver.mjs";
import { siteFolder } from "./build-site.mjs";
import { scoresOf } from "./lighthouse.mjs";
import { serveSite } from "./serve-site.mjs";

/** Search words, and the page that must be among the first results. */
const sought = {
  "inner dimensions differ": "reference/errors/",
  add_weighted_adapter: "learn/from-peft/",
  "fewer bits memory": "facts/memory/",
  "successive halving": "recipes/queues/",
  "raggedBatch graph": "api/lowrank/graph/",
};

async function search(page, words) {
  await page.locator("site-search button[data-open-modal]").click();
  await page.locator("site-search input").fill(words);
  const results = page.locator(".pagefind-ui__result-link");
  await results.first().waitFor();
  const found = await results.evaluateAll((links) => links.map(({ href }) => new URL(href).pathname));
  await page.keyboard.press("Escape");
  return [...new Set(found)].slice(0, 4);
}

/** Opens the Studio on the first page and trains its example. */
async function trainExample(page) {
  await page.getByRole("button", { name: "Train one here" }).click();
  const frame = page.frameLocator("lowrank-demo iframe");
  await frame.getByRole("button", { name: "Try the example" }).click();
  await frame.getByRole("link", { name: "Go on to training" }).click();
  await frame.getByLabel("Quick look").check();
  await frame.getByRole("button", { name: "Start training" }).click();
  await frame.getByText(/^Measured once, on/).waitFor({ timeout: 600_000 });
  const studio = page.frames().find((frame) => frame.url().includes("/studio/"));
  return studio?.evaluate("crossOriginIsolated");
}

/** Links with placeholder addresses from texts. */
function strangeLinks() {
  const pages = readdirSync(siteFolder, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".html"));
  return pages.flatMap((name) => {
    const links = readFileSync(join(siteFolder, name), "utf8").matchAll(/href="([^"]*(?:…|%E2%80%A6)[^"]*)"/gi);
    return [...links].map(([, link]) => `${name} → ${link}`);
  });
}

async function goThrough(browser, { base, isolated }) {
  const server = await serveSite({ base, isolated });
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  const asked = [];
  const wrong = [];
  context.on("request", (request) => asked.push(request.url()));
  context.on(
    "response",
    (answer) => answer.status() >= 400 && !answer.url().includes("/models/") && wrong.push(answer.url()),
  );
  const page = await context.newPage();
  page.on("pageerror", (error) => wrong.push(error.message));
  page.on("console", (message) => /Content.Security.Policy/i.test(message.text()) && wrong.push(message.text()));
  try {
    if (isolated) {
      await page.goto(`${server.url}learn/lora/`);
      for (const [words, expected] of Object.entries(sought)) {
        const found = await search(page, words);
        assert.ok(
          found.some((path) => path.startsWith(`${base}${expected}`)),
          `"${words}" finds ${found.join(", ")}`,
        );
      }
      console.log(`✓ the search finds ${Object.keys(sought).length} pages`);
      for (const path of ["", "learn/lora/", "reference/errors/"])
        for (const colorScheme of ["light", "dark"]) {
          await page.emulateMedia({ colorScheme });
          await page.goto(`${server.url}${path}`);
          assert.deepEqual(await seriousIn(page), [], `axe-core on /${path}, ${colorScheme}`);
          await page.setViewportSize({ width: 360, height: 800 });
          assert.ok(
            await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth),
            `/${path} is too wide`,
          );
          await page.setViewportSize({ width: 1280, height: 900 });
        }
      console.log("✓ axe-core finds nothing serious, light and dark; nothing is wider than a narrow screen");
    }
    if (isolated)
      for (const path of ["", "learn/lora/"]) {
        const scores = await scoresOf(`${server.url}${path}`);
        console.log(
          `  Lighthouse, /${path}: ${Object.entries(scores)
            .map(([name, score]) => `${name} ${score}`)
            .join(", ")}`,
        );
        for (const [name, score] of Object.entries(scores)) assert.ok(score >= 95, `${name} of /${path} is ${score}`);
      }
    await page.goto(server.url);
    assert.equal(await trainExample(page), isolated);
    console.log(`✓ the Studio on the first page trains its example, ${isolated ? "with threads" : "on one thread"}`);
    assert.deepEqual(wrong, []);
    const elsewhere = asked.filter((url) => !url.startsWith(server.url) && !/^(blob|data):/.test(url));
    assert.deepEqual(elsewhere, []);
    console.log(`✓ ${asked.length} requests, none to other hosts`);
  } finally {
    await context.close();
    server.close();
  }
}

/**
 * Tests the finished site in Chromium: search, the Studio on the first page with and without threads, no request to other hosts,
 * and Lighthouse's scores.
 * @param {string} base path that the site was built for
 */
export async function goThroughSite(base) {
  assert.deepEqual(strangeLinks(), []);
  const browser = await chromium.launch({ executablePath: findChromium() ?? undefined, args: chromiumArguments });
  try {
    for (const isolated of [true, false]) await goThrough(browser, { base, isolated });
  } finally {
    await browser.close();
  }
}
