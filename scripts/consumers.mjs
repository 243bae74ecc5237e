// node scripts/consumers.mjs [name …]: packs the package and runs every project of test/consumers (or those named) with it.
import { chromium } from "playwright";
import { chromiumArguments, findChromium } from "./browsers/chromium.mjs";
import { manifestOf } from "./consumers/project.mjs";
import { names, packed, references, runConsumer } from "./consumers/run.mjs";

const asked = process.argv.slice(2);
const chosen = asked.length > 0 ? asked : names();
const unknown = chosen.filter((name) => !names().includes(name));
if (unknown.length > 0) throw new Error(`there is no consumer ${unknown.join(", ")}; there are ${names().join(", ")}`);

/** @type {Promise<import("playwright").Browser>[]} at most one, opened by the first consumer that has a page */
const browsers = [];
const openBrowser = () =>
  (browsers[0] ??= chromium.launch({ executablePath: findChromium(), args: chromiumArguments }));
const { tarball, dispose } = packed();
const known = await references();
let failed = 0;
try {
  for (const name of chosen) {
    const began = Date.now();
    const { title } = manifestOf(name);
    const line = (mark, end) =>
      console.log(`${mark} ${title.padEnd(44)} ${((Date.now() - began) / 1000).toFixed(0).padStart(4)} s  ${end}`);
    try {
      const seen = await runConsumer(name, tarball, known, openBrowser);
      line("✓", [...new Set(seen)].join(" | ").slice(0, 160));
    } catch (error) {
      failed += 1;
      line("✗", "");
      console.log(error.message.replace(/^/gm, "    "));
    }
  }
} finally {
  for (const browser of browsers) await (await browser).close();
  dispose();
}
console.log(`\n${chosen.length - failed} passed, ${failed} failed`);
if (failed > 0) process.exitCode = 1;
