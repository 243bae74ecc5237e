import { namesFrom } from "../../arguments/settings.js";
import { ConfigError, FormatError } from "../../errors/errors.js";
import { excerpt } from "../../errors/excerpt.js";
import { checkBytes } from "../../io/byte-source.js";
import type { FileMap, SavedFiles } from "../../io/file-access.js";
import { isFingerprint } from "../../io/fingerprint.js";
import { isJsonObject, type Json, parseJsonObject } from "../../io/json.js";
import { transpose } from "../../io/peft/conv1d.js";
import { readSafetensors, type WeightOptions, weightProblem, writeSafetensors } from "../../io/safetensors/index.js";
import type { ClassificationHead } from "../../nn/classification-head.js";
import { formatShape, type Tensor } from "../../values/tensor.js";

export const HEAD_FILE = "head.safetensors";
const ADAPTER_FILES = ["adapter_config.json", "adapter_model.safetensors"];

/** A head's values, as `ClassificationHead` accepts them. */
export interface HeadValues {
  /** `[hidden, classes]` */
  readonly weight: Tensor;
  /** `[classes]` */
  readonly bias: Tensor;
}

/** Head and labels.json as files. PEFT has no format for such a head; the weight is `[classes, hidden]`, as in PyTorch. */
export function writeHead({ graph, weight, bias }: ClassificationHead, labels: LabelsFile): SavedFiles {
  return {
    [HEAD_FILE]: writeSafetensors({ weight: transpose(graph.value(weight)), bias: graph.value(bias) }),
    ...writeLabelsBeside(labels),
  };
}

/** Writes only labels.json, for a head that is in PEFT's files. */
export const writeLabelsBeside = (labels: LabelsFile): SavedFiles => ({ [LABELS_FILE]: writeLabels(labels) });

/** What files are, and what reads them. */
const readers: Readonly<Record<HeadTask, readonly [found: string, reader: string]>> = {
  classify: ["classifier of whole texts", "TextClassifier"],
  tokens: ["classifier of tokens", "TokenClassifier"],
  regress: ["regressor", "TextRegressor"],
  "multi-label": ["classifier of several labels a text", "TextClassifier"],
};

/**
 * The contents of labels.json among a classifier's files. Throws `FormatError` if it is missing, damaged, or of another task than asked
 * for; "classify" also accepts several labels a text.
 */
export function labelsOf(files: FileMap, task: HeadTask | null = "classify"): LabelsFile {
  const labels = readLabels(file(files, LABELS_FILE, "labels"));
  if (task === null || labels.task === task) return labels;
  if (task === "classify" && labels.task === "multi-label") return labels;
  const [found, reader] = readers[labels.task];
  throw new FormatError(`${LABELS_FILE}: this is a ${found}; open it with ${reader}.open`, {
    file: LABELS_FILE,
    option: "task",
  });
}

/** Throws `FormatError` if there is an adapter beside a head that says that it has none. */
export function checkNoAdapter(files: FileMap): void {
  const strange = ADAPTER_FILES.find((name) => Object.hasOwn(files, name));
  if (strange === undefined) return;
  throw new FormatError(
    `${LABELS_FILE} says that no adapter belongs to the head ("adapter": false), but there is ${strange}; pass the files of one classifier`,
    { file: LABELS_FILE, there: strange },
  );
}

/** Reads the head that `writeHead` wrote. Throws `FormatError` if it is missing, damaged, or of another encoder. */
export function readHead(files: FileMap, hidden: number, classes: number, options: WeightOptions): HeadValues {
  const tensors = readSafetensors(file(files, HEAD_FILE, "head"), HEAD_FILE);
  const read = (name: string) => {
    const tensor = tensors.tensor(name);
    const problem = weightProblem(tensors.info(name).dtype, tensor, options);
    if (problem !== null) throw new FormatError(`${HEAD_FILE}: ${name} ${problem}`, { tensor: name });
    return tensor;
  };
  const [weight, bias] = [read("weight"), read("bias")];
  const expected = [formatShape([classes, hidden]), formatShape([classes])];
  if (formatShape(weight.shape) !== expected[0] || formatShape(bias.shape) !== expected[1]) {
    throw new FormatError(
      `${HEAD_FILE}: weight ${expected[0]} and bias ${expected[1]} are expected for ${classes} labels and this ` +
        `encoder, got ${formatShape(weight.shape)} and ${formatShape(bias.shape)}`,
      { file: HEAD_FILE, expected: [classes, hidden], shapes: [weight.shape, bias.shape] },
    );
  }
  return { weight: transpose(weight), bias };
}

function file(files: FileMap, name: string, what: string): Uint8Array {
  const bytes = Object.hasOwn(files, name) ? files[name] : undefined;
  if (bytes !== undefined) {
    checkBytes(name, bytes);
    return bytes;
  }
  throw new FormatError(`${name} is missing: a classifier has its ${what} beside its adapter`, { file: name });
}

export const LABELS_FILE = "labels.json";

/** The format that is written, and the newest that can be read. Format 1 had only labels and pooling. */
const FORMAT = 2;

/** The names of tasks in the file; the file of a text classifier has none. */
const taskNames = {
  tokens: "token-classification",
  regress: "regression",
  "multi-label": "multi-label-classification",
} as const;

/** What a head on an encoder is trained for. */
export type HeadTask = "classify" | keyof typeof taskNames;

/** Whether a task's models have a head on an encoder, and labels.json with it. */
export const isHeadTask = (task: string): task is HeadTask => task === "classify" || Object.hasOwn(taskNames, task);

/** The limits of predicted numbers; null for none. */
export interface NumberLimits {
  readonly min: number | null;
  readonly max: number | null;
}

/** When a prediction of one label is unsure. */
export interface Abstention {
  /** The share of right predictions that was asked for. */
  readonly precision: number;
  /** The lowest probability of a prediction that is not unsure, as the validation gave it; null if every prediction is unsure. */
  readonly threshold: number | null;
}

/** What the validation says of a classifier's probabilities. */
export interface Calibrated {
  /** Logits are divided by it; default 1. */
  readonly temperature?: number;
  /** Default: no prediction is unsure. */
  readonly abstain?: Abstention;
}

/** The base that a classifier was trained on. */
interface TrainedBase {
  /** Name of the label. */
  readonly name: string;
  /** `SentenceEncoder.fingerprint` */
  readonly fingerprint: string;
}

/** What a classifier's predictions depend on besides adapter and head; null if the file omits it. */
export interface LabelsFile extends Calibrated {
  readonly labels: readonly string[];
  /** Pooling of the head's input vectors; "cls+mean" if several are concatenated. */
  readonly pooling: string | null;
  /** Length in tokens to which texts are truncated. */
  readonly maxTokens: number | null;
  /** Whether texts are lowercased before tokenizing. */
  readonly lowercase: boolean | null;
  readonly base: TrainedBase | null;
  /** Fingerprint of the classifier's adapter if it is merged into the base's weights and has no file. */
  readonly merged: string | null;
  /** Whether an adapter belongs to the head, with files beside it. */
  readonly adapted: boolean;
  /** What the head is trained for; the one label of "regress" is the number's name. */
  readonly task: HeadTask;
  /** Limits of the predictions of "regress"; default: none. */
  readonly limits?: NumberLimits;
  /** Probability from which a text has a label of "multi-label", by label; default: 0.5. */
  readonly thresholds?: readonly number[];
}

/** labels.json. A classifier's vectors are not normalised and its texts have no prompt; the file records this for other programs. */
export function writeLabels({ labels, merged, adapted, task, ...rest }: LabelsFile): Uint8Array<ArrayBuffer> {
  const { pooling, maxTokens, lowercase, base, limits, thresholds, temperature, abstain } = rest;
  const about = { pooling, normalize: false, prompt: "", maxTokens, lowercase, base };
  const where = merged === null ? (adapted ? {} : { adapter: false }) : { merged };
  const named = task === "classify" ? {} : { task: taskNames[task] };
  const own = { ...(thresholds && { thresholds }), ...limits, temperature, abstain };
  const json = { format: FORMAT, ...named, labels, ...own, ...about, ...where };
  return new TextEncoder().encode(`${JSON.stringify(json, null, 2)}\n`);
}

/** Reads labels.json of any format. Throws `FormatError` for invalid values and unknown formats. */
export function readLabels(bytes: Uint8Array): LabelsFile {
  const json = parseJsonObject(
    bytes,
    (problem, cause) => new FormatError(`${LABELS_FILE}: ${problem}`, { file: LABELS_FILE }, { cause }),
    // Files of examples have such labels too.
    { loneSurrogates: true },
  );
  const { labels, format = 1 } = json;
  if (!(format === 1 || format === FORMAT))
    throw wrong("format", `1 or ${FORMAT} (a later version of lowrank may read more)`, format);
  if (!Array.isArray(labels) || !labels.every((label) => typeof label === "string"))
    throw new FormatError(`${LABELS_FILE} must contain { "labels": [names] }, got labels ${excerpt(labels)}`, {
      file: LABELS_FILE,
      option: "labels",
      value: labels,
    });
  const read = <T extends Json>(name: string, expected: string, fits: (value: Json) => value is T): T | null => {
    const value = json[name] ?? null;
    if (value === null || fits(value)) return value;
    throw wrong(name, expected, value);
  };
  read("normalize", "false: a head accepts vectors of any length", (value) => value === false);
  read("prompt", "empty: a classifier's texts have no prompt", (value) => value === "");
  const merged = read("merged", "a fingerprint of 32 hexadecimal digits", isFingerprint);
  const names = Object.entries(taskNames) as [keyof typeof taskNames, string][];
  const known = names.map(([, name]) => JSON.stringify(name)).join(", ");
  const named = read("task", `${known} or omitted`, (value): value is string =>
    names.some(([, name]) => name === value),
  );
  const task = names.find(([, name]) => name === named)?.[0] ?? "classify";
  const adapter = read("adapter", "true or false", (value) => typeof value === "boolean") ?? true;
  return {
    labels: task === "regress" ? [...labels] : takeLabels(labels),
    pooling: read("pooling", "a text", (value) => typeof value === "string"),
    maxTokens: read("maxTokens", "a whole number from 2", isLength),
    lowercase: read("lowercase", "true or false", (value) => typeof value === "boolean"),
    base: takeBase(json["base"] ?? null),
    merged,
    adapted: merged === null && adapter,
    task,
    ...(task === "regress" && {
      limits: { min: read("min", "a number", isNumber), max: read("max", "a number", isNumber) },
    }),
    ...(task === "classify" && takeCalibrated(json)),
    ...(task === "multi-label" && {
      thresholds:
        read(
          "thresholds",
          `${labels.length} numbers, one a label`,
          (value): value is number[] =>
            Array.isArray(value) && value.length === labels.length && value.every(Number.isFinite),
        ) ?? labels.map(() => 0.5),
    }),
  };
}

function takeCalibrated(json: Readonly<Record<string, Json>>): Calibrated {
  const { temperature = 1, abstain = null } = json;
  if (!(isNumber(temperature) && temperature > 0 && temperature < Infinity))
    throw wrong("temperature", "a number above 0", temperature);
  if (abstain === null) return { temperature };
  const { precision, threshold } = isJsonObject(abstain) ? abstain : {};
  if (isNumber(precision) && (threshold === null || isNumber(threshold)))
    return { temperature, abstain: { precision, threshold } };
  throw wrong("abstain", "{ precision, threshold }, numbers from 0 to 1", abstain);
}

const isNumber = (value: Json | undefined): value is number => typeof value === "number";
const isLength = (value: Json): value is number => Number.isSafeInteger(value) && (value as number) >= 2;

function takeBase(base: Json): TrainedBase | null {
  if (base === null) return null;
  const { name, fingerprint } = isJsonObject(base) ? base : {};
  if (typeof name === "string" && isFingerprint(fingerprint)) return { name, fingerprint };
  throw wrong("base", "{ name, fingerprint }, the fingerprint of 32 hexadecimal digits", base);
}

const wrong = (option: string, expected: string, value: unknown) =>
  new FormatError(`${LABELS_FILE}: ${option} must be ${expected}, got ${excerpt(value)}`, {
    file: LABELS_FILE,
    option,
    expected,
    value,
  });

/** A copy of the labels. Throws `ConfigError` unless they are two names or more, each once. */
export function takeLabels(given: readonly string[]): string[] {
  const labels = namesFrom("labels are a list of names", given);
  if (labels.length < 2)
    throw new ConfigError(`a classifier needs two labels or more, got ${excerpt(labels)}`, {
      option: "labels",
      expected: "two labels or more",
      value: labels,
    });
  const seen = new Set<string>();
  for (const label of labels) {
    if (seen.has(label)) throw new ConfigError(`label ${excerpt(label)} is named twice`, { label });
    seen.add(label);
  }
  return labels;
}
