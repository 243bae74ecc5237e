import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build, type BuildOptions } from "esbuild";
import { minify } from "terser";
import { afterAll, beforeAll, expect, it } from "vitest";
import { root } from "../../scripts/setup/paths.mjs";

const folder = mkdtempSync(join(tmpdir(), "lowrank-mangled-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Reads a table, trains, saves, opens what it saved, and prints what came of all. */
const program = `
  import { readFileSync } from "node:fs";
  import { readExamples, SentenceEncoder, TextClassifier } from "./dist/inline.js";
  const names = ["config.json", "tokenizer.json", "model.safetensors"];
  const files = Object.fromEntries(
    names.map((name) => [name, readFileSync(${JSON.stringify(join(root, "test/golden/exported/base"))} + "/" + name)]),
  );
  const texts = Array.from({ length: 12 }, (_, i) => '"a film of ' + i + '",' + (i % 2 ? "odd" : "even"));
  const { examples } = await readExamples("text,label\\n" + texts.join("\\n"));
  const encoder = await SentenceEncoder.load(files, { seed: 1 });
  const classifier = TextClassifier.create(encoder, { labels: ["odd", "even"], lora: { rank: 4, alpha: 8 } });
  const { steps } = await classifier.fit(examples, { steps: 3, batchSize: 4, learningRate: 0.01, seed: 3 });
  const again = await TextClassifier.load(encoder, classifier.save(), { adapter: "again" });
  const error = await classifier.fit(examples, { stepz: 1 }).catch(({ name, message }) => [name, message]);
  console.log(JSON.stringify([steps.map(({ loss }) => loss), await again.predict([examples[3].text]), error]));
`;

async function bundled(options: BuildOptions = {}): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: program, resolveDir: root },
    bundle: true,
    format: "esm",
    platform: "node",
    write: false,
    logLevel: "error",
    ...options,
  });
  return outputFiles![0]!.text;
}

function printed(code: string): string {
  const file = join(folder, "program.mjs");
  writeFileSync(file, code);
  return execFileSync(process.execPath, [file], { encoding: "utf8" });
}

let expected: string;
beforeAll(async () => void (expected = printed(await bundled())));

it.each([
  ["esbuild", () => bundled({ mangleProps: /^_|_$/, mangleQuoted: true })],
  [
    "terser",
    async () => {
      // What it compresses takes long, and leaves names as they are.
      const options = { module: true, compress: false, mangle: { properties: { regex: /^_|_$/ } } };
      return (await minify(await bundled({ minify: true }), options)).code as string;
    },
  ],
])("%s may shorten the names of properties that begin or end with an underscore, quoted ones too", async (_, make) => {
  const code = await make();
  expect(printed(code)).toBe(expected);
  expect(JSON.parse(expected)).toMatchObject([
    [expect.any(Number), expect.any(Number), expect.any(Number)],
    [{ label: expect.stringMatching(/odd|even/) }],
    ["ConfigError", expect.stringMatching(/no option "stepz"; did you mean "steps"/)],
  ]);
});
