import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { zipSync } from "fflate";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Flower } from "../../scripts/servers/flower.mjs";
import { root } from "../../scripts/setup/paths.mjs";
import { serveStudio } from "../../scripts/studio/driver.mjs";
import { type Browser, type BrowserName, launchBrowser } from "../browsers/browser.mjs";
import { decoderFiles } from "../models/language/golden-decoder.js";
import { tinyEncoder } from "../models/tiny-encoder.js";
import { serveTiny, table } from "../studio/tiny-studio.js";
import { does } from "./person.js";

const folder = mkdtempSync(join(tmpdir(), "lowrank-studio-pages-"));
let site: Awaited<ReturnType<typeof serveStudio>>;
let flower: Flower;
/** A language model of random weights. */
let zip: number[];
beforeAll(async () => {
  const model = await tinyEncoder();
  await mkdir(join(folder, "model"));
  for (const [name, bytes] of Object.entries(model)) await writeFile(join(folder, "model", name), bytes);
  flower = await Flower.start();
  site = await serveStudio({ models: serveTiny(model).answer, federation: flower.address });
  zip = [...zipSync({ ...(await decoderFiles("llama")) })];
});
afterAll(async () => {
  await Promise.all([site?.close(), flower?.stop()]);
  rmSync(folder, { recursive: true });
});

const questions = `question,answer\n${Array.from({ length: 12 }, (_, i) => `who is ${i},the ${i}`).join("\n")}\n`;

// WebKitGTK's driver has private windows, in which nothing is kept, and no shared memory: one thread.
const browsers: readonly (readonly [BrowserName, { threads: string[]; keeps: boolean }])[] = [
  ["firefox", { threads: ["1 thread", "2 threads"], keeps: true }],
  ["webkit", { threads: ["1 thread"], keeps: false }],
];

describe.each(browsers)("the Studio's pages in %s", (name, { threads, keeps }) => {
  let browser: Browser;
  beforeAll(async () => void (browser = await launchBrowser(name)));
  afterAll(() => browser?.close());

  it("chat: a model of one's own answers, learns, and answers beside itself", async () => {
    const page = await browser.openPage(`${site.url}#chat`);
    const answers = await does<string[]>(
      page,
      `await choose(".choose", "tiny.zip", ${JSON.stringify(zip)});
       await until(() => document.querySelector(".talk textarea"));
       const say = async (text, count) => {
         await fill("textarea[aria-label='Your message']", text);
         await click("Send");
         const done = () => [...document.querySelectorAll('.turns li:last-child .answer[aria-busy="false"]')];
         await until(() => done().length === count);
         return done().map((answer) => answer.innerText);
       };
       const first = await say("the story", 1);
       await choose(".teach", "questions.csv", ${JSON.stringify(questions)});
       await seen("12 examples in");
       await fill(".prepared .fields input", "2");
       await click("Start training");
       await seen("the right next word is");
       await click("New conversation");
       return [...first, ...(await say("the story", 2))];`,
    );
    expect(answers).toHaveLength(3);
    expect(answers[1]).toMatch(/^Without the adapter/);
    expect(answers[2]).toMatch(/^With the adapter/);
    expect(answers[1]).toContain(answers[0]!.split("\n")[0]);
    await page.close();
    const again = await browser.openPage(`${site.url}#chat`);
    await does(again, keeps ? `await click("tiny"); await seen("Another model");` : `await seen("Open SmolLM2");`);
    expect(await does(again, `return document.body.innerText.includes("stores nothing")`)).toBe(!keeps);
    await again.close();
  });

  it("compare: cosines of sentences", async () => {
    const page = await browser.openPage(`${site.url}#compare`);
    const cells = await does<string[]>(
      page,
      `await fill(".compare label:nth-of-type(1) textarea", "the story was warm");
       await fill(".compare label:nth-of-type(2) textarea", "the story was warm\\nthe music was grim");
       // A label of the page begins with the same word.
       (await until(() => [...document.querySelectorAll(".compare button:enabled")].find((button) => button.innerText === "Compare"))).click();
       await until(() => document.querySelector(".cosines"));
       return [...document.querySelectorAll(".cosines tbody td")].map((cell) => cell.innerText);`,
    );
    expect(cells[0]).toBe("1.00");
    expect(Number(cells[1])).toBeLessThan(1);
    await page.close();
  });

  it("kernels: products beside their peak", async () => {
    const page = await browser.openPage(`${site.url}#kernels`);
    const [headings, shares, problems] = await does<[string[], string[], string[]]>(
      page,
      `await click("Measure");
       await seen("Measure again");
       const texts = (selector) => [...document.querySelectorAll(selector)].map((found) => found.innerText);
       return [texts(".bars h2"), texts(".bars .share"), [...document.querySelectorAll(".problem")].map((found) => found.textContent)];`,
    );
    expect(problems).toEqual([]);
    expect(headings).toEqual(threads);
    expect(shares).toHaveLength(5 * threads.length);
    for (const share of shares) expect(share).toMatch(/^\d+ %$/);
    await page.close();
  });

  it("learn together: a round by a Flower server, and its classifier answers", async () => {
    const app = join(folder, name);
    const how = ["--max-tokens", "32", "--rank", "4", "--rounds", "1", "--min-nodes", "1"];
    const model = ["--labels", "good,bad", "--model", join(folder, "model")];
    execFileSync("node", [join(root, "dist/cli.js"), "flower", "app", app, ...model, ...how]);
    const page = await browser.openPage(site.url);
    await does(
      page,
      `await paste(${JSON.stringify(table)});
       await seen("120 rows");
       location.hash = "#together?server=/flower";
       await click("Join");
       await seen("Waiting for the others");`,
    );
    await flower.start(app);
    const answer = await does<[string, string]>(
      page,
      `await seen("Done: your results counted in 1 round.");
       await click("Try it and download it");
       await seen("trained together");
       return ask("the story was warm and bright");`,
    );
    expect(["good", "bad"]).toContain(answer[0]);
    expect(answer[1]).toMatch(/^\d+\.\d %$/);
    await page.close();
  });
});
