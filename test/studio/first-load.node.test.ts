// @needs browser
import { readdir, readFile, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, it } from "vitest";
import { buildStudio } from "../../scripts/studio/driver.mjs";

let folder: string;
beforeAll(async () => {
  folder = (await buildStudio()).folder;
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The scripts with the texts of the steps in one language each, by what they say. */
async function textsOf(headings: readonly string[]): Promise<string[]> {
  const names = (await readdir(join(folder, "site/assets"))).filter((name) => name.endsWith(".js"));
  const contents = await Promise.all(names.map((name) => readFile(join(folder, "site/assets", name), "utf8")));
  return headings.map((heading) => `assets/${names[contents.findIndex((content) => content.includes(heading))]!}`);
}

/** What a page loads before anybody does anything: itself, what its scripts import at once, and the texts in English. */
async function firstLoad(): Promise<Map<string, number>> {
  const sizes = new Map<string, number>();
  const load = async (name: string): Promise<void> => {
    if (sizes.has(name)) return;
    const bytes = await readFile(join(folder, "site", name));
    sizes.set(name, gzipSync(bytes, { level: 9 }).length);
    const text = bytes.toString();
    const led = name.endsWith(".html")
      ? [...text.matchAll(/(?:src|href)="([^"]+\.(?:js|css|svg))"/g)]
      : name.endsWith(".js")
        ? [...text.matchAll(/(?:from|import)\s*"(\.[^"]+\.js)"/g)]
        : [];
    for (const [, to] of led) await load(join(dirname(name), to!));
  };
  await load("index.html");
  const [english, ...others] = await textsOf(["Teach a model your labels", "einem Modell Ihre", "étiquettes à un modèle", "Enseñe sus etiquetas"]); // prettier-ignore
  expect(others.filter((name) => sizes.has(name))).toEqual([]);
  await load(english!);
  return sizes;
}

// 0.6 kB of it are the names of the files of three pages, which are then asked for at once. Pages that are loaded on demand bring their own texts, and so do the readers of files, an open table and training.
it("the first load is at most 41 kB, compressed: no engine, no model, no client of either, no page that is not seen", async () => {
  const sizes = await firstLoad();
  const names = [...sizes.keys()].join(" ");
  expect(names).toMatch(/index-[\w-]+\.js/);
  expect(names).not.toMatch(
    /uPlot|readers|lowrank-|common|open-table|train-step|chat-page|kernels-page|together-page|worker|standalone|\.wasm/i,
  );
  const sum = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  expect(sum).toBeLessThanOrEqual(41_000);
  // A budget that is far above what there is would hold nothing.
  expect(sum).toBeGreaterThan(30_000);
});

it("the licences of the packages, fonts and examples that are in its files are in one file", async () => {
  const notices = await readFile(join(folder, "site/THIRD-PARTY-NOTICES.txt"), "utf8");
  const { devDependencies } = JSON.parse(await readFile(new URL("../../web/package.json", import.meta.url), "utf8"));
  const bundled = Object.keys(devDependencies).filter(
    (name) => !/^(lowrank|@lowrank\/|@fontsource|subset-font|vite)/.test(name),
  );
  const titles = notices.split(`\n${"-".repeat(80)}\n\n`).map((notice) => notice.slice(0, notice.indexOf(" (")));
  // The library has two that the Studio's bundles do not name, and the client of Flower another.
  const others = [
    "@huggingface/jinja",
    "@huggingface/tokenizers",
    "@bufbuild/protobuf",
    "Source Sans 3",
    "Source Serif 4",
  ];
  for (const name of [...bundled, ...others, "Movie reviews", "ChatterBot corpus"])
    expect(titles).toContainEqual(expect.stringMatching(new RegExp(`^${name}( |$)`)));
  expect(new Set(titles).size).toBe(titles.length);
});
