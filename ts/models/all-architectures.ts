import { UnsupportedError } from "../errors/errors.js";
import { excerpt } from "../errors/excerpt.js";
import type { Architecture, ModelPlan } from "./architecture.js";
import { likeBert } from "./architectures.js";
import { debertaV2 } from "./deberta-v2/index.js";
import type { LazyArchitecture, LikeBert } from "./encoder-types.js";
import { modernbert } from "./modernbert/index.js";
import { nomicBert } from "./nomic-bert/index.js";

const architectures: Readonly<Record<LikeBert | LazyArchitecture, Architecture>> = {
  ...likeBert,
  "deberta-v2": debertaV2,
  modernbert,
  nomic_bert: nomicBert,
};

/** As `modelPlan`, synchronous: for callers that cannot wait for an architecture's code. Language models are none of these. */
export function modelPlanNow(json: Readonly<Record<string, unknown>>): ModelPlan {
  const type = json["model_type"];
  const found = Object.entries(architectures).find(([name]) => name === type);
  if (found !== undefined) return found[1](json);
  const known = Object.keys(architectures).sort();
  throw new UnsupportedError(
    `config.json: model_type ${excerpt(type)} is not supported; ${known.map((name) => `"${name}"`).join(", ")} are`,
    { type },
  );
}
