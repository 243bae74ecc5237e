// @needs browser
// @rest kills
import { join } from "node:path";
import { build } from "esbuild";
import type { Page } from "playwright";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { root } from "../../scripts/setup/paths.mjs";
import { BrowserDriver } from "./browser-driver.js";
import type { Found } from "./killed-writer.js";

let driver: BrowserDriver;
beforeAll(async () => {
  const entryPoints = [join(root, "test/pages/killed-writer.ts")];
  const { outputFiles } = await build({ entryPoints, bundle: true, format: "esm", write: false, logLevel: "error" });
  driver = await BrowserDriver.start({ "writer.js": outputFiles[0]!.text, "empty.html": "<!doctype html>" });
});
afterAll(() => driver?.end());

interface Round extends Found {
  /** The last that it said was written. */
  readonly written: number;
}

/** Starts a writer, lets it write for a while from what it finds on, and ends it there; or leaves it. */
const write = (page: Page, name: string, milliseconds: number, leave = false) =>
  page.evaluate(
    ({ name, milliseconds, leave }) =>
      new Promise<Round>((resolve, reject) => {
        const worker = new Worker("/writer.js", { type: "module", name });
        worker.onerror = ({ message }) => reject(new Error(message));
        let found: Found | null = null;
        let written = 0;
        worker.onmessage = ({ data }) => {
          written = data.written ?? written;
          if (data.found === undefined) return;
          found = data.found;
          setTimeout(() => {
            if (!leave) worker.terminate();
            resolve({ ...found!, written });
          }, milliseconds);
        };
      }),
    { name, milliseconds, leave },
  );

/** What may lie there beside what counts: lists, and records. */
const LITTLE = 20_000;

describe.each([
  ["run", 200_000],
  ["model", 2 * 9 * 1024 * 1024],
] as const)("a %s that is written", (what, most) => {
  it.each(["streams", "in-place"])("by %s is the old or the new wherever its writer is killed", async (how) => {
    let page = await driver.open("/empty.html");
    let last = 0;
    const rounds = 6;
    for (let round = 0; round <= rounds; round++) {
      const milliseconds = Math.random() * 60;
      // Once the whole browser dies, with the worker in the middle of its writing.
      const crash = round === 3;
      const { count, wrong, bytes, written } = await write(page, `${what} ${how}`, milliseconds, crash);
      const told = `round ${round}, after ${last}, for ${milliseconds} ms`;
      expect(wrong, told).toEqual([]);
      // What was said to be written is there, and at most one more, of which there was no time to speak.
      expect(count, told).toBeGreaterThanOrEqual(last);
      // What dead writers left does not add up.
      expect(bytes, told).toBeLessThan(most + LITTLE);
      last = Math.max(count, written);
      if (!crash) continue;
      await driver.kill();
      page = await driver.open("/empty.html");
    }
    await page.close();
  });
});
