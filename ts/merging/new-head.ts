import { clip } from "../errors/excerpt.js";
import type { Json } from "../io/json.js";
import { architectureOf } from "../io/model-source.js";
import { type Adapter, baseTensor, isTokenRows, withoutCopies } from "../io/peft/index.js";
import { relatePaths } from "../io/peft/paths/base-paths.js";
import type { OpenTensorFile } from "../io/safetensors/index.js";

type ModelConfig = { readonly [key: string]: Json };

/** Suffixes of transformers' model classes with a head, by PEFT's task. */
const classes: Readonly<Record<string, string>> = {
  SEQ_CLS: "ForSequenceClassification",
  TOKEN_CLS: "ForTokenClassification",
};
/** The last layer of their heads. */
const lastLayer = /^(?:classifier(?:\.out_proj)?|score)\.weight$/;

/** Number of labels of the classifier in an adapter's file; null if there is none. */
export function headLabels({ config, extra }: Adapter): number | null {
  if (!Object.hasOwn(classes, config.taskType ?? "")) return null;
  for (const [name, { shape }] of withoutCopies(extra))
    if (lastLayer.test(baseTensor(name)) && shape.length === 2) return shape[0]!;
  return null;
}

/**
 * Prefix of the model's names in an adapter for a model with a head, if the base has neither head nor prefix: "bert." beside
 * "classifier.weight". The merged model has the names of the model with a head. Otherwise "".
 */
export function prefixOfHead({ layers, extra }: Adapter, base: OpenTensorFile): string {
  const paths = relatePaths([...layers.keys()], new Set(base.names));
  const isNew = (name: string) => !isTokenRows(name) && !base.has(paths.toBase(baseTensor(name)));
  if (![...withoutCopies(extra)].some(([name]) => isNew(name))) return "";
  for (const path of layers.keys()) {
    const own = paths.toBase(path);
    if (own !== path && path.endsWith(own)) return path.slice(0, -own.length);
  }
  return "";
}

/** A file's tensors with a prefix before each name. */
export function withPrefix(file: OpenTensorFile, prefix: string): OpenTensorFile {
  if (prefix === "") return file;
  const own = (name: string) => name.slice(prefix.length);
  return {
    names: file.names.map((name) => prefix + name),
    metadata: file.metadata,
    has: (name) => name.startsWith(prefix) && file.has(own(name)),
    info: (name) => file.info(own(name)),
    tensor: async (name) => file.tensor(own(name)),
    raw: async (name, begin, end, into) => file.raw(own(name), begin, end, into),
    close: () => file.close(),
  };
}

/** The class of the base's family with a head for the adapter's task, such as "BertForTokenClassification"; null if unknown. */
export function architectureWithHead({ config: { taskType } }: Adapter, config: ModelConfig | null): string | null {
  const kind = Object.hasOwn(classes, taskType ?? "") ? classes[taskType!]! : null;
  const name = architectureOf(config);
  if (kind === null || typeof name !== "string") return null;
  const family = /^([A-Z]\w*?)(?:LMHeadModel|Model|For[A-Z]\w*)$/.exec(name)?.[1];
  return family === undefined ? null : family + kind;
}

/**
 * config.json of the model with a head.
 * @param labels names of the classes, if known
 */
export function configWithHead(
  config: ModelConfig,
  { architecture, count }: NewHead,
  labels: readonly string[] | null,
): ModelConfig {
  // A number of labels beside their names could contradict them.
  const { num_labels: _, ...rest } = config;
  const named = architecture === null ? rest : { ...rest, architectures: [architecture] };
  if (count === null) return named;
  const known = config["id2label"];
  const isKnown = typeof known === "object" && known !== null && Object.keys(known).length === count;
  if (labels?.length !== count && isKnown) return named;
  const names = labels?.length === count ? labels : Array.from({ length: count }, (_, i) => `LABEL_${i}`);
  return {
    ...named,
    id2label: Object.fromEntries(names.map((name, i) => [String(i), name])),
    label2id: Object.fromEntries(names.map((name, i) => [name, i])),
  };
}

/** A head of the adapter that the base lacks. */
export interface NewHead {
  readonly names: readonly string[];
  /** The class of the model with it; null if unknown. */
  readonly architecture: string | null;
  /** Labels; null if it is not a classifier. */
  readonly count: number | null;
}

/** Warnings about a merged model with a head that the base lacks. */
export function headWarning({ names, architecture, count }: NewHead): string {
  const says =
    architecture === null
      ? "whether config.json says what the model needs for it, such as its class, is not known here"
      : `config.json says ${architecture}${count === null ? "" : ` with ${count} labels`}`;
  return `the base has no ${clip(names.join(", "))}, which the adapter's modules_to_save hold: added; ${says}`;
}
