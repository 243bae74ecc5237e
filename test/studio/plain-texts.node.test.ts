// @needs browser
// @rest studio
import { unzipSync, zipSync } from "fflate";
import type { Page } from "playwright";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Studio } from "../../scripts/studio/driver.mjs";
import { readAdapter } from "../../ts/io/peft/index.js";
import { readConversations } from "../../web/src/data/conversations.js";
import { decoderFiles } from "../models/language/golden-decoder.js";
import { chatPage, openModel, picked } from "./chat-page.js";
import { saved } from "./tiny-studio.js";

const textsIn = async (name: string, text: string) => {
  const { task, rows, first } = await readConversations(new File([text], name), true);
  return { task, texts: rows.map((row) => (row as { text?: string }).text), first };
};

it("a column of texts, JSON Lines with a text, and paragraphs are plain texts, whether the model converses or not", async () => {
  const plain = (texts: readonly string[]) => ({ task: "text", texts, first: { said: texts[0], answer: "" } });
  const two = ["It rained, and rained.", "The sea was calm."];
  expect(await textsIn("one.csv", 'text\n"It rained, and rained."\n\nThe sea was calm.\n')).toEqual(plain(two));
  expect(await textsIn("more.jsonl", two.map((text) => JSON.stringify({ text, source: "a" })).join("\n"))).toEqual(plain(two)); // prettier-ignore
  expect(await textsIn("lines.txt", two.join("\n"))).toEqual(plain(two));
  const paragraphs = ["It rained, and\nrained.", "The sea\nwas calm, again."];
  expect(await textsIn("prose.txt", `${paragraphs.join("\n\n")}\n`)).toEqual(plain(paragraphs));
});

it("questions with answers stay questions with answers", async () => {
  for (const [name, text] of [
    ["pairs.csv", "Question,Answer\nWhy?,So.\n"],
    ["pairs.txt", "Why?\tSo.\nHow?\tSo.\n"],
    ["pairs.jsonl", '{"text":"Why?","answer":"So."}\n'],
  ] as const)
    expect(await textsIn(name, text)).toMatchObject({ task: "chat", first: { said: "Why?", answer: "So." } });
  // A line with a tab too many, among the first or later.
  const lines = Array.from({ length: 120 }, (_, i) => `Why number ${i}?\tSo ${i % 7}.`);
  for (const odd of [2, 80]) {
    const { task, texts } = await textsIn("odd.txt", lines.with(odd, `${lines[odd]}\tor not`).join("\n"));
    expect([task, texts.length]).toEqual(["chat", 120]);
  }
  // Tabs before paragraphs, and in a few lines, are no columns.
  const indented = Array.from({ length: 40 }, (_, i) => `\tIt rained on day ${i} and on.`);
  expect(await textsIn("indented.txt", indented.join("\n"))).toMatchObject({ task: "text", texts: indented });
  const some = indented.map((line, i) => (i % 10 === 0 ? `${line}\tSo.` : line.trim()));
  expect(await textsIn("some.txt", some.join("\n"))).toMatchObject({ task: "text", texts: some });
  await expect(textsIn("none.csv", "text\n \n")).rejects.toMatchObject({ kind: "empty" });
});

let studio: Studio;
let page: Page;
beforeAll(async () => {
  ({ studio, page } = await chatPage());
}, 120_000);
afterAll(() => studio?.end());

it("the chat's model is trained on a file of texts, and its adapter is taken away", { timeout: 240_000 }, async () => {
  const zip = zipSync({ ...(await decoderFiles("llama")) });
  await page.locator(".choose input[type=file]").first().setInputFiles(picked("tiny.zip", zip));
  const texts = Array.from({ length: 30 }, (_, i) => `the cat number ${i % 12} sat on the mat, and then it slept`);
  await page.locator(".teach input[type=file]").setInputFiles(picked("cats.txt", texts.join("\n")));
  await page.getByText("30 examples in “cats.txt”").waitFor();
  expect((await page.locator(".prepared blockquote").innerText()).trim()).toBe(texts[0]);
  // 30 examples, of which 3 are set aside, in 50 steps of 4.
  await page.getByLabel("Recommended: at most 50 steps, about 7 passes over the examples").waitFor();
  await page.locator(".prepared summary").click();
  await page.getByRole("spinbutton", { name: "Steps" }).fill("30");
  await page.getByRole("button", { name: "Start training" }).click();
  const verdict = page.getByText(/the right next word is now about [\d.,]+ times as likely as before training\./);
  await verdict.waitFor({ timeout: 180_000 });
  const [times] = (await verdict.innerText()).match(/[\d.]*\d/g)!.map(Number);
  expect(times).toBeGreaterThan(1);
  // What three examples say is said to be rough.
  await page.getByText("Measured on 3 examples: with so few, this is only a rough measurement.").waitFor();
  const { name, bytes } = await saved(page, "Save the adapter");
  expect(name).toBe("cats-adapter.zip");
  const files = unzipSync(bytes);
  expect(readAdapter(files).layers.size).toBeGreaterThan(0);
  expect(JSON.parse(new TextDecoder().decode(files["report.json"]))).toMatchObject({ task: "text" });
});

it(
  "a conversation is at its end after each message, also if one has read further up",
  { timeout: 240_000 },
  async () => {
    await page.close();
    page = await studio.open("chat");
    await openModel(page, "llama", null, "talker.zip");
    await page.locator(".talk summary").click();
    await page.getByLabel("Longest answer, in tokens").fill("8");
    await page.getByLabel("Longest answer, in tokens").press("Tab");
    const box = page.locator(".turns");
    const toEnd = () => box.evaluate((list) => list.scrollHeight - list.scrollTop - list.clientHeight);
    for (let turn = 0; turn < 4; turn++) {
      // Each is higher than what counts as near the end.
      await page.getByLabel("Your message").fill(Array.from({ length: 12 }, (_, i) => `line ${i} of it`).join("\n"));
      await page.getByRole("button", { name: "Send" }).click();
      await page.locator(".turns li .said").nth(turn).waitFor();
      await page.getByRole("button", { name: "Send" }).waitFor();
      await expect.poll(toEnd).toBeLessThan(2);
      if (turn === 2) await box.evaluate((list) => (list.scrollTop = 0));
    }
    expect(await box.evaluate((list) => list.scrollHeight / list.clientHeight)).toBeGreaterThan(2);
    await page.close();
  },
);
