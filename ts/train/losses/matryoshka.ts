import { isRecord, listFrom } from "../../arguments/collections.js";
import { finite, unexpected, whole } from "../../arguments/settings.js";
import { ConfigError } from "../../errors/errors.js";
import type { NodeId } from "../../graph/graph.js";
import { only } from "./loss-options.js";
import { times } from "./loss-parts.js";
import type { LossCall, LossPlan } from "./loss-plan.js";

const OWN = ["inner", "matryoshkaDims", "matryoshkaWeights", "nDimsPerStep"];

/** Matryoshka: Σ over dimensions d of weight·loss(normalise(first d of each vector)). `planOf` finds the inner loss by its name. */
export const matryoshka = (planOf: (what: string, name: unknown) => LossPlan): LossPlan => {
  const outermost: LossPlan = (call) => {
    const { what, graph, width, options } = call;
    const sizes = sizesOf(call);
    only(-1, "all dimensions count in every step")(what, "nDimsPerStep", options["nDimsPerStep"]);
    const { name, ...inner } = innerOf(call);
    const plan = planOf(what, name);
    if (plan === outermost) throw unexpected(what, "inner", "a loss that is computed for each dimension", name);
    const outer = Object.fromEntries(Object.entries(options).filter(([option]) => !OWN.includes(option)));
    const losses = sizes.map(({ size, weight }) => ({
      size,
      weight,
      compute: plan({ ...call, width: size, fullWidth: width, options: { ...outer, ...inner } }),
    }));
    return (columns: readonly NodeId[]) => {
      const parts = losses.map(({ size, weight, compute }) => {
        const cut = columns.map((column) => graph.normalize(graph.slice(column, { dim: 1, end: size })));
        return times(graph, compute(cut), weight);
      });
      return parts.reduce((sum, part) => graph.add(sum, part));
    };
  };
  return outermost;
};

/** The dimensions with their weights, largest first. */
function sizesOf({ what, width, options }: LossCall) {
  const name = "matryoshkaDims";
  const sizes = listFrom(`${what}: ${name} is a list of dimensions`, options[name], (size) =>
    whole(what, name, size, 1, width),
  );
  const given = options["matryoshkaWeights"];
  const weights =
    given === undefined
      ? sizes.map(() => 1)
      : listFrom(`${what}: matryoshkaWeights is a list of numbers`, given, (weight) =>
          finite(what, "matryoshkaWeights", weight),
        );
  if (sizes.length === 0 || weights.length !== sizes.length) {
    const message =
      sizes.length === 0
        ? `${what}: ${name} is a list of at least one dimension`
        : `${what}: expected a weight for each of ${sizes.length} dimensions, got ${weights.length}`;
    throw new ConfigError(message, { op: what, option: name, expected: sizes.length, actual: weights.length });
  }
  return sizes.map((size, place) => ({ size, weight: weights[place]! })).sort((a, b) => b.size - a.size);
}

/** Name and options of the inner loss: a name, `{ name, options }` or `{ name, …options }`. */
function innerOf({ what, options }: LossCall): Readonly<Record<string, unknown>> {
  const inner = options["inner"] ?? "multiple-negatives-ranking";
  if (typeof inner === "string") return { name: inner };
  if (!isRecord(inner)) throw unexpected(what, "inner", "a loss's name, or { name, options }", inner);
  const { options: nested, ...rest } = inner;
  if (nested !== undefined && !isRecord(nested)) throw unexpected(what, "inner.options", "an object", nested);
  return given({ ...rest, ...nested });
}

/** Options without those that are undefined or null. */
export const given = (options: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined && value !== null));
