import { describe, expect, it } from "vitest";
import { stepOfAdapter } from "../../ts/models/adapter-step.js";
import { raggedBatch } from "../../ts/entry/graph.js";
import {
  CausalLanguageModel,
  engineInfo,
  estimateMemory,
  type FileMap,
  LowrankError,
  ModelError,
  readSafetensors,
  SentenceEncoder,
  type Tensor,
  UnsupportedError,
  writeSafetensors,
} from "../../ts/index.js";
import { activationNames } from "../../ts/models/config-values.js";
import { positionRows } from "../../ts/models/encoders/post-norm.js";
import { goldenEncoder, texts } from "./golden-encoder.js";

const some = texts.slice(0, 4);
const flat = (rows: readonly Float32Array[]) => rows.flatMap((row) => [...row]);
const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const parsed = (file: Uint8Array) => JSON.parse(new TextDecoder().decode(file)) as Record<string, unknown>;
const withConfig = (files: FileMap, changes: object): FileMap => ({
  ...files,
  "config.json": bytes({ ...parsed(files["config.json"]!), ...changes }),
});

/** The tensors of a model's file, under other names where `rename` says so. */
function tensorsOf(files: FileMap, rename = (name: string) => name): Map<string, Tensor> {
  const file = readSafetensors(files["model.safetensors"]!);
  return new Map(file.names.map((name) => [rename(name), file.tensor(name)]));
}

/** The vectors of a model that is loaded for them alone. */
async function vectors(files: FileMap): Promise<number[]> {
  using encoder = await SentenceEncoder.load(files);
  return flat(await encoder.encode(some));
}

/** What loading fails with: one of ours, short, before anything was allocated. */
async function failure(files: FileMap): Promise<LowrankError> {
  const { used, peak } = engineInfo().memory;
  const error: unknown = await SentenceEncoder.load(files).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(LowrankError);
  expect((error as Error).message.length).toBeLessThan(2000);
  expect(engineInfo().memory).toMatchObject({ used, peak });
  return error as LowrankError;
}

describe("config.json", () => {
  it.each<[string, string, object, RegExp]>([
    ["roberta", "no row for a text", { max_position_embeddings: 3 }, /leaves no two positions after pad_token_id 1/],
    ["roberta", "a padding token beyond the positions", { pad_token_id: 70 }, /leaves no two positions/],
    ["roberta", "a negative padding token", { pad_token_id: -1 }, /pad_token_id must be a whole number from 0/],
    ["roberta", "another padding token, so fewer positions", { pad_token_id: 3 }, /^$/],
    ["roberta", "relative positions", { position_embedding_type: "relative_key" }, /only "absolute" is supported/],
    ["roberta", "a decoder", { is_decoder: true }, /is_decoder true is not supported/],
    ["roberta", "another model's activation", { hidden_act: "geglu" }, /hidden_act "geglu"; "gelu", .* are supported/],
    ["roberta", "a name that every object has", { hidden_act: "constructor" }, /hidden_act "constructor"/],
    ["roberta", "a model type that every object has", { model_type: "toString" }, /"bert", "camembert", .* are/],
    ["roberta", "no model type", { model_type: null }, /model_type null is not supported/],
    ["distilbert", "no width", { dim: undefined }, /dim must be a whole number from 1 to .*, got undefined/],
    ["distilbert", "heads that do not divide", { n_heads: 5 }, /dim 48 is no multiple of n_heads 5/],
    ["distilbert", "more layers than anything has", { n_layers: 2 ** 31 - 1 }, /no tensor "transformer\.layer\.3\./],
    ["distilbert", "a wide inner layer", { hidden_dim: 2 ** 31 - 1 }, /ffn\.lin1\.weight is \[80, 48\]/],
    ["distilbert", "a list as activation", { activation: ["gelu"] }, /activation \["gelu"\]/],
    ["electra", "wider embeddings", { embedding_size: 2 ** 30 }, /word_embeddings\.weight is \[600, 16\]/],
    ["electra", "embeddings of the hidden width", { embedding_size: 32 }, /word_embeddings\.weight is \[600, 16\]/],
    ["electra", "embeddings of no width", { embedding_size: 0 }, /embedding_size must be/],
    ["albert", "no group", { num_hidden_groups: 0 }, /num_hidden_groups must be/],
    ["albert", "more rounds than anything has", { num_hidden_layers: 2 ** 31 - 1 }, /more than the 1000 layers/],
    [
      "albert",
      "more groups than the file has",
      { num_hidden_groups: 2 ** 30 },
      /no tensor "encoder\.albert_layer_groups/,
    ],
    ["albert", "other embeddings", { embedding_size: 32 }, /word_embeddings\.weight is \[600, 20\]/],
    ["mpnet", "fewer buckets", { relative_attention_num_buckets: 16 }, /relative_attention_num_buckets 16 is not/],
    [
      "mpnet",
      "more buckets than the file has",
      { relative_attention_num_buckets: 64 },
      /attention_bias\.weight is \[32/,
    ],
    ["deberta-v2", "a convolution", { conv_kernel_size: 3 }, /no tensor "encoder\.conv\.conv\.weight"/],
    ["deberta-v2", "a convolution without a middle", { conv_kernel_size: 2 }, /conv_kernel_size must be odd, got 2/],
    ["deberta-v2", "a convolution in groups", { conv_kernel_size: 3, conv_groups: 2 }, /conv_groups 2; only 1 is/],
    ["deberta-v2", "a convolution's activation", { conv_kernel_size: 3, conv_act: "mish" }, /conv_act "mish"/],
    ["deberta-v2", "another attention", { pos_att_type: "c2p|p2p" }, /pos_att_type "c2p\|p2p" has "p2p"/],
    ["deberta-v2", "another head size", { attention_head_size: 16 }, /attention_head_size 16; only/],
    ["deberta-v2", "a switch that is none", { share_att_key: "yes" }, /share_att_key must be true or false/],
    ["deberta-v2", "no head size", { num_attention_heads: 5 }, /hidden_size 32 is no multiple/],
    ["deberta-v2", "more positions than the file", { max_relative_positions: 65 }, /rel_embeddings\.weight is \[128/],
    ["deberta-v3", "another norm", { norm_rel_ebd: "rms" }, /norm_rel_ebd "rms" has "rms"/],
    ["deberta-v3", "buckets without a middle", { position_buckets: 1 }, /position_buckets 1 must be 2 or more/],
    [
      "deberta-v3",
      "buckets beyond its positions",
      { max_relative_positions: 4 },
      /position_buckets 8 must be 2 or more/,
    ],
    ["deberta-v3", "more buckets than the file has", { position_buckets: 2 ** 29 }, /rel_embeddings\.weight is \[16/],
    [
      "modernbert",
      "layers of another kind",
      { layer_types: ["full_attention", "x", "x"] },
      /1 "x"; "full_attention" and/,
    ],
    ["modernbert", "fewer kinds than layers", { layer_types: ["full_attention"] }, /layer_types must be a list/],
    ["modernbert", "no window", { local_attention: 0 }, /local_attention must be/],
    [
      "modernbert",
      "a scaled rotation",
      { rope_parameters: { full_attention: { rope_type: "yarn" } } },
      /rope_type "yarn"; only "default" is supported/,
    ],
    [
      "modernbert",
      "one rotation for all layers",
      { rope_parameters: { rope_type: "default", rope_theta: 55 } },
      /rope_parameters: "rope_type" is not supported; full_attention and sliding_attention are/,
    ],
    ["modernbert", "an odd head", { num_attention_heads: 24 }, /no multiple of twice num_attention_heads 24/],
    ["modernbert", "biases that the file lacks", { attention_bias: true }, /no tensor "layers\.0\.attn\.Wqkv\.bias"/],
    ["nomic-bert", "turned neighbours", { rotary_emb_interleaved: true }, /rotary_emb_interleaved true is not/],
    [
      "nomic-bert",
      "a rotation scaled as earlier versions wrote it",
      { rope_parameters: { type: "linear", factor: 2 } },
      /type "linear"; only "default" is supported/,
    ],
    ["nomic-bert", "a wider head", { head_dim: 16 }, /head_dim 16; only/],
    [
      "nomic-bert",
      "a rotation without a base",
      { rope_parameters: { rope_theta: 0 } },
      /rope_theta must be a number above 0/,
    ],
    ["eurobert", "heads that do not divide", { num_key_value_heads: 3 }, /num_key_value_heads 3 does not divide/],
    [
      "eurobert",
      "another head",
      { classifier_pooling: "max" },
      /classifier_pooling "max"; "late", "bos" and "mean" are/,
    ],
    ["eurobert", "biases that the file lacks", { mlp_bias: true }, /no tensor "layers\.0\.mlp\.gate_proj\.bias"/],
    ["electra", "an epsilon of 0", { layer_norm_eps: 0 }, /layer_norm_eps must be/],
  ])("%s with %s is refused, or works, before anything is allocated", async (name, _, changes, message) => {
    const files = withConfig(await goldenEncoder(name), changes);
    if (message.source !== "^$") return expect((await failure(files)).message).toMatch(message);
    using encoder = await SentenceEncoder.load(files);
    expect(encoder.model.config.maxPositions).toBe(62);
    expect(Math.max(...encoder.tokenize(texts).map(({ length }) => length))).toBe(62);
  });

  it("can have any activation of the table", async () => {
    const seen = new Set<string>();
    const files = await goldenEncoder("distilbert");
    for (const activation of activationNames) seen.add((await vectors(withConfig(files, { activation }))).join());
    // Names of one function: gelu's two, the cubic's three, silu's two.
    expect(seen.size).toBe(activationNames.length - 4);
  });

  it("of EuroBERT may be as transformers 4 writes it, and is refused as a language model's", async () => {
    const files = await goldenEncoder("eurobert");
    const earlier = { rope_parameters: undefined, rope_theta: 250_000, rope_scaling: null };
    expect(await vectors(withConfig(files, earlier))).toEqual(await vectors(files));
    await expect(CausalLanguageModel.load(files)).rejects.toThrow(
      /generates no text; `SentenceEncoder\.load` opens it/,
    );
  });

  it("of ModernBERT and NomicBERT may be as earlier versions and the model's own code write it", async () => {
    const modern = await goldenEncoder("modernbert");
    const earlier = { layer_types: undefined, rope_parameters: undefined, global_rope_theta: 160000.0 };
    expect(await vectors(withConfig(modern, { ...earlier, local_rope_theta: 10000.0 }))).toEqual(await vectors(modern));
    expect(await vectors(withConfig(modern, { ...earlier, local_rope_theta: 10 }))).not.toEqual(await vectors(modern));
    const half = { local_attention: 64, sliding_window: 4 };
    expect(await vectors(withConfig(modern, half))).toEqual(await vectors(modern));
    const nomic = await goldenEncoder("nomic-bert");
    const theta = (value: number) => vectors(withConfig(nomic, { rope_parameters: undefined, rope_theta: value }));
    expect(await theta(1000)).toEqual(await vectors(nomic));
    expect(await theta(77)).not.toEqual(await vectors(nomic));
    const own = {
      model_type: "nomic_bert",
      n_embd: 24,
      n_head: 3,
      n_layer: 2,
      n_inner: 36,
      n_positions: 64,
      vocab_size: 600,
      activation_function: "swiglu",
      rotary_emb_base: 1000,
      rotary_emb_fraction: 1.0,
      layer_norm_epsilon: 1e-12,
      type_vocab_size: 2,
      prenorm: false,
      qkv_proj_bias: false,
      rotary_scaling_factor: null,
      causal: false,
    };
    expect(await vectors({ ...nomic, "config.json": bytes(own) })).toEqual(await vectors(nomic));
  });

  it("of a relative of RoBERTa gives RoBERTa's vectors", async () => {
    const files = await goldenEncoder("roberta");
    const expected = await vectors(files);
    for (const model_type of ["xlm-roberta", "camembert"])
      expect(await vectors(withConfig(files, { model_type }))).toEqual(expected);
  });

  it.each(["roberta", "distilbert", "electra"])("of %s tells the memory of weights and adapter", async (name) => {
    const files = await goldenEncoder(name);
    using encoder = await SentenceEncoder.load(files);
    const { graph } = encoder;
    encoder.addAdapter("a", { rank: 3 });
    const size = (ids: readonly number[]) =>
      ids.reduce((sum, id) => sum + graph.shape(id as never).reduce((a, b) => a * b, 1), 0);
    const estimate = await estimateMemory(parsed(files["config.json"]!), { tokens: 10, lora: { rank: 3 } });
    const linears = encoder.model.linears().map(({ weight }) => weight);
    // One copy is the weight itself.
    expect(estimate.packed).toBe(4 * size(linears));
    expect(estimate.adapter).toBe(4 * 4 * size(encoder.trainableParams()));
    const elements = [...tensorsOf(files)].filter(([tensor]) => !/token_type|pooler/.test(tensor));
    const rest = elements.reduce((sum, [, { data }]) => sum + data.length, 0);
    expect(estimate.weights - 4 * rest).toBe({ roberta: 4 * 48, distilbert: 0, electra: 4 * 16 }[name]);
    expect(
      encoder.model.stepMemory({ tokens: 10, adapted: stepOfAdapter(encoder.model, encoder.adapter("a").config) }),
    ).toBe(estimate.step);
  });
});

describe("tensors", () => {
  it.each([
    ["roberta", "roberta."],
    ["distilbert", "distilbert."],
    ["electra", "electra."],
    ["electra", "discriminator.electra."],
  ])("of %s may stand behind %s", async (name, prefix) => {
    const files = await goldenEncoder(name);
    const tensors = tensorsOf(files, (tensor) => prefix + tensor);
    tensors.set("classifier.dense.weight", { shape: [2], data: Float32Array.of(1, 2) });
    const prefixed = { ...files, "model.safetensors": writeSafetensors(tensors) };
    expect(await vectors(prefixed)).toEqual(await vectors(files));
    tensors.delete(`${prefix}embeddings.LayerNorm.bias`);
    const { message } = await failure({ ...files, "model.safetensors": writeSafetensors(tensors) });
    expect(message).toContain(`no tensor "${prefix}embeddings.LayerNorm.bias"`);
  });
});

it("norms may have the names that TensorFlow gave them", async () => {
  const files = await goldenEncoder("electra");
  const turned = (name: string) =>
    name.replace(/LayerNorm\.(weight|bias)$/, (_, part) => `LayerNorm.${part === "bias" ? "beta" : "gamma"}`);
  const tensors = tensorsOf(files, (name) => `electra.${turned(name)}`);
  expect([...tensors.keys()].filter((name) => name.endsWith(".gamma"))).toHaveLength(5);
  const old = { ...files, "model.safetensors": writeSafetensors(tensors) };
  expect(await vectors(old)).toEqual(await vectors(files));
});

describe("weights in several files", () => {
  const INDEX = "model.safetensors.index.json";

  /** The model with its tensors in turn in three files. */
  async function sharded() {
    const { "model.safetensors": _, ...files } = await goldenEncoder("distilbert");
    const tensors = [...tensorsOf(await goldenEncoder("distilbert"))];
    const name = (i: number) => `model-0000${(i % 3) + 1}-of-00003.safetensors`;
    const weight_map = Object.fromEntries(tensors.map(([tensor], i) => [tensor, name(i)]));
    const shards = [0, 1, 2].map((i) => [name(i), writeSafetensors(new Map(tensors.filter((__, t) => t % 3 === i)))]);
    return { files: { ...files, ...(Object.fromEntries(shards) as FileMap) } as FileMap, weight_map };
  }

  it("are one model", async () => {
    const { files, weight_map } = await sharded();
    const whole = { ...files, [INDEX]: bytes({ metadata: { total_size: 1 }, weight_map }) };
    expect(await vectors(whole)).toEqual(await vectors(await goldenEncoder("distilbert")));
  });

  it("are refused by name where they do not fit their index, and none stays open", async () => {
    const { files, weight_map } = await sharded();
    const first = Object.keys(weight_map)[0]!;
    const cases: [unknown, RegExp][] = [
      [undefined, /model\.safetensors is missing/],
      [{}, /weight_map must say which file each tensor lies in, got undefined/],
      [{ weight_map: {} }, /weight_map names no file/],
      [{ weight_map: [] }, /weight_map must say/],
      [
        { weight_map: { ...weight_map, [first]: "../model.safetensors" } },
        /must lie in a \.safetensors file beside it/,
      ],
      [{ weight_map: { ...weight_map, [first]: "/etc/x.safetensors" } }, /must lie in/],
      [{ weight_map: { ...weight_map, [first]: 5 } }, /must lie in .*, got 5/],
      [{ weight_map: { ...weight_map, [first]: "other.safetensors" } }, /other\.safetensors is missing/],
      [{ weight_map: { ...weight_map, more: weight_map[first] } }, /has no tensor "more", which lies there/],
    ];
    for (const [index, message] of cases) {
      let open = 0;
      const all = index === undefined ? files : { ...files, [INDEX]: bytes(index) };
      const source = {
        name: "counted",
        open: async (file: string) => {
          if (!Object.hasOwn(all, file)) return null;
          open++;
          const data = all[file]!;
          const read = async (start: number, length: number) => data.subarray(start, start + length);
          return { size: data.length, read, close: async () => void open-- };
        },
      };
      const error: unknown = await SentenceEncoder.load(source).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(ModelError);
      expect((error as Error).message).toMatch(message);
      expect(open).toBe(0);
    }
  });
});

it("a padding token within a text has its own row, and takes no position", () => {
  const batch = raggedBatch([
    [0, 7, 1, 8, 1, 2],
    [0, 2],
    [1, 1],
  ]);
  const rows = (firstPosition: number, paddingIndex: number | null) => [
    ...positionRows(batch, { firstPosition, paddingIndex }),
  ];
  // transformers' create_position_ids_from_input_ids with padding_idx 1.
  expect(rows(2, 1)).toEqual([2, 3, 1, 4, 1, 5, 2, 3, 1, 1]);
  expect(rows(0, null)).toEqual([0, 1, 2, 3, 4, 5, 0, 1, 0, 1]);
});

it("an adapter adapts by default what the model calls query, key and value", async () => {
  const names = { roberta: /\.(query|key|value)$/, distilbert: /\.[qkv]_lin$/, electra: /\.(query|key|value)$/ };
  for (const [name, expected] of Object.entries(names)) {
    using encoder = await SentenceEncoder.load(await goldenEncoder(name));
    encoder.addAdapter("a");
    const paths = [...encoder.adapter("a").layers.keys()];
    expect(paths).toHaveLength(3 * encoder.model.config.layers);
    for (const path of paths) expect(path).toMatch(expected);
  }
});

it("an unknown model type is unsupported", async () => {
  const error = await failure(withConfig(await goldenEncoder("roberta"), { model_type: "t5" }));
  expect(error).toBeInstanceOf(UnsupportedError);
});
