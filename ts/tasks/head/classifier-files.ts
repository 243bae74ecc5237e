import { FormatError } from "../../errors/errors.js";
import { checkBytes } from "../../io/byte-source.js";
import type { FileMap, SavedFiles } from "../../io/file-access.js";
import { transpose } from "../../io/peft/conv1d.js";
import { readSafetensors, type WeightOptions, weightProblem, writeSafetensors } from "../../io/safetensors/index.js";
import type { ClassificationHead } from "../../nn/classification-head.js";
import { formatShape, type Tensor } from "../../values/tensor.js";
import { type HeadTask, LABELS_FILE, type LabelsFile, readLabels, writeLabels } from "./labels-file.js";

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
