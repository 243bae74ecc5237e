import type { Architecture, ModelPlan } from "./architecture.js";
import type { LazyArchitecture } from "./encoder-types.js";
import { type LazyChunk, lazyChunk } from "../waiting/lazy-chunk.js";

type ConfigJson = Readonly<Record<string, unknown>>;

/** The code of encoders unlike BERT, each in a script of its own. */
export const lazyEncoders: Readonly<Record<LazyArchitecture, LazyChunk<Architecture>>> = {
  "deberta-v2": lazyChunk(async () => (await import("./deberta-v2/index.js")).debertaV2),
  modernbert: lazyChunk(async () => (await import("./modernbert/index.js")).modernbert),
  nomic_bert: lazyChunk(async () => (await import("./nomic-bert/index.js")).nomicBert),
};

/** The code of language models' layers as encoders. */
export const languageLayers: LazyChunk<Architecture> = lazyChunk(
  async () => (await import("./decoders.js")).decoderLayers,
);

/** As `modelPlan`, for encoders unlike BERT and for the layers of language models. */
export async function otherPlan(json: ConfigJson): Promise<ModelPlan> {
  const type = json["model_type"];
  const isKnown = typeof type === "string" && Object.hasOwn(lazyEncoders, type);
  const architecture = await (isKnown ? lazyEncoders[type as LazyArchitecture] : languageLayers)();
  return architecture(json);
}
