// @needs browser
import { afterAll, beforeAll, it } from "vitest";
import { type ComparedPrograms, expectProgramsAlike } from "./alike.js";
import { GpuPage } from "./gpu-page.js";

let page: GpuPage;
beforeAll(async () => void (page = await GpuPage.open()));
afterAll(() => page?.close());

const counts = { plain: 10, wild: 5 };
const what = "computes random programs on a GPU as on WASM: values, gradients, updates, NaN and infinities";
it(what, { timeout: 600_000 }, async () => {
  expectProgramsAlike(await page.call<ComparedPrograms>("compareRandomPrograms", { first: 0, ...counts }), counts);
});
