// @needs browser
// @rest studio
import type { Page } from "playwright";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Studio } from "../../scripts/studio/driver.mjs";
import { readConversations } from "../../web/src/data/conversations.js";
import { expectAccessible } from "./accessible.js";
import { chatPage, openModel } from "./chat-page.js";
import { saved } from "./tiny-studio.js";

let studio: Studio;
let page: Page;
beforeAll(async () => {
  ({ studio, page } = await chatPage());
  const template = "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}{% if add_generation_prompt %}assistant: {% endif %}"; // prettier-ignore
  await openModel(page, "qwen2", template);
  await shortAnswers();
}, 120_000);
afterAll(() => studio?.end());

async function shortAnswers(): Promise<void> {
  await page.locator(".talk > details > summary").click();
  await page.getByLabel("Longest answer, in tokens").fill("8");
  await page.getByLabel("Longest answer, in tokens").press("Tab");
}

const answers = (place: number) => page.locator(".turns > li").nth(place).locator(".answer");
async function say(said: string): Promise<string[]> {
  const before = await page.locator(".turns > li").count();
  await page.getByLabel("Your message").fill(said);
  await page.getByRole("button", { name: "Send" }).click();
  await answers(before).first().waitFor();
  await page.getByRole("button", { name: "Send" }).waitFor();
  expect(await page.locator(".problem").allInnerTexts()).toEqual([]);
  return answers(before).locator(".text").allInnerTexts();
}
const thumb = (place: number, name: "Good answer" | "Bad answer", side = 0) =>
  answers(place).nth(side).getByRole("button", { name });
const form = () => page.locator(".other-answer");
const focused = () => page.evaluate(() => document.activeElement?.tagName ?? "BODY");
const turn = (role: string, content: string) => ({ role, content });

let first: string;
let second: string;
let worse: string;

it("a bad answer gets a better one, which the user writes, by the keyboard alone", { timeout: 60_000 }, async () => {
  [first] = (await say("What is a fjord?")) as [string];
  await thumb(0, "Bad answer").focus();
  await page.keyboard.press("Enter");
  await expect.poll(focused).toBe("TEXTAREA");
  expect(await thumb(0, "Bad answer").getAttribute("aria-pressed")).toBe("true");
  // All of it is in sight, though the conversation scrolls.
  const [list, own] = await Promise.all([page.locator(".turns").boundingBox(), form().boundingBox()]);
  expect(own!.y + own!.height).toBeLessThanOrEqual(list!.y + list!.height + 1);
  expect(await page.getByRole("button", { name: "Keep this pair" }).isDisabled()).toBe(true);
  // An answer is not better than itself.
  await page.getByLabel("A better answer").fill(first);
  await form().getByText("Both answers are the same.").waitFor();
  expect(await page.getByRole("button", { name: "Keep this pair" }).isDisabled()).toBe(true);
  await page.getByLabel("A better answer").fill("A long inlet of the sea.");
  await expectAccessible(page);
  await page.getByRole("button", { name: "Keep this pair" }).focus();
  await page.keyboard.press("Enter");
  await page.getByText("1 pair of a better and a worse answer").waitFor();
  expect(await focused()).not.toBe("BODY");
  expect(await form().count()).toBe(0);
});

it("a good answer gets a worse one, which the model writes", { timeout: 60_000 }, async () => {
  [second] = (await say("And a lake?")) as [string];
  await thumb(1, "Good answer").click();
  await page.getByRole("button", { name: "Write another" }).click();
  const box = page.getByLabel("A worse answer");
  await expect.poll(() => box.inputValue()).not.toBe("");
  await page.getByRole("button", { name: "Write another" }).waitFor();
  const one = await box.inputValue();
  await page.getByRole("button", { name: "Write another" }).click();
  await expect.poll(() => box.inputValue()).not.toBe(one);
  await page.getByRole("button", { name: "Write another" }).waitFor();
  worse = await box.inputValue();
  expect(worse).not.toBe(one);
  expect(worse.trim()).not.toBe(second.trim());
  await page.getByRole("button", { name: "Keep this pair" }).click();
  await page.getByText("2 pairs of a better and a worse answer").waitFor();
  await expectAccessible(page);
});

it("the pairs are saved as the table that trains on preferences", { timeout: 60_000 }, async () => {
  const { name, bytes } = await saved(page, "Save as a table");
  expect(name).toBe("judged-answers.jsonl");
  const read = await readConversations(new File([bytes as BlobPart], name), true);
  expect(read.task).toBe("preferences");
  const [one, two] = read.rows as {
    prompt: object[];
    chosen: { content: string }[];
    rejected: { content: string }[];
  }[];
  expect(one!.prompt).toEqual([turn("user", "What is a fjord?")]);
  expect(one!.chosen).toEqual([turn("assistant", "A long inlet of the sea.")]);
  expect(one!.rejected[0]!.content.trim()).toBe(first.trim());
  expect(two!.prompt).toHaveLength(3);
  expect(two!.prompt[2]).toEqual(turn("user", "And a lake?"));
  expect([two!.chosen[0]!.content.trim(), two!.rejected[0]!.content.trim()]).toEqual([second.trim(), worse.trim()]);
});

it("a thumb is taken back, and a pair is removed", { timeout: 60_000 }, async () => {
  await say("And a river?");
  await thumb(2, "Bad answer").click();
  await page.getByLabel("A better answer").fill("Water that flows.");
  await page.getByRole("button", { name: "Keep this pair" }).click();
  await page.getByText("3 pairs of a better and a worse answer").waitFor();
  // A form that was opened by mistake is closed by its thumb; the pair stays.
  for (const _ of ["opened", "closed"]) await thumb(2, "Good answer").click();
  expect(await thumb(2, "Bad answer").getAttribute("aria-pressed")).toBe("true");
  await page.getByText("3 pairs of a better and a worse answer").waitFor();
  const undo = () => page.getByRole("status").getByRole("button", { name: "Undo" }).click();
  await thumb(2, "Bad answer").click();
  await page.getByText("2 pairs of a better and a worse answer").waitFor();
  expect(await thumb(2, "Bad answer").getAttribute("aria-pressed")).toBe("false");
  // A thumb taken back by mistake is given again, as is one in place of another.
  await undo();
  await page.getByText("3 pairs of a better and a worse answer").waitFor();
  expect(await thumb(2, "Bad answer").getAttribute("aria-pressed")).toBe("true");
  await thumb(2, "Good answer").click();
  await page.getByLabel("A worse answer").fill("I do not know.");
  await page.getByRole("button", { name: "Keep this pair" }).click();
  await undo();
  await expect.poll(() => thumb(2, "Bad answer").getAttribute("aria-pressed")).toBe("true");
  await page.getByText("3 pairs of a better and a worse answer").waitFor();
  await thumb(2, "Bad answer").click();
  await page.getByText("2 pairs of a better and a worse answer").waitFor();
  await thumb(2, "Good answer").click();
  await page.getByLabel("A worse answer").fill("I do not know.");
  await page.getByRole("button", { name: "Keep this pair" }).click();
  await page.getByText("Show the pairs").click();
  await page.getByRole("button", { name: "Remove the pair of “And a river?”" }).click();
  await page.getByText("2 pairs of a better and a worse answer").waitFor();
  expect(await thumb(2, "Good answer").getAttribute("aria-pressed")).toBe("false");
  expect(await focused()).not.toBe("BODY");
});

it("after the next visit the model is trained on the pairs", { timeout: 240_000 }, async () => {
  await page.reload();
  await page.locator(".kept .bar-of").first().click();
  await page.getByRole("button", { name: "Train on these 2 pairs" }).click();
  await page.getByText("2 examples in “Judged answers”").waitFor();
  expect(await page.locator(".prepared blockquote").innerText()).toContain("Better: A long inlet of the sea.");
  await page.getByText("These are too few to set some aside.").waitFor();
  await page.locator(".prepared summary").click();
  await page.getByRole("spinbutton", { name: "Steps" }).fill("3");
  await page.getByRole("button", { name: "Start training" }).click();
  await page.getByText("Trained on “Judged answers”.").waitFor({ timeout: 180_000 });
});

it("the answer without the adapter is offered as the other one", { timeout: 60_000 }, async () => {
  await shortAnswers();
  // By chance, so that the sides differ though the adapter does little.
  await page.getByLabel("Temperature").fill("2");
  await page.getByLabel("Temperature").press("Tab");
  const [base, adapted] = (await say("What is a bay?")) as [string, string];
  await thumb(0, "Good answer", 1).click();
  const offered = await page.getByLabel("A worse answer").inputValue();
  expect(offered.trim()).toBe(base.trim() === adapted.trim() ? "" : base.trim());
  await page.locator('button[popovertarget="appearance"]').click();
  await page.locator("#appearance select").first().selectOption("de");
  await page.keyboard.press("Escape");
  await page.getByText("2 Paare aus einer besseren und einer schlechteren Antwort").waitFor();
  await expectAccessible(page);
});
