// Memory of a language model that is trained on a base of four bits, measured against what estimateMemory says. Run by hand, after
// `npm run build`:
//   node scripts/check-memory.mjs billion           Llama 3.2 1B's shape with random weights: 64 tokens trained, 8 generated
//   node scripts/check-memory.mjs FILE.gguf [N]     a GGUF file as it is: 2 × N tokens trained, 48 where nothing is said
import { openAsBlob } from "node:fs";
import { blobSource, CausalLanguageModel, engineInfo, ggufSource } from "../dist/node.js";

const config = {
  model_type: "llama",
  vocab_size: 128_256,
  hidden_size: 2048,
  intermediate_size: 8192,
  num_hidden_layers: 16,
  num_attention_heads: 32,
  num_key_value_heads: 8,
  head_dim: 64,
  max_position_embeddings: 131_072,
  rms_norm_eps: 1e-5,
  rope_theta: 500_000,
  hidden_act: "silu",
  tie_word_embeddings: true,
};

/** Names and shapes of its tensors. */
function* tensors() {
  const { vocab_size: words, hidden_size: hidden, intermediate_size: inner } = config;
  yield ["model.embed_tokens.weight", [words, hidden]];
  for (let i = 0; i < config.num_hidden_layers; i++) {
    const of = (name, shape) => [`model.layers.${i}.${name}.weight`, shape];
    yield of("input_layernorm", [hidden]);
    yield of("post_attention_layernorm", [hidden]);
    for (const [name, out] of [["q", hidden], ["k", 512], ["v", 512], ["o", hidden]]) yield of(`self_attn.${name}_proj`, [out, hidden]); // prettier-ignore
    for (const name of ["gate", "up"]) yield of(`mlp.${name}_proj`, [inner, hidden]);
    yield of("mlp.down_proj", [hidden, inner]);
  }
  yield ["model.norm.weight", [hidden]];
}

/** A safetensors file in bf16 whose values are made as they are read: it lies nowhere. */
function randomFile() {
  let end = 0;
  const entries = [...tensors()].map(([name, shape]) => {
    const begin = end;
    end += 2 * shape.reduce((product, length) => product * length, 1);
    return [name, { dtype: "BF16", shape, data_offsets: [begin, end] }];
  });
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
  const length = Math.ceil(json.length / 8) * 8;
  const header = new Uint8Array(8 + length).fill(0x20, 8);
  new DataView(header.buffer).setBigUint64(0, BigInt(length), true);
  header.set(json, 8);
  const norms = entries.filter(([, { shape }]) => shape.length === 1).map(([, one]) => one.data_offsets[0]);
  // Values of ±0.008 to ±0.03, a period that is no multiple of a row.
  let state = 1;
  const next = () => (state = (state * 1664525 + 1013904223) >>> 0);
  const pattern = Uint16Array.from({ length: 65_537 }, () => ((next() >>> 31) << 15) | (0x3c00 + (next() >>> 24)));
  return {
    size: header.length + end,
    async read(offset, count) {
      if (offset < header.length) return header.slice(offset, offset + count);
      const at = (offset - header.length) / 2;
      const one = norms.includes(2 * at);
      const values = new Uint16Array(count / 2);
      if (one) values.fill(0x3f80);
      else
        for (let i = 0; i < values.length;) {
          const from = (at + i) % pattern.length;
          const part = pattern.subarray(from, from + values.length - i);
          values.set(part, i);
          i += part.length;
        }
      return new Uint8Array(values.buffer);
    },
  };
}

const bytes = (json) => new TextEncoder().encode(JSON.stringify(json));
const bytesOf = (data) => ({ size: data.length, read: async (offset, length) => data.slice(offset, offset + length) });
const billion = {
  name: "random",
  open: async (name) =>
    name === "config.json" ? bytesOf(bytes(config)) : name === "model.safetensors" ? randomFile() : null,
};

const [what, count] = process.argv.slice(2);
const isBillion = what === "billion";
const source = isBillion ? billion : await ggufSource(async () => blobSource(await openAsBlob(what)));
const megabytes = (number) => `${Math.round(number / 1e6)} MB`;
const report = (label) => {
  const { used, peak, reserved } = engineInfo().memory;
  console.log(`${label}: in use ${megabytes(used)}, at most ${megabytes(peak)}, linear memory ${megabytes(reserved)}`);
};

const started = performance.now();
const model = await CausalLanguageModel.load(source, { weights: isBillion ? "q4" : "auto" });
report(`loaded in ${Math.round((performance.now() - started) / 1000)} s`);
const lora = { rank: 8, targetModules: "all-linear" };
model.addAdapter("own", lora);
const length = isBillion ? 64 : Number(count ?? 48);
const examples = Array.from({ length: isBillion ? 1 : 2 }, (_, k) => ({
  ids: Array.from({ length }, (_, i) => 100 + ((31 * i + k) % 900)),
  mask: Array.from({ length }, (_, i) => i >= length / 2),
}));
const { steps } = await model.fit(examples, { steps: 2, batchSize: examples.length });
for (const { step, loss, milliseconds } of steps)
  console.log(`step ${step}: loss ${loss.toFixed(4)}, ${Math.round(milliseconds)} ms`);
report("trained");
const shape = isBillion ? config : JSON.parse(new TextDecoder().decode(await (await source.open("config.json")).read(0, (await source.open("config.json")).size))); // prettier-ignore
const tokens = length * examples.length;
const estimate = await CausalLanguageModel.estimateMemory(shape, { tokens, lora, weights: "q4" });
console.log(`estimated with all weights in q4: ${megabytes(estimate.total)} (${JSON.stringify(estimate)})`);
const generated = [];
for await (const { id } of model.generateTokens([5, 6, 7], { maxTokens: 8, ignoreEnd: true })) generated.push(id);
console.log(`generated ${generated.join(" ")}`);
report("generated");
