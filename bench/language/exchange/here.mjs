import { readFileSync } from "node:fs";
import { join } from "node:path";

/** An adapter's files in PEFT's layout. */
export const adapterFiles = (folder) =>
  Object.fromEntries(
    ["adapter_config.json", "adapter_model.safetensors"].map((name) => [name, readFileSync(join(folder, name))]),
  );

/** Greedy ids behind each prompt, past the end-of-text token. */
export async function greedyHere(model, adapter, prompts, count) {
  const found = [];
  for (const { ids } of prompts) {
    const made = [];
    for await (const { id } of model.generateTokens(ids, { adapter, maxTokens: count, ignoreEnd: true })) made.push(id);
    found.push(made);
  }
  return found;
}

/** How many ids at the start are alike, of each prompt. */
export const sameFirst = (some, others) =>
  some.map((ids, i) => {
    const first = ids.findIndex((id, at) => id !== others[i][at]);
    return first < 0 ? ids.length : first;
  });

/** How often the likeliest token by our logits, exact ones, is the one that others took, along their text: between 0 and 1. */
export async function agreement(model, adapter, prompts, others) {
  let [agreed, total] = [0, 0];
  for (const [i, { ids }] of prompts.entries()) {
    const { shape, data } = await model.logits([...ids, ...others[i]], { adapter });
    const width = shape[1];
    const best = (row) =>
      data.subarray(row * width, (row + 1) * width).reduce((at, x, i, all) => (x > all[at] ? i : at), 0);
    agreed += others[i].filter((id, at) => best(ids.length - 1 + at) === id).length;
    total += others[i].length;
  }
  return agreed / total;
}
