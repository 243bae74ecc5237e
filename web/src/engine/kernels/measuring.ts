import { createEngine, Graph } from "lowrank";
import { peakMeter } from "./peak.js";
import { products, type Measurement } from "./products.js";

const post = (message: Measurement) => postMessage(message);

/** Milliseconds per timed group of calls. Timers in pages are coarse. */
const BUNCH = 20;
const ROUNDS = 8;

/** The fastest of several groups of calls, in milliseconds per call. */
function fastest(run: () => void): number {
  let calls = 1;
  const timed = () => {
    const start = performance.now();
    for (let i = 0; i < calls; i++) run();
    return performance.now() - start;
  };
  let took = timed();
  for (; took < BUNCH; took = timed()) calls *= 2;
  let least = took / calls;
  for (let i = 0; i < ROUNDS; i++) least = Math.min(least, timed() / calls);
  return least;
}

async function measure(): Promise<void> {
  const one = await createEngine({ threads: 1 });
  const all = await createEngine();
  try {
    const { build, threads, threadsRefused: refused } = all.info;
    const engines = threads > 1 ? [one, all] : [one];
    post({ type: "begun", build, threads: engines.map((engine) => engine.info.threads), refused });
    const peak = await peakMeter(build);
    // A processor needs some work before it reaches full speed.
    for (let i = 0; i < 20; i++) peak();
    for (const engine of engines) {
      // Not `using`, because browsers without it have no `Symbol.dispose` either.
      const graph = new Graph({ engine });
      try {
        for (const [product, { m, k, n }] of products.entries()) {
          const filled = (rows: number, columns: number) =>
            graph.variable({
              shape: [rows, columns],
              data: Float32Array.from({ length: rows * columns }, (_, i) => Math.sin(i)),
            });
          const [a, b] = [filled(m, k), filled(k, n)];
          post({ type: "peak", rate: peak() });
          const milliseconds = fastest(() => void graph.step(() => graph.noGrad(() => graph.matmul(a, b))));
          post({ type: "peak", rate: peak() });
          post({ type: "rate", product, threads: engine.info.threads, rate: (2 * m * k * n) / milliseconds / 1e6 });
        }
      } finally {
        graph.dispose();
      }
    }
  } finally {
    await Promise.all([one.close(), all.close()]);
  }
}

/** Measures the kernels in this worker and posts the measurements. */
export function measureHere(): void {
  measure().then(
    () => post({ type: "done" }),
    ({ name, message }: Error) => post({ type: "failed", name, message }),
  );
}
