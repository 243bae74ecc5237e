// @needs linux
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { resolveModel } from "../../../ts/io/node/index.js";
import { SentenceEncoder } from "../../../ts/models/sentence/sentence-encoder.js";
import { tinyEncoder } from "../../models/tiny-encoder.js";

// Linux tells which files a process has open.
it("a model that cannot be read leaves no file open", async () => {
  const folder = await mkdtemp(join(tmpdir(), "lowrank-handles-"));
  const open = async () => (await readdir("/proc/self/fd")).length;
  try {
    const files = await tinyEncoder();
    for (const [name, bytes] of Object.entries(files)) await writeFile(join(folder, name), bytes);
    const load = async () => SentenceEncoder.load(await resolveModel(folder));
    (await load()).dispose();
    const before = await open();
    // Half of the weights, none, and a folder in their place: what is opened is closed, wherever reading ends.
    const weights = join(folder, "model.safetensors");
    for (const end of [files["model.safetensors"]!.length >> 1, 4, 0]) {
      await writeFile(weights, files["model.safetensors"]!.subarray(0, end));
      await expect(load()).rejects.toThrow();
    }
    await rm(weights);
    mkdirSync(weights);
    await expect(load()).rejects.toThrow();
    expect(await open()).toBe(before);
  } finally {
    await rm(folder, { recursive: true });
  }
});
