import { describe, expect, it } from "vitest";
import {
  CausalLanguageModel,
  engineInfo,
  type FileMap,
  readSafetensors,
  type Tensor,
  writeSafetensors,
} from "../../../ts/index.js";
import { changedJson, decoderAdapter, decoderFiles } from "../language/golden-decoder.js";

const ids = [1, 20, 31, 42, 53, 64, 75, 86, 97, 108];
const MODEL = "model.safetensors";

async function logits(files: FileMap, weights: "f32" | "f16" | "bf16" | "q8" | "auto" = "f32"): Promise<Float32Array> {
  using model = await CausalLanguageModel.load(files, { weights });
  return (await model.logits(ids)).data;
}

const tensorsOf = (files: FileMap): Map<string, Tensor> => {
  const file = readSafetensors(files[MODEL]!);
  return new Map(file.names.map((name) => [name, file.tensor(name)] as const));
};

const withTensors = (files: FileMap, tensors: Map<string, Tensor>): FileMap => ({
  ...files,
  [MODEL]: writeSafetensors(tensors),
});

/** The rows of tensors, one below the other, in a tensor of another shape. */
const joined = (parts: readonly Tensor[], shape: readonly number[]): Tensor => ({
  shape,
  data: Float32Array.from(parts.flatMap(({ data }) => [...data])),
});

/** The same files with experts that are one by one in tensors for all. @param module the tensors' names, and which modules each has */
function stacked(files: FileMap, path: string, module: Readonly<Record<string, readonly string[]>>): FileMap {
  const tensors = tensorsOf(files);
  for (const layer of [0, 1, 2]) {
    const of = (e: number, part: string) => `model.layers.${layer}.${path}.${e}.${part}.weight`;
    const [first] = Object.values(module).flat();
    let count = 0;
    while (tensors.has(of(count, first!))) count++;
    if (count === 0) continue;
    for (const [name, parts] of Object.entries(module)) {
      const own = Array.from({ length: count }, (_, e) => parts.map((part) => tensors.get(of(e, part))!)).flat();
      const [rows, columns] = own[0]!.shape as [number, number];
      tensors.set(`model.layers.${layer}.${path}.${name}`, joined(own, [count, parts.length * rows, columns]));
    }
    for (const parts of Object.values(module))
      for (const part of parts) for (let e = 0; e < count; e++) tensors.delete(of(e, part));
  }
  return withTensors(files, tensors);
}

describe("experts in files", () => {
  it.each([
    ["qwen3_moe", "mlp.experts", ["gate_proj", "up_proj", "down_proj"]],
    ["olmoe", "mlp.experts", ["gate_proj", "up_proj", "down_proj"]],
    ["lfm2_moe", "feed_forward.experts", ["w1", "w3", "w2"]],
  ] as const)("%s: one by one, stacked, stacked by module", async (name, path, [gate, up, down]) => {
    const files = await decoderFiles(name);
    const expected = await logits(files);
    const joint = stacked(files, path, { gate_up_proj: [gate, up], down_proj: [down] });
    expect(await logits(joint)).toEqual(expected);
    const apart = stacked(files, path, {
      [`${gate}.weight`]: [gate],
      [`${up}.weight`]: [up],
      [`${down}.weight`]: [down],
    });
    expect(await logits(apart)).toEqual(expected);
    for (const weights of ["f16", "bf16", "q8", "auto"] as const)
      expect(await logits(joint, weights)).toEqual(await logits(withTensors(files, tensorsOf(files)), weights));
  });

  it("granitemoe: by the names of transformers' modules", async () => {
    const files = await decoderFiles("granitemoe");
    const renamed = [...tensorsOf(files)].map(([name, tensor]) => {
      const own = name
        .replace("block_sparse_moe.input_linear.weight", "block_sparse_moe.experts.gate_up_proj")
        .replace("block_sparse_moe.output_linear.weight", "block_sparse_moe.experts.down_proj")
        .replace("router.layer.weight", "router.weight");
      return [own, tensor] as const;
    });
    expect(await logits(withTensors(files, new Map(renamed)))).toEqual(await logits(files));
  });

  it.each(["granitemoe", "granitemoeshared", "qwen3_moe", "lfm2_moe"] as const)(
    "%s in fewer bits, near those in all",
    async (name) => {
      const files = await decoderFiles(name);
      const expected = await logits(files);
      for (const weights of ["bf16", "f16", "auto"] as const)
        expect(await logits(files, weights)).toHaveLength(expected.length);
      // The files have bfloat16.
      const exact = await logits(files, "bf16");
      const worst = exact.reduce((most, x, i) => Math.max(most, Math.abs(x - expected[i]!)), 0);
      expect(worst).toBeLessThan(1e-4);
    },
  );

  it("that are missing, of another shape or not finite are refused by name, and nothing is kept", async () => {
    const files = await decoderFiles("qwen3_moe");
    const { used } = engineInfo().memory;
    const failing = async (change: (tensors: Map<string, Tensor>) => void, message: RegExp) => {
      const tensors = tensorsOf(files);
      change(tensors);
      await expect(CausalLanguageModel.load(withTensors(files, tensors))).rejects.toThrow(message);
      expect(engineInfo().memory.used).toBe(used);
    };
    const one = "model.layers.2.mlp.experts.3.up_proj.weight";
    await failing((tensors) => tensors.delete(one), /no tensor "model\.layers\.2\.mlp\.experts\.3\.up_proj\.weight"/);
    await failing(
      (tensors) => tensors.set(one, { shape: [1], data: Float32Array.of(0) }),
      /experts\.3\.up_proj\.weight is \[1\]/,
    );
    const nan = (tensor: Tensor, place: number): Tensor => ({
      ...tensor,
      data: Float32Array.from(tensor.data, (x, i) => (i === place ? NaN : x)),
    });
    await failing(
      (tensors) => tensors.set(one, nan(tensors.get(one)!, 40)),
      /experts\.3\.up_proj\.weight has 1 value .* NaN at \[1, 8\]/,
    );
    const granite = await decoderFiles("granitemoe");
    const own = tensorsOf(granite);
    const name = "model.layers.1.block_sparse_moe.input_linear.weight";
    own.set(name, nan(own.get(name)!, 2 * 48 * 32 + 33));
    await expect(CausalLanguageModel.load(withTensors(granite, own))).rejects.toThrow(
      /input_linear\.weight\[2\] has 1 value .* NaN at \[1, 1\]/,
    );
    expect(engineInfo().memory.used).toBe(used);
  });
});

describe("adapters of mixtures of experts", () => {
  it("on experts or routers are refused by name", async () => {
    using model = await CausalLanguageModel.load(await decoderFiles("qwen3_moe"));
    const adapter = await decoderAdapter("qwen3_moe");
    const given = changedJson(adapter, "adapter_config.json", { target_parameters: ["gate_up_proj", "down_proj"] });
    expect(() => model.loadAdapter("own", given)).toThrow(/target_parameters .*mixture's experts/);
    const file = "adapter_model.safetensors";
    const tensors = new Map<string, Tensor>();
    const read = readSafetensors(adapter[file]!);
    for (const name of read.names)
      tensors.set(name.replace("layers.0.self_attn.q_proj", "layers.0.mlp.experts.0.gate_proj"), read.tensor(name));
    const moved = changedJson({ ...adapter, [file]: writeSafetensors(tensors) }, "adapter_config.json", {
      target_modules: ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj"],
    });
    expect(() => model.loadAdapter("own", moved)).toThrow(/mlp\.experts\.0\.gate_proj/);
    expect(() => model.addAdapter("own", { targetModules: ["gate_up_proj"] })).toThrow(/gate_up_proj/);
    expect(() => model.addAdapter("own", { modulesToSave: ["gate"] })).toThrow(/gate/);
  });

  it("of Qwen3's and OLMoE's name their layers, since PEFT's all-linear has experts too", async () => {
    for (const name of ["olmoe", "qwen3_moe", "granitemoe"] as const) {
      using model = await CausalLanguageModel.load(await decoderFiles(name));
      model.addAdapter("own", { targetModules: "all-linear", rank: 2 });
      const saved = new TextDecoder().decode(model.saveAdapter("own")["adapter_config.json"]);
      const { target_modules, r } = JSON.parse(saved) as Record<string, unknown>;
      const attention = ["q_proj", "k_proj", "v_proj", "o_proj"];
      expect([target_modules, r]).toEqual([name === "granitemoe" ? "all-linear" : attention, 2]);
    }
  });
});
