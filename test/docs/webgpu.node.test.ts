// @needs browser
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { root } from "../../scripts/setup/paths.mjs";
import { GpuPage } from "../engine/webgpu/gpu-page.js";
import { example } from "./examples.js";

it("runs the program of docs/webgpu.md, which trains a layer", async () => {
  const page = await GpuPage.open();
  const document = readFileSync(join(root, "docs/webgpu.md"), "utf8");
  const [adapter, ...lines] = await page.logged(example(document, "webgpu"));
  await page.close();
  expect(adapter).toBe("google swiftshader");
  const losses = lines.slice(0, 5).map((line) => Number(line.split(" ")[1]));
  expect(losses[0]).toBeGreaterThan(0.1);
  expect(losses[4]).toBeLessThan(1e-3);
});
