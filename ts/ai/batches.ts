import { AbortError, StaleNodeError } from "../errors/errors.js";
import type { BatchLimits, ContinuousBatch } from "../models/language/batch/continuous-batch.js";
import type { CausalLanguageModel } from "../models/language/causal-language-model.js";

/** One batch for all calls of a model, begun with the first of them. */
export class Batches {
  /** The batch of each model. Nothing is kept of models that nobody else refers to any more. */
  private readonly byModel = new WeakMap<CausalLanguageModel, ContinuousBatch>();
  private disposed = false;

  constructor(private readonly limits: BatchLimits) {}

  /** The batch of a model. Throws `StaleNodeError` after `dispose`. */
  of(what: string, model: CausalLanguageModel, make: (limits: BatchLimits) => ContinuousBatch): ContinuousBatch {
    if (this.disposed)
      throw new StaleNodeError(`${what}: this provider was disposed; \`createLowrank\` makes another`, {
        op: what,
        reason: "disposed",
      });
    const batch = this.byModel.get(model) ?? make(this.limits);
    this.byModel.set(model, batch);
    return batch;
  }

  /** Ends the texts of models, and frees what was kept of earlier ones. */
  dispose(models: readonly CausalLanguageModel[]): void {
    this.disposed = true;
    for (const model of models)
      this.byModel.get(model)?.close(new AbortError("the provider was disposed", { reason: "ended" }));
  }
}
