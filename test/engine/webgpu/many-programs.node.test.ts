// @needs browser
// @rest shaders
import { afterAll, beforeAll, expect, it } from "vitest";
import { type ComparedPrograms, expectProgramsAlike } from "./alike.js";
import { GpuPage } from "./gpu-page.js";

let page: GpuPage;
beforeAll(async () => void (page = await GpuPage.open()));
afterAll(() => page?.close());

const counts = { plain: 200, wild: 150 };

it("computes many more random programs on a GPU as on WASM, with every op", { timeout: 600_000 }, async () => {
  const compared = await page.call<ComparedPrograms>("compareRandomPrograms", { first: 10, ...counts });
  expectProgramsAlike(compared, counts);
  expect(compared.unused).toEqual([]);
});
