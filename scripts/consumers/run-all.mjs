import { chromium } from "playwright";
import { chromiumArguments, findChromium } from "../browsers/chromium.mjs";
import { manifestOf } from "./project.mjs";
import { packed, references, runConsumer } from "./run.mjs";

/** Packs the package, runs the named consumers with it one after the other, prints a line for each, and gives how many failed. */
export async function runConsumers(chosen) {
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
  return failed;
}
