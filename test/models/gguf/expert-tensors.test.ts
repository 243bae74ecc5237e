import { describe, expect, it } from "vitest";
import {
  bytesSource,
  CausalLanguageModel,
  ggufSource,
  ModelError,
  openGguf,
  readSafetensors,
  UnsupportedError,
} from "../../../ts/index.js";
import { ggufConfig } from "../../../ts/models/gguf/source.js";
import { denseTensors } from "../../../ts/models/gguf/dense-tensors.js";
import { frequencyFactors } from "../../../ts/models/gguf/rope-scaling.js";
import { goldenBytes } from "../../golden.js";

const ids = [3, 1, 19, 0, 7, 7, 12];

describe.each(["granitemoe", "qwen3moe", "olmoe", "lfm2moe"])("%s", async (name) => {
  const bytes = await goldenBytes(`gguf/models/${name}.gguf`);
  const source = () => ggufSource(() => bytesSource(bytes), name);

  it("gives the bits of the model that it was made of", async () => {
    using own = await CausalLanguageModel.load({
      "config.json": await goldenBytes(`gguf/models/${name}.json`),
      "model.safetensors": await goldenBytes(`gguf/models/${name}.safetensors`),
    });
    using found = await CausalLanguageModel.load(await source());
    expect(await found.logits(ids)).toEqual(await own.logits(ids));
  });

  it("may be kept in groups", async () => {
    using wide = await CausalLanguageModel.load(await source());
    using model = await CausalLanguageModel.load(await source(), { weights: "q8" });
    const { data: expected } = await wide.logits(ids);
    const { data } = await model.logits(ids);
    const [worst, most] = [data.map((y, i) => Math.abs(y - expected[i]!)), expected.map(Math.abs)].map((all) =>
      (all as Float32Array).reduce((a, b) => Math.max(a, b)),
    );
    expect(worst! / most!).toBeLessThan(0.05);
  });
});

it.each(["granitemoe-Q8_0", "olmoe-Q8_0", "lfm2moe-Q4_0"])("groups of experts of %s say the same", async (name) => {
  const bytes = await goldenBytes(`gguf/models/${name}.gguf`);
  const load = async (weights: "auto" | "f32") =>
    CausalLanguageModel.load(await ggufSource(() => bytesSource(bytes)), { weights });
  using grouped = await load("auto");
  using wide = await load("f32");
  expect(await grouped.logits(ids)).toEqual(await wide.logits(ids));
});

/** Names with their numbers replaced. */
const kinds = (names: readonly string[]) => [...new Set(names.map((name) => name.replace(/\d+/g, "N")))].sort();

describe.each([
  ["granitemoe", "granitemoe", "block_sparse_moe"],
  ["qwen3moe", "qwen3_moe", "mlp"],
  ["olmoe", "olmoe", "mlp"],
  ["lfm2moe", "lfm2_moe", "feed_forward"],
] as const)("as a checkpoint, %s", async (name, decoder, path) => {
  const dense = denseTensors(await openGguf(bytesSource(await goldenBytes(`gguf/models/${name}.gguf`))));
  const own = readSafetensors(await goldenBytes(`gguf/models/${name}.safetensors`));

  it("has the names that transformers saves", async () => {
    const saved = readSafetensors(await goldenBytes(`decoders/${decoder}/model.safetensors`));
    // Heads are tied in some, and the checkpoint of Qwen3 has a layer without experts too.
    const others = /^lm_head\.|\.mlp\.(?:gate|up|down)_proj\./;
    const [found, wanted] = [dense, saved].map(({ names }) => kinds(names.filter((tensor) => !others.test(tensor))));
    expect(found).toEqual(wanted);
  });

  it("has the values of the model's experts, also in pieces", async () => {
    for (const layer of name === "lfm2moe" ? [1, 2] : [0, 1]) {
      const at = `model.layers.${layer}.${path}`;
      const ofLayer = dense.names.filter(
        (tensor) => tensor.startsWith(`${at}.`) && !/router|gate\.weight|expert_bias/.test(tensor),
      );
      const values = async (pattern: RegExp) => {
        const found = ofLayer.filter((tensor) => pattern.test(tensor));
        return (await Promise.all(found.map(async (tensor) => [...(await dense.tensor(tensor)).data]))).flat();
      };
      expect(await values(/gate_proj|up_proj|input_linear|w[13]\./)).toEqual([
        ...own.tensor(`${at}.experts.gate_up_proj`).data,
      ]);
      expect(await values(/down_proj|output_linear|w2\./)).toEqual([...own.tensor(`${at}.experts.down_proj`).data]);
      for (const tensor of ofLayer) {
        const whole = await dense.raw(tensor);
        expect(whole).toEqual(new Uint8Array((await dense.tensor(tensor)).data.buffer));
        // Pieces that end within an expert's matrix.
        const third = 4 * Math.floor(whole.length / 12);
        const parts = [await dense.raw(tensor, 0, third), await dense.raw(tensor, third, 2 * third + 4)];
        expect(parts.flatMap((part) => [...part])).toEqual([...whole.slice(0, 2 * third + 4)]);
      }
    }
  });
});

it("experts that do not fit together are refused by name", async () => {
  const file = await openGguf(bytesSource(await goldenBytes("gguf/models/granitemoe.gguf")));
  const changed = (change: object) => () =>
    denseTensors({
      ...file,
      info: (name) => ({ ...file.info(name), ...(name === "blk.1.ffn_up_exps.weight" ? change : {}) }),
    });
  expect(changed({ shape: [3, 20, 16] })).toThrow(/experts\.up_proj\.weight \[3, 20, 16\] .* no experts of one width/);
  expect(changed({ type: "F16" })).toThrow(/is F32 and .*up_proj\.weight" F16/);
});

type Changes = Readonly<Record<string, number | boolean | string | undefined>>;

/** config.json of a golden file with other metadata; undefined takes one out. */
async function configOf(name: string, changes: Changes = {}) {
  const file = await openGguf(bytesSource(await goldenBytes(`gguf/models/${name}.gguf`)));
  const metadata = new Map(file.metadata);
  for (const [key, value] of Object.entries(changes))
    if (value === undefined) metadata.delete(`${name}.${key}`);
    else metadata.set(`${name}.${key}`, value);
  return ggufConfig({ ...file, metadata }, await frequencyFactors(file));
}

it.each<[string, Changes, typeof ModelError | typeof UnsupportedError, RegExp]>([
  ["granitemoe", { expert_used_count: undefined }, ModelError, /no metadata .*granitemoe\.expert_used_count/],
  ["granitemoe", { expert_count: 0 }, ModelError, /granitemoe\.expert_count must be a whole number above 0/],
  ["granitemoe", { expert_shared_feed_forward_length: 8 }, UnsupportedError, /shared experts are not read/],
  ["olmoe", { expert_count: undefined }, ModelError, /no metadata .*olmoe\.expert_count/],
  ["olmoe", { "attention.clamp_kqv": 8 }, UnsupportedError, /olmoe\.attention\.clamp_kqv: queries, keys and values/],
  ["olmoe", { expert_gating_func: 2 }, UnsupportedError, /olmoe\.expert_gating_func: 1 \(softmax\) .* got 2/],
  ["lfm2moe", { expert_gating_func: 1 }, UnsupportedError, /lfm2moe\.expert_gating_func: 2 \(sigmoid\) .* got 1/],
  ["lfm2moe", { expert_gating_func: undefined }, UnsupportedError, /expert_gating_func: 2 \(sigmoid\) .* got 1/],
  ["lfm2moe", { leading_dense_block_count: undefined }, ModelError, /no metadata .*lfm2moe\.leading_dense_block_count/],
  ["lfm2moe", { expert_feed_forward_length: undefined }, ModelError, /no metadata .*expert_feed_forward_length/],
  ["lfm2moe", { "rope.scaling.type": "spiral" }, UnsupportedError, /rope\.scaling\.type "spiral" is not supported/],
  ["lfm2moe", { "rope.scaling.type": 3 }, ModelError, /lfm2moe\.rope\.scaling\.type must be a text, got 3/],
  ["olmoe", { expert_weights_norm: 1 }, ModelError, /olmoe\.expert_weights_norm must be true or false, got 1/],
  ["mistral3", { expert_count: 4 }, UnsupportedError, /mistral3\.expert_count: mixtures of experts .* are not read/],
  ["mistral3", { "attention.temperature_length": 8 }, UnsupportedError, /grow from 16 tokens on .* got 8/],
  ["mistral3", { "rope.scaling.yarn_ext_factor": 0.5 }, UnsupportedError, /yarn_ext_factor 0\.5 is not supported/],
])("of %s, %o is refused by name", async (name, changes, kind, message) => {
  const refused = configOf(name, changes);
  await expect(refused).rejects.toThrow(kind);
  await expect(refused).rejects.toThrow(message);
});

it("metadata say how many experts there are, and how their weights are made", async () => {
  const sizes = { num_local_experts: 3, num_experts_per_tok: 2, intermediate_size: 24 };
  expect(await configOf("granitemoe")).toMatchObject(sizes);
  const normed = { expert_weights_norm: true };
  expect(await configOf("olmoe", normed)).toMatchObject({ num_experts: 4, norm_topk_prob: true });
  const scaled = { num_dense_layers: 1, use_expert_bias: true, routed_scaling_factor: 1.5 };
  expect(await configOf("lfm2moe", { expert_weights_scale: 1.5 })).toMatchObject(scaled);
  const linear = { "rope.scaling.type": "linear", "rope.scaling.factor": 2 };
  expect(await configOf("lfm2moe", linear)).toMatchObject({ rope_scaling: { rope_type: "linear", factor: 2 } });
});

it("YaRN's factor of cosine and sine is the file's times its own, and queries need not grow", async () => {
  const { rope_parameters: plain } = await configOf("mistral3");
  const factor = (0.1 * Math.LN2 * 2 + 1) / (0.05 * Math.LN2 * 2 + 1);
  const changes = { "rope.scaling.attn_factor": 2, "attention.temperature_scale": undefined };
  const { rope_parameters: found } = await configOf("mistral3", changes);
  expect(found).toEqual({
    ...(plain as object),
    llama_4_scaling_beta: 0,
    attention_factor: expect.closeTo(2 * factor),
  });
});
