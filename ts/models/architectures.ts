import { type ModelSource, namingFolder, readRequiredJson } from "../io/model-source.js";
import { lazyChunk } from "../waiting/lazy-chunk.js";
import type { Architecture, ModelPlan } from "./architecture.js";
import { albert } from "./albert/index.js";
import { bert } from "./bert/index.js";
import { distilbert } from "./distilbert/index.js";
import { electra } from "./electra/index.js";
import type { LikeBert } from "./encoder-types.js";
import { mpnet } from "./mpnet/index.js";
import { roberta } from "./roberta/index.js";

/** BERT and models that differ from it in sizes, names, positions or embeddings, by `model_type` of their config.json. */
const likeBert: Readonly<Record<LikeBert, Architecture>> = {
  albert,
  bert,
  camembert: roberta,
  distilbert,
  electra,
  mpnet,
  roberta,
  "xlm-roberta": roberta,
};

/** Plans of other models, whose code is fetched when one is loaded: few programs need one of them. */
export const otherPlans = /* @__PURE__ */ lazyChunk<Plans>(
  async () => (await import("./other-architectures.js")).otherPlan,
);

/** A plan by a parsed config.json. */
type Plans = (json: Readonly<Record<string, unknown>>) => ModelPlan | Promise<ModelPlan>;

/**
 * The plan of a model from its parsed config.json. Rejects with `UnsupportedError` for an unknown `model_type`, and with the architecture's
 * errors.
 */
export async function modelPlan(json: Readonly<Record<string, unknown>>): Promise<ModelPlan> {
  const type = json["model_type"];
  const isLikeBert = typeof type === "string" && Object.hasOwn(likeBert, type);
  return (isLikeBert ? likeBert[type as LikeBert] : await otherPlans())(json);
}

/** A model's config.json and the plan that it says. Throws as `modelPlan`, and `ModelError` without the file; errors name its folder. */
export async function readPlan(source: ModelSource) {
  const json = await readRequiredJson(source, "config.json");
  return { json, plan: await namingFolder(source, "config.json", () => modelPlan(json)) };
}
