// @needs browser
import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build as esbuild } from "esbuild";
import { build as vite } from "vite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { root } from "../../scripts/setup/paths.mjs";
import { data } from "../tasks/language/tiny-language-job.js";
import { examples, tinyEncoder } from "../models/tiny-encoder.js";
import { TextClassifier } from "../../ts/entry/node.js";
import { SentenceEncoder } from "../../ts/index.js";
import { Consumer } from "../packaging/consumer.js";
import { startWorkerd } from "../runtimes/start-workerd.js";
import { example } from "./examples.js";
import { serveExample, ServedPages } from "./serve-page.js";

const text = (name: string) => readFileSync(join(root, name), "utf8");
const readme = text("README.md");
const node = text("docs/start-node.md");

let consumer: Consumer;
beforeAll(() => {
  consumer = new Consumer();
  // A folder as `npm init` makes it, in which the first examples are pasted.
  consumer.write("fresh/package.json", '{ "name": "fresh", "version": "1.0.0", "type": "commonjs" }');
});
afterAll(() => rmSync(consumer.folder, { recursive: true }));

describe("the examples for Node", () => {
  it("learns, predicts and writes the adapter", { timeout: 180_000 }, () => {
    consumer.write("fresh/node.mjs", example(node, "node"));
    const lines = consumer.run("node", "fresh/node.mjs").trimEnd().split("\n");
    expect(lines).toHaveLength(21);
    const loss = (line: string) => Number(/: loss (\d+\.\d+)$/.exec(line)![1]);
    expect(loss(lines[19]!)).toBeLessThan(loss(lines[0]!) / 2);
    expect(lines.at(-1)).toMatch(/^praise (0\.[5-9]\d|1\.00)$/);
    expect(readdirSync(join(consumer.folder, "my-adapter")).sort()).toEqual(
      ["adapter_config.json", "adapter_model.safetensors", "head.safetensors", "labels.json"].sort(),
    );
    // Opened in another process, it says the same.
    consumer.write("open.js", example(node, "open"));
    expect(consumer.run("node", "open.js").trimEnd()).toBe(lines.at(-1));
  });

  it("of the README runs as pasted, in a project as `npm init` makes it", { timeout: 180_000 }, () => {
    consumer.write("fresh/main.mjs", example(readme, "short"));
    expect(consumer.run("node", "fresh/main.mjs")).toMatch(/^praise (0\.9\d|1\.00)\n$/);
  });

  it("of a run as data leaves a run's files", { timeout: 180_000 }, () => {
    consumer.write("job.js", example(text("docs/jobs.md"), "job"));
    const rows = examples.map(({ text, label }) => `"${text}",${label}\n`);
    consumer.write("reviews.csv", `body,stars\n${rows.join("")}`);
    const lines = consumer.run("node", "job.js").trimEnd().split("\n");
    expect(lines.slice(0, 2)).toEqual(["step 25 is safe", "step 30 is safe"]);
    expect(lines[2]).toMatch(/^8 texts tested, loss \d\.\d\d$/);
    expect(readdirSync(join(consumer.folder, "runs/reviews"))).toContain("adapter_model.safetensors");
  });

  it("of layers and gradients fits its targets", () => {
    consumer.write("graph.js", example(text("docs/graph.md"), "graph"));
    const lines = consumer.run("node", "graph.js").trimEnd().split("\n");
    const losses = lines.slice(0, 5).map((line) => Number(line.split(" ")[1]));
    expect(losses.at(-1)).toBeLessThan(0.01);
    expect(losses[0]).toBeGreaterThan(0.1);
    expect(lines[5]).toBe("LoraLinear(3 → 2, rank 2, alpha 4, scaling 2)");
  });

  it.each([
    ["docs/lora.md", "count", /^110592 numbers are trained\nnothing changed yet\n$/],
    ["docs/memory.md", "engine", /^(simd|relaxed) build, [12] threads.*\n384 numbers\n$/],
    ["docs/errors.md", "errors", /^MODEL\n.*no-such-folder/],
    ["docs/models.md", "models", /all-MiniLM-L6-v2\n384 numbers\n$/],
  ])("of %s, %s, prints what it says", (name, which, printed) => {
    consumer.write(`${which}.js`, example(text(name), which));
    expect(consumer.run("node", `${which}.js`)).toMatch(printed);
  });

  it("of a language model goes on, learns and runs as a job", () => {
    const model = join(consumer.folder, "SmolLM2-135M-Instruct-GGUF");
    cpSync(join(root, "test/golden/decoders/qwen2"), model, { recursive: true });
    writeFileSync(
      join(model, "chat_template.jinja"),
      "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}",
    );
    writeFileSync(join(consumer.folder, "conversations.jsonl"), data["chat.jsonl"]!);
    const page = text("docs/language-models.md");
    consumer.write("language.js", example(page, "language"));
    expect(consumer.run("node", "language.js").length).toBeGreaterThan(5);
    consumer.write("language-job.js", example(page, "language-job"));
    expect(consumer.run("node", "language-job.js")).toMatch(/before: \{ loss: [\d.]+, perplexity: [\d.]+/);
  });

  it("of PEFT's files and of single steps load and learn", () => {
    const page = text("docs/from-peft.md");
    const before = `import { AdamW, clipGradNorm, loraPlusGroups, SentenceEncoder, TextClassifier } from "lowrank";
import { writeFilesAtomically } from "lowrank/node";
const encoder = await SentenceEncoder.load("all-MiniLM-L6-v2");
const examples = [{ text: "yes, please", label: "yes" }, { text: "no, thank you", label: "no" }];
encoder.addAdapter("given");
await writeFilesAtomically("adapter", encoder.saveAdapter("given"));\n`;
    const after = `\nconst [said] = await classifier.predict(["yes, please"]);
console.log(encoder.adapters().map(({ name }) => name).join(), said.label);`;
    consumer.write("steps.js", `${before}${example(page, "load")}${example(page, "steps")}${after}`);
    expect(consumer.run("node", "steps.js")).toBe("given,mine,classifier yes\n");
  });
});

it("the table of commands has every command", () => {
  const help = consumer.run("node", "node_modules/lowrank/dist/cli.js", "--help");
  const commands = [...help.slice(help.indexOf("Commands:")).matchAll(/^ {2}([a-z]+) /gm)].map(([, name]) => name!);
  const documented = [...text("docs/commands.md").matchAll(/^\| `([a-z]+)` \|/gm)].map(([, name]) => name!);
  expect(commands).toContain("finetune");
  expect(documented).toEqual(commands.filter((name) => name !== "help"));
});

describe("the example for a page", () => {
  let pages: ServedPages;
  beforeAll(async () => {
    consumer.write("page/index.html", example(text("docs/start-page.md"), "page"));
    await vite({ root: join(consumer.folder, "page"), logLevel: "silent", configFile: false });
    pages = await ServedPages.of(join(consumer.folder, "page/dist"));
  });
  afterAll(() => pages?.close());

  it("learns and answers in Chromium, bundled by vite", { timeout: 180_000 }, async () => {
    const { page, title } = await pages.open("");
    expect(title).toMatch(/^question: an adapter of \d{6} bytes$/);
    expect(await page.textContent("#answer")).toMatch(/^question, \d+ %$/);
    await page.close();
  });
});

it("the example for the edge answers in workerd", { timeout: 120_000 }, async () => {
  const encoder = await SentenceEncoder.load(await tinyEncoder());
  const classifier = TextClassifier.create(encoder, { labels: ["blame", "praise"], lora: { rank: 2 } });
  const folder = join(consumer.folder, "edge");
  for (const [name, files] of Object.entries({ adapter: classifier.save(), model: await tinyEncoder() }))
    for (const [file, bytes] of Object.entries(files))
      writeFileSync(consumer.write(`edge/files/${name}/${file}`, ""), bytes);
  const [expected] = await classifier.predict(["a fine day"]);
  encoder.dispose();
  const entry = consumer.write("edge.js", example(text("docs/start-edge.md"), "edge"));
  mkdirSync(folder, { recursive: true });
  const files = { entryPoints: [entry], outfile: join(folder, "worker.js"), external: ["*.wasm"] };
  await esbuild({ ...files, bundle: true, format: "esm", conditions: ["workerd"], logLevel: "error" });
  const server = await serveExample(join(folder, "files"));
  const dist = join(consumer.folder, "node_modules/lowrank/dist");
  const addresses = { ADAPTER: `${server.origin}/adapter`, MODEL: `${server.origin}/model` };
  const runtime = startWorkerd(folder, join(folder, "worker.js"), dist, addresses);
  try {
    const answer = await runtime.dispatchFetch("http://localhost/", { method: "POST", body: "a fine day" });
    const { label, probability } = (await answer.json()) as { label: string; probability: number };
    expect(label).toBe(expected!.label);
    expect(probability).toBeCloseTo(expected!.probability, 2); // weights are rounded to 16 bits there
  } finally {
    await runtime.dispose();
    server.close();
  }
});
