// @needs linux
// @rest kills
import { readdirSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeFilesAtomically } from "../../../ts/entry/node.js";
import { llamaConfig, randomModel } from "../../models/language/random-llama.js";
import { signalledWhen, unfinished, withShortFiles } from "./disturbed.js";
import { lowrankProcess } from "../../cli/process.js";

let folder: string;
const path = (...parts: string[]) => join(folder, ...parts);
const args = () => ["quantize", "--model", path("model"), "--to", "f32", "--out"];
/** What is written where nobody disturbs. */
let whole: Buffer;

const MIB = 1024 * 1024;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lowrank-quantize-kills-"));
  await writeFilesAtomically(path("model"), randomModel(llamaConfig({ hidden_size: 384, intermediate_size: 1024 })));
  await mkdir(path("at"));
  expect((await lowrankProcess([...args(), path("whole.gguf")], folder)).code).toBe(0);
  whole = readFileSync(path("whole.gguf"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("quantize", () => {
  it("that is killed leaves nothing that looks whole, and the next one makes it and clears away what was left", async () => {
    let killed = 0;
    for (const least of [0, MIB, whole.length / 2, whole.length - MIB]) {
      const watch = () => [...(unfinished(path("at"))?.values() ?? [-1])].every((size) => size >= least);
      const { signal } = await signalledWhen(watch, "SIGKILL", [...args(), path("at", "x.gguf")], folder);
      if (signal !== null) killed++;
      // It may have been quicker than the kill: then all is there.
      if (!readdirSync(path("at")).includes("x.gguf")) continue;
      expect(readFileSync(path("at", "x.gguf")).equals(whole)).toBe(true);
      await rm(path("at", "x.gguf"));
    }
    expect(killed).toBeGreaterThan(0);
    expect((await lowrankProcess([...args(), path("at", "x.gguf")], folder)).code).toBe(0);
    expect(readFileSync(path("at", "x.gguf")).equals(whole)).toBe(true);
    expect(readdirSync(path("at"))).toEqual(["x.gguf"]);
    await rm(path("at", "x.gguf"));
  });

  it("that finds no room is an error, and nothing is left", () => {
    const { out, err } = withShortFiles(6000, [...args(), "x.gguf"], path("at"));
    expect(out).toBe("code 1\n");
    expect(err).toMatch(/^error: EFBIG: file too large, write$/m);
  });
});
