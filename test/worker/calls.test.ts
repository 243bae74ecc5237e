import { describe, expectTypeOf, it } from "vitest";
import type * as local from "../../ts/index.js";
import type { classes } from "../../ts/worker/calls.js";

/** Names of a class's methods. */
type Methods<T> = Extract<{ [M in keyof T]: T[M] extends (...args: never[]) => unknown ? M : never }[keyof T], string>;
/** Methods, and static ones, that the table of calls lacks. */
type Missing<Name extends keyof typeof classes, T> = Exclude<Methods<T>, keyof (typeof classes)[Name]["methods"]>;

/** What gives nodes of a graph, or takes them: a graph is used where it is. */
type OfGraph = "adapter" | "trainableParams";

// Checked by tsc: a new method is a row of the table, or stands here with why it is none.
describe("every method of a class has a row in the table of calls, but for those of the graph", () => {
  it("of encoders", () => {
    expectTypeOf<Missing<"SentenceEncoder", local.SentenceEncoder>>().toEqualTypeOf<OfGraph | "infer" | "pooled">();
  });
  it("of classifiers", () => {
    expectTypeOf<Missing<"TextClassifier", local.TextClassifier>>().toEqualTypeOf<"params" | "loss" | "memory">();
    expectTypeOf<Missing<"TokenClassifier", local.TokenClassifier>>().toEqualTypeOf<"params">();
  });
  it("of cross-encoders", () => {
    expectTypeOf<Missing<"CrossEncoder", local.CrossEncoder>>().toEqualTypeOf<"params">();
  });
  it("of regressors", () => {
    expectTypeOf<Missing<"TextRegressor", local.TextRegressor>>().toEqualTypeOf<never>();
  });
  it("of language models", () => {
    expectTypeOf<Missing<"CausalLanguageModel", local.CausalLanguageModel>>().toEqualTypeOf<OfGraph>();
    expectTypeOf<Missing<"GenerationSession", local.GenerationSession>>().toEqualTypeOf<never>();
  });
});
