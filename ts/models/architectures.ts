import { UnsupportedError } from "../errors/errors.js";
import { excerpt } from "../errors/excerpt.js";
import { type LazyChunk, lazyChunk } from "../waiting/lazy-chunk.js";
import type { Architecture, ModelPlan } from "./architecture.js";
import { albert } from "./albert/index.js";
import { bert } from "./bert/index.js";
import { distilbert } from "./distilbert/index.js";
import { electra } from "./electra/index.js";
import { mpnet } from "./mpnet/index.js";
import { roberta } from "./roberta/index.js";

/** BERT and models that differ from it in sizes, names, positions or embeddings, by `model_type` of their config.json. */
export const likeBert = {
  albert,
  bert,
  camembert: roberta,
  distilbert,
  electra,
  mpnet,
  roberta,
  "xlm-roberta": roberta,
} as const satisfies Readonly<Record<string, Architecture>>;

/** Models with their own forward pass. */
export type LazyArchitecture = "deberta-v2" | "modernbert" | "nomic_bert";

/** Their code, fetched when such a model is loaded: few programs need one of them. */
export const lazyArchitectures: Readonly<Record<LazyArchitecture, LazyChunk<Architecture>>> = {
  "deberta-v2": /* @__PURE__ */ lazyChunk(async () => (await import("./deberta-v2/index.js")).debertaV2),
  modernbert: /* @__PURE__ */ lazyChunk(async () => (await import("./modernbert/index.js")).modernbert),
  nomic_bert: /* @__PURE__ */ lazyChunk(async () => (await import("./nomic-bert/index.js")).nomicBert),
};

/**
 * The plan of a model from its parsed config.json. Rejects with `UnsupportedError` for an unknown `model_type`, and with the architecture's
 * errors.
 */
export async function modelPlan(json: Readonly<Record<string, unknown>>): Promise<ModelPlan> {
  const type = knownType(json);
  return (
    type in likeBert ? likeBert[type as keyof typeof likeBert] : await lazyArchitectures[type as LazyArchitecture]()
  )(json);
}

/** The `model_type` of a parsed config.json. Throws `UnsupportedError` for an unknown one. */
export function knownType(json: Readonly<Record<string, unknown>>): keyof typeof likeBert | LazyArchitecture {
  const type = json["model_type"];
  const types = [...Object.keys(likeBert), ...Object.keys(lazyArchitectures)].sort();
  const known = types.find((name) => name === type);
  if (known !== undefined) return known as keyof typeof likeBert | LazyArchitecture;
  throw new UnsupportedError(
    `config.json: model_type ${excerpt(type)} is not supported; ${types.map((name) => `"${name}"`).join(", ")} are`,
    { type },
  );
}
