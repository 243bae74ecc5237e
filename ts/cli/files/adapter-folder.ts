import { existsSync } from "node:fs";
import { join } from "node:path";
import { readAdapter } from "../../entry/node.js";
import { ConfigError } from "../../errors/errors.js";
import type { FileMap } from "../../io/file-map.js";
import { readFileMap } from "../../io/node/index.js";
import { type Adapter, readAdapterForBase } from "../../io/peft/index.js";
import { runFiles } from "../../training/store/run-files.js";
import { labelsOf } from "../../tasks/classifier-files.js";
import { LABELS_FILE } from "../../tasks/labels-file.js";
import { refuseFolds } from "../inspected/inspected-folds.js";

interface AdapterInOptions {
  readonly allowNonFinite?: boolean;
  /** Whether the base's weights will tell what PiSSA and OLoRA took from them. */
  readonly withBase?: boolean;
}

/** The adapter of a run's folder or another. Throws `ConfigError` for a run that has a head alone; else as `readAdapter`. */
export function adapterIn(folder: string, { withBase = false, ...options }: AdapterInOptions = {}): Adapter {
  refuseFolds(folder);
  const hasOne = runFiles.adapter.some((name) => existsSync(join(folder, name)));
  const files = hasOne ? {} : readFileMap(folder, [LABELS_FILE]);
  const labels = Object.hasOwn(files, LABELS_FILE) ? labelsOf(files, null) : null;
  if (labels !== null && labels.merged === null && !labels.adapted)
    throw new ConfigError(
      `${folder}: a head-only run has no adapter: its head stands on the base as it is, and \`lowrank predict --run\` uses both`,
      { folder },
    );
  return withBase ? readAdapterForBase(folder, options) : readAdapter(folder, options);
}

/** What stands beside an adapter. */
export interface BesideAdapter {
  /** A run's head and labels, which hold for its adapter at another rank too. */
  readonly kept: FileMap;
  /** Names of what tells of the adapter as it was. */
  readonly left: readonly string[];
}

/** What stands beside the adapter in its folder. */
export function besideAdapter(folder: string): BesideAdapter {
  const left = [runFiles.report, runFiles.curve, runFiles.gguf].filter((name) => existsSync(join(folder, name)));
  return { kept: readFileMap(folder, runFiles.head), left };
}
