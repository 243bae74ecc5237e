import { UnsupportedError } from "../errors/errors.js";
import { excerpt } from "../errors/excerpt.js";
import type { Architecture, ModelPlan } from "./architecture.js";
import { bert } from "./bert/index.js";
import { distilbert } from "./distilbert/index.js";
import { electra } from "./electra/index.js";
import { roberta } from "./roberta/index.js";

/** Every architecture, by the `model_type` of its config.json. */
const architectures: Readonly<Record<string, Architecture>> = {
  bert,
  camembert: roberta,
  distilbert,
  electra,
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
