import { add, type AdaptedWeights, map, type Rows } from "./adapted-weights.js";
import { attention, gelu, geluNew, layerNorm, rmsNorm, rotate, silu } from "./reference-layers.js";

/** Forward passes of the golden bases (2 layers, 4 heads of 8) over one sequence: logits, a row each. */
export type Forward = (weights: AdaptedWeights, ids: readonly number[]) => Rows;

const LAYERS = 2;
const HEAD = 8;

/** LlamaForCausalLM: two heads of keys and values for four of queries. */
export const llama: Forward = (w, ids) => {
  let x = w.embedding("model.embed_tokens", ids);
  for (let layer = 0; layer < LAYERS; layer++) {
    const path = `model.layers.${layer}`;
    const h = rmsNorm(w, `${path}.input_layernorm`, x, 1e-6);
    const project = (name: string) => w.linear(`${path}.self_attn.${name}`, h);
    const mixed = attention(rotate(project("q_proj"), HEAD), rotate(project("k_proj"), HEAD), project("v_proj"), HEAD, {
      causal: true,
    });
    x = add(x, w.linear(`${path}.self_attn.o_proj`, mixed));
    const u = rmsNorm(w, `${path}.post_attention_layernorm`, x, 1e-6);
    const gate = map(w.linear(`${path}.mlp.gate_proj`, u), silu);
    const up = w.linear(`${path}.mlp.up_proj`, u);
    const product = gate.map((values, i) => values.map((value, j) => value * up[i]![j]!));
    x = add(x, w.linear(`${path}.mlp.down_proj`, product));
  }
  const h = rmsNorm(w, "model.norm", x, 1e-6);
  return w.has("lm_head.weight") ? w.linear("lm_head", h) : w.tied("model.embed_tokens", h);
};

/** GPT2LMHeadModel: weights [in, out], output tied to the embeddings. */
export const gpt2: Forward = (w, ids) => {
  let x = add(w.embedding("transformer.wte", ids), w.embedding("transformer.wpe", [...ids.keys()]));
  for (let layer = 0; layer < LAYERS; layer++) {
    const path = `transformer.h.${layer}`;
    const joined = w.linear(`${path}.attn.c_attn`, layerNorm(w, `${path}.ln_1`, x, 1e-5));
    const width = x[0]!.length;
    const [q, k, v] = [0, 1, 2].map((part) =>
      joined.map((values) => values.slice(part * width, (part + 1) * width)),
    ) as [Rows, Rows, Rows];
    x = add(x, w.linear(`${path}.attn.c_proj`, attention(q, k, v, HEAD, { causal: true })));
    const inner = map(w.linear(`${path}.mlp.c_fc`, layerNorm(w, `${path}.ln_2`, x, 1e-5)), geluNew);
    x = add(x, w.linear(`${path}.mlp.c_proj`, inner));
  }
  return w.tied("transformer.wte", layerNorm(w, "transformer.ln_f", x, 1e-5));
};

/** BertForSequenceClassification: one row of logits. */
export const bert: Forward = (w, ids) => {
  const table = (name: string, rows: readonly number[]) => w.embedding(`bert.embeddings.${name}_embeddings`, rows);
  const sum = add(
    add(table("word", ids), table("position", [...ids.keys()])),
    table(
      "token_type",
      ids.map(() => 0),
    ),
  );
  let x = layerNorm(w, "bert.embeddings.LayerNorm", sum, 1e-12);
  for (let layer = 0; layer < LAYERS; layer++) {
    const path = `bert.encoder.layer.${layer}`;
    const [q, k, v] = ["query", "key", "value"].map((name) => w.linear(`${path}.attention.self.${name}`, x)) as [
      Rows,
      Rows,
      Rows,
    ];
    const mixed = w.linear(`${path}.attention.output.dense`, attention(q, k, v, HEAD, { causal: false }));
    x = layerNorm(w, `${path}.attention.output.LayerNorm`, add(mixed, x), 1e-12);
    const inner = w.linear(`${path}.output.dense`, map(w.linear(`${path}.intermediate.dense`, x), gelu));
    x = layerNorm(w, `${path}.output.LayerNorm`, add(inner, x), 1e-12);
  }
  const pooled = map(w.linear("bert.pooler.dense", [x[0]!]), Math.tanh);
  return w.linear("classifier", pooled);
};
