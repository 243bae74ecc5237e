// @needs browser
// @rest studio
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Flower } from "../../scripts/servers/flower.mjs";
import { seriousIn, type Studio } from "../../scripts/studio/driver.mjs";
import { lowrank } from "../cli/fixture.js";
import { goldenEncoder, multilingualName } from "../models/golden-encoder.js";
import { tinyEncoder } from "../models/tiny-encoder.js";
import type { ModelServer } from "../pages/model-server.js";
import { answered, table, tinyStudio } from "./tiny-studio.js";

let flower: Flower;
let studio: Studio;
let models: ModelServer;
let folder: string;
beforeAll(async () => {
  [flower, folder] = await Promise.all([Flower.start(), mkdtemp(join(tmpdir(), "lowrank-together-"))]);
  const model = await tinyEncoder();
  await mkdir(join(folder, "model"));
  for (const [name, bytes] of Object.entries(model)) await writeFile(join(folder, "model", name), bytes);
  ({ studio, models } = await tinyStudio(model, { federation: flower.address }));
  models.add("paraphrase-multilingual-MiniLM-L12-v2", await goldenEncoder(multilingualName));
}, 180_000);
afterAll(async () => {
  await Promise.all([studio?.end(), flower?.stop()]);
  await rm(folder, { recursive: true, force: true });
});

/** Rows of the table, from one to another. */
const part = (from: number, to: number) => ["text,label", ...table.trim().split("\n").slice(from, to)].join("\n");

/** A tab that has opened a table and then the link which a server's owner sends. */
async function invited(name: string, rows: string, server = "/flower"): Promise<Page> {
  const page = await studio.openTable(name, rows);
  await page.evaluate((to) => (location.hash = `#together?server=${to}`), server);
  await page.getByText(`of “${name}”`).waitFor();
  return page;
}

const joinIn = (page: Page) => page.getByRole("button", { name: /^Join/ }).click();

it(
  "two tabs learn together by a Flower server, and the result is judged as any other",
  { timeout: 240_000 },
  async () => {
    const app = join(folder, "app");
    const labels = ["--labels", "good,bad", "--max-tokens", "32", "--rank", "4", "--batch-size", "8"];
    const rounds = ["--rounds", "2", "--min-nodes", "2", "--model", join(folder, "model")];
    const { code, err } = await lowrank(["flower", "app", app, ...labels, ...rounds]);
    expect([code, err]).toEqual([0, ""]);
    const before = studio.asked.length;
    const first = await invited("first.csv", part(1, 81));
    await joinIn(first);
    await first.getByRole("heading", { name: "Waiting for the others" }).waitFor();
    await first.getByText("Your texts stay in this tab. The results of the training").waitFor();
    expect(await seriousIn(first)).toEqual([]);
    const second = await invited("second.csv", part(81, 121));
    await joinIn(second);
    await flower.start(app);
    for (const page of [first, second]) {
      await page
        .getByRole("heading", { name: "Done: your results counted in 2 rounds." })
        .waitFor({ timeout: 120_000 });
      expect(await page.locator(".rounds tbody tr").allInnerTexts()).toEqual([
        expect.stringMatching(/^1 of 2\s+0\.\d\d\s+counted$/),
        expect.stringMatching(/^2 of 2\s+0\.\d\d\s+counted$/),
      ]);
      expect(await seriousIn(page)).toEqual([]);
    }
    await expect.poll(() => existsSync(join(app, "rounds/round-0002"))).toBe(true);
    const { replies } = JSON.parse(await readFile(join(app, "rounds/round-0002/federated.json"), "utf8")) as {
      replies: number;
    };
    expect(replies).toBe(2);
    const sent = studio.asked.slice(before).filter(({ url }) => url.includes("/flower/"));
    expect(sent.length).toBeGreaterThan(8);
    for (const { body } of sent) expect(body ?? "").not.toMatch(/story|music|first\.csv|second\.csv/);
    await second.getByRole("button", { name: "Try it and download it" }).click();
    await second.getByRole("heading", { name: "trained together" }).waitFor();
    expect((await answered(second, "the story was warm")).percent).toBeGreaterThan(50);
    await first.close();
    await second.close();
  },
);

it(
  "who waits may leave, and says nothing of an error; texts in German are read by the multilingual model, if it is chosen",
  { timeout: 120_000 },
  async () => {
    const german = Array.from({ length: 40 }, (_, i) => `Die Geschichte Nummer ${i} war ${i % 2 === 0 ? "warm und nett,good" : "kalt und trüb,bad"}`); // prettier-ignore
    const page = await invited("third.csv", ["text,label", ...german].join("\n"));
    await page.getByText("here it is sentence-transformers/all-MiniLM-L6-v2.").waitFor();
    await page.getByRole("button", { name: "Use the multilingual model (480 MB)" }).click();
    await page.getByText("here it is sentence-transformers/paraphrase-multilingual-MiniLM-L12-v2.").waitFor();
    const fetched = models.asked.length;
    await joinIn(page);
    await page.getByRole("heading", { name: "Waiting for the others" }).waitFor();
    const asked = models.asked.slice(fetched).map(({ path }) => path);
    expect(asked).toContain("paraphrase-multilingual-MiniLM-L12-v2/model.safetensors");
    expect(asked.filter((path) => path.startsWith("all-MiniLM-L6-v2"))).toEqual([]);
    await page.getByRole("button", { name: "Leave" }).click();
    await page.getByRole("heading", { name: "You left before the first round ended." }).waitFor();
    expect(await page.locator(".problem").count()).toBe(0);
    await page.getByRole("button", { name: "Join again" }).waitFor();
    await page.close();
  },
);

it("says that no such server answers, and keeps the address to be mended", { timeout: 120_000 }, async () => {
  const page = await invited("fourth.csv", part(1, 41), "/elsewhere");
  await page.getByLabel("Address of the server").fill("http://[");
  await joinIn(page);
  await page.getByText("This is not an address.").waitFor();
  await page.getByLabel("Address of the server").fill("/elsewhere");
  await joinIn(page);
  await page.getByText("The training ended before the last round.").waitFor({ timeout: 90_000 });
  await page.getByText("The server cannot be reached").waitFor();
  expect(await page.getByLabel("Address of the server").inputValue()).toBe("/elsewhere");
  // What was typed stays too, and on the way to another step and back.
  await page.getByLabel("Address of the server").fill("/typed");
  await page.getByRole("button", { name: "Join again" }).click();
  await expect.poll(() => studio.asked.some(({ url }) => url.includes("/typed/")), { timeout: 90_000 }).toBe(true);
  await page.getByText("The training ended before the last round.").waitFor({ timeout: 90_000 });
  expect(await page.getByLabel("Address of the server").inputValue()).toBe("/typed");
  await page.close();
});
