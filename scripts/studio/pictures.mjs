/* global document, scrollTo */
// node scripts/studio/pictures.mjs [FOLDER [PART …]]: takes screenshots of all states of the Studio for docs/studio, or of some parts only: classify,
// language (of the texts), search, chat, kernels, together, targets (several labels and numbers), words.
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Flower } from "../servers/flower.mjs";
import { root } from "../setup/paths.mjs";
import { arrived, give, Studio } from "./driver.mjs";

const folder = process.argv[2] ?? join(root, "docs/studio");
mkdirSync(folder, { recursive: true });

const odd = [
  ...Array.from({ length: 60 }, (_, i) => `My parcel number ${i} has not arrived yet.,delivery`),
  ...Array.from({ length: 38 }, (_, i) => `Can I pay order ${i} by invoice?,payment`),
  ...Array.from({ length: 6 }, (_, i) => `The handle of cup ${i} came off.,quality`),
  "Can I pay order 3 by invoice?,payment",
  "My parcel number 8 has not arrived yet.,Delivery",
  ",delivery",
  "Where is it?,",
];

/** As WebP, which is half the size of PNG; `height` is more or less than the window's. @param {import("playwright").Page} page */
async function picture(page, name, { fullPage = false, height = undefined } = {}) {
  // No hover effect, and all animations have ended.
  await page.mouse.move(0, 0);
  await arrived(page);
  const view = /** @type {{ width: number, height: number }} */ (page.viewportSize());
  const session = await page.context().newCDPSession(page);
  if (fullPage || height !== undefined) {
    // The window as tall as the picture: what sticks to its lower edge covers nothing.
    const { cssContentSize } = await session.send("Page.getLayoutMetrics");
    await page.setViewportSize({ width: view.width, height: height ?? Math.ceil(cssContentSize.height) });
    await page.evaluate(() => scrollTo({ top: 0, behavior: "instant" }));
    await arrived(page);
  }
  const { data } = await session.send("Page.captureScreenshot", { format: "webp", quality: 80 });
  await session.detach();
  await page.setViewportSize(view);
  writeFileSync(join(folder, `${name}.webp`), Buffer.from(data, "base64"));
  console.log(name);
}

const theme = (page, name) => page.evaluate((value) => (document.documentElement.dataset.theme = value), name);

/** The chat: before a model is loaded, during training, and with answers. */
async function chat(page) {
  await page.goto(`${studio.url}#chat`);
  await page.getByRole("button", { name: "Open SmolLM2" }).waitFor();
  await picture(page, "18-chat-empty");
  await page.getByRole("button", { name: "Open SmolLM2" }).click();
  await page.getByLabel("Your message").waitFor({ timeout: 300_000 });
  const examples = readFileSync(join(root, "examples/chat/train.jsonl"));
  await page
    .locator(".teach input[type=file]")
    .setInputFiles({ name: "short-answers.jsonl", mimeType: "application/jsonl", buffer: examples });
  await page.getByRole("button", { name: "Start training" }).click();
  await page.locator(".curve canvas").first().waitFor({ timeout: 300_000 });
  await page.getByText(/^(1\d) of 20/).waitFor({ timeout: 300_000 });
  await picture(page, "19-chat-learning");
  await page.getByText(/that were set aside, (its|the) /).waitFor({ timeout: 600_000 });
  const questions = ["What is the only fruit that has its seeds on the outside?", "What is the capital of Norway?"];
  for (const [i, said] of questions.entries()) {
    await page.getByLabel("Your message").fill(said);
    await page.getByRole("button", { name: "Send" }).click();
    const answers = page.locator(".turns li").nth(i).locator('.answer[aria-busy="false"]');
    await answers.nth(1).waitFor({ timeout: 300_000 });
    await page.getByRole("button", { name: "Send" }).waitFor({ timeout: 300_000 });
  }
  await picture(page, "20-chat");
  await theme(page, "dark");
  await picture(page, "21-chat-dark");
  await theme(page, "light");
  await page.setViewportSize({ width: 390, height: 800 });
  await picture(page, "22-chat-narrow", { fullPage: true });
  await page.setViewportSize({ width: 1280, height: 800 });
  await boundAnswers(page);
}

/** Sends a message, and waits for all answers. */
async function say(page, said) {
  const place = await page.locator(".turns > li").count();
  await page.getByLabel("Your message").fill(said);
  await page.getByRole("button", { name: "Send" }).click();
  await page.locator(".turns > li").nth(place).waitFor();
  await page.getByRole("button", { name: "Send" }).waitFor({ timeout: 300_000 });
}

/** Answers with fields, a function's call, and a thumb, without the adapter. */
async function boundAnswers(page) {
  await page.getByRole("button", { name: "New conversation" }).click();
  await page.getByRole("button", { name: "Remove the adapter" }).click();
  const pane = page.locator(".answer-form");
  await pane.locator("summary").first().click();
  await pane.getByText("JSON with these fields").click();
  const fields = [["city"], ["country"], ["is_capital", "yesNo"], ["size", "oneOf", "small, medium, large"]];
  for (const [name, kind = "text", values = null] of fields) {
    await pane.getByLabel("Name", { exact: true }).fill(name);
    await pane.getByLabel("Kind").selectOption(kind);
    if (values !== null) await pane.getByLabel("Values").fill(values);
    await pane.getByRole("button", { name: "Add field" }).click();
  }
  await say(page, "Oslo is the capital of Norway.");
  await picture(page, "36-chat-fields", { fullPage: true });
  await pane.getByText("free text").first().click();
  await pane.getByRole("button", { name: "New function" }).click();
  const form = pane.locator(".function-form");
  await form.getByLabel("Name of the function").fill("weather");
  await form.getByLabel("What it does").fill("The weather in a city");
  await form.getByLabel("Name", { exact: true }).fill("city");
  await form.getByRole("button", { name: "Add field" }).click();
  await form.getByRole("button", { name: "Add function" }).click();
  await pane.getByLabel("The first answer to each message must be a call").check();
  await page.getByRole("button", { name: "New conversation" }).click();
  await say(page, "How is the weather in Oslo?");
  await page.getByLabel("Result of weather").fill("4 degrees, rain");
  await theme(page, "dark");
  await picture(page, "37-chat-call-dark", { fullPage: true });
  await theme(page, "light");
  await page.getByRole("button", { name: "New conversation" }).click();
  await pane.getByRole("button", { name: "Remove the function “weather”" }).click();
  await pane.locator("summary").first().click();
  await say(page, "What is a fjord?");
  await page.getByRole("button", { name: "Bad answer" }).click();
  await page.getByLabel("A better answer").fill("A long, narrow inlet of the sea between steep slopes.");
  await picture(page, "38-chat-better");
  await page.getByRole("button", { name: "Cancel" }).click();
}

/** Complaints, each with the labels that it gets. */
const complaints = [
  ["My parcel has not arrived yet", "delivery"],
  ["The courier left it in the rain", "delivery"],
  ["It came a week too late", "delivery"],
  ["I was charged twice", "payment"],
  ["The invoice has the wrong amount", "payment"],
  ["My refund is still missing", "payment"],
  ["The handle broke on the first day", "quality"],
  ["The colour is not that of the picture", "quality"],
  ["It smells of glue", "quality"],
  ["Nobody answers the phone", "service"],
  ["Your reply did not help at all", "service"],
  ["I have written three times now", "service"],
];
/** One or two of them a text. */
const several = complaints.flatMap(([first, label], i) =>
  complaints.flatMap(([second, other], k) => {
    if (i === k || (i + k) % 2 === 0) return [[`${first}, order ${12 * i + k}.`, label]];
    return [[`${first}. ${second}.`, [...new Set([label, other])].join("; ")]];
  }),
);

/** Opens a table and trains on it; `pictured` is the name of a picture of the open table. */
async function trained(page, name, table, task, pictured = null) {
  await page.goto(`${studio.url}#data`);
  const another = page.getByRole("button", { name: "Use another table" });
  await page.locator(".bring, div.how-read").first().waitFor();
  if (await another.isVisible()) await another.click();
  await give(page, name, table);
  await page.getByRole("link", { name: "Go on to training" }).waitFor();
  if ((await page.getByLabel("What to predict").inputValue()) !== task) throw new Error(`${name} is not ${task}`);
  if (pictured !== null) await picture(page, pictured);
  await page.getByRole("link", { name: "Go on to training" }).click();
  await page.getByRole("button", { name: "Start training" }).click();
  await page.getByText("Measured once").waitFor({ timeout: 900_000 });
}

/** Asks for a sentence's answer. */
async function ask(page, text) {
  await page.getByPlaceholder("A sentence of your own").fill(text);
  await page.getByRole("button", { name: "Ask" }).click();
  await page.locator(".answers .odds").first().waitFor();
}

/** Results for a rating of film reviews, and for several labels a text. */
async function targets(page) {
  const reviews = readFileSync(join(root, "examples/movie/movie_train.tsv"), "utf8").split("\n").slice(0, 1200);
  const rated = reviews
    .map((line) => line.split("\t"))
    .filter(([, , text]) => text !== undefined && text.length < 120)
    .slice(0, 600)
    .map(([, rating, text]) => `${rating}\t${text}`);
  await trained(page, "reviews.tsv", `rating\ttext\n${rated.join("\n")}\n`, "regress");
  await ask(page, "A warm, funny and moving film.");
  await picture(page, "29-numbers", { fullPage: true });
  const quoted = several.map(([text, labels]) => `"${text}","${labels}"`);
  await trained(page, "tickets.csv", `message,topics\n${quoted.join("\n")}\n`, "multi-label", "31-several-labels-data");
  await ask(page, "The parcel came far too late and the invoice was wrong.");
  await picture(page, "30-several-labels", { fullPage: true });
}

/** Results for names and places in texts. */
async function words(page) {
  const table = readFileSync(join(root, "examples/names/train.conll"), "utf8");
  await trained(page, "names.conll", table, "tokens");
  await ask(page, "Ada Lovelace met Grace Hopper in New York.");
  await picture(page, "35-words", { fullPage: true });
}

/** The search: texts and pairs, both results side by side, and the measurements. */
async function search(page) {
  await page.goto(`${studio.url}#search`);
  await page.getByRole("button", { name: "Try the example" }).click();
  await page.getByRole("button", { name: "Start training" }).click();
  await page.locator(".quality .result").waitFor({ timeout: 900_000 });
  await page.getByText(/among the first five\. Before/).waitFor({ timeout: 120_000 });
  const asked = "What is the study of bacteria called?";
  await page.getByLabel("What are you looking for?").fill(asked);
  await page.getByLabel("What are you looking for?").press("Enter");
  await page.locator(".hits.adapter").waitFor({ timeout: 120_000 });
  for (const side of ["base", "adapter"])
    for (const [place, verdict] of ["Right", "Wrong"].entries()) {
      const button = page.locator(`.hits.${side} li`).nth(place).getByRole("button", { name: verdict });
      // One text may be in both lists.
      if ((await button.getAttribute("aria-pressed")) === "false") await button.click();
    }
  await picture(page, "32-search", { fullPage: true });
  await theme(page, "dark");
  await picture(page, "33-search-dark");
  await theme(page, "light");
  await page.setViewportSize({ width: 390, height: 800 });
  await picture(page, "34-search-narrow", { fullPage: true });
  await page.setViewportSize({ width: 1280, height: 800 });
}

/** The speed of the kernels. */
async function kernels(page) {
  await page.goto(`${studio.url}#kernels`);
  await page.getByRole("button", { name: "Measure" }).click();
  await page.getByRole("button", { name: "Measure again" }).waitFor({ timeout: 300_000 });
  await picture(page, "23-kernels");
  await page.setViewportSize({ width: 390, height: 800 });
  await picture(page, "24-kernels-narrow", { fullPage: true });
  await page.setViewportSize({ width: 1280, height: 800 });
}

/** A tab with a table that opens the link to the federation. */
async function invited(name, rows) {
  const page = await studio.openTable(name, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  await page.goto(`${studio.url}#together?server=/flower`);
  await page.getByRole("button", { name: "Join" }).waitFor();
  return page;
}

/** Two tabs that train together: the invitation, a round, and the result. */
async function together() {
  const app = join(flower.folder, "app");
  const how = ["--labels", "negative,positive", "--min-nodes", "2", "--rounds", "4"];
  execFileSync("node", [join(root, "dist/cli.js"), "flower", "app", app, ...how]);
  const lines = readFileSync(join(root, "examples/movie/movie_train.tsv"), "utf8").split("\n");
  const reviews = lines.slice(0, 640).map((line) => line.split("\t"));
  const rows = reviews.map(([label, , text]) => ({ text, label: label === "1" ? "positive" : "negative" }));
  const own = (k) => rows.filter((_, i) => i % 2 === k);
  const first = await invited("reviews.jsonl", own(0));
  await picture(first, "25-together");
  const second = await invited("more-reviews.jsonl", own(1));
  for (const page of [first, second]) await page.getByRole("button", { name: "Join" }).click();
  await first.bringToFront();
  await flower.start(app);
  await first
    .getByText(/^3 of 4$/)
    .first()
    .waitFor({ timeout: 300_000 });
  await picture(first, "26-together-learning");
  await first.getByRole("heading", { name: /^Done/ }).waitFor({ timeout: 300_000 });
  await theme(first, "dark");
  await picture(first, "27-together-over-dark");
  await theme(first, "light");
  await first.setViewportSize({ width: 390, height: 800 });
  await picture(first, "28-together-narrow", { fullPage: true });
}

/** The four steps for one label a text. */
async function classify(page) {
  await picture(page, "01-data-empty");
  await theme(page, "dark");
  await picture(page, "02-data-empty-dark");
  await theme(page, "light");
  await give(page, "notes.csv", "only one column\nof words\n");
  await page.locator(".problem").waitFor();
  await picture(page, "03-data-problem");
  await give(page, "tickets.csv", `message,queue\n${odd.join("\n")}\n`);
  await page.locator(".findings li").first().waitFor();
  await page.getByText("texts in English").waitFor();
  await picture(page, "04-data-findings");
  await page.setViewportSize({ width: 390, height: 800 });
  await picture(page, "05-data-narrow", { fullPage: true });
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.goto(`${studio.url}#judge`);
  await picture(page, "06-judge-empty");
  await page.goto(`${studio.url}#data`);
  await page.getByRole("button", { name: "Use another table" }).click();
  await page.getByRole("button", { name: "Try the example" }).click();
  await page.getByRole("link", { name: "Go on to training" }).click();
  await picture(page, "07-train");
  await page.getByLabel("Quick look").check();
  await page.getByRole("button", { name: "Start training" }).click();
  await page.getByText(/^(1[1-9]|2\d) of 30/).waitFor({ timeout: 300_000 });
  await page.getByText(/ left$/).waitFor();
  await page.getByText(/of the validation rows correct/).waitFor();
  await picture(page, "08-train-live");
  await page.getByRole("button", { name: "Pause" }).click();
  await page.getByRole("button", { name: "Continue" }).waitFor({ timeout: 60_000 });
  await picture(page, "09-train-paused");
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByText("Measured once").waitFor({ timeout: 300_000 });
  await page.getByPlaceholder("A sentence of your own").fill("A warm, funny and moving film.");
  await page.getByRole("button", { name: "Ask" }).click();
  await page.locator("div.odds.head li, .ask .problem").first().waitFor({ timeout: 300_000 });
  await page.getByRole("button", { name: "Look for doubtful labels" }).click();
  await page.locator(".doubts li").first().waitFor({ timeout: 300_000 });
  const fresh = ["It is there, and then it is over.", "A film for people who like films.", "Dull and stupid."].join(
    "\n",
  );
  await page
    .locator(".next input[type=file]")
    .setInputFiles({ name: "fresh.txt", mimeType: "text/plain", buffer: Buffer.from(fresh) });
  await page.getByRole("button", { name: /^Look through/ }).click();
  await page.locator(".next li").first().waitFor({ timeout: 60_000 });
  await page.getByRole("status").getByRole("button", { name: "Undo" }).waitFor({ state: "hidden" });
  // As far as the answers: the package has this one.
  await picture(page, "10-judge", { height: 864 });
  await theme(page, "dark");
  await page.evaluate(() => scrollTo({ top: 0 }));
  await picture(page, "11-judge-dark");
  await page.locator(".confusion td button").nth(1).click();
  await picture(page, "12-judge-texts-dark");
  await page.keyboard.press("Escape");
  await theme(page, "light");
  await page.goto(`${studio.url}#take`);
  await picture(page, "13-take", { fullPage: true });
  const saving = page.waitForEvent("download", { timeout: 300_000 });
  await page.getByRole("button", { name: "Save: A web page that labels texts" }).click();
  const place = join(studio.folder, "page.html");
  await (await saving).saveAs(place);
  const alone = await studio.context.newPage();
  await alone.goto(pathToFileURL(place).href);
  await alone.getByText("Ready.").waitFor({ timeout: 120_000 });
  await alone.getByLabel("A text, or several").fill("A warm, funny and moving film.\nI fell asleep twice.");
  await alone.getByRole("button", { name: "Find labels" }).click();
  await alone.locator("li").nth(1).waitFor();
  await picture(alone, "16-page-alone");
  await alone.close();
  await page.goto(`${studio.url}#compare`);
  await page.getByRole("button", { name: "Compare" }).click();
  await page.locator(".cosines").nth(1).waitFor({ timeout: 120_000 });
  await picture(page, "17-compare");
  await page.setViewportSize({ width: 390, height: 800 });
  await page.goto(`${studio.url}#judge`);
  await picture(page, "14-judge-narrow");
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.getByRole("button", { name: "Language and appearance" }).click();
  await page.locator("#appearance select").first().selectOption("de");
  await page.keyboard.press("Escape");
  await page.goto(`${studio.url}#train`);
  await picture(page, "15-train-german");
  await page.getByRole("button", { name: "Sprache und Aussehen" }).click();
  await page.locator("#appearance select").first().selectOption("en");
  await page.keyboard.press("Escape");
}

const german = [
  ["Mein Paket ist noch nicht angekommen, Sendung", "Versand"],
  ["Mir wurde die Bestellung doppelt berechnet, Rechnung", "Rechnung"],
  ["Der Griff der Tasse ist am ersten Tag abgebrochen, Artikel", "Qualität"],
];

/** A table whose texts are not in English. */
async function language(page) {
  const rows = Array.from({ length: 90 }, (_, i) => german[i % 3]).map(([text, label], i) => `${text} ${i};${label}`);
  const table = `Nachricht;Abteilung\n${rows.join("\n")}\n`;
  const own = await studio.openTable("anfragen.csv", table);
  await own.getByRole("button", { name: /^Use the multilingual model/ }).waitFor();
  await picture(own, "39-language");
  await own.close();
  await page.bringToFront();
}

const parts = { classify, language, search, chat, kernels, together, targets, words };
const [, , , ...names] = process.argv;
const chosen = names.length > 0 ? names : Object.keys(parts);
const flower = chosen.includes("together") ? await Flower.start() : null;
const studio = await Studio.start({ height: 800, ...(flower !== null && { federation: flower.address }) });
try {
  const page = await studio.open();
  for (const name of chosen) {
    await page.bringToFront();
    await parts[name](page);
  }
} finally {
  await studio.end();
  await flower?.stop();
}
