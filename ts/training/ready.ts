import type { TaskFile } from "./data/parts.js";
import type { JobEstimate } from "./estimate/job-seconds.js";
import type { ReadyJob } from "./job-events.js";
import type { Prepared } from "./prepare.js";
import type { FileExample, TokenizedExample } from "./task-definition.js";

/**
 * The ready event, as plain data.
 * @param done completed steps of a resumed run; null for a new run
 * @param folds number of folds to run; null for a single run
 */
export function readyJob(
  prepared: Prepared,
  done: number | null,
  estimate: JobEstimate,
  folds: number | null = null,
): ReadyJob {
  const { task, settings, steps, evaluateEvery, engine, source, base, model, data, tokens, training } = prepared;
  const { train, validation, test, labels } = data;
  const { chosenBy, final } = prepared;
  const part = ({ file, examples }: TaskFile<FileExample>, tokenized: readonly TokenizedExample[]) => ({
    file,
    examples: examples.length,
    ...model.counts?.(tokenized),
  });
  return {
    task,
    settings,
    steps,
    evaluateEvery,
    resumedAfter: done,
    engine,
    ...(chosenBy !== undefined && { chosenBy }),
    model: { name: source.name, origin: source.origin, layers: base.layers, hiddenSize: base.hiddenSize },
    data: {
      train: part(train, tokens.train),
      validation: { ...part(validation, tokens.validation), split: validation.split },
      test: test && { ...part(test, tokens.measured), split: test.split },
      labels,
      groups: null,
      ...model.details,
    },
    ...(final !== null && { finalFit: { examples: final.examples.length, steps: final.steps } }),
    parameters: model.parameters,
    checkpointing: training.checkpointing,
    folds,
    estimate,
  };
}
