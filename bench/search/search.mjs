// node bench/search/search.mjs [--vectors N] [--dimensions N] [--format int8] [--queries N]: time and memory of SearchIndex on one thread.
import { parseArgs } from "node:util";
import { createEngine, SearchIndex } from "../../dist/node.js";

const option = (fallback) => ({ type: "string", default: fallback });
const { values } = parseArgs({
  options: {
    vectors: option("1000000"),
    dimensions: option("384"),
    format: option("int8"),
    queries: option("40"),
    batch: option("1000"),
    build: option("auto"),
  },
});
const [count, dimensions, queries, batch] = ["vectors", "dimensions", "queries", "batch"].map((name) =>
  Number(values[name]),
);

let state = 1;
const uniform = () => ((state = (Math.imul(state, 1664525) + 1013904223) | 0) >>> 0) / 2 ** 32;
/** Vectors mixed of a few directions: neighbours then differ in similarity, as those of texts do. */
const topics = Array.from({ length: 64 }, () =>
  Float32Array.from({ length: dimensions }, () => uniform() + uniform() + uniform() - 1.5),
);
const drawn = Array.from({ length: 4096 }, () => {
  const [a, b] = [topics[(uniform() * 64) | 0], topics[(uniform() * 64) | 0]];
  return Float32Array.from({ length: dimensions }, (_, i) => a[i] + 0.5 * b[i] + uniform() - 0.5);
});
/** One of them, turned by some places: a million would take longer to draw than to search. */
function vector(i) {
  const [from, turn] = [drawn[i % drawn.length], Math.floor(i / drawn.length) % dimensions];
  const turned = new Float32Array(dimensions);
  turned.set(from.subarray(turn));
  turned.set(from.subarray(0, turn), dimensions - turn);
  return turned;
}

const megabytes = (bytes) => `${(bytes / 1e6).toFixed(0)} MB`;
const rss = () => {
  globalThis.gc?.();
  return process.memoryUsage.rss();
};

const engine = await createEngine({ threads: 1, build: values.build });
const [memory, used] = [rss(), engine.info.memory.used];
const index = SearchIndex.create({ dimensions, format: values.format, engine });
const started = performance.now();
let adding = 0;
for (let i = 0; i < count; i += batch) {
  const size = Math.min(batch, count - i);
  const vectors = Array.from({ length: size }, (_, j) => vector(i + j));
  const from = performance.now();
  index.add(
    Array.from({ length: size }, (_, j) => `doc-${i + j}`),
    vectors,
  );
  adding += performance.now() - from;
}
const made = performance.now() - started - adding;
console.log(
  `${engine.info.build}: ${count} × ${dimensions} ${values.format}; added in ${(adding / 1000).toFixed(1)} s (vectors made in ${(made / 1000).toFixed(1)} s)`,
);
console.log(
  `memory: ${megabytes(engine.info.memory.used - used)} of the engine, ${megabytes(rss() - memory)} of the process`,
);

const times = [];
const before = process.cpuUsage();
for (let i = 0; i < queries; i++) {
  const query = vector((uniform() * count) | 0);
  const from = performance.now();
  index.search(query, { topK: 10 });
  times.push(performance.now() - from);
}
const { user, system } = process.cpuUsage(before);
times.sort((a, b) => a - b);
console.log(
  `search: ${times[queries >> 1].toFixed(1)} ms median, ${times[0].toFixed(1)} ms fastest, ${times.at(-1).toFixed(1)} ms slowest of ${queries}; ${((user + system) / 1000 / queries).toFixed(1)} ms of the processor, mean`,
);
index.dispose();
if (engine.info.memory.used !== used) throw new Error("memory was not freed");
await engine.close();
