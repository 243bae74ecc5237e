import { afterAll, describe, expect, it } from "vitest";
import { engine } from "../../ts/engine/engine.js";
import { AdamW, ClassificationHead, Graph, LoraLinear, normal, uniform } from "../../ts/index.js";
import { loraBits, productBits, type Size } from "./products.js";

// The tile is chosen by time, so a bit that depends on it differs from run to run. So would one that depends on how many
// threads came, which is why the builds with threads are also held against one thread of their own.

const { kernels, tile, info } = engine();
const { threads } = info;
const chosen = kernels.tile();
const tiles = Array.from({ length: kernels.tile_count() }, (_, index) => index);
const setThreads = (kernels as unknown as { set_threads?: (threads: number, maySleep: boolean) => void }).set_threads;
const counts = threads > 1 ? [threads, 1] : [1];

/** Runs `body` with each tile and thread count; every result must be the first one's, bit for bit. */
function sameBits(what: string, body: () => Record<string, Int32Array>): void {
  let first: Record<string, Int32Array> | undefined;
  for (const index of tiles) {
    for (const count of counts) {
      kernels.set_tile(index);
      setThreads?.(count, typeof document === "undefined");
      const results = body();
      first ??= results;
      for (const [name, bits] of Object.entries(results)) {
        const differs = bits.findIndex((value, i) => value !== first![name]![i]);
        if (differs < 0) continue;
        const shape = `${kernels.tile_rows(index)}×${kernels.tile_columns(index)}`;
        throw new Error(`${what}, ${name}: element ${differs} has other bits with tile ${shape} on ${count} threads`);
      }
    }
  }
}

function sweep(sizes: readonly Size[]): void {
  for (const size of sizes) sameBits(`${size.m}×${size.n}×${size.k}`, () => productBits(size));
}

afterAll(() => {
  kernels.set_tile(chosen);
  setThreads?.(threads, typeof document === "undefined");
});

describe("the tile and the number of threads change no bit", () => {
  it("of heads: 1 to 40 columns, few rows and many", () => {
    const sizes = Array.from({ length: 40 }, (_, i) => i + 1).flatMap((n) => [
      { m: 5, n, k: 1537 },
      { m: 32, n, k: 385 },
      { m: 301, n, k: 129 },
    ]);
    sweep(sizes);
  });

  it("of products with few rows, around the edges of tiles and parts", () => {
    sweep([1, 2, 3, 4, 7, 8, 9, 13, 15, 17, 25].flatMap((m) => [
      { m, n: 67, k: 701 },
      { m, n: 523, k: 257 },
    ])); // prettier-ignore
  });

  it("of products large enough for every block", () => {
    sweep([
      { m: 259, n: 61, k: 513 },
      { m: 264, n: 1, k: 700 },
      { m: 515, n: 29, k: 300 },
      { m: 130, n: 530, k: 275 },
      { m: 63, n: 129, k: 64 },
      { m: 1000, n: 17, k: 31 },
    ]);
  });

  it("of a LoRA layer's products", () => {
    for (const [t, inputs, outputs, rank] of [
      [1, 97, 300, 4],
      [7, 384, 384, 8],
      [33, 131, 67, 13],
      [301, 192, 160, 8],
      [270, 20, 24, 64],
      [530, 64, 384, 1],
    ] as const) {
      sameBits(`LoRA ${t}, ${inputs} → ${outputs}, rank ${rank}`, () => loraBits(t, inputs, outputs, rank));
    }
  });

  it("of training steps: LoRA, a head, AdamW", () => {
    // From here on no step measures tiles and takes another.
    tile.keep(tile.current);
    for (const [batch, classes] of [
      [20, 35],
      [20, 21],
      [65, 13],
    ] as const) {
      sameBits(`training on ${batch} rows of ${classes} classes`, () => {
        const graph = new Graph({ seed: 3 });
        const weight = graph.constant(normal(graph, [192, 384], 0.1));
        const layer = LoraLinear.fromLinear(graph, weight, null, 192, 384, { rank: 5 });
        const head = new ClassificationHead(graph, normal(graph, [384, classes], 0.1), normal(graph, [classes], 0.1));
        const params = [...layer.trainableParams(), head.weight, head.bias];
        const optimizer = new AdamW(graph, params, { lr: 1e-2 });
        const x = uniform(graph, [batch, 192], 1);
        const labels = Int32Array.from({ length: batch }, (_, i) => (i * i) % classes);
        for (let step = 0; step < 3; step++) {
          optimizer.zeroGrad();
          graph.step(() => {
            const hidden = graph.gelu(layer.forward(graph, graph.constant(x)));
            graph.backward(graph.crossEntropy(head.logits(hidden), labels));
          });
          optimizer.step();
        }
        const values = params.map((id, i) => [`parameter ${i}`, new Int32Array(graph.value(id).data.buffer)] as const);
        graph.dispose();
        return Object.fromEntries(values);
      });
    }
    expect(kernels.tile()).toBe(tiles.at(-1));
  });
});
