import type { Architecture, ModelPlan } from "./architecture.js";
import type { LazyArchitecture } from "./encoder-types.js";

type ConfigJson = Readonly<Record<string, unknown>>;

/** The code of encoders unlike BERT, each in a script of its own. */
const others: Readonly<Record<LazyArchitecture, () => Promise<Architecture>>> = {
  "deberta-v2": async () => (await import("./deberta-v2/index.js")).debertaV2,
  modernbert: async () => (await import("./modernbert/index.js")).modernbert,
  nomic_bert: async () => (await import("./nomic-bert/index.js")).nomicBert,
};

/** As `modelPlan`, for encoders unlike BERT and for the layers of language models. */
export async function otherPlan(json: ConfigJson): Promise<ModelPlan> {
  const type = json["model_type"];
  const isKnown = typeof type === "string" && Object.hasOwn(others, type);
  const architecture = isKnown
    ? await others[type as LazyArchitecture]()
    : (await import("./decoders.js")).decoderLayers;
  return architecture(json);
}
