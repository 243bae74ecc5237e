import type { Architecture, ModelPlan } from "./architecture.js";
import { knownType, likeBert, type LazyArchitecture } from "./architectures.js";
import { debertaV2 } from "./deberta-v2/index.js";
import { modernbert } from "./modernbert/index.js";
import { nomicBert } from "./nomic-bert/index.js";

const architectures: Readonly<Record<keyof typeof likeBert | LazyArchitecture, Architecture>> = {
  ...likeBert,
  "deberta-v2": debertaV2,
  modernbert,
  nomic_bert: nomicBert,
};

/** As `modelPlan`, synchronous: for callers that cannot wait for an architecture's code. */
export function modelPlanNow(json: Readonly<Record<string, unknown>>): ModelPlan {
  return architectures[knownType(json)](json);
}
