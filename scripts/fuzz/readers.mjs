/**
 * Reads damaged files of every kind until the time is over: `node scripts/fuzz/readers.mjs --seconds 300`. What goes wrong is
 * printed with the command that does it again. `npm test` reads a few hundred of each kind.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { bundleForThread } from "../bundle/for-thread.mjs";
import { root } from "../setup/paths.mjs";

const HELP = `node scripts/fuzz/readers.mjs [options]
  --seconds N    how long (60)
  --seed N       where to begin (of the clock)
  --target NAME  only readers whose name has NAME in it
  --case T:S     one case alone: reader T with seed S
  --help`;

/** Seconds after which a case counts as one that never ends, and findings after which it is enough. */
const HANG = 120;
const ENOUGH = 10;

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "60" },
    seed: { type: "string", default: String(Date.now() % 1_000_000_007) },
    target: { type: "string", default: "" },
    case: { type: "string" },
    help: { type: "boolean", default: false },
  },
});
if (values.help) {
  console.log(HELP);
  process.exit(0);
}

function whole(name, text) {
  if (/^-?\d+$/.test(text)) return Number(text);
  console.error(`--${name}: a whole number is expected, got ${text}`);
  process.exit(2);
}

const [target, caseSeed] = (values.case ?? "").split(":");
const only = values.case === undefined ? null : { target: whole("case", target), seed: whole("case", caseSeed ?? "") };
const seed = whole("seed", values.seed);
const seconds = whole("seconds", values.seconds);

// The readers are TypeScript, which Node does not read from version 20 on.
const outfile = join(root, ".cache/fuzz/readers.mjs");
await bundleForThread("test/properties/readers/worker.ts", outfile);

const again = (name) => `  again: node scripts/fuzz/readers.mjs --case ${name}`;
if (only === null) console.log(`seed ${seed}, ${seconds} s`);
const running = new Int32Array(new SharedArrayBuffer(8));
const workerData = { running, seed, seconds, target: values.target, only };
const worker = new Worker(outfile, { workerData, resourceLimits: { maxOldGenerationSizeMb: 2048 } });

let findings = 0;
const found = (name, what) => {
  console.log(`${what}\n${again(name)}\n`);
  findings++;
  process.exitCode = 1;
};
const current = () => `${running[0]}:${running[1]}`;

let [last, since] = ["", performance.now()];
const watch = setInterval(() => {
  if (last !== current()) [last, since] = [current(), performance.now()];
  else if (performance.now() - since > 1000 * HANG) {
    found(last, `it goes on for more than ${HANG} s`);
    clearInterval(watch);
    void worker.terminate();
  }
}, 500);

worker.on("message", (message) => {
  if (message.done) console.log(`${message.done}, ${findings} findings`);
  else found(message.case, message.finding);
  if (findings >= ENOUGH) void worker.terminate();
});
worker.on("error", (error) => found(current(), `the process failed: ${error.stack}`));
worker.on("exit", () => clearInterval(watch));
