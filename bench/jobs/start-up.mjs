// Time from nothing to a first product in a new process: node jobs/start-up.mjs PEER THREADS LIBRARY
// Milliseconds of importing the module, of initialising it, and of a first product 4 × 4.
import { peersInNode, runtimeName } from "../runtimes/node.mjs";
import { randomArray } from "../data.mjs";

const [peer, threads, library] = process.argv.slice(2);
const product = {
  shape: [4, 4, 4],
  transposeA: false,
  transposeB: false,
  frozen: false,
  a: randomArray(16, 1),
  b: randomArray(16, 2),
};
const times = peer === "lowrank" ? await ours() : await theirs();
process.stdout.write(`${JSON.stringify({ peer, threads: Number(threads), runtime: runtimeName, ...times })}\n`);
process.exit(0);

async function ours() {
  const begin = performance.now();
  const { init, Graph } = await import(library);
  const imported = performance.now();
  await init({ threads: Number(threads) });
  const ready = performance.now();
  const graph = new Graph();
  const [a, b] = [product.a, product.b].map((data) => graph.constant({ shape: [4, 4], data }));
  graph.step(() => graph.value(graph.matmul(a, b)));
  return { import: imported - begin, init: ready - imported, first: performance.now() - ready };
}

/** A peer's own module is imported while it is opened, so both stand under `init`. */
async function theirs() {
  const begin = performance.now();
  const contestant = await peersInNode[peer](Number(threads));
  const ready = performance.now();
  const entry = await contestant.matmul(product);
  await entry.result();
  return { import: 0, init: ready - begin, first: performance.now() - ready };
}
