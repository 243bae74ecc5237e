import { type ModelSource, namingFolder, readRequiredJson } from "../io/model-source.js";
import { lazyChunk } from "../waiting/lazy-chunk.js";
import type { Architecture, ModelPlan } from "./architecture.js";
import { albert } from "./encoders/albert.js";
import { bert, roberta } from "./encoders/bert.js";
import { distilbert } from "./encoders/distilbert.js";
import { electra } from "./encoders/electra.js";
import { mpnet } from "./encoders/mpnet.js";

/** BERT and models that differ from it in sizes, names, positions or embeddings, by `model_type` of their config.json. */
const likeBert: Readonly<Record<string, Architecture>> = {
  albert,
  bert,
  camembert: roberta,
  distilbert,
  electra,
  mpnet,
  roberta,
  "xlm-roberta": roberta,
};

/** Encoders with their own forward pass, each in a script of its own, which is fetched when one is loaded. */
export const lazyEncoders = {
  "deberta-v2": lazyChunk<Architecture>(async () => (await import("./encoders/deberta-v2.js")).debertaV2),
  modernbert: lazyChunk<Architecture>(async () => (await import("./encoders/modernbert.js")).modernbert),
  nomic_bert: lazyChunk<Architecture>(async () => (await import("./encoders/nomic-bert.js")).nomicBert),
};

/** Layers of language models as encoders, also fetched when one is loaded. */
export const languageLayers = lazyChunk(async () => (await import("./decoders.js")).decoderLayers);

/**
 * The plan of a model from its parsed config.json. Rejects with `UnsupportedError` for an unknown `model_type`, and with the architecture's
 * errors.
 */
export async function modelPlan(json: Readonly<Record<string, unknown>>): Promise<ModelPlan> {
  const { model_type: type } = json;
  if (typeof type === "string" && Object.hasOwn(likeBert, type)) return likeBert[type]!(json);
  if (typeof type === "string" && Object.hasOwn(lazyEncoders, type))
    return (await lazyEncoders[type as keyof typeof lazyEncoders]())(json);
  return (await languageLayers())(json, [...Object.keys(likeBert), ...Object.keys(lazyEncoders)]);
}

/** A model's config.json and the plan that it says. Throws as `modelPlan`, and `ModelError` without the file; errors name its folder. */
export async function readPlan(source: ModelSource) {
  const json = await readRequiredJson(source, "config.json");
  return { json, plan: await namingFolder(source, "config.json", () => modelPlan(json)) };
}
