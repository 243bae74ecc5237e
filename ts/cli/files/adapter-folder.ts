import { existsSync } from "node:fs";
import { join } from "node:path";
import { readAdapter } from "../../entry/node.js";
import { ConfigError } from "../../errors/errors.js";
import type { FileMap } from "../../io/file-access.js";
import { readFileMap } from "../../io/node/index.js";
import { type Adapter, readAdapterForBase } from "../../io/peft/index.js";
import { runFiles } from "../../training/store/run-store.js";
import { labelsOf } from "../../tasks/head/classifier-files.js";
import { LABELS_FILE } from "../../tasks/head/labels-file.js";
import { companionsOfAdapter } from "../merged/companions.js";
import { refuseFolds } from "../inspected/inspected-folds.js";

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
