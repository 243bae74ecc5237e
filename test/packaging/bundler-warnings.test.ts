// @rest consumers
import { join } from "node:path";
import { rollup } from "rollup";
import { expect, it } from "vitest";
import { root } from "../../scripts/setup/paths.mjs";

const inPages = ["browser", "inline", "jobs-browser", "remote-browser", "serve", "extension", "service-worker"];
const inNode = ["node", "jobs-node", "remote-node", "extension-node", "extension-cli"];
const workers = ["worker-browser", "lowrank-worker", "worker-node", "lowrank-worker-node"];
const files = [...inPages, ...inNode, ...workers].map((name) => join(root, "dist", `${name}.js`));

it.each(files)("rollup reads %s without a warning", async (input) => {
  const warnings: string[] = [];
  const external = (id: string) => !/^[./]/.test(id);
  const bundle = await rollup({ input, external, onwarn: ({ message }) => void warnings.push(message) });
  expect(bundle.watchFiles.length).toBeGreaterThan(0);
  await bundle.close();
  expect(warnings).toEqual([]);
});
