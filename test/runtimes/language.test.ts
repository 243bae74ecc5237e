import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { modelCache, root } from "../../scripts/setup/paths.mjs";
import { type Browser, launchBrowser, openPage } from "../browsers/browser.mjs";
import { openSite } from "../browsers/site.mjs";
import { bundle, bundlePage } from "./bundle.mjs";

const FILE = "SmolLM2-135M-Instruct-GGUF/SmolLM2-135M-Instruct.Q4_1.gguf";

/** A conversation that is kept and forked, a training on two answers, and the question again: what comes of it in the simd build. */
const language = `
  import { blobSource, CausalLanguageModel, ggufSource, init } from "./ts/index.js";
  const said = async (tokens) => {
    const found = [];
    for await (const { id, text, logProbability } of tokens) found.push([id, text, logProbability]);
    return found;
  };
  globalThis.run = async (blob, threads) => {
    const { build } = await init({ build: "simd", threads });
    const model = await CausalLanguageModel.load(await ggufSource(() => blobSource(blob)), { weights: "auto" });
    const question = { role: "user", content: "Who was Beethoven?" };
    const options = { maxTokens: 12, temperature: 0.7, seed: 3 };
    const session = model.session();
    const first = await said(session.generateTokens([question], options));
    const answer = first.map(([, text]) => text).join("");
    const turns = [question, { role: "assistant", content: answer }, { role: "user", content: "Where was he born?" }];
    const fork = session.fork();
    const second = await said(session.generateTokens(turns, options));
    const forked = await said(fork.generateTokens(turns, options));
    const alone = await said(model.generateTokens(turns, options));
    const held = session.tokens;
    session.dispose();
    fork.dispose();
    model.addAdapter("short", { rank: 4, targetModules: "all-linear" });
    const examples = ["Bonn", "Vienna"].map((content) => ({ messages: [question, { role: "assistant", content }] }));
    const { steps } = await model.fit(examples, { steps: 2, batchSize: 2, learningRate: 1e-3 });
    const learnt = await said(model.generateTokens([question], options));
    model.dispose();
    return { build, first, second, forked, alone, held, losses: steps.map(({ loss }) => loss), learnt };
  };
`;

interface Outcome {
  readonly build: string;
  readonly first: readonly [number, string, number][];
  readonly second: readonly [number, string, number][];
  readonly forked: readonly [number, string, number][];
  readonly alone: readonly [number, string, number][];
  readonly held: number;
  readonly losses: readonly number[];
  readonly learnt: readonly [number, string, number][];
}

// In the project, so that the program finds its dependencies.
const folder = mkdtempSync(join(root, "build/language-"));
let inNode: Outcome;
let site: Awaited<ReturnType<typeof openSite>>;

beforeAll(async () => {
  const program = join(folder, "language.mjs");
  const main = `import { openAsBlob } from "node:fs";
    console.log(JSON.stringify(await run(await openAsBlob(${JSON.stringify(join(modelCache, FILE))}), 1)));`;
  await bundle({ contents: `${language} ${main}`, entry: "node", outfile: program, external: true, carry: false });
  inNode = JSON.parse(execFileSync(process.execPath, [program], { cwd: root, encoding: "utf8" })) as Outcome;
  const page = `${language} globalThis.fetched = async (threads) => run(await (await fetch("./models/${FILE}")).blob(), threads);`;
  await bundlePage(page, join(folder, "page.js"), false);
  const html = `<!doctype html><title>lowrank</title><script type="module" src="./page.js"></script>`;
  writeFileSync(join(folder, "index.html"), html);
  site = await openSite(folder);
});
afterAll(() => {
  site?.close();
  rmSync(folder, { recursive: true });
});

it("a conversation that was kept, and its copy, say what the model says of the whole; training changes it", () => {
  expect(inNode.build).toBe("simd");
  expect(inNode.second).toEqual(inNode.alone);
  expect(inNode.forked).toEqual(inNode.alone);
  expect(inNode.held).toBeGreaterThan(30);
  expect(inNode.losses[1]).toBeLessThan(inNode.losses[0]!);
  expect(inNode.learnt).not.toEqual(inNode.first);
});

describe.each(["chromium", "firefox"] as const)("%s", (name) => {
  let browser: Browser;
  beforeAll(async () => void (browser = await launchBrowser(name)));
  afterAll(() => browser?.close());

  it("keeps, forks and trains SmolLM2-135M to Node's bits in a page", async () => {
    const page = await openPage(browser, `${site.origin}/plain/`, "fetched");
    const found = (await page.evaluate("fetched(1)")) as Outcome;
    await page.close();
    expect(found).toEqual(inNode);
  });
});
