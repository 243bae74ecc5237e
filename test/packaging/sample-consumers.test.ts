// @rest consumers
import { chromium, type Browser } from "playwright";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chromiumArguments, findChromium } from "../../scripts/browsers/chromium.mjs";
import { isLinked, manifestOf } from "../../scripts/consumers/project.mjs";
import { names } from "../../scripts/consumers/project.mjs";
import { packed, references, runConsumer } from "../../scripts/consumers/run.mjs";

// Those that need only what the repository has installed; `npm run test:consumers` runs all.
const sample = names().filter(isLinked);

describe("projects that use the packed tarball", () => {
  let browser: Browser;
  let known: Record<string, string>;
  const { tarball, dispose } = packed();
  beforeAll(async () => {
    known = await references();
    browser = await chromium.launch({ executablePath: findChromium()!, args: chromiumArguments });
  });
  afterAll(async () => {
    await browser?.close();
    dispose();
  });

  it("are several", () => expect(sample).toEqual(expect.arrayContaining(["esbuild", "node", "page", "vite-8"])));

  it.each(sample.map((name) => [name, manifestOf(name).title as string]))("%s: %s", async (name) => {
    const seen = await runConsumer(name, tarball, known, () => browser);
    expect(seen.every((text) => typeof text === "string")).toBe(true);
  });
});
