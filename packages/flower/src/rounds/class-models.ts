import type { Example, FileMap } from "lowrank";
import { excerpt, FormatError, isJsonObject, LABELS_FILE, parseJsonObject } from "lowrank/extension";
import { FederationError } from "../federation-error.js";
import type { ClassifierClass } from "./classifier-class.js";
import type { NewModel, OpenModel, RoundModels } from "./round-models.js";
import { asServers, trainingOf } from "./round-settings.js";

/** What a node of text classification has. */
interface ClassifierNode<E> {
  readonly TextClassifier: ClassifierClass<E>;
  readonly encoder: E;
  readonly examples: readonly Example[];
  readonly validation: readonly Example[];
  /** Name of the adapters in the encoder. */
  readonly adapter: string;
  readonly signal: AbortSignal | undefined;
}

/** Text classifiers on an encoder, in this thread or in a worker. */
export function classModels<E>(node: ClassifierNode<E>): RoundModels {
  const { TextClassifier, encoder, examples, validation, adapter, signal } = node;
  const measured = validation.length > 0 ? validation : examples;
  const cancelled = { ...(signal && { signal }) };
  return {
    task: "classify",
    counts: { train: examples.length, validation: validation.length },
    share({ labels, taskSettings }) {
      const [setting] = Object.keys(taskSettings);
      if (setting !== undefined)
        throw new FederationError(
          `joinFederation: the server's task-settings have ${excerpt(setting)}, which a node with an encoder and examples cannot set: ` +
            "join with `job` in place of these",
          { op: "joinFederation", option: setting, expected: {}, value: taskSettings },
        );
      const strange = [...examples, ...validation].find(({ label }) => !labels.includes(label));
      if (strange === undefined) return;
      throw new FederationError(
        `joinFederation: the server's labels are ${labels.slice(0, 10).join(", ")}, but an example has ${strange.label.slice(0, 60)}`,
        { op: "joinFederation", label: strange.label, expected: labels },
      );
    },
    hasEvery(labels) {
      const there = new Set(examples.map(({ label }) => label));
      return labels.every((label) => there.has(label));
    },
    async create({ labels, rank, alpha, targetModules, rslora, dropout }): Promise<NewModel> {
      const lora = { rank, alpha, rslora, dropout, ...(targetModules === null ? {} : { targetModules }) };
      const made = await asServers(() => TextClassifier.create(encoder, { labels, lora, adapter }));
      try {
        const files = await made.save();
        return { files, encoder: encoderOf(files) };
      } finally {
        await made.dispose();
      }
    },
    async open(files, settings): Promise<OpenModel> {
      const classifier = await TextClassifier.load(encoder, files, { adapter });
      const { freezeA } = settings;
      return {
        fitHead: async () => void (await classifier.fitHead(examples, cancelled)),
        async fit({ steps, onProgress }) {
          const report = await classifier.fit(examples, {
            steps,
            ...trainingOf(settings),
            freezeA,
            ...cancelled,
            onProgress,
          });
          return report.steps.map(({ loss }) => loss);
        },
        async evaluate() {
          const { accuracy, loss } = await classifier.evaluate(measured, { intervals: false, ...cancelled });
          return { loss, metrics: { accuracy } };
        },
        save: () => classifier.save(),
        dispose: () => classifier.dispose(),
      };
    },
  };
}

/** What identifies the base model of a classifier's files. Throws `FormatError` for damaged ones. */
export function encoderOf(files: FileMap): NewModel["encoder"] {
  const fail = (problem: string) => new FormatError(`${LABELS_FILE}: ${problem}`, { file: LABELS_FILE });
  const { base = null, maxTokens } = parseJsonObject(files[LABELS_FILE]!, fail);
  return { fingerprint: String(isJsonObject(base) ? base["fingerprint"] : ""), maxTokens: Number(maxTokens) };
}
