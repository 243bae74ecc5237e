import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import MagicString from "magic-string";
import { parseAst } from "rollup/parseAst";
import { expect, it } from "vitest";
import { walk } from "../../scripts/bundle/walk.mjs";
import { root } from "../../scripts/setup/paths.mjs";

const longest = (text: string) => Math.max(...text.split("\n").map((line) => line.length));

/** What Node says at the end of a program that uses `entry` of dist/ and lets an error go. */
function lastWords(entry: string, program: string): string {
  const source = `import * as lowrank from ${JSON.stringify(join(root, "dist", entry))};\n${program}`;
  const { status, stderr } = spawnSync("node", ["--input-type=module", "--eval", source], { encoding: "utf8" });
  expect(status).toBe(1);
  return stderr;
}

it.each([
  ["node.js", `lowrank.tensor([2], [1, 2, 3]);`, "ShapeError"],
  ["node.js", `const graph = new lowrank.Graph();`, "ConfigError"],
  ["node.js", `await lowrank.SentenceEncoder.load("/no/such/model");`, "ModelError"],
  ["jobs-node.js", `await lowrank.runJob({ model: 1 }, lowrank.memoryStore());`, "ConfigError"],
  ["remote-node.js", `await lowrank.SentenceEncoder.load("/no/such/model");`, "ModelError"],
  ["inline.js", `await lowrank.init({ threads: -1 });`, "ConfigError"],
])("an uncaught error of %s shows a line that can be read: %s", (entry, program, name) => {
  const said = lastWords(entry, program);
  expect(said).toMatch(new RegExp(`\\b${name}\\b`));
  // With the stack, whose places are lines of a file, not columns of one line.
  expect(said).toMatch(/\bat .*dist\/[\w-]+\.js:(?!1:)\d+:\d+/);
  expect(longest(said)).toBeLessThanOrEqual(500);
});

/** A script without its long texts: a binary, a program of the GPU, a prompt's template. */
function withoutTexts(code: string): string {
  const script = new MagicString(code);
  walk(parseAst(code), ({ type, start, end }: { type: string; start: number; end: number }) => {
    if ((type === "Literal" || type === "TemplateElement") && end - start > 200) script.remove(start, end);
  });
  return script.toString();
}

it("no line of what Node loads is longer, but for texts", () => {
  // Pages alone load these.
  const inPages = ["lowrank-worker.js", "worker-browser.js"];
  const scripts = readdirSync(join(root, "dist")).filter((name) => name.endsWith(".js") && !inPages.includes(name));
  const lengths = scripts.map((name) => {
    return [name, longest(withoutTexts(readFileSync(join(root, "dist", name), "utf8")))] as const;
  });
  expect(lengths.length).toBeGreaterThan(30);
  expect(lengths.filter(([, length]) => length > 500)).toEqual([]);
});
