import { existsSync } from "node:fs";
import { join } from "node:path";
import { writeFilesAtomically } from "../../io/node/index.js";
import { layoutOf } from "../../models/sentence/load-tokenizer.js";
import type { BaseWeights } from "../files/base-weights.js";

const TYPE = "sentence_transformers.models";

/**
 * Writes sentence-transformers' files of a known base that lacks them: by its weights it was known, and the merged model's are others.
 * Those that stand in the folder stay.
 */
export async function writeKnownModules({ model, companions, config }: BaseWeights, folder: string): Promise<void> {
  if (companions !== undefined || existsSync(join(folder, "modules.json"))) return;
  // Any model may be merged, and few are encoders.
  const layout = await layoutOf(model).catch(() => null);
  if (layout?.hasModules !== true) return;
  const { normalize, maxTokens, lowercase } = layout;
  const names = ["Transformer", "Pooling", ...(normalize ? ["Normalize"] : [])];
  const modules = names.map((name, idx) => ({
    idx,
    name: String(idx),
    path: idx === 0 ? "" : `${idx}_${name}`,
    type: `${TYPE}.${name}`,
  }));
  await write(folder, "sentence_bert_config.json", { max_seq_length: maxTokens, do_lower_case: lowercase });
  await write(join(folder, "1_Pooling"), "config.json", {
    word_embedding_dimension: config?.["hidden_size"],
    pooling_mode_mean_tokens: true,
  });
  await write(folder, "modules.json", modules);
}

async function write(folder: string, name: string, json: unknown): Promise<void> {
  if (existsSync(join(folder, name))) return;
  await writeFilesAtomically(folder, { [name]: new TextEncoder().encode(`${JSON.stringify(json, null, 2)}\n`) });
}
