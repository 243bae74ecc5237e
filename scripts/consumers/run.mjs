import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { root } from "../setup/paths.mjs";
import { run } from "./commands.mjs";
import { model } from "./model.mjs";
import { titlesOf } from "./page.mjs";
import { consumers, manifestOf, pack, prepare } from "./project.mjs";

/** What one and two threads must say, by the names that manifests give it: what the repository's own build says in Node. */
export async function references() {
  const folder = mkdtempSync(join(tmpdir(), "lowrank-reference-"));
  try {
    cpSync(join(consumers, "shared/answer.js"), join(folder, "answer.mjs"));
    writeFileSync(join(folder, "model.js"), model());
    writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
    const { answer } = await import(pathToFileURL(join(folder, "answer.mjs")).href);
    const { createEngine, SentenceEncoder } = await import(pathToFileURL(join(root, "dist/node.js")).href);
    const said = async (threads) => {
      const engine = await createEngine({ build: "simd", threads });
      const load = (source) => SentenceEncoder.load(source, { engine });
      const text = await answer({ init: () => engine.info, SentenceEncoder: { load } });
      await engine.close();
      return text;
    };
    return { "{one}": await said(1), "{two}": await said(2) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The package packed once, in a folder that `dispose` removes. */
export function packed() {
  const folder = mkdtempSync(join(tmpdir(), "lowrank-pack-"));
  return { tarball: pack(folder), dispose: () => rmSync(folder, { recursive: true, force: true }) };
}

/** A pattern of a manifest: of the whole text, `*` standing for anything. */
const matches = (pattern, text) =>
  new RegExp(
    `^${pattern
      .split("*")
      .map((part) => part.replace(/[$()+.?[\\\]^{|}]/g, "\\$&"))
      .join("[^]*")}$`,
  ).test(text.trim());

const asCommand = (command) => (typeof command === "string" ? { run: command } : command);

/**
 * Runs one consumer from the packed tarball. Throws where something is not as its manifest says; gives what was seen.
 * @param name folder below test/consumers
 * @param known of `references`
 * @param openBrowser gives the Chromium to show pages in
 */
export async function runConsumer(name, tarball, known, openBrowser) {
  const { commands = [], sites = [], packages } = manifestOf(name);
  const { folder, dispose } = prepare(name, tarball);
  const seen = [];
  const expect = (what, wanted, text) => {
    const pattern = wanted.replace(/\{\w+\}/g, (placeholder) => known[placeholder] ?? placeholder);
    seen.push(text.trim().split("\n").at(-1));
    if (!matches(pattern, text)) throw new Error(`${what}: expected\n  ${pattern}\ngot\n  ${text.trim()}`);
  };
  try {
    for (const { run: command, prints, env } of commands.map(asCommand)) {
      const output = await run(folder, Object.keys(packages), command, env);
      if (prints !== undefined) expect(command, prints, output);
    }
    for (const { shows, ...site } of sites) {
      const paths = Object.keys(shows);
      const browser = await openBrowser();
      const titles = await titlesOf({ folder, packages: Object.keys(packages), site, paths, browser });
      for (const path of paths) expect(`${site.server ?? "page"} /${path}`, `${shows[path]}`, titles[path]);
    }
    return seen;
  } finally {
    dispose();
  }
}
