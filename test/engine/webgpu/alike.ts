import { expect } from "vitest";
import type * as inPage from "./in-page.js";
import { difference } from "./training-loop.js";

// What a GPU computes beside WASM, in the tests that `npm test` runs and in those of every model and of many programs.

type Calls = Omit<typeof inPage, "lowrank">;
type Vectors = Record<string, number[]>;
export type Generated = Awaited<ReturnType<Calls["compareGenerated"]>>;
export type ComparedPrograms = Awaited<ReturnType<Calls["compareRandomPrograms"]>>;

/** Vectors of encoders. */
export function expectVectorsAlike(gpu: Vectors, wasm: Vectors): void {
  // Measured on SwiftShader: 2.5e-7 of the largest number.
  for (const [name, values] of Object.entries(wasm)) expect(difference(values, gpu[name]!), name).toBeLessThan(1e-6);
  expect(gpu["bytes left"]).toEqual([0]);
}

/** What language models compute and generate. */
export function expectGeneratedAlike({ gpu, wasm }: Generated): void {
  expect(gpu.bytesLeft).toBe(0);
  for (const [name, { numbers, tokens }] of Object.entries(wasm.found)) {
    // Measured on SwiftShader: 1.2e-6 of the largest number.
    numbers.forEach((values, i) =>
      expect(difference(values, gpu.found[name]!.numbers[i]!), `${name}: numbers ${i}`).toBeLessThan(2e-6),
    );
    expect(gpu.found[name]!.tokens, name).toEqual(tokens);
  }
}

/** So many random programs of each kind. */
export function expectProgramsAlike(compared: ComparedPrograms, counts: { plain: number; wild: number }): void {
  const { plain, wild, bytesLeft } = compared;
  // Of ordinary numbers at most 1e-6 of the largest one was measured on SwiftShader.
  expect([...plain.wrong, ...wild.wrong]).toEqual([]);
  expect(plain.worst).toBeLessThan(2e-6);
  expect(plain.events).toBeGreaterThan(10 * counts.plain);
  expect(wild.events).toBeGreaterThan(10 * counts.wild);
  expect(plain.updates).toBeGreaterThan(0);
  expect(bytesLeft).toBe(0);
}
