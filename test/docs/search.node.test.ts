// @needs browser
// @rest documents
import { cpSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build as vite } from "vite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { root } from "../../scripts/setup/paths.mjs";
import { Consumer } from "../packaging/consumer.js";
import { commands, example } from "./examples.js";
import { ServedPages } from "./serve-page.js";

const page = readFileSync(join(root, "docs/search.md"), "utf8");
const faq = join(root, "examples/search/faq.jsonl");

let consumer: Consumer;
beforeAll(() => {
  consumer = new Consumer();
  cpSync(faq, join(consumer.folder, "faq.jsonl"));
  consumer.write("questions.txt", "biggest cave in America\nWho painted the ceiling of the Sistine Chapel?\n");
});
afterAll(() => rmSync(consumer.folder, { recursive: true }));

/** Rank, score, id and text of each line of a table. */
const table = (text: string) =>
  [...text.matchAll(/^(\d+) +(-?\d\.\d{3}) +(\S+) +(.*)$/gm)].map(([, ...cells]) => cells);

describe("search", () => {
  it("the page's commands index and find what it shows", { timeout: 300_000 }, () => {
    const [, found, several] = commands(page, "search").map((args) =>
      consumer.run("node", "node_modules/lowrank/dist/cli.js", ...args),
    );
    expect(statSync(join(consumer.folder, "faq.index")).size).toBeGreaterThan(457 * 384 * 4);
    const shown = table(/<!-- output: search -->\n```\n([^`]*)```/.exec(page)![1]!);
    const printed = table(found!);
    expect(shown).toHaveLength(5);
    expect(printed.map(([rank, , id, text]) => [rank, id, text])).toEqual(
      shown.map(([rank, , id, text]) => [rank, id, text]),
    );
    printed.forEach(([, score], i) => expect(Number(score)).toBeCloseTo(Number(shown[i]![1]), 2));
    const answers = several!
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { hits: { id: number }[] });
    expect(answers.map(({ hits }) => hits.length)).toEqual([3, 3]);
    expect(answers[0]!.hits.map(({ id }) => String(id))).toEqual(printed.slice(0, 3).map(([, , id]) => id));
  });

  it("the page's program adds, removes, searches, saves and opens", { timeout: 300_000 }, () => {
    consumer.write("search.js", example(page, "search"));
    const out = consumer.run("node", "search.js");
    expect(out).toMatch(/^cave 0\.\d{3}\n(q\d+ 0\.\d{3}\n){2}457 vectors\n$/);
    expect(out).not.toMatch(/^q0 /m);
  });

  it("the page's program for pgvector finds the nearest text", { timeout: 300_000 }, () => {
    const folder = join(consumer.folder, "node_modules/@electric-sql");
    mkdirSync(folder, { recursive: true });
    for (const name of ["pglite", "pglite-pgvector"])
      symlinkSync(join(root, "node_modules/@electric-sql", name), join(folder, name));
    consumer.write("pgvector.js", example(page, "pgvector"));
    expect(consumer.run("node", "pgvector.js")).toMatch(/^1 How do I change my password\? 0\.\d{3}\n\d .* 0\.\d{3}\n$/);
  });
});

describe("the example page", () => {
  let pages: ServedPages;
  beforeAll(async () => {
    const folder = join(consumer.folder, "page");
    consumer.write("page/index.html", readFileSync(join(root, "examples/search/index.html"), "utf8"));
    mkdirSync(join(folder, "public"));
    writeFileSync(join(folder, "public/faq.jsonl"), readFileSync(faq));
    await vite({ root: folder, logLevel: "silent", configFile: false });
    pages = await ServedPages.of(join(folder, "dist"));
  });
  afterAll(() => pages?.close());

  it("indexes, keeps the index, and searches what is typed, in Chromium", { timeout: 300_000 }, async () => {
    const { page, title } = await pages.open("");
    expect(title).toMatch(/^Which US state has the longest cave system in the world\? Kentucky \(0\.\d\d\)$/);
    expect(await page.textContent("#state")).toBe("457 questions, indexed now");
    await page.fill("#query", "Who painted the Sistine Chapel");
    await expect.poll(() => page.textContent("#hits li")).not.toContain("Kentucky");
    expect(await page.locator("#hits li").count()).toBe(5);
    await page.reload();
    await expect
      .poll(() => page.textContent("#state"), { timeout: 120_000 })
      .toBe("457 questions, from the last visit");
    expect(await page.title()).toBe(title);
    await page.close();
  });
});
