// @needs browser
// @rest studio
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Page } from "playwright";
import { unzipSync } from "fflate";
import { give, type Studio } from "../../scripts/studio/driver.mjs";
import { SearchIndex } from "../../ts/index.js";
import { goldenEncoder, multilingualName } from "../models/golden-encoder.js";
import type { ModelServer } from "../pages/model-server.js";
import { begin, saved, tinyStudio, toTraining } from "./tiny-studio.js";

const words = [["nett", "lustig", "hell", "warm"], ["kalt", "öde", "trüb", "lang"]] as const; // prettier-ignore
const rows = Array.from({ length: 120 }, (_, i) => `Die Geschichte war ${words[i % 2 === 0 ? 0 : 1][(i >> 1) % 4]!} und das war Nummer ${i} von allen,${i % 2 === 0 ? "gut" : "schlecht"}`); // prettier-ignore
const table = `Text,Urteil\n${rows.join("\n")}\n`;

let studio: Studio;
let models: ModelServer;
let page: Page;
beforeAll(async () => {
  ({ studio, models } = await tinyStudio(await goldenEncoder("bert")));
  models.add("paraphrase-multilingual-MiniLM-L12-v2", await goldenEncoder(multilingualName));
  page = await studio.openTable("urteile.csv", table);
});
afterAll(() => studio.end());

/** Chooses a language from the keyboard, so that the focus stays in the page. */
async function choose(tag: string): Promise<void> {
  const select = page.locator("#appearance select").first();
  await page.locator('button[popovertarget="appearance"]').focus();
  await page.keyboard.press("Enter");
  await select.selectOption(tag);
  await expect.poll(() => page.locator("html").getAttribute("lang")).toBe(tag);
  await page.keyboard.press("Escape");
}

it("a table in German gets the offer of a multilingual model with its size, which one click chooses, also for the next visit", async () => {
  await page.getByText("texts in German").waitFor();
  await page.getByRole("heading", { name: "Your texts are in German" }).waitFor();
  await page.getByText("If you stay with the English model").waitFor();
  await page.getByRole("button", { name: "Use the multilingual model (480 MB)" }).click();
  await page.getByText("The multilingual model is used.").waitFor();
  // The button that takes it back has the focus.
  expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("Use the English model instead (91 MB)");
  await page.reload();
  await page.getByText("The multilingual model is used.").waitFor();
});

it("each step changes its language, and loses neither what it shows nor the focus", { timeout: 120_000 }, async () => {
  const shown = { data: [/Texte auf Deutsch/, /textes en allemand/, /textos en alemán/, /texts in German/], train: [/Training beginnen/, /Lancer l’entraînement/, /Empezar a entrenar/, /Start training/], judge: [/Einmal gemessen, an \d\d/, /Mesuré une seule fois, sur \d\d/, /Medido una sola vez, con \d\d/, /Measured once, on \d\d/], take: [/Doppelklick/, /double clic/, /doble clic/, /double click/] }; // prettier-ignore
  for (const [step, texts] of Object.entries(shown)) {
    if (step === "judge") {
      await begin(page);
      await page.getByText(/^Measured once, on \d\d texts/).waitFor({ timeout: 60_000 });
    } else if (step === "train") await toTraining(page);
    else await page.goto(`${studio.url}#${step}`);
    const filled = () => page.locator("main input:not([type=file])").evaluateAll((all) => all.map((one) => [(one as HTMLInputElement).value, (one as HTMLInputElement).checked])); // prettier-ignore
    if (step === "judge") await page.getByPlaceholder("A sentence of your own").fill("Das war trüb");
    const before = await filled();
    for (const [i, tag] of ["de", "fr", "es", "en"].entries()) {
      await choose(tag);
      await expect.poll(() => page.locator("main").innerText(), { message: `${step} ${tag}` }).toMatch(texts[i]!);
      expect(await filled()).toEqual(before);
      expect(await page.evaluate(() => document.activeElement?.getAttribute("popovertarget"))).toBe("appearance");
    }
  }
});

it("the trained model is that of many languages: its downloads and programs name it, and nothing of the English one was fetched", async () => {
  await page.locator(".snippets pre", { hasText: "paraphrase-multilingual-MiniLM-L12-v2" }).waitFor();
  const asked = models.asked.map(({ path }) => path);
  expect(asked.filter((path) => path.startsWith("paraphrase-multilingual-MiniLM-L12-v2/model.safetensors"))).not.toEqual([]); // prettier-ignore
  expect(asked.filter((path) => path.endsWith("all-MiniLM-L6-v2/model.safetensors"))).toEqual([]);
});

/** Questions in German with a text that fits, and in turn one that does not. */
const asked = Array.from({ length: 24 }, (_, i) => [`Wie war die Geschichte Nummer ${i}?`, `Die Geschichte Nummer ${i} war ${words[0][i % 4]!} und lang.`, `Das war ${words[1][i % 4]!} und nicht die Nummer ${i}.`] as const); // prettier-ignore
const multilingual = "sentence-transformers/paraphrase-multilingual-MiniLM-L12-v2";
/** Chooses the multilingual model that is offered, trains it for a moment, and saves it: files by their paths. */
async function trainMultilingual(name: string, rows: readonly (readonly string[])[], button: RegExp) {
  await give(page, name, rows.map((row) => row.join(",")).join("\n"));
  await page.getByRole("heading", { name: "Your texts are in German" }).waitFor();
  await page.getByRole("button", { name: "Use the multilingual model (480 MB)" }).click();
  await page.getByText("The multilingual model is used.").waitFor();
  expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("Use the English model instead (91 MB)");
  await page.getByLabel("Quick try").check();
  // The index that the trained model makes waits, so that the page stays as it is until then.
  await page.evaluate(() => {
    const post = Worker.prototype.postMessage;
    Worker.prototype.postMessage = function (this: Worker, ...values: [{ call?: { index?: string } }]) {
      if (values[0].call?.index !== "adapted") return post.apply(this, values);
      Object.assign(window, { release: () => ((Worker.prototype.postMessage = post), post.apply(this, values)) });
    } as typeof post;
  });
  await page.locator(".prepared").getByRole("button", { name: "Start training" }).click();
  await page.getByText(`Trained on “${name}”.`).waitFor({ timeout: 90_000 });
  if (button.test("Save the search")) {
    await page.waitForFunction(() => "release" in window);
    // What is there already is the search without training, and is called so.
    const enabled = page.locator(".take-search .actions button:enabled", { hasText: "Save the search" });
    expect(await enabled.allInnerTexts()).toEqual(["Save the search without training"]);
    expect(await page.getByRole("button", { name: button }).isDisabled()).toBe(true);
    await page.evaluate(() => (window as unknown as { release: () => void }).release());
  }
  const { bytes } = await saved(page, button);
  const files = unzipSync(bytes);
  const [config] = Object.keys(files).filter((path) => path.endsWith("adapter_config.json"));
  expect(JSON.parse(new TextDecoder().decode(files[config!]))).toMatchObject({ base_model_name_or_path: multilingual });
  await page.getByLabel("Web page").check();
  await page.locator(".take-search pre", { hasText: multilingual }).waitFor();
  return files;
}

it(
  "the search offers that model too: it reads the texts, and is trained and named by what is taken away",
  { timeout: 180_000 },
  async () => {
    await page.goto(`${studio.url}#search`);
    const rows = [["Frage", "Antwort"], ...asked.map(([question, text]) => [question, text])];
    // Until a model is chosen, none is downloaded, and none reads the texts.
    await give(page, "fragen.csv", rows.map((row) => row.join(",")).join("\n"));
    await page.getByText("You can search once a model has read your texts").waitFor();
    const english = () => models.asked.filter(({ path }) => path.startsWith("all-MiniLM-L6-v2/model.safetensors"));
    expect(english()).toEqual([]);
    await page.getByRole("button", { name: "Read them with the English model (91 MB)" }).click();
    await page.getByLabel("What are you looking for?").waitFor();
    expect(english()).not.toEqual([]);
    await page.getByRole("button", { name: "Use other texts" }).click();
    const files = await trainMultilingual("fragen.csv", rows, /^Save the search$/);
    const index = SearchIndex.open(files["search/texts.index"]!);
    expect((await index).metadata).toMatchObject({ model: multilingual });
    (await index).dispose();
    // The other model reads the texts without what was trained.
    await page.getByRole("button", { name: "Use the English model instead (91 MB)" }).click();
    await page.getByText("You trained another model").waitFor();
    await page.getByLabel("What are you looking for?").waitFor();
  },
);

it(
  "the reranker offers that model too, and is trained and named by what is taken away",
  { timeout: 180_000 },
  async () => {
    await page.goto(`${studio.url}#rank`);
    const rows = asked.flatMap(([question, right, wrong]) => [[question, right, "1"], [question, wrong, "0"]]); // prettier-ignore
    await trainMultilingual("paare.csv", [["Frage", "Text", "Label"], ...rows], /^Save the reranker$/);
  },
);

it("a first visit is in the language of the browser, if the Studio has it", async () => {
  const first = await studio.context.newPage();
  await first.addInitScript(() => {
    localStorage.removeItem("language");
    Object.defineProperty(navigator, "languages", { value: ["it-IT", "fr-CA", "en"] });
  });
  await first.goto(studio.url);
  await first.getByText("Tout se passe dans cet onglet.").waitFor();
  expect(await first.locator("html").getAttribute("lang")).toBe("fr");
  await first.close();
});
