import { join } from "node:path";
import { build } from "esbuild";
import { expect, it } from "vitest";
import { root } from "../../scripts/setup/paths.mjs";

/** What a program bundled and minified from an entry of dist/ prints. */
async function minified(entry: string, program: string): Promise<string> {
  const contents = `import * as lowrank from "./dist/${entry}";${program}`;
  const options = { bundle: true, minify: true, format: "esm", platform: "node", write: false } as const;
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: root },
    ...options,
    outdir: join(root, "build"),
  });
  const printed: string[] = [];
  const module = `data:text/javascript;base64,${Buffer.from(outputFiles[0]!.contents).toString("base64")}`;
  await ((await import(/* @vite-ignore */ module)) as { run: (print: (text: string) => void) => Promise<void> }).run(
    (text) => printed.push(text),
  );
  return printed.join("\n");
}

it("errors keep their names where a bundler makes those of classes shorter", async () => {
  const names = await minified(
    "inline.js",
    `export const run = (print) => Object.entries(lowrank)
      .filter(([name]) => /^[A-Z]\\w*Error$/.test(name))
      .forEach(([name, Kind]) => print(name + " " + (name === "LowrankError" ? new Kind("X", "x") : new Kind("x")).name));`,
  );
  const pairs = names.split("\n").map((line) => line.split(" "));
  expect(pairs.length).toBeGreaterThan(10);
  for (const [exported, name] of pairs) expect(name).toBe(exported);
});

it("a path where there is no file system asks for the files", async () => {
  const message = await minified(
    "inline.js",
    `export const run = (print) => lowrank.SentenceEncoder.load("./my-model").catch((error) => print(error.name + ": " + error.message));`,
  );
  expect(message).toMatch(/^ModelError: model \.\/my-model: .* no file system; pass the files by name/);
});
