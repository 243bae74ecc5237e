import type { SavedFiles } from "lowrank";
import { FederationError } from "../federation-error.js";
import type { FederationListener } from "../join-options.js";
import type { IncomingContent } from "../objects/incoming.js";
import type { Reply } from "../objects/outgoing.js";
import type { OpenModel, RoundModels } from "./round-models.js";
import type { RoundSettings } from "./round-settings.js";
import { SharedAdapter } from "./shared-adapter.js";

/** Options of a node's training. */
export interface LocalWork {
  readonly models: RoundModels;
  /** Most steps of one round. */
  readonly maxSteps: number;
  readonly onEvent: FederationListener;
}

/** A node's work in rounds: from the server's values to the reply. Between rounds, it keeps only what all nodes share. */
export class LocalRounds {
  private shared: SharedAdapter | null = null;
  private made = "";

  constructor(private readonly work: LocalWork) {}

  /** The shared adapter for these settings, created again if they have changed. */
  async adapterOf(settings: RoundSettings): Promise<SharedAdapter> {
    const { models } = this.work;
    const { task, taskSettings, labels, rank, alpha, targetModules, rslora, dropout, seed } = settings;
    const shape = { task, taskSettings, labels, rank, alpha, targetModules, rslora, dropout, seed };
    const key = JSON.stringify(shape);
    if (this.shared === null || key !== this.made) {
      this.checkTask(task);
      await models.share(shape);
      this.shared = await SharedAdapter.of(models, shape);
      this.made = key;
    }
    this.shared.check(settings);
    return this.shared;
  }

  /** Trains on this node's examples. Throws like `fit`, and `FederationError` for invalid values. */
  async train(settings: RoundSettings, content: IncomingContent): Promise<Reply> {
    const { models, onEvent } = this.work;
    const { round, rounds, freezeA, epochs } = settings;
    const shared = await this.adapterOf(settings);
    const examples = models.counts.train;
    const steps = this.stepsOf(settings);
    const files = shared.withArrays(await content.arrays(shared.bytes(freezeA)), freezeA);
    onEvent({ type: "round", round, rounds, steps, files });
    return this.with(files, settings, async (model) => {
      // A new head has not been trained by any node. One fitted without some labels would suppress these labels of other nodes.
      if (settings.fitHead && shared.isNew(files) && models.hasEvery(settings.labels)) await model.fitHead();
      const losses = await model.fit({
        steps,
        onProgress: ({ step, loss }) => onEvent({ type: "step", round, step: step + 1, steps, loss }),
      });
      const trained = (await model.save()) as SavedFiles;
      const loss = losses.reduce((sum, one) => sum + one, 0) / losses.length;
      onEvent({ type: "trained", round, loss, examples, epochs, files: trained });
      return { arrays: shared.arraysOf(trained, freezeA), metrics: toldOf(settings, examples, { loss }) };
    });
  }

  /** Evaluates the shared adapter on this node's validation examples, or on its training examples if there are none. */
  async evaluate(settings: RoundSettings, content: IncomingContent): Promise<Reply> {
    const { models, onEvent } = this.work;
    const { freezeA, round } = settings;
    const shared = await this.adapterOf(settings);
    const files = shared.withArrays(await content.arrays(shared.bytes(freezeA)), freezeA);
    const { train, validation } = models.counts;
    const examples = validation > 0 ? validation : train;
    return this.with(files, settings, async (model) => {
      const { metrics, loss } = await model.evaluate();
      const { accuracy } = metrics;
      onEvent({
        type: "evaluated",
        round,
        ...(accuracy !== undefined && { accuracy }),
        loss,
        metrics,
        examples,
        files,
      });
      return { arrays: null, metrics: toldOf(settings, examples, { ...metrics, loss }) };
    });
  }

  private async with<T>(
    files: SavedFiles,
    settings: RoundSettings,
    work: (model: OpenModel) => Promise<T>,
  ): Promise<T> {
    const model = await this.work.models.open(files, settings);
    try {
      return await work(model);
    } finally {
      await model.dispose();
    }
  }

  private stepsOf({ epochs, batchSize }: RoundSettings): number {
    const { models, maxSteps } = this.work;
    const { train } = models.counts;
    const steps = Math.max(1, Math.round((epochs * train) / Math.min(batchSize, train)));
    if (steps <= maxSteps) return steps;
    throw new FederationError(
      `joinFederation: the server asks for ${steps} steps per round, but this node allows at most ${maxSteps} (maxSteps)`,
      { op: "joinFederation", option: "maxSteps", value: steps, expected: maxSteps },
    );
  }

  private checkTask(task: string): void {
    const own = this.work.models.task;
    if (task === own) return;
    throw new FederationError(
      `joinFederation: the server's app trains the task "${task.slice(0, 60)}", and this node has joined for "${own}": ` +
        "join with that task (--task, or `job` in a program)",
      { op: "joinFederation", expected: own, actual: task },
    );
  }
}

/** Metrics sent with the arrays. With differential privacy, all nodes count the same and report nothing else. */
const toldOf = (settings: RoundSettings, examples: number, measured: Readonly<Record<string, number>>) =>
  new Map(settings.private ? [["num-examples", 1]] : [...Object.entries(measured), ["num-examples", examples]]);
