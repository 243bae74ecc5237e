import { checkOptions, LABELS_FILE, type RoundChanges, type Rounds } from "lowrank/extension";
import { encoderOf } from "./class-models.js";
import type { OpenModel, RoundModels } from "./round-models.js";
import { type AdapterShape, asServers, trainingOf } from "./round-settings.js";
import { serverSettings } from "./task-settings.js";

/** Models of any task that the pipeline trains, in this thread or in a worker. */
export function taskModels(rounds: Rounds, signal?: AbortSignal): RoundModels {
  const { task, modelHash: fingerprint, maxTokens } = rounds;
  const own = rounds.labels;
  let { counts } = rounds;
  // Examples without classes that were read for the server's loss are not read again.
  const keyOf = (labels: readonly string[], loss: unknown = rounds.loss) => JSON.stringify([labels, loss]);
  let shared = own.length > 0 ? null : keyOf([]);
  return {
    task,
    get counts() {
      return counts;
    },
    async share(shape) {
      const { labels, taskSettings } = shape;
      const wanted = keyOf(labels, taskSettings["loss"]);
      if (shared === wanted) return;
      await changesOf(rounds, shape);
      counts = await rounds.share(labels, taskSettings, { signal });
      shared = wanted;
    },
    hasEvery: (labels) => labels.every((label) => own.includes(label)),
    async create(shape) {
      const changes = await changesOf(rounds, shape);
      const files = await asServers(() => rounds.create(changes));
      // As nodes have it that join with a classifier.
      return { files, encoder: Object.hasOwn(files, LABELS_FILE) ? encoderOf(files) : { fingerprint, maxTokens } };
    },
    async open(files, settings): Promise<OpenModel> {
      await rounds.open(files, { ...(await changesOf(rounds, settings)), ...trainingOf(settings) }, { signal });
      const { freezeA } = settings;
      return {
        fitHead: () => rounds.fitHead(),
        fit: ({ steps, onProgress }) => rounds.fit({ steps, freezeA, onProgress, signal }),
        evaluate: () => rounds.evaluate({ signal }),
        save: () => rounds.save(),
        dispose: () => rounds.close(),
      };
    },
  };
}

/** Throws `FederationError` for settings that are invalid, or not the server's to choose. */
async function changesOf(rounds: Rounds, shape: AdapterShape): Promise<RoundChanges> {
  const { rank, alpha, targetModules, rslora, dropout, seed, taskSettings } = shape;
  const changes = { rank, alpha, targetModules, rslora, dropout, seed, ...taskSettings };
  return asServers(async () => {
    checkOptions("the server's settings: task-settings", taskSettings, serverSettings);
    await rounds.check("the server's settings", changes);
    return changes;
  });
}
