// @needs browser
// @rest shaders
import { afterAll, beforeAll, expect, it } from "vitest";
import type { compareFewRows, compareHalves, compareNaN, compareOps, manyGroups } from "./in-page.js";
import { difference } from "./training-loop.js";
import { GpuPage } from "./gpu-page.js";

let page: GpuPage;
beforeAll(async () => void (page = await GpuPage.open()));
afterAll(() => page?.close());

it("computes every op that has a GPU kernel, and its gradients, as WASM does", async () => {
  const { gpu, wasm, plain } = await page.call<Awaited<ReturnType<typeof compareOps>>>("compareOps");
  expect(Object.keys(gpu)).toEqual(Object.keys(wasm));
  const apart = Object.entries(wasm).map(([name, values]) => [name, difference(values, gpu[name]!)] as const);
  // Without subgroups too.
  expect(Object.keys(plain).length).toBeGreaterThan(15);
  for (const [name, values] of Object.entries(plain)) expect(difference(wasm[name]!, values), name).toBeLessThan(2e-6);
  // Measured on SwiftShader: at most 7e-7 of the largest number; products differ in no bit.
  expect(apart.filter(([, share]) => !(share <= 2e-6))).toEqual([]);
});

it("computes products of few rows by weights of every format as WASM does", { timeout: 300_000 }, async () => {
  const { gpu, wasm, plain } = await page.call<Awaited<ReturnType<typeof compareFewRows>>>("compareFewRows");
  expect(Object.keys(gpu)).toEqual(Object.keys(wasm));
  expect([Object.keys(gpu).length, Object.keys(plain).length]).toEqual([48, 12]);
  const apart = [gpu, plain].flatMap((results) =>
    Object.entries(results).map(([name, values]) => [name, difference(wasm[name]!, values)] as const),
  );
  // Measured on SwiftShader: at most 3e-7 of the largest number.
  expect(apart.filter(([, share]) => !(share <= 1e-6))).toEqual([]);
});

it("keeps NaN where WASM does", async () => {
  const { gpu, wasm } = await page.call<Awaited<ReturnType<typeof compareNaN>>>("compareNaN");
  // The NaN is in a row, or in an adapter, that is not these adapters'.
  const without = (name: string) => /^LoRA (by rows|beside another): gradient/.test(name);
  const none = Object.keys(wasm).filter((name) => wasm[name]!.startsWith("0 of") && !without(name));
  expect(none.length).toBeLessThan(5);
  expect(gpu).toEqual(wasm);
});

it("rounds to 16 bits as WASM does, and makes NaN of what is too large", async () => {
  const { gpu, wasm } = await page.call<Awaited<ReturnType<typeof compareHalves>>>("compareHalves");
  expect(new Set(wasm.fit).size).toBeGreaterThan(10_000);
  expect(gpu.fit).toEqual(wasm.fit);
  // WASM's call returns how many are too large, and its caller throws; on a GPU, NaN reaches the logits.
  const isTooLarge = wasm.all.map((each, i) => each !== gpu.all[i]);
  expect(isTooLarge.filter(Boolean).length).toBeGreaterThan(500);
  wasm.all.forEach((each, i) => {
    if (isTooLarge[i]) expect([each.replace("-", ""), gpu.all[i]]).toEqual(["Infinity", "NaN"]);
  });
});

it("asks for no more workgroups in a direction than WebGPU guarantees", async () => {
  const asked = await page.call<Awaited<ReturnType<typeof manyGroups>>>("manyGroups");
  expect(asked).toHaveLength(2);
  const [sums, attention] = asked as [[number, number], [number, number]];
  expect(Math.max(...sums)).toBeLessThanOrEqual(65_535);
  expect(sums[0] * sums[1]).toBeGreaterThanOrEqual(70_000);
  expect(attention).toEqual([4_000, 1]);
});
