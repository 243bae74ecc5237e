import { describe, expect, it } from "vitest";
import { bytesSource, CausalLanguageModel, ggufSource, LowrankError, openGguf } from "../../../ts/index.js";
import { type GgufPlan, writeGguf, type WrittenValue } from "../../../ts/io/gguf/write.js";
import { ggufArchitecture, tensorName } from "../../../ts/models/gguf/names.js";
import { goldenBytes } from "../../golden.js";

/** A stranger's changes of a file: metadata by key, undefined takes one out; tensors by name, null takes one out. */
interface Changes {
  readonly metadata?: Readonly<Record<string, WrittenValue | undefined>>;
  readonly tensors?: Readonly<Record<string, Partial<GgufPlan> | null>>;
}

async function changedFile(bytes: Uint8Array, { metadata: given = {}, tensors: changed = {} }: Changes) {
  const file = await openGguf(bytesSource(bytes));
  const metadata = new Map<string, WrittenValue>();
  for (const key of file.metadata.keys()) metadata.set(key, { stored: await file.rawMetadata(key) });
  for (const [key, value] of Object.entries(given))
    if (value === undefined) metadata.delete(key);
    else metadata.set(key, value);
  const tensors: (GgufPlan & { data: Uint8Array })[] = [];
  for (const name of file.names) {
    if (changed[name] === null) continue;
    const { type, shape } = file.info(name);
    const plan = { name, type, shape, ...changed[name] };
    const data = new Uint8Array(plan.shape.reduce((product, length) => product * length, 4));
    data.set((await file.raw(name)).subarray(0, data.length));
    tensors.push({ ...plan, data });
  }
  return writeGguf(metadata, tensors);
}

/** Loads and uses a file. Returns the message of its refusal by an error of this package; null if there is none. */
async function refusal(bytes: Uint8Array): Promise<string | null> {
  try {
    using model = await CausalLanguageModel.load(await ggufSource(() => bytesSource(bytes)));
    await model.logits([1, 2, 19]);
    return null;
  } catch (error) {
    expect(error).toBeInstanceOf(LowrankError);
    return (error as Error).message;
  }
}

const LARGE: WrittenValue = { uint32: 2 ** 32 - 1 };
const strange: readonly WrittenValue[] = [
  { uint32: 0 },
  { uint32: 2 ** 31 - 1 },
  LARGE,
  { float32: NaN },
  { float32: 0.5 },
  Int32Array.of(-1, 2 ** 30, 7),
];

/** Numbers that may be anything above 0, and lengths that nothing depends on. */
const free = /\.(?:freq_base|yarn_\w+|temperature_scale|scaling\.\w+|epsilon|layer_norm_rms_epsilon|value_length)$/;

describe.each(["mistral3", "olmoe", "lfm2moe"])("a stranger's %s", async (name) => {
  const bytes = await goldenBytes(`gguf/models/${name}.gguf`);
  const file = await openGguf(bytesSource(bytes));
  const architecture = ggufArchitecture(name);

  it("with any value of its metadata is used, or refused by an error of this package", async () => {
    for (const key of file.metadata.keys())
      if (key.startsWith(`${name}.`))
        for (const value of strange) {
          const message = await refusal(await changedFile(bytes, { metadata: { [key]: value } }));
          // A context of any length is one, up to what 32 bits hold.
          const isLength = key.endsWith(".context_length") && value !== LARGE;
          if (!free.test(key) && !isLength) expect([key, value, message]).toEqual([key, value, expect.any(String)]);
        }
  });

  it("without one of its tensors is refused by Hugging Face's name of it", async () => {
    for (const tensor of file.names) {
      // A head is then tied, and the table of words says how many there are.
      if (tensor === "output.weight" || tensor === "token_embd.weight") continue;
      const message = await refusal(await changedFile(bytes, { tensors: { [tensor]: null } }));
      const other = tensorName(architecture, tensor)!;
      // Experts have one tensor for two modules in transformers.
      const path = /^(.*\.experts)\./.exec(other)?.[1] ?? other;
      expect(message).toContain(`has no tensor "${path}`);
    }
  });

  it("with a tensor of another shape is refused by its name", async () => {
    for (const tensor of file.names.filter((name) => name.startsWith("blk.1."))) {
      const { shape } = file.info(tensor);
      for (let i = 0; i < shape.length; i++) {
        const other = shape.map((length, j) => length + Number(i === j));
        const message = await refusal(await changedFile(bytes, { tensors: { [tensor]: { shape: other } } }));
        expect(message).toContain(tensorName(architecture, tensor)!.replace(/\.(?:weight|bias)$/, ""));
      }
    }
  });
});
