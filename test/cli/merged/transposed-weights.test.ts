import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CausalLanguageModel, readSafetensors, writeSafetensors } from "../../../ts/entry/node.js";
import { lowrank, project } from "../fixture.js";

/*
 * A square weight does not say whether it is [in, out]. GPT-2's attn.c_proj is, and without config.json only its neighbours tell.
 */
const base = join(project, "test/golden/decoders/gpt2");
const SQUARE = "transformer.h.0.attn.c_proj.weight";

let folder: string;
let adapter: Record<string, Uint8Array>;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lowrank-orientation-"));
  using model = await CausalLanguageModel.load(base);
  model.addAdapter("new", { rank: 2, targetModules: ["attn.c_proj"], initLoraWeights: false });
  adapter = model.saveAdapter("new");
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function adapterFolder(name: string, fanInFanOut: boolean): Promise<string> {
  const path = join(folder, name);
  await mkdir(path);
  const config = JSON.parse(new TextDecoder().decode(adapter["adapter_config.json"])) as object;
  await writeFile(join(path, "adapter_config.json"), JSON.stringify({ ...config, fan_in_fan_out: fanInFanOut }));
  await writeFile(join(path, "adapter_model.safetensors"), adapter["adapter_model.safetensors"]!);
  return path;
}

/** The base's weights in a file alone. */
async function withoutConfig(name: string, keep = (_tensor: string) => true): Promise<string> {
  const file = readSafetensors(await readFile(join(base, "model.safetensors")));
  const path = join(folder, name);
  await mkdir(path);
  const tensors = new Map(file.names.filter(keep).map((tensor) => [tensor, file.tensor(tensor)] as const));
  await writeFile(join(path, "model.safetensors"), writeSafetensors(tensors, {}));
  return join(path, "model.safetensors");
}

const merge = (from: string, by: string, out: string) =>
  lowrank(["merge", "--base", from, "--adapter", by, "--out", join(folder, out)]);

const merged = async (out: string) =>
  readSafetensors(await readFile(join(folder, out, "model.safetensors"))).tensor(SQUARE);

describe.each([true, false])("a square Conv1D, where the adapter's fan_in_fan_out is %s", (fanInFanOut) => {
  const named = (what: string) => `${what}-${fanInFanOut}`;

  it("is merged without config.json as with it: its neighbours' biases tell", async () => {
    const by = await adapterFolder(named("adapter"), fanInFanOut);
    expect((await merge(base, by, named("with"))).code).toBe(0);
    const { code, err } = await merge(await withoutConfig(named("alone")), by, named("without"));
    expect({ code, err: err.replace(/^the adapter names .*\n/gm, "") }).toEqual({ code: 0, err: "" });
    expect(await merged(named("without"))).toEqual(await merged(named("with")));
  });

  it("is refused where nothing tells", async () => {
    const by = await adapterFolder(named("untold"), fanInFanOut);
    const alone = await withoutConfig(named("bare"), (name) => !/c_proj\.bias$/.test(name));
    const { code, err } = await merge(alone, by, named("refused"));
    expect(code).not.toBe(0);
    expect(err).toMatch(/attn\.c_proj has a square weight, \[32, 32\], and nothing tells .* config\.json/);
  });
});
