import { checkOptions } from "../../arguments/options.js";
import { ConfigError, ModelError, UnsupportedError, withFolder } from "../../errors/errors.js";
import { clip, excerpt } from "../../errors/excerpt.js";
import { addressSource } from "../../io/address-source.js";
import { readRange } from "../../io/byte-source.js";
import { type FileMap, providedFiles } from "../../io/file-access.js";
import { modelSource } from "../../io/model-locator.js";
import { type ModelSource, readJson, watchedSource } from "../../io/model-source.js";
import { type LoadOptions, MODEL_OPTIONS } from "../../models/sentence/encoder-options.js";
import { HEAD, type PoolingMode, poolingModes } from "../../models/sentence/pooling.js";
import { SentenceEncoder } from "../../models/sentence/sentence-encoder.js";
import { checkSignal } from "../../waiting/abort.js";
import { HEAD_FILE, type HeadTask, LABELS_FILE, type LabelsFile, labelsOf } from "./classifier-files.js";

const what = "TextClassifier.open";

/** Options of the encoder, except those that the classifier's files determine. */
export type EncoderOptions = Omit<LoadOptions, "maxTokens" | "model" | "pooling">;

/** Options of the encoder of a classifier that does not record its maximum length. */
export type CutOptions = Omit<LoadOptions, "model" | "pooling">;

/** Names of those. */
export const CUT_OPTIONS = [...MODEL_OPTIONS, "maxTokens"] as const;

/** The parts of a classifier. */
export interface OpenedParts {
  readonly encoder: SentenceEncoder;
  readonly files: FileMap;
}

/** Names of the options for the encoder. */
export const ENCODER_OPTIONS = MODEL_OPTIONS;

export const CONFIG_FILE = "adapter_config.json";
/** Names of a classifier's files. */
export const CLASSIFIER_FILES = [CONFIG_FILE, "adapter_model.safetensors", HEAD_FILE, LABELS_FILE];

/** Opens a classifier; errors in the files of a folder or an address name it. */
export async function opening<T>(given: string | FileMap | ModelSource, open: () => Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (error) {
    throw typeof given === "string" ? withFolder(error, given, CLASSIFIER_FILES) : error;
  }
}

/**
 * Reads a classifier's files and loads its encoder: `model`, else the one that they name, else, if the adapter is merged, the source
 * itself.
 */
export async function openParts(
  given: string | FileMap | ModelSource,
  model: string | FileMap | ModelSource | undefined,
  options: EncoderOptions,
  task?: HeadTask,
): Promise<OpenedParts> {
  checkOptions(what, options, ENCODER_OPTIONS);
  const source = await sourceOf(given, options);
  const files = await readFiles(source);
  const labels = labelsOf(files, task);
  const reported = labels.maxTokens === null ? await reportedLength(source) : labels.maxTokens;
  const maxTokens = reported === null ? {} : { maxTokens: reported };
  const pooling = poolingOf(labels);
  const base = model ?? (labels.merged === null ? await namedBase(source, files, labels) : source);
  const withHead = labels.pooling?.split(", ").at(-1) === HEAD;
  const loading = { ...options, ...maxTokens, ...(pooling && { pooling }) };
  const encoder = await SentenceEncoder.load(base, loading, withHead ? { of: "texts" } : null);
  return { encoder, files };
}

/** The pooling to load an encoder with; if it has several modes, the encoder's own files contain it. */
export const poolingOf = ({ pooling }: LabelsFile): PoolingMode | undefined =>
  poolingModes.find((mode) => mode === pooling?.split(", ")[0]);

/** The source of a classifier's files: for a string, a folder (in runtimes with a file system) or a URL. */
export async function sourceOf(
  given: string | FileMap | ModelSource,
  options: EncoderOptions,
  op = what,
  expected = "a run's or a merged model's folder",
): Promise<ModelSource> {
  const { signal } = Object(options) as EncoderOptions;
  checkSignal(op, signal);
  const source = typeof given === "string" ? placeOf(given, signal, op, expected) : given;
  return watchedSource(await modelSource(source), { signal });
}

function placeOf(place: string, signal: AbortSignal | undefined, op: string, expected: string): ModelSource {
  const files = providedFiles();
  if (files === null || /^https?:\/\//.test(place)) return addressSource(place, { signal });
  const folder = files.folder(place);
  if (folder !== null) return folder;
  throw new ConfigError(`${op}: ${expected} is expected, there is no folder ${excerpt(place)}`, { op, folder: place });
}

/** The classifier's files that exist. */
export async function readThere(source: ModelSource): Promise<FileMap> {
  const files: Record<string, Uint8Array> = {};
  for (const name of CLASSIFIER_FILES) {
    const found = await source.open(name);
    if (found === null) continue;
    try {
      files[name] = new Uint8Array(await readRange(found, 0, found.size, name));
    } finally {
      await found.close?.();
    }
  }
  return files;
}

/** Why an adapter of the task SEQ_CLS may have no head. */
const HEADLESS =
  "although its task is SEQ_CLS: PEFT omits the head when it converts PiSSA or OLoRA (path_initial_model_for_weight_conversion)";

async function readFiles(source: ModelSource): Promise<FileMap> {
  const files = await readThere(source);
  if (Object.hasOwn(files, LABELS_FILE)) return files;
  const task = peftField(files[CONFIG_FILE], "task_type");
  if (task === "TOKEN_CLS")
    throw new UnsupportedError(
      `${what}: ${clip(source.name)} is a token classifier's adapter (task_type TOKEN_CLS); open it with TokenClassifier.open`,
      { op: what, model: source.name },
    );
  const hint = Object.hasOwn(files, CONFIG_FILE)
    ? `it is an adapter without a head${task === "SEQ_CLS" ? `, ${HEADLESS}` : ""}: load it with \`encoder.loadAdapter\``
    : "an unfinished run has none yet, and a merged model only if it was merged from a run; a checkpoint of transformers needs a " +
      "config.json whose architectures end in ForSequenceClassification";
  throw new ConfigError(`${what}: ${clip(source.name)} has no ${LABELS_FILE}: ${hint}`, {
    op: what,
    file: LABELS_FILE,
  });
}

/** Earlier versions recorded it only in a run's report. */
async function reportedLength(source: ModelSource): Promise<number | null> {
  const { settings } = ((await readJson(source, "report.json")) ?? {}) as { settings?: { maxTokens?: unknown } | null };
  const most = settings?.maxTokens;
  return Number.isSafeInteger(most) ? (most as number) : null;
}

/** The base that the files name. Throws `ConfigError` if they name none, `ModelError` if it is not found. */
export async function namedBase(source: ModelSource, files: FileMap, labels: LabelsFile | null): Promise<ModelSource> {
  const name = labels?.base?.name ?? peftField(files[CONFIG_FILE], "base_model_name_or_path");
  const advice = "pass it as the option `model`";
  // The name of an encoder from files in memory.
  if (name === null || (name === "model" && providedFiles()?.folder(name) == null))
    throw new ConfigError(`${what}: ${clip(source.name)} does not say which model it was trained on: ${advice}`, {
      op: what,
      option: "model",
      value: name,
    });
  try {
    return await modelSource(name);
  } catch (cause) {
    if (!(cause instanceof ModelError)) throw cause;
    const message = `${what}: ${clip(source.name)} was trained on ${clip(name)}: ${cause.message}; or ${advice}`;
    throw new ModelError(message, { op: what, model: name, option: "model" }, { cause });
  }
}

/** A string in adapter_config.json; null if missing. */
export function peftField(
  config: Uint8Array | undefined,
  field: "base_model_name_or_path" | "task_type",
): string | null {
  try {
    const json = JSON.parse(new TextDecoder().decode(config)) as Readonly<Record<string, unknown>> | null;
    const value = json?.[field];
    return typeof value === "string" && value !== "" ? value : null;
  } catch {
    // Loading the adapter reports what is wrong with it.
    return null;
  }
}
