import { describe, expect, it } from "vitest";
import { lowrank } from "../fixture.js";

interface Timing {
  readonly work: string;
  readonly shape: string;
  readonly fastest: number;
  readonly median: number;
  readonly gigaflops: number;
}

/** Floating point operations of a piece of work, by the shapes that the table shows. */
function operationsOf({ work, shape }: Timing): number {
  const [m, k, n, rank] = shape.split("×").map(Number) as [number, number, number, number?];
  // Forward and the input's gradient through the weight, and both with the two gradients through A and B.
  return work === "LoRA step" ? 4 * m * k * n + 6 * m * rank! * (k + n) : 2 * m * k * n;
}

describe("bench", () => {
  it("times products in every form and LoRA steps, and the peak beside them", async () => {
    const begin = performance.now();
    const { code, out, err } = await lowrank(["bench", "--seconds", "0.001", "--threads", "1", "--json"]);
    const elapsed = performance.now() - begin;
    expect({ code, err }).toEqual({ code: 0, err: "" });
    const { peak, timings } = JSON.parse(out) as { peak: number; timings: Timing[] };
    expect(new Set(timings.map(({ work }) => work))).toEqual(
      new Set(["A·B", "A·Bᵀ", "Aᵀ·B", "x·W, W packed", "LoRA step"]),
    );
    expect(new Set(timings.map(({ work, shape }) => `${work} ${shape}`)).size).toBe(timings.length);
    for (const timing of timings) {
      const { fastest, median, gigaflops } = timing;
      // Milliseconds, and the speed is that of the operations which the shape asks for.
      expect(gigaflops * fastest * 1e6).toBeCloseTo(operationsOf(timing), 0);
      expect(median).toBeGreaterThanOrEqual(fastest);
    }
    // Each is called four times at least, whatever else the machine does: what is reported has been waited for.
    expect(4 * timings.reduce((sum, { fastest }) => sum + fastest, 0)).toBeLessThan(elapsed);
    const steps = timings.filter(({ work }) => work === "LoRA step");
    expect(steps.at(-1)!.fastest).toBeGreaterThan(10 * steps[0]!.fastest);
    // Any processor with 128-bit registers does a few billion; a thread of one that does a million million is to come.
    expect(peak).toBeGreaterThan(0.1);
    expect(peak).toBeLessThan(1e6);
  });

  it("prints a table for people", async () => {
    const { code, out } = await lowrank(["bench", "--seconds", "0.001"]);
    expect(code).toBe(0);
    const lines = out.trimEnd().split("\n");
    expect(lines[0]).toMatch(
      /^(simd|relaxed) build, \d+ threads?, tile \d×\d+; 128-bit peak [\d.]+ GFLOP\/s a thread$/,
    );
    expect(lines.at(-1)).toMatch(/^LoRA step +512×768×768×8 .+ %$/);
  });
});
