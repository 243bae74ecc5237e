import { afterAll, beforeAll, expect, it } from "vitest";
import { GpuPage } from "./gpu-page.js";
import type { compareRandomPrograms } from "./in-page.js";

let page: GpuPage;
beforeAll(async () => void (page = await GpuPage.open()));
afterAll(() => page?.close());

const isAll = process.env["LOWRANK_TESTS"] === "all";
const counts = isAll ? { plain: 200, wild: 150 } : { plain: 10, wild: 5 };

const what = "computes random programs on a GPU as on WASM: values, gradients, updates, NaN and infinities";
it(what, { timeout: 600_000 }, async () => {
  const { plain, wild, bytesLeft, unused } = await page.call<Awaited<ReturnType<typeof compareRandomPrograms>>>(
    "compareRandomPrograms",
    counts,
  );
  // Of ordinary numbers at most 1e-6 of the largest one was measured on SwiftShader.
  expect([...plain.wrong, ...wild.wrong]).toEqual([]);
  expect(plain.worst).toBeLessThan(2e-6);
  expect(plain.events).toBeGreaterThan(10 * counts.plain);
  expect(wild.events).toBeGreaterThan(10 * counts.wild);
  expect(plain.updates).toBeGreaterThan(0);
  expect(bytesLeft).toBe(0);
  if (isAll) expect(unused).toEqual([]);
});
