import { describe, expect, it } from "vitest";
import { lowrank } from "./fixture.js";

interface Timing {
  readonly work: string;
  readonly shape: string;
  readonly fastest: number;
  readonly median: number;
  readonly gigaflops: number;
}

describe("bench", () => {
  it("times products in every form and LoRA steps, and the peak beside them", async () => {
    const { code, out, err } = await lowrank(["bench", "--seconds", "0.001", "--threads", "1", "--json"]);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    const { peak, timings } = JSON.parse(out) as { peak: number; timings: Timing[] };
    expect(peak).toBeGreaterThan(0);
    expect(new Set(timings.map(({ work }) => work))).toEqual(
      new Set(["A·B", "A·Bᵀ", "Aᵀ·B", "x·W, W packed", "LoRA step"]),
    );
    for (const { fastest, median, gigaflops } of timings) {
      expect(gigaflops).toBeGreaterThan(0);
      expect(median).toBeGreaterThanOrEqual(fastest);
    }
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
