// @needs browser
// @rest studio
import { unzipSync } from "fflate";
import type { Page } from "playwright";
import { afterAll, beforeAll, expect, it } from "vitest";
import { seriousIn, type Studio } from "../../scripts/studio/driver.mjs";
import { tinyEncoder } from "../models/tiny-encoder.js";
import { inFolder, serveShown } from "./serving.js";
import { begin, finished, saved, tinyStudio, toTraining } from "./tiny-studio.js";

let studio: Studio;
let page: Page;
beforeAll(async () => {
  ({ studio } = await tinyStudio(await tinyEncoder()));
  const rows = Array.from(
    { length: 120 },
    (_, i) => `the story was ${i % 2 ? "warm" : "dull"} ${i},${i % 2 ? "good" : "[a](b) #1"}`,
  );
  page = await studio.openTable("films.csv", `text,label\n${rows.join("\n")}\n`);
  await toTraining(page);
  await page.getByLabel("Quick look").check();
  await begin(page);
  await finished(page);
  await page.getByRole("link", { name: "Download" }).click();
});
afterAll(() => studio?.end());

it("the zip carries a model card with data, result and limits, which the page shows too", async () => {
  const { bytes } = await saved(page, "Save: Adapted model");
  const card = new TextDecoder().decode(unzipSync(bytes)["README.md"]);
  expect(card).toMatch(
    /^---\nbase_model: "sentence-transformers\/all-MiniLM-L6-v2"\nlibrary_name: peft\npipeline_tag: text-classification\ntags:\n {2}- lora\n {2}- lowrank\n---\n\n# films\n/,
  );
  expect([...card.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading)).toEqual(["Data", "Result", "Limits"]);
  // What a stranger writes into a label is text, no link.
  expect(card).toContain("- 2 labels: \\[a\\](b) \\#1, good.\n");
  expect(card).toMatch(
    /- Adapted model: \d+ of 24 texts get the right label\. Always guessing the most frequent label: \d+\.\n/,
  );
  expect(card).toContain("- It reads the first 32 tokens of a text, about 24 words. The rest is cut off.\n");
  // The page, the card and the report recommend the same model.
  const verdict = (await page.locator(".take > .verdict, .verdict[data-kind]").first().innerText()).trim();
  expect(card.replace(/\\(.)/g, "$1")).toContain(`- ${verdict}\n`);
  const { result } = JSON.parse(new TextDecoder().decode(unzipSync(bytes)["report.json"])) as {
    result: { recommended: "adapter" | "head-only" };
  };
  const main = await page.locator(".items button.primary").getAttribute("aria-label");
  expect(main).toBe(result.recommended === "adapter" ? "Save: Adapted model" : "Save: Simple model");
  const shown = await page.locator(".card li").allInnerTexts();
  const written = [...card.matchAll(/^- (.*)$/gm)].map(([, line]) => line!.replace(/\\(.)/g, "$1"));
  expect(shown).toEqual(written);
  expect(shown.length).toBeGreaterThan(8);
  expect(await seriousIn(page)).toEqual([]);
});

it("the commands for a server are there to copy, and serve what was downloaded", { timeout: 60_000 }, async () => {
  await page.getByLabel("Server").check();
  const { bytes } = await saved(page, "Save: Adapted model");
  // The model is found by its name, here as a folder.
  const model = await tinyEncoder();
  const files = {
    ...inFolder("classifier", unzipSync(bytes)),
    ...inFolder("sentence-transformers/all-MiniLM-L6-v2", model),
  };
  const answer = await serveShown(await page.locator(".snippets pre").innerText(), files);
  expect(answer).toMatchObject({ predictions: [{ label: expect.stringMatching(/^(good|\[a\]\(b\) #1)$/) as string }] });
});
