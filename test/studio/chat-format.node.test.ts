// @needs browser
// @rest studio
import type { Page } from "playwright";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Studio } from "../../scripts/studio/driver.mjs";
import { goldenJson } from "../golden.js";
import { expectAccessible } from "./accessible.js";
import { chatPage, openModel } from "./chat-page.js";

let studio: Studio;
let page: Page;
beforeAll(async () => {
  ({ studio, page } = await chatPage());
}, 120_000);
afterAll(() => studio?.end());

/** Opens a model in place of the open one. */
async function openAnother(name: string, template: string | null): Promise<void> {
  const another = page.getByRole("button", { name: "Another model" });
  if (await another.isVisible()) await another.click();
  await openModel(page, "qwen2", template, name);
}

const hermes = async () => {
  const cases = await goldenJson<readonly { family: string; template: string }[]>("tool-calls.json");
  return cases.find(({ family }) => family === "hermes")!.template;
};

const pane = () => page.locator(".answer-form");
const last = () => page.locator(".turns > li").last().locator(".answer");
const press = (key: string) => page.keyboard.press(key);
/** The name of what has the focus. */
const focused = () =>
  page.evaluate(() => {
    const { activeElement: active } = document;
    if (active === null || active === document.body) return "body";
    const { labels } = active as HTMLInputElement;
    return (active.getAttribute("aria-label") ?? labels?.[0]?.textContent ?? active.textContent ?? "").trim();
  });

async function longest(tokens: number): Promise<void> {
  const field = page.getByLabel("Longest answer, in tokens");
  if (!(await field.isVisible())) await page.locator(".talk > details > summary").click();
  await field.fill(String(tokens));
  await field.press("Tab");
}

async function say(said: string): Promise<void> {
  const before = await page.locator(".turns > li").count();
  await page.getByLabel("Your message").fill(said);
  await page.getByRole("button", { name: "Send" }).click();
  await page.locator(".turns > li").nth(before).waitFor();
  await ended();
}
const ended = async () => {
  await page.getByRole("button", { name: "Send" }).waitFor();
  expect(await page.locator(".problem").allInnerTexts()).toEqual([]);
};
/** The last answer, read from what it shows as JSON. */
const json = async () => JSON.parse((await last().locator("details pre").textContent()) as string) as unknown;

it("fields are added by the keyboard alone, and answers have exactly these", { timeout: 120_000 }, async () => {
  await openAnother("hermes.zip", await hermes());
  await pane().locator("summary").first().focus();
  await press("Enter");
  await pane().getByRole("radio", { name: "free text" }).waitFor();
  await press("Tab");
  await press("ArrowDown");
  await pane().getByText("Until then, answers are free text.").waitFor();
  await press("Tab");
  expect(await focused()).toBe("Name");
  await page.keyboard.type("sure");
  await press("Tab");
  await page.keyboard.type("yes");
  await press("Tab");
  await press("Tab");
  await press("Enter");
  // The next one begins in the same field.
  await expect.poll(focused).toBe("Name");
  await press("Enter");
  await pane().getByRole("alert").getByText("A field needs a name.").waitFor();
  await page.keyboard.type("sure");
  await press("Enter");
  await pane().getByRole("alert").getByText("Another field has this name.").waitFor();
  await press("Control+A");
  await page.keyboard.type("mood");
  await press("Tab");
  await page.keyboard.type("one");
  await press("Tab");
  await press("Enter");
  await pane().getByRole("alert").getByText("Write at least one value.").waitFor();
  expect(await focused()).toBe("Values, separated by commas");
  await page.keyboard.type("warm, cold");
  await press("Enter");
  await expect.poll(() => pane().locator(".listed li").allInnerTexts()).toEqual(["sure yes or no", "mood warm | cold"]);
  await expectAccessible(page);
  await say("How was it?");
  const { sure, mood, ...more } = (await json()) as Record<string, unknown>;
  expect([typeof sure, ["warm", "cold"].includes(String(mood)), more]).toEqual(["boolean", true, {}]);
  expect(await last().locator("tr").allInnerTexts()).toEqual([`sure\t${sure ? "yes" : "no"}`, `mood\t${String(mood)}`]);
  await expectAccessible(page);
});

it("a field is changed and removed, and the focus is not lost", { timeout: 60_000 }, async () => {
  await pane().getByRole("button", { name: "Change the field “mood”" }).focus();
  await press("Enter");
  await expect.poll(focused).toBe("Name");
  await press("Control+A");
  await page.keyboard.type("tone");
  await press("Enter");
  await expect.poll(() => pane().locator(".listed li").allInnerTexts()).toEqual(["sure yes or no", "tone warm | cold"]);
  expect(await focused()).not.toBe("body");
  await pane().getByRole("button", { name: "Remove the field “sure”" }).focus();
  await press("Enter");
  await expect.poll(() => pane().locator(".listed li").count()).toBe(1);
  expect(await focused()).not.toBe("body");
});

it(
  "a JSON Schema is edited: what is wrong is named with its line, which is selected",
  { timeout: 60_000 },
  async () => {
    await pane().getByText("As JSON Schema").click();
    const text = pane().getByLabel("JSON Schema");
    const use = pane().getByRole("button", { name: "Use this schema" });
    expect(JSON.parse(await text.inputValue())).toMatchObject({ properties: { tone: { enum: ["warm", "cold"] } } });
    const selected = () =>
      text.evaluate((box: HTMLTextAreaElement) => box.value.slice(box.selectionStart, box.selectionEnd));
    await text.fill('{\n  "type": "object",\n  "properties": {,}\n}');
    await use.click();
    await pane().getByRole("alert").getByText("Line 3, character 18: from here on this is not JSON.").waitFor();
    expect(await selected()).toBe('  "properties": {,}');
    const written = (keyword: string) => `{\n "type": "object",\n "properties": {\n  "a": { ${keyword} }\n } }`;
    await text.fill(written('"type": "integer", "multipleOf": 2'));
    await use.click();
    await pane()
      .getByRole("alert")
      .getByText('Line 4: this cannot be used. schema.properties.a: "multipleOf" is not')
      .waitFor();
    expect(await selected()).toBe('  "a": { "type": "integer", "multipleOf": 2 }');
    await expectAccessible(page);
    await text.fill(written('"type": "integer", "minimum": 4, "maximum": 6'));
    await use.click();
    await pane().getByText("A schema of your own is used.").waitFor();
    await say("How many?");
    const { a = 5, ...more } = (await json()) as Record<string, unknown>;
    expect([[4, 5, 6].includes(Number(a)), more]).toEqual([true, {}]);
    // What fields can say becomes fields again.
    await text.fill(JSON.stringify({ type: "object", properties: { note: { type: "string" } }, required: ["note"] }));
    await use.click();
    await expect.poll(() => pane().locator(".listed li").allInnerTexts()).toEqual(["note text"]);
  },
);

it("an answer that its longest length cuts is said to be incomplete", { timeout: 60_000 }, async () => {
  await longest(3);
  await say("Write.");
  await last().getByText("The longest answer was reached, so this is not complete.").waitFor();
  await last().getByText("longest answer reached", { exact: true }).waitFor();
  await longest(60);
});

it("answers are one of some choices, also after the page was opened again", { timeout: 120_000 }, async () => {
  await pane().getByText("one of these choices").click();
  await pane().getByLabel("Choices, one per line").fill("warm\n\n cold \nwarm");
  await pane().getByText("one of 2 choices").waitFor();
  await page.reload();
  await page.locator(".kept .bar-of").first().click();
  await page.getByLabel("Your message").waitFor();
  await pane().getByText("one of 2 choices").waitFor();
  expect(await pane().getByLabel("Choices, one per line").count()).toBe(0);
  await say("How was it?");
  expect(["warm", "cold"]).toContain(await last().locator(".text").innerText());
});

it("a function is called, its result given back, and the conversation goes on", { timeout: 120_000 }, async () => {
  await pane().locator("summary").first().click();
  await pane().getByText("free text").first().click();
  await pane().getByRole("button", { name: "New function" }).focus();
  await press("Enter");
  const form = pane().locator(".function-form");
  await expect.poll(focused).toMatch(/^Name of the function/);
  await page.keyboard.type("the weather");
  await form.getByRole("button", { name: "Add function" }).click();
  await form.getByRole("alert").getByText("A function has a name of up to 64 letters").waitFor();
  await form.getByLabel("Name of the function").fill("weather");
  await form.getByLabel("What it does").fill("The weather in a city");
  await form.getByLabel("Name", { exact: true }).fill("city");
  await form.getByLabel("Kind").selectOption("one of …");
  await form.getByLabel("Values").fill("Oslo, Rome");
  await form.getByRole("button", { name: "Add field" }).click();
  await form.getByRole("button", { name: "Add function" }).click();
  await expect.poll(() => pane().locator(".functions .listed").innerText()).toBe("weather(city) The weather in a city");
  expect(await focused()).not.toBe("body");
  await pane().getByLabel("The first answer to each message must be a call").check();
  await expectAccessible(page);
  await page.getByRole("button", { name: "New conversation" }).click();
  await say("How is the weather?");
  await last().getByText("It calls the function weather").waitFor();
  expect(await last().locator("tr").allInnerTexts()).toEqual([expect.stringMatching(/^city\t(Oslo|Rome)$/)]);
  // The model waits: a message would come in between.
  await page.getByText("The model is waiting for the result of a function.").waitFor();
  await page.getByLabel("Your message").fill("And now?");
  expect(await page.getByRole("button", { name: "Send" }).isDisabled()).toBe(true);
  await expectAccessible(page);
  await last().getByLabel("Result of weather").focus();
  await page.keyboard.type("4 degrees");
  await press("Enter");
  await last().getByText("Result of weather: 4 degrees").waitFor();
  await ended();
  expect(await focused()).not.toBe("body");
  expect(await last().locator(".results").count()).toBe(0);
  await expect.poll(() => last().locator(".text").last().innerText()).not.toBe("");
  await page.getByRole("button", { name: "Send" }).click();
  await page.locator(".turns > li").nth(1).waitFor();
  await ended();
  // Earlier results are offered.
  expect(
    await last()
      .locator("datalist option")
      .evaluateAll((all) => all.map((one) => (one as HTMLOptionElement).value)),
  ).toEqual(["4 degrees"]);
});

it("functions are read from JSON, and refused with the line", { timeout: 60_000 }, async () => {
  await pane().locator(".functions > details > summary").click();
  const text = pane().getByLabel("Functions in JSON");
  const use = pane().getByRole("button", { name: "Use these functions" });
  const tool = (parameters: object) => ({
    type: "function",
    function: { name: "add", description: "Adds", parameters },
  });
  const wrong = [tool({ type: "object", properties: {} }), { name: "b c" }];
  await text.fill(JSON.stringify(wrong, null, 1));
  await use.click();
  await pane().getByRole("alert").getByText("A function has a name of up to 64 letters").waitFor();
  await text.fill(JSON.stringify(tool({ type: "object", properties: { a: { type: "strange" } } }), null, 1));
  await use.click();
  await pane().getByRole("alert").getByText("This function cannot be used.").waitFor();
  await text.fill(JSON.stringify(tool({ type: "object", properties: { a: { type: "integer" } } })));
  await use.click();
  await expect.poll(() => pane().locator(".functions .listed").innerText()).toBe("add(…) Adds");
});

it("what a model's template does with functions is said in words", { timeout: 120_000 }, async () => {
  await openAnother("simple.zip", "{% for m in messages %}{{ m.content }}{% endfor %}");
  await pane().locator("summary").first().click();
  await pane().getByText("The chat template of this model has no place for functions.").waitFor();
  await say("How much is 1 and 1?");
  await last().getByText("It calls the function add").waitFor();
  await openAnother("bare.zip", null);
  await pane().locator("summary").first().click();
  await pane().getByText("This model has no chat template, so it cannot be given functions.").waitFor();
  await say("One and one");
  expect(await last().locator(".calls").count()).toBe(0);
  await pane().getByText("one of these choices").click();
  await say("How was it?");
  expect(["warm", "cold"]).toContain(await last().locator(".text").innerText());
});

it("nothing leaves the tab, and German is said too", { timeout: 60_000 }, async () => {
  await page.locator('button[popovertarget="appearance"]').click();
  await page.locator("#appearance select").first().selectOption("de");
  await press("Escape");
  await pane().getByText("eine von 2 Möglichkeiten").waitFor();
  await expectAccessible(page);
  const sent = studio.asked.filter(({ url, body }) => body !== null || !url.startsWith(studio.url));
  expect(sent.filter(({ url }) => !/^(blob|data):/.test(url))).toEqual([]);
});
