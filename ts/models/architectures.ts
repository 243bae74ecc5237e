import { UnsupportedError } from "../errors/errors.js";
import { excerpt } from "../errors/excerpt.js";
import type { Architecture, ModelPlan } from "./architecture.js";
import { albert } from "./albert/index.js";
import { bert } from "./bert/index.js";
import { debertaV2 } from "./deberta-v2/index.js";
import { distilbert } from "./distilbert/index.js";
import { electra } from "./electra/index.js";
import { modernbert } from "./modernbert/index.js";
import { mpnet } from "./mpnet/index.js";
import { nomicBert } from "./nomic-bert/index.js";
import { roberta } from "./roberta/index.js";

/** Every architecture, by the `model_type` of its config.json. */
const architectures: Readonly<Record<string, Architecture>> = {
  albert,
  bert,
  camembert: roberta,
  "deberta-v2": debertaV2,
  distilbert,
  electra,
  modernbert,
  mpnet,
  nomic_bert: nomicBert,
  roberta,
  "xlm-roberta": roberta,
};

/**
 * What a parsed config.json comes to. Throws `UnsupportedError` for a `model_type` that is not there, and as its architecture
 * does.
 */
export function modelPlan(json: Readonly<Record<string, unknown>>): ModelPlan {
  const type = json["model_type"];
  if (typeof type === "string" && Object.hasOwn(architectures, type)) return architectures[type]!(json);
  const known = Object.keys(architectures).map((name) => `"${name}"`);
  throw new UnsupportedError(`config.json: model_type ${excerpt(type)} is not supported; ${known.join(", ")} are`, {
    type,
  });
}
