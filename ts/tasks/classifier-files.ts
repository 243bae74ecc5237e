import { checkRecord, namesFrom } from "../arguments/collections.js";
import { ConfigError, FormatError } from "../errors/errors.js";
import { excerpt } from "../errors/excerpt.js";
import { checkBytes } from "../io/byte-source.js";
import type { FileMap } from "../io/file-map.js";
import { parseJsonObject } from "../io/json.js";
import { transpose } from "../io/peft/transpose.js";
import { readSafetensors, weightProblem, type WeightOptions, writeSafetensors } from "../io/safetensors/index.js";
import type { ClassificationHead } from "../nn/classification-head.js";
import { formatShape, type Tensor } from "../values/tensor.js";
import type { Pooling } from "../models/sentence/pooling.js";

const HEAD_FILE = "head.safetensors";
const LABELS_FILE = "labels.json";
const ADAPTER_FILES = ["adapter_config.json", "adapter_model.safetensors"];

/** What stands beside a classifier's adapter. */
export interface HeadFiles {
  readonly labels: string[];
  /** `[hidden, classes]` */
  readonly weight: Tensor;
  /** `[classes]` */
  readonly bias: Tensor;
  /** Whether an adapter belongs to it, whose files stand beside it. */
  readonly adapted: boolean;
}

/** Head and labels as files; where no adapter belongs to them, the labels' says so. PEFT knows no such head; the weight is `[classes, hidden]` there, as PyTorch has it. */
export function writeHead(
  { graph, weight, bias }: ClassificationHead,
  labels: readonly string[],
  pooling: Pooling,
  adapted: boolean,
): FileMap {
  const about = { labels, pooling: String(pooling), ...(adapted ? {} : { adapter: false }) };
  return {
    [HEAD_FILE]: writeSafetensors({ weight: transpose(graph.value(weight)), bias: graph.value(bias) }),
    [LABELS_FILE]: new TextEncoder().encode(`${JSON.stringify(about, null, 2)}\n`),
  };
}

/** Reads what `writeHead` wrote. Throws `FormatError` where a file is missing, damaged, or of another encoder. */
export function readHead(files: FileMap, hidden: number, pooling: Pooling, options: WeightOptions): HeadFiles {
  checkRecord("TextClassifier.load: a classifier's files by name, as bytes, are expected", files);
  const { labels, adapted } = readLabels(file(files, LABELS_FILE, "labels"), pooling);
  const strange = adapted ? undefined : ADAPTER_FILES.find((name) => Object.hasOwn(files, name));
  if (strange !== undefined)
    throw new FormatError(
      `${LABELS_FILE} says that no adapter belongs to the head ("adapter": false), but there is ${strange}: take files of one classifier`,
      { file: LABELS_FILE, there: strange },
    );
  const tensors = readSafetensors(file(files, HEAD_FILE, "head"), HEAD_FILE);
  const read = (name: string) => {
    const tensor = tensors.tensor(name);
    const problem = weightProblem(tensors.info(name).dtype, tensor, options);
    if (problem !== null) throw new FormatError(`${HEAD_FILE}: ${name} ${problem}`, { tensor: name });
    return tensor;
  };
  const [weight, bias] = [read("weight"), read("bias")];
  const expected = [formatShape([labels.length, hidden]), formatShape([labels.length])];
  if (formatShape(weight.shape) !== expected[0] || formatShape(bias.shape) !== expected[1]) {
    throw new FormatError(
      `${HEAD_FILE}: weight ${expected[0]} and bias ${expected[1]} are expected for ${labels.length} labels and this ` +
        `encoder, got ${formatShape(weight.shape)} and ${formatShape(bias.shape)}`,
      { file: HEAD_FILE, expected: [labels.length, hidden], shapes: [weight.shape, bias.shape] },
    );
  }
  return { labels, weight: transpose(weight), bias, adapted };
}

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

function file(files: FileMap, name: string, what: string): Uint8Array {
  const bytes = Object.hasOwn(files, name) ? files[name] : undefined;
  if (bytes !== undefined) {
    checkBytes(name, bytes);
    return bytes;
  }
  throw new FormatError(`${name} is missing: a classifier's ${what} stands beside its adapter`, { file: name });
}

function readLabels(bytes: Uint8Array, pooling: Pooling): { labels: string[]; adapted: boolean } {
  const {
    labels,
    pooling: trained = null,
    adapter = true,
  } = parseJsonObject(
    bytes,
    (problem, cause) => new FormatError(`${LABELS_FILE}: ${problem}`, { file: LABELS_FILE }, { cause }),
  );
  if (!Array.isArray(labels) || !labels.every((label) => typeof label === "string")) {
    throw new FormatError(`${LABELS_FILE} must hold { "labels": [names] }, got labels ${excerpt(labels)}`, {
      file: LABELS_FILE,
      option: "labels",
      value: labels,
    });
  }
  if (trained !== null && trained !== String(pooling))
    throw new FormatError(
      `${LABELS_FILE}: the classifier was trained on vectors of pooling ${excerpt(trained)}, and this encoder's are of ` +
        `"${pooling}": load the encoder with that \`pooling\``,
      { pooling: trained },
    );
  if (typeof adapter !== "boolean")
    throw new FormatError(`${LABELS_FILE}: adapter is true or false, got ${excerpt(adapter)}`, {
      file: LABELS_FILE,
      option: "adapter",
      value: adapter,
    });
  return { labels: takeLabels(labels), adapted: adapter };
}
