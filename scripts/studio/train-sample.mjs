// node scripts/studio/train-sample.mjs FOLDER: trains the Studio's example in Chromium with a quick look.
// Saves the downloads into FOLDER, unpacked, beside texts.csv (new texts) and answers.csv (the predictions);
// prints the seconds from the click on "Start training" to the result, the model's loading included.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { unzipSync } from "fflate";
import { root } from "../setup/paths.mjs";
import { Studio } from "./driver.mjs";

const folder = process.argv[2];
if (folder === undefined) throw new Error("expected a folder to write to: node scripts/studio/train-sample.mjs FOLDER");
await mkdir(folder, { recursive: true });

/** Texts that are not in the example. */
const ASKED = 200;
const lines = (await readFile(join(root, "examples/movie/movie_test.tsv"), "utf8")).split("\n").slice(0, ASKED);
const quoted = (text) => `"${text.replaceAll('"', '""')}"`;
const asked = lines.map((line, i) => `${i},${quoted(line.split("\t").at(-1))}`);
const texts = Buffer.from(`number,text\n${asked.join("\n")}\n`);
await writeFile(join(folder, "texts.csv"), texts);

const studio = await Studio.start();
try {
  const page = await studio.open();
  await page.getByRole("button", { name: "Try the example" }).click();
  await page.getByRole("link", { name: "Go on to training" }).click();
  await page.getByLabel("Quick look").check();
  const began = performance.now();
  await page.getByRole("button", { name: "Start training" }).click();
  await page.getByText(/^Measured once, on/).waitFor({ timeout: 600_000 });
  console.log(`${((performance.now() - began) / 1000).toFixed(1)} s from the click to the result`);
  const taken = async (button) => {
    const coming = page.waitForEvent("download", { timeout: 300_000 });
    await page.getByRole("button", { name: button }).click();
    return readFile(await (await coming).path());
  };
  const input = page.locator(".label-file input[type=file]");
  await input.setInputFiles({ name: "texts.csv", mimeType: "text/csv", buffer: texts });
  // The adapter's answers are compared, even if the test recommends the simple model.
  await page.locator(".label-file select").last().selectOption("adapter");
  await writeFile(join(folder, "answers.csv"), await taken(`Label ${ASKED} rows`));
  await page.getByRole("link", { name: "Download" }).click();
  const files = unzipSync(await taken("Save: Adapted model"));
  for (const [name, bytes] of Object.entries(files)) await writeFile(join(folder, name), bytes);
} finally {
  await studio.end();
}
