import { checkOptions, ConfigError, LABELS_FILE, type RoundChanges, type TaskRounds } from "lowrank/extension";
import { FederationError } from "../federation-error.js";
import { encoderOf } from "../rounds/class-models.js";
import type { OpenModel, RoundModels } from "../rounds/round-models.js";
import { type AdapterShape, trainingOf } from "../rounds/round-settings.js";
import { serverSettings } from "../rounds/task-settings.js";

/** Models of any task that the pipeline trains. */
export function taskModels(rounds: TaskRounds): RoundModels {
  const { task, counts, modelHash: fingerprint, maxTokens } = rounds;
  const own = rounds.labels;
  let shared: string | null = null;
  return {
    ...{ task, counts },
    async share(labels) {
      const wanted = JSON.stringify(labels);
      if (own.length > 0 && shared !== wanted) await rounds.share(labels);
      shared = wanted;
    },
    hasEvery: (labels) => labels.every((label) => own.includes(label)),
    async create(shape) {
      const files = await rounds.create(changesOf(rounds, shape));
      // As nodes have it whose classifiers are in a worker or a page.
      return { files, encoder: Object.hasOwn(files, LABELS_FILE) ? encoderOf(files) : { fingerprint, maxTokens } };
    },
    async open(files, settings): Promise<OpenModel> {
      const model = await rounds.load(files, { ...changesOf(rounds, settings), ...trainingOf(settings) });
      const { freezeA } = settings;
      return {
        fitHead: () => model.fitHead(),
        fit: ({ steps, onProgress }) => model.fit({ steps, freezeA, onProgress }),
        evaluate: () => model.evaluate(),
        save: () => model.save(),
        dispose: () => model.dispose(),
      };
    },
  };
}

/** Throws `FederationError` for settings that are invalid, or not the server's to choose. */
function changesOf(rounds: TaskRounds, shape: AdapterShape): RoundChanges {
  const { rank, alpha, targetModules, rslora, dropout, seed, taskSettings } = shape;
  const changes = { rank, alpha, targetModules, rslora, dropout, seed, ...taskSettings };
  try {
    checkOptions("the server's settings: task-settings", taskSettings, serverSettings);
    rounds.check("the server's settings", changes);
    return changes;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new FederationError(error.message, error.details, { cause: error });
  }
}
