// node scripts/check-federated.mjs [EXAMPLES] [OPTIONS]: the movie reviews in unequal shares at two nodes in Node and one page in Chromium, five
// rounds of a real Flower server, beside training on all of them in one place. OPTIONS, such as --learning-rate, are of
// `lowrank flower app`. After `npm run build`.
/* global location */
import { spawn } from "node:child_process";
import { createServer } from "node:http";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { chromium } from "playwright";
import { chromiumArguments, findChromium } from "./browsers/chromium.mjs";
import { serveFolder } from "./serve-folder.mjs";
import { Flower } from "./servers/flower.mjs";
import { passOn } from "./servers/pass-on.mjs";
import { modelCache, root } from "./setup/paths.mjs";

const { SentenceEncoder, TextClassifier } = await import(join(root, "dist/node.js"));
const ROUNDS = 5;
const EPOCHS = 0.5;
const SHARES = [0.55, 0.3, 0.15];
const given = process.argv.slice(2);
const wanted = /^\d+$/.test(given[0] ?? "") ? Number(given.shift()) : 4000;
const model = join(modelCache, "all-MiniLM-L6-v2");
const rows = (name) =>
  readFileSync(join(root, `examples/movie/${name}`), "utf8")
    .trim()
    .split("\n")
    .map((line) => ({ line, label: line.split("\t")[0], text: line.split("\t")[2] }));
const train = rows("movie_train.tsv").slice(0, wanted);
const test = rows("movie_test.tsv");
const labels = [...new Set(train.map(({ label }) => label))].sort();
const ends = SHARES.map((_, i) =>
  Math.round(SHARES.slice(0, i + 1).reduce((sum, share) => sum + share, 0) * train.length),
);
const parts = ends.map((end, i) => train.slice(ends[i - 1] ?? 0, end));

const folder = await mkdtemp(join(tmpdir(), "lowrank-federated-"));
const flower = await Flower.start();
/** A program of the package that runs to its end. */
const program = (args) =>
  new Promise((resolve, reject) => {
    const child = spawn("node", [join(root, "dist/cli.js"), ...args], { stdio: ["ignore", "inherit", "inherit"] });
    child.on("exit", (code) => (code === 0 ? resolve() : reject(new Error(`${args[1]} ended with ${code}`))));
  });

/** Names that the package's script imports, for a page without a bundler. */
const protobuf = "/node_modules/@bufbuild/protobuf/dist/esm";
const imports = JSON.stringify({
  imports: {
    "lowrank/extension": "/dist/extension.js",
    "@bufbuild/protobuf": `${protobuf}/index.js`,
    "@bufbuild/protobuf/codegenv2": `${protobuf}/codegenv2/index.js`,
  },
});

/** The page's origin: the package, the model, and the server's calls behind it. */
const site = createServer((asked, answer) => {
  if (asked.url.startsWith("/v1/fleet/")) return passOn(flower.address + asked.url, asked, answer);
  if (asked.url === "/")
    return answer
      .writeHead(200, { "content-type": "text/html" })
      .end(`<!doctype html><title>node</title><link rel=icon href=data:,><script type=importmap>${imports}</script>`);
  if (!asked.url.startsWith("/model/")) return serveFolder(root)(asked, answer);
  asked.url = asked.url.replace("/model", "");
  return serveFolder(model)(asked, answer);
});

async function accuracyOf(files) {
  const encoder = await SentenceEncoder.load(model);
  const classifier = TextClassifier.load(encoder, files);
  const { accuracy, loss } = await classifier.evaluate(test, { intervals: false });
  encoder.dispose();
  return { accuracy, loss };
}

const names = ["adapter_config.json", "adapter_model.safetensors", "head.safetensors", "labels.json"];
const filesOf = (from) =>
  Object.fromEntries(names.map((name) => [name, new Uint8Array(readFileSync(join(from, name)))]));
let browser;
try {
  const app = join(folder, "app");
  const settings = [
    "--rounds",
    ROUNDS,
    "--epochs",
    EPOCHS,
    "--min-nodes",
    3,
    "--model",
    model,
    "--labels",
    labels.join(","),
  ];
  await program(["flower", "app", app, ...settings.map(String), ...given]);
  parts.forEach((part, i) =>
    writeFileSync(join(folder, `part-${i}.tsv`), part.map(({ line }) => `${line}\n`).join("")),
  );
  await new Promise((resolve) => site.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${site.address().port}`;
  browser = await chromium.launch({ executablePath: findChromium() ?? undefined, args: chromiumArguments });
  const page = await browser.newPage();
  page.on("console", (message) => {
    const { url } = message.location();
    // By refusing to tell of a run a SuperLink says that it is over, and Chromium notes every refusal.
    if (!url.endsWith("/get-run")) console.log("page:", message.text(), message.type() === "error" ? url : "");
  });
  await page.goto(origin);
  const begun = performance.now();
  const nodes = [0, 1].map((i) => {
    const own = [
      "--server",
      flower.address,
      "--data",
      join(folder, `part-${i}.tsv`),
      "--text",
      "2",
      "--label",
      "0",
      "--model",
      model,
    ];
    return program(["flower", "join", ...own, "--threads", "1"]);
  });
  const inPage = page.evaluate(async (examples) => {
    const { SentenceEncoder, TextClassifier } = await import("/dist/remote-browser.js");
    const { joinFederation } = await import("/packages/flower/dist/index.js");
    const encoder = await SentenceEncoder.load("/model");
    const onEvent = ({ type, round, loss }) =>
      type === "trained" && console.log(`round ${round}: loss ${loss.toFixed(3)}`);
    try {
      return await joinFederation({ server: location.origin, encoder, TextClassifier, examples, onEvent });
    } finally {
      await encoder.dispose();
    }
  }, parts[2]);
  const [, , report] = await Promise.all([...nodes, inPage, flower.start(app)]);
  const last = join(app, "rounds", `round-000${ROUNDS}`);
  while (!existsSync(last)) await sleep(100);
  const seconds = (performance.now() - begun) / 1000;
  const federated = await accuracyOf(filesOf(last));
  const initial = await accuracyOf(filesOf(join(app, "rounds/round-0001")));
  const percent = ({ accuracy, loss }) => `${(100 * accuracy).toFixed(1)} % (loss ${loss.toFixed(3)})`;
  console.log(`${train.length} examples as ${parts.map((part) => part.length).join(", ")}; ${test.length} to test on`);
  console.log(`federated: ${percent(federated)} in ${seconds.toFixed(0)} s; after the first round ${percent(initial)}`);
  console.log(`the page sent ${report.sent} bytes and received ${report.received} in ${report.rounds} rounds`);
  const encoder = await SentenceEncoder.load(model);
  const classifier = TextClassifier.create(encoder, { labels, lora: { rank: 8, alpha: 16 } });
  await classifier.fitHead(train);
  const start = performance.now();
  const steps = Math.round((ROUNDS * EPOCHS * train.length) / 16);
  await classifier.fit(train, { steps, batchSize: 16, learningRate: 1e-3 });
  const central = await classifier.evaluate(test, { intervals: false });
  const alone = (performance.now() - start) / 1000;
  encoder.dispose();
  console.log(`in one place, ${steps} steps: ${percent(central)} in ${alone.toFixed(0)} s`);
} finally {
  await browser?.close();
  site.close();
  await flower.stop();
  await rm(folder, { recursive: true, force: true });
}
