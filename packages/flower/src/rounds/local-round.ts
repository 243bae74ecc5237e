import type { Example, SavedFiles } from "lowrank";
import { ConfigError } from "lowrank/extension";
import { FederationError } from "../federation-error.js";
import type { FederationListener } from "../join-options.js";
import type { IncomingContent } from "../objects/incoming.js";
import type { Reply } from "../objects/outgoing.js";
import type { ClassifierClass, RoundClassifier } from "./classifier-class.js";
import type { RoundSettings } from "./round-settings.js";
import { type AdapterShape, SharedAdapter } from "./shared-adapter.js";

/** What a node trains with. */
export interface LocalWork<E> {
  readonly TextClassifier: ClassifierClass<E>;
  readonly encoder: E;
  readonly examples: readonly Example[];
  /** Examples that the shared adapter is measured on. */
  readonly validation: readonly Example[];
  /** Name that adapters get in the encoder. */
  readonly adapter: string;
  /** Steps of one round, at most. */
  readonly maxSteps: number;
  readonly signal: AbortSignal | undefined;
  readonly onEvent: FederationListener;
}

/** A node's own part of rounds: from the server's values to its answer. Nothing of one round is left for the next but what all share. */
export class LocalRounds<E> {
  private shared: SharedAdapter | null = null;
  private made = "";

  constructor(private readonly work: LocalWork<E>) {}

  /** The adapter of these settings, made where it is another than before. */
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

  /** Trains on this node's examples. Errors as `fit`, and `FederationError` for values that make no sense. */
  async train(settings: RoundSettings, content: IncomingContent): Promise<Reply> {
    const { examples, onEvent, signal } = this.work;
    const { round, rounds, freezeA, epochs, batchSize, learningRate, weightDecay, maxGradNorm, seed } = settings;
    const steps = this.stepsOf(settings);
    const shared = await this.adapterOf(settings);
    const files = shared.withArrays(await content.arrays(shared.bytes(freezeA)), freezeA);
    onEvent({ type: "round", round, rounds, steps, files });
    return this.with(files, async (classifier) => {
      // Zeros are what nobody has trained yet.
      if (settings.fitHead && shared.isNew(files) && hasEveryLabel(examples, settings.labels))
        await classifier.fitHead(examples, { ...(signal && { signal }) });
      const { steps: records } = await classifier.fit(examples, {
        ...{ steps, batchSize, learningRate, weightDecay, maxGradNorm, freezeA },
        // Another order in each round, and the same in a round that is done again.
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

  /** Measures the shared adapter on this node's validation, or where there is none on what it learns from. */
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

  /** What this encoder cannot have of a server's settings, such as modules that it has not, is the server's mistake. */
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
      `joinFederation: the server asks for ${steps} steps a round, and this node takes ${maxSteps} at most (maxSteps)`,
      { op: "joinFederation", option: "maxSteps", value: steps, expected: maxSteps },
    );
  }

  private checkLabels(labels: readonly string[]): void {
    const { examples, validation } = this.work;
    const strange = [...examples, ...validation].find(({ label }) => !labels.includes(label));
    if (strange === undefined) return;
    throw new FederationError(
      `joinFederation: the server's labels are ${labels.slice(0, 10).join(", ")}, and an example has another one: ${strange.label.slice(0, 60)}`,
      { op: "joinFederation", label: strange.label, expected: labels },
    );
  }
}

/** What is told beside arrays: where nothing may be learnt of a node but its noisy update, every node counts the same. */
const toldOf = (settings: RoundSettings, examples: number, measured: Readonly<Record<string, number>>) =>
  new Map(settings.private ? [["num-examples", 1]] : [...Object.entries(measured), ["num-examples", examples]]);

/** A head that is fitted where labels are missing would put the other nodes' labels out. */
const hasEveryLabel = (examples: readonly Example[], labels: readonly string[]) => {
  const there = new Set(examples.map(({ label }) => label));
  return labels.every((label) => there.has(label));
};
