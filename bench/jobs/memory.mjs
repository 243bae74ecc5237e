// Memory of a process that trains: node jobs/memory.mjs '{ library, peer, what }', what being
// "peak": most resident memory while 30 LoRA steps of the largest shape run;
// "undisposed": resident memory before and after 2,000 steps of 128,384,384,8 whose results nobody gives back;
// "long": linear memory after step 10 and step 10,000 of the smallest shape (ours alone).
import { openLowrank } from "../contestants/lowrank.mjs";
import { loraData } from "../data.mjs";
import { peersInNode, runtimeName } from "../runtimes/node.mjs";
import { loraShapes } from "../shapes.mjs";

const MEBIBYTE = 2 ** 20;
const { library, peer, what } = JSON.parse(process.argv[2]);
const resident = () => process.memoryUsage().rss / MEBIBYTE;
const most = () => process.resourceUsage().maxRSS / 1024;

const contestant =
  peer === "lowrank" ? await openLowrank({ library, build: "auto", threads: 1 }) : await peersInNode[peer](1);
const results = { peak, undisposed, long };
const row = {
  case: "memory",
  what,
  peer,
  build: contestant.build,
  threads: 1,
  runtime: runtimeName,
  ...(await results[what]()),
};
process.stdout.write(`${JSON.stringify({ memory: row })}\n`);
process.exit(0);

async function peak() {
  const shape = loraShapes.at(-1);
  const before = most();
  const step = await contestant.loraStep(shape, loraData(shape));
  for (let i = 0; i < 30; i++) await step.run();
  return { shape: shape.join(","), steps: 30, before, after: most(), unit: "MiB resident" };
}

async function undisposed() {
  const shape = loraShapes[1];
  const step = await contestant.loraStep(shape, loraData(shape));
  // Ours has nothing to dispose of: what a step makes ends with it.
  const run = step.runUndisposed ?? step.run;
  for (let i = 0; i < 10; i++) await run();
  const before = resident();
  for (let i = 0; i < 2000; i++) await run();
  return { shape: shape.join(","), steps: 2000, before, after: resident(), unit: "MiB resident" };
}

async function long() {
  const { engineInfo } = await import(library);
  const shape = loraShapes[0];
  const step = contestant.loraStep(shape, loraData(shape));
  for (let i = 0; i < 10; i++) step.run();
  const before = engineInfo().memory;
  for (let i = 10; i < 10_000; i++) step.run();
  const after = engineInfo().memory;
  const same = before.used === after.used && before.reserved === after.reserved;
  return { shape: shape.join(","), steps: 10_000, before: before.used, after: after.used, same, unit: "bytes in use" };
}
