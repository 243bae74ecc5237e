// node scripts/studio/newcomer.mjs: times a first visit to the Studio in a new profile: the page, the visitor's own table,
// the model, a quick look, the first prediction. Prints the seconds of each step; the model comes from this machine.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { root } from "../setup/paths.mjs";
import { give, Studio } from "./driver.mjs";

const ROWS = 400;
const lines = (await readFile(join(root, "examples/movie/movie_train.tsv"), "utf8")).split("\n").slice(0, ROWS);
const quoted = (text) => `"${text.replaceAll('"', '""')}"`;
const rows = lines
  .map((line) => line.split("\t"))
  .map(([label, , text]) => `${quoted(text)},${label === "1" ? "good" : "bad"}`);
const own = `opinion,verdict\n${rows.join("\n")}\n`;

const studio = await Studio.start();
try {
  const page = await studio.context.newPage();
  let began = performance.now();
  let sum = 0;
  const step = (title) => {
    const seconds = (performance.now() - began) / 1000;
    sum += seconds;
    console.log(`${seconds.toFixed(1).padStart(6)} s  ${title}`);
    began = performance.now();
  };
  await page.goto(studio.url);
  await page.getByText("Teach a model your labels").waitFor();
  step("the page is there");
  await give(page, "own.csv", own);
  await page.locator("section.rows").waitFor();
  step(`a table of ${ROWS} rows is read and looked through`);
  await page.getByRole("link", { name: "Go on to training" }).click();
  await page.getByLabel("Quick look").check();
  await page.getByRole("button", { name: "Start training" }).click();
  await page
    .getByText(/Preparing the|Training the|Estimate/)
    .first()
    .waitFor({ timeout: 300_000 });
  step("the model, 92 MB, is fetched from this machine, kept and loaded");
  await page.getByText(/^Measured once, on/).waitFor({ timeout: 600_000 });
  step("it is trained by a quick look, 30 steps, and tested");
  await page.getByPlaceholder("A sentence of your own").fill("A warm, funny and moving film.");
  await page.getByRole("button", { name: "Ask" }).click();
  await page.locator("div.odds.adapter li .name").first().waitFor({ timeout: 300_000 });
  step(`the first prediction: ${await page.locator("div.odds.adapter li .name").first().innerText()}`);
  console.log(`${sum.toFixed(1).padStart(6)} s  in all`);
} finally {
  await studio.end();
}
