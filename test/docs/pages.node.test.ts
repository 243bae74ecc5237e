import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { rm } from "node:fs/promises";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, it } from "vitest";
import { root } from "../../scripts/setup/paths.mjs";
import { data } from "../jobs/tiny-job.js";
import { tinyEncoder } from "../models/tiny-encoder.js";
import { Consumer } from "../packaging/consumer.js";
import { BrowserDriver } from "../pages/browser-driver.js";
import { example } from "./examples.js";

const page = readFileSync(join(root, "docs/pages.md"), "utf8");
const names = ["keep", "picked", "list", "run", "own"];

let consumer: Consumer;
let driver: BrowserDriver;
beforeAll(async () => {
  consumer = new Consumer();
  for (const name of names) consumer.write(`${name}.js`, example(page, name));
  driver = await BrowserDriver.start();
  const outdir = join(driver.folder, "lib/examples");
  await build({
    entryPoints: names.map((name) => join(consumer.folder, `${name}.js`)),
    outdir,
    bundle: true,
    format: "esm",
    conditions: ["browser"],
    logLevel: "error",
  });
  cpSync(join(consumer.folder, "node_modules/lowrank/dist/wasm"), join(outdir, "wasm"), { recursive: true });
  driver.models.add("all-MiniLM-L6-v2", await tinyEncoder());
  driver.pages["reviews.csv"] = new TextDecoder().decode(data["examples.csv"]);
  for (const name of names)
    driver.pages[`${name}.html`] =
      `<!doctype html><link rel="icon" href="data:,"><input type="file" multiple><script type="module" src="/lib/examples/${name}.js"></script>`;
});
afterAll(async () => {
  await driver?.end();
  await rm(consumer.folder, { recursive: true });
});

/** What an example logs, until a line fits. */
async function logged(
  name: string,
  last: RegExp,
  act: (tab: Awaited<ReturnType<BrowserDriver["open"]>>) => Promise<void>,
) {
  const lines: string[] = [];
  let tab: Awaited<ReturnType<BrowserDriver["open"]>> | undefined;
  await new Promise<void>((resolve, reject) => {
    const listen = (page: NonNullable<typeof tab>) => {
      page.on("console", (message) => {
        lines.push(message.text());
        if (last.test(message.text())) resolve();
      });
      page.on("pageerror", reject);
    };
    const opened = async () => act((tab = await driver.open(`/${name}.html`, listen)));
    opened().catch(reject);
  });
  await tab?.close();
  return lines;
}

const nothing = async () => undefined;

it("the page's examples keep, pick, list and run", { timeout: 180_000 }, async () => {
  const kept = await logged("keep", /kept in/, nothing);
  expect(kept.at(-1)).toBe("32 numbers, kept in opfs");
  const files = Object.entries(await tinyEncoder()).map(([name, bytes]) => ({
    name,
    mimeType: "application/octet-stream",
    buffer: Buffer.from(bytes),
  }));
  const picked = await logged("picked", /^folder$/, (tab) => tab.setInputFiles("input", files));
  expect(picked[0]).toMatch(/^my model: 3 files, \d+ bytes$/);
  const listed = await logged("list", /freed/, nothing);
  expect(listed).toHaveLength(3);
  expect(listed).toContainEqual(expect.stringMatching(/^my model \(folder\): 0\.\d MB$/));
  const run = await logged("run", /files$/, nothing);
  expect(run.at(-1)).toMatch(/^10 steps, \d files$/);
  const trained = await logged("own", /visit|now/, nothing);
  const [, label] = /^trained now: (question|statement)$/.exec(trained.at(-1)!)!;
  const later = await logged("own", /visit|now/, nothing);
  expect(later.at(-1)).toBe(`from an earlier visit: ${label}`);
});
