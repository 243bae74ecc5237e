import { existsSync, readdirSync, statSync } from "node:fs";
import { copyFile, mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { readAdapter } from "../../entry/node.js";
import { ConfigError } from "../../errors/errors.js";
import type { FileMap } from "../../io/file-access.js";
import { isFolder } from "../../io/node/folders.js";
import { readFileMap } from "../../io/node/index.js";
import { type Adapter, readAdapterForBase } from "../../io/peft/index.js";
import { LABELS_FILE, labelsOf } from "../../tasks/head/classifier-files.js";
import { runFiles } from "../../training/store/run-store.js";
import { throwIfAborted } from "../../waiting/abort.js";
import { refuseFolds } from "../inspected/inspected-folds.js";

/** Help of the options for adapter and base. */
export const BASE_HELP =
  "the base model: its folder, its .safetensors files or their index, or its name (default: the adapter's)";
export const ADAPTER_HELP = "folder of the adapter, instead of the argument";

/** The adapter's folder: an argument or --adapter. Throws `ConfigError` if two are named. */
export function adapterOf(given: string | undefined, options: { readonly adapter?: string }): string | undefined {
  if (given === undefined || options.adapter === undefined || given === options.adapter)
    return options.adapter ?? given;
  throw new ConfigError(`${given} and --adapter ${options.adapter}: name one adapter`, {
    option: "--adapter",
    value: options.adapter,
  });
}

/** The base of --base or --model, which other commands use. Throws `ConfigError` for both. */
export function baseOf(options: {
  readonly base?: readonly string[];
  readonly model?: string;
}): readonly string[] | undefined {
  const { base, model } = options;
  if (base === undefined || model === undefined) return base ?? (model === undefined ? undefined : [model]);
  throw new ConfigError(`--base ${base.join(" ")} and --model ${model}: both name the base; use one of them`, {
    option: "--base",
    value: base,
  });
}

/** What a model has beside its weights, by the ends of names: configurations, tokenizers, templates, code of its own. */
const kept = /\.(json|txt|model|jinja|py|tiktoken|bpe\.model)$/;
/** What is of weights, or of an adapter or a run that lies in the folder as well. */
const left =
  /\.index\.json$|^(adapter_config|labels|report|run|folds(\.partial)?)\.json$|^(README|requirements|LICENSE)\b/i;
/** sentence-transformers' parts, each in a folder; their weights are small. */
const parts = /^\d+_\w+$/;
const partFiles = ["config.json", "model.safetensors"];
/** Most bytes of a configuration or vocabulary: a larger file may be data. */
const LONGEST = 100_000_000;

/** Files of a model that merging does not change, relative to its folder. */
function companionsOf(directory: string): string[] {
  const names = readdirSync(directory).sort();
  const files = names.filter((name) => kept.test(name) && !left.test(name));
  const inside = names
    .filter((name) => parts.test(name) && isFolder(join(directory, name)))
    .flatMap((name) => partFiles.map((file) => `${name}/${file}`));
  return [...files, ...inside].filter((name) => {
    const found = statSync(join(directory, name), { throwIfNoEntry: false });
    return found?.isFile() === true && found.size <= LONGEST;
  });
}

/**
 * Files of an adapter's folder that say how texts become its vectors or scores, such as prompts, pooling and activation, which a base lacks
 * or has with other values. None unless the folder has the modules of sentence-transformers.
 */
export function companionsOfAdapter(folder: string): string[] {
  if (!existsSync(join(folder, "modules.json"))) return [];
  return companionsOf(folder).filter((name) => !/^(generation_)?config\.json$/.test(name));
}

/** Copies files of a model that merging does not change, except those that are there already. */
export async function copyCompanions(
  from: string,
  to: string,
  signal: AbortSignal,
  names: readonly string[] = companionsOf(from),
): Promise<void> {
  for (const name of names) {
    throwIfAborted(signal);
    if (existsSync(join(to, name))) continue;
    await mkdir(dirname(join(to, name)), { recursive: true });
    await copyFile(join(from, name), join(to, name));
  }
}

interface AdapterInOptions {
  readonly allowNonFinite?: boolean;
  /** Whether the base's weights will be available, to compute the parts that PiSSA and OLoRA removed. */
  readonly withBase?: boolean;
}

/** The adapter of a run's folder or another. Throws `ConfigError` for a head-only run; otherwise as `readAdapter`. */
export function adapterIn(folder: string, { withBase = false, ...options }: AdapterInOptions = {}): Adapter {
  refuseFolds(folder);
  const hasOne = runFiles.adapter.some((name) => existsSync(join(folder, name)));
  const files = hasOne ? {} : readFileMap(folder, [LABELS_FILE]);
  const labels = Object.hasOwn(files, LABELS_FILE) ? labelsOf(files, null) : null;
  if (labels !== null && labels.merged === null && !labels.adapted)
    throw new ConfigError(
      `${folder}: a head-only run has no adapter; \`lowrank predict --run\` uses its head with the base model`,
      { folder },
    );
  return withBase ? readAdapterForBase(folder, options) : readAdapter(folder, options);
}

/** The other files in an adapter's folder. */
export interface BesideAdapter {
  /** A run's head, labels, prompts and tokenizer, which are also valid for its adapter at another rank. */
  readonly kept: FileMap;
  /** Names of files about the original adapter. */
  readonly left: readonly string[];
}

/** The files beside the adapter in its folder. */
export function besideAdapter(folder: string): BesideAdapter {
  const left = [runFiles.report, runFiles.curve, runFiles.gguf].filter((name) => existsSync(join(folder, name)));
  return { kept: readFileMap(folder, [...runFiles.head, ...companionsOfAdapter(folder)]), left };
}
