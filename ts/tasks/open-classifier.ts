import { checkOptions } from "../arguments/options.js";
import { ConfigError, ModelError } from "../errors/errors.js";
import { clip, excerpt } from "../errors/excerpt.js";
import { addressSource } from "../io/address-source.js";
import { readRange } from "../io/byte-source.js";
import { providedFiles } from "../io/file-access.js";
import type { FileMap } from "../io/file-map.js";
import { modelSource, type ModelSource, readJson } from "../io/model-source.js";
import { HEAD, type PoolingMode, poolingModes } from "../models/sentence/pooling.js";
import { type LoadOptions, SentenceEncoder } from "../models/sentence/sentence-encoder.js";
import { checkpointOf, labelsFor } from "./checkpoint.js";
import { HEAD_FILE, labelsOf } from "./classifier-files.js";
import { checkHeadTensors, readPeftClassifier } from "./open-peft.js";
import { LABELS_FILE, type LabelsFile } from "./labels-file.js";

const what = "TextClassifier.open";

/** What is the run's own is not asked for again. */
export type EncoderOptions = Omit<LoadOptions, "maxTokens" | "pooling">;

/** What a classifier is made of. */
export interface OpenedParts {
  readonly encoder: SentenceEncoder;
  readonly files: FileMap;
}

const CONFIG_FILE = "adapter_config.json";
const FILES = [CONFIG_FILE, "adapter_model.safetensors", HEAD_FILE, LABELS_FILE];

/**
 * Reads a classifier's files and loads the encoder below it: `model`, else the one that they name, else, where the adapter is
 * merged in, the source itself.
 */
export async function openParts(
  given: string | FileMap | ModelSource,
  model: string | FileMap | ModelSource | undefined,
  options: EncoderOptions,
): Promise<OpenedParts> {
  checkOptions(what, options, ENCODER_OPTIONS);
  const source = await modelSource(typeof given === "string" ? placeOf(given) : given);
  const files = await readFiles(source);
  const labels = labelsOf(files);
  const reported = labels.maxTokens === null ? await reportedLength(source) : labels.maxTokens;
  const maxTokens = reported === null ? {} : { maxTokens: reported };
  const pooling = poolingOf(labels);
  const base = model ?? (labels.merged === null ? await namedBase(source, files, labels) : source);
  const withHead = labels.pooling?.split(", ").at(-1) === HEAD;
  const loading = { ...options, ...maxTokens, ...(pooling && { pooling }) };
  const encoder = await SentenceEncoder.load(base, loading, withHead ? new Map() : null);
  return { encoder, files };
}

/** A checkpoint's encoder and the names of its classes. */
export interface OpenedCheckpoint {
  readonly encoder: SentenceEncoder;
  readonly labels: readonly string[];
  /** PEFT's files of the adapter that goes with it; null for none. */
  readonly adapter: FileMap | null;
}

/** What PEFT saved for such a model, with the model below it; null where the source is none. Throws as `readPeftClassifier`. */
export async function openPeft(
  given: string | FileMap | ModelSource,
  model: string | FileMap | ModelSource | undefined,
  options: EncoderOptions,
): Promise<OpenedCheckpoint | null> {
  const source = await modelSource(typeof given === "string" ? placeOf(given) : given);
  const files = await readThere(source);
  if (Object.hasOwn(files, LABELS_FILE) || !Object.hasOwn(files, CONFIG_FILE)) return null;
  const { allowNonFinite = false } = options;
  const saved = readPeftClassifier(files, { allowNonFinite });
  if (saved === null) return null;
  checkOptions(what, options, ENCODER_OPTIONS);
  const base = await modelSource(model ?? (await namedBase(source, files, null)));
  await checkHeadTensors(base, saved.head);
  const encoder = await SentenceEncoder.load(base, options, saved.head);
  try {
    const classes = encoder.head!.weight.shape[0]!;
    const checkpoint = await checkpointOf(base);
    const named = checkpoint?.labels?.length === classes ? checkpoint : { source: base, labels: null };
    return { encoder, labels: labelsFor(named, classes), adapter: saved.files };
  } catch (error) {
    encoder.dispose();
    throw error;
  }
}

/** Loads a checkpoint of transformers for sequence classification; null where the source is none. Throws as `checkpointOf`. */
export async function openCheckpoint(
  given: string | FileMap | ModelSource,
  model: unknown,
  options: EncoderOptions,
): Promise<OpenedCheckpoint | null> {
  if (model !== undefined) return null;
  const source = await modelSource(typeof given === "string" ? placeOf(given) : given);
  const checkpoint = await checkpointOf(source);
  if (checkpoint === null) return null;
  checkOptions(what, options, ENCODER_OPTIONS);
  const encoder = await SentenceEncoder.load(source, options, new Map());
  try {
    return { encoder, labels: labelsFor(checkpoint, encoder.head!.weight.shape[0]!), adapter: null };
  } catch (error) {
    encoder.dispose();
    throw error;
  }
}

const ENCODER_OPTIONS = ["seed", "weights", "packedCopies", "allowNonFinite", "engine"];

/** The pooling to load an encoder with: of several side by side its own files speak. */
export const poolingOf = ({ pooling }: LabelsFile): PoolingMode | undefined =>
  poolingModes.find((mode) => mode === pooling?.split(", ")[0]);

/** A folder, where there is a file system, or an address. */
function placeOf(place: string): ModelSource {
  const files = providedFiles();
  if (files === null || /^https?:\/\//.test(place)) return addressSource(place);
  const folder = files.folder(place);
  if (folder !== null) return folder;
  throw new ConfigError(
    `${what}: a run's or a merged model's folder is expected, there is no folder ${excerpt(place)}`,
    {
      op: what,
      folder: place,
    },
  );
}

async function readThere(source: ModelSource): Promise<FileMap> {
  const files: Record<string, Uint8Array> = {};
  for (const name of FILES) {
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

async function readFiles(source: ModelSource): Promise<FileMap> {
  const files = await readThere(source);
  if (Object.hasOwn(files, LABELS_FILE)) return files;
  const hint = Object.hasOwn(files, CONFIG_FILE)
    ? "it is an adapter without a head: load it with `encoder.loadAdapter`"
    : "an unfinished run has none yet, and a merged model only where it was made of a run";
  throw new ConfigError(`${what}: ${clip(source.name)} has no ${LABELS_FILE}: ${hint}`, {
    op: what,
    file: LABELS_FILE,
  });
}

/** Runs of earlier versions kept it in their report alone. */
async function reportedLength(source: ModelSource): Promise<number | null> {
  const { settings } = ((await readJson(source, "report.json")) ?? {}) as { settings?: { maxTokens?: unknown } | null };
  const most = settings?.maxTokens;
  return Number.isSafeInteger(most) ? (most as number) : null;
}

/** The base that the files name. Throws `ConfigError` where they name none, `ModelError` where it is not found. */
async function namedBase(source: ModelSource, files: FileMap, labels: LabelsFile | null): Promise<ModelSource> {
  const name = labels?.base?.name ?? peftBase(files[CONFIG_FILE]);
  const advice = "name it with the option `model`";
  // What an encoder of files in memory is called.
  if (name === null || (name === "model" && providedFiles()?.folder(name) == null))
    throw new ConfigError(`${what}: ${clip(source.name)} does not say which model it was trained on: ${advice}`, {
      ...{ op: what, option: "model", value: name },
    });
  try {
    return await modelSource(name);
  } catch (cause) {
    if (!(cause instanceof ModelError)) throw cause;
    const message = `${what}: ${clip(source.name)} was trained on ${clip(name)}: ${cause.message}; or ${advice}`;
    throw new ModelError(message, { op: what, model: name, option: "model" }, { cause });
  }
}

function peftBase(config: Uint8Array | undefined): string | null {
  try {
    const json = JSON.parse(new TextDecoder().decode(config)) as { base_model_name_or_path?: unknown } | null;
    const base = json?.base_model_name_or_path;
    return typeof base === "string" && base !== "" ? base : null;
  } catch {
    // Loading the adapter will say what is wrong with it.
    return null;
  }
}
