import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { root } from "../../scripts/setup/paths.mjs";
import golden from "../golden/bits.json" with { type: "json" };
import { bitsModule, bundle } from "./bundle.mjs";
import { startWorkerd } from "./start-workerd.js";

const folder = mkdtempSync(join(tmpdir(), "lowrank-workerd-"));
afterAll(() => rmSync(folder, { recursive: true }));

it("workerd gives the bits of every runtime, with one thread whatever was asked for", async () => {
  const main = `${bitsModule} export default { fetch: async () => Response.json(await run(2)) };`;
  const scriptPath = await bundle({ contents: main, entry: "workerd", outfile: join(folder, "worker.js") });
  const runtime = startWorkerd(folder, scriptPath, join(root, "dist"));
  try {
    const answer = await (await runtime.dispatchFetch("http://localhost/")).text();
    expect(JSON.parse(answer)).toEqual({
      build: "simd",
      threads: 1,
      threadsRefused: expect.stringMatching(/starts no workers/),
      bits: golden[1],
    });
  } finally {
    await runtime.dispose();
  }
});
