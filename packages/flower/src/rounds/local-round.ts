import type { Example, SavedFiles } from "lowrank";
import { ConfigError } from "lowrank/extension";
import { FederationError } from "../federation-error.js";
import type { FederationListener } from "../join-options.js";
import type { IncomingContent } from "../objects/incoming.js";
import type { Reply } from "../objects/outgoing.js";
import type { ClassifierClass, RoundClassifier } from "./classifier-class.js";
import type { RoundSettings } from "./round-settings.js";
import { type AdapterShape, SharedAdapter } from "./shared-adapter.js";

/** Options of a node's training. */
export interface LocalWork<E> {
  readonly TextClassifier: ClassifierClass<E>;
  readonly encoder: E;
  readonly examples: readonly Example[];
  /** Examples to evaluate the shared adapter on. */
  readonly validation: readonly Example[];
  /** Name of the adapters in the encoder. */
  readonly adapter: string;
  /** Most steps of one round. */
  readonly maxSteps: number;
  readonly signal: AbortSignal | undefined;
  readonly onEvent: FederationListener;
}

/** A node's work in rounds: from the server's values to the reply. Between rounds, it keeps only what all nodes share. */
export class LocalRounds<E> {
  private shared: SharedAdapter | null = null;
  private made = "";

  constructor(private readonly work: LocalWork<E>) {}

  /** The shared adapter for these settings, created again if they have changed. */
  async adapterOf(settings: RoundSettings): Promise<SharedAdapter> {
    const { labels, rank, alpha, targetModules, rslora, dropout, seed } = settings;
    const shape = { labels, rank, alpha, targetModules, rslora, dropout, seed };
    const key = JSON.stringify(shape);
    if (this.shared === null || key !== this.made) {
      this.checkLabels(labels);
      this.shared = await this.sharedOf(shape);
      this.made = key;
    }
    this.shared.check(settings);
    return this.shared;
  }

  /** Trains on this node's examples. Throws like `fit`, and `FederationError` for invalid values. */
  async train(settings: RoundSettings, content: IncomingContent): Promise<Reply> {
    const { examples, onEvent, signal } = this.work;
    const { round, rounds, freezeA, epochs, batchSize, learningRate, weightDecay, maxGradNorm, seed } = settings;
    const steps = this.stepsOf(settings);
    const shared = await this.adapterOf(settings);
    const files = shared.withArrays(await content.arrays(shared.bytes(freezeA)), freezeA);
    onEvent({ type: "round", round, rounds, steps, files });
    return this.with(files, async (classifier) => {
      // A head of zeros has not been trained by any node.
      if (settings.fitHead && shared.isNew(files) && hasEveryLabel(examples, settings.labels))
        await classifier.fitHead(examples, { ...(signal && { signal }) });
      const { steps: records } = await classifier.fit(examples, {
        ...{ steps, batchSize, learningRate, weightDecay, maxGradNorm, freezeA },
        // The order differs between rounds, and is the same if a round is repeated.
        seed: seed + round,
        ...(signal && { signal }),
        onProgress: ({ step, loss }) => onEvent({ type: "step", round, step: step + 1, steps, loss }),
      });
      const trained = (await classifier.save()) as SavedFiles;
      const loss = records.reduce((sum, record) => sum + record.loss, 0) / records.length;
      onEvent({ type: "trained", round, loss, examples: examples.length, epochs, files: trained });
      const metrics = toldOf(settings, examples.length, { loss });
      return { arrays: shared.arraysOf(trained, freezeA), metrics };
    });
  }

  /** Evaluates the shared adapter on this node's validation examples, or on its training examples if there are none. */
  async evaluate(settings: RoundSettings, content: IncomingContent): Promise<Reply> {
    const { validation, examples, onEvent, signal } = this.work;
    const { freezeA } = settings;
    const shared = await this.adapterOf(settings);
    const files = shared.withArrays(await content.arrays(shared.bytes(freezeA)), freezeA);
    const measured = validation.length > 0 ? validation : examples;
    return this.with(files, async (classifier) => {
      const { accuracy, loss } = await classifier.evaluate(measured, { intervals: false, ...(signal && { signal }) });
      onEvent({ type: "evaluated", round: settings.round, accuracy, loss, examples: measured.length, files });
      return { arrays: null, metrics: toldOf(settings, measured.length, { accuracy, loss }) };
    });
  }

  /** Settings that do not fit this encoder, such as unknown modules, are the server's mistake. */
  private async sharedOf(shape: AdapterShape): Promise<SharedAdapter> {
    const { TextClassifier, encoder, adapter } = this.work;
    try {
      return await SharedAdapter.of(TextClassifier, encoder, shape, adapter);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      throw new FederationError(`the server's settings: ${error.message}`, error.details, { cause: error });
    }
  }

  private async with<T>(files: SavedFiles, work: (classifier: RoundClassifier) => Promise<T>): Promise<T> {
    const { TextClassifier, encoder, adapter } = this.work;
    const classifier = await TextClassifier.load(encoder, files, { adapter });
    try {
      return await work(classifier);
    } finally {
      await classifier.dispose();
    }
  }

  private stepsOf({ epochs, batchSize }: RoundSettings): number {
    const { examples, maxSteps } = this.work;
    const steps = Math.max(1, Math.round((epochs * examples.length) / Math.min(batchSize, examples.length)));
    if (steps <= maxSteps) return steps;
    throw new FederationError(
      `joinFederation: the server asks for ${steps} steps per round, but this node allows at most ${maxSteps} (maxSteps)`,
      { op: "joinFederation", option: "maxSteps", value: steps, expected: maxSteps },
    );
  }

  private checkLabels(labels: readonly string[]): void {
    const { examples, validation } = this.work;
    const strange = [...examples, ...validation].find(({ label }) => !labels.includes(label));
    if (strange === undefined) return;
    throw new FederationError(
      `joinFederation: the server's labels are ${labels.slice(0, 10).join(", ")}, but an example has ${strange.label.slice(0, 60)}`,
      { op: "joinFederation", label: strange.label, expected: labels },
    );
  }
}

/** Metrics sent with the arrays. With differential privacy, all nodes count the same and report nothing else. */
const toldOf = (settings: RoundSettings, examples: number, measured: Readonly<Record<string, number>>) =>
  new Map(settings.private ? [["num-examples", 1]] : [...Object.entries(measured), ["num-examples", examples]]);

/** A head fitted without some labels would suppress these labels of other nodes. */
const hasEveryLabel = (examples: readonly Example[], labels: readonly string[]) => {
  const there = new Set(examples.map(({ label }) => label));
  return labels.every((label) => there.has(label));
};
