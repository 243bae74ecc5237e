import { existsSync, readdirSync, statSync } from "node:fs";
import { access, constants, mkdir, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { ConfigError } from "../errors.js";
import type { FileMap } from "../io/file-map.js";
import { readFileMap } from "../io/node/index.js";

/** Names of what a run leaves behind. */
export const runFiles = {
  adapter: ["adapter_config.json", "adapter_model.safetensors"],
  head: ["head.safetensors", "labels.json"],
  report: "report.json",
  curve: "loss.svg",
  checkpoint: "checkpoint.safetensors",
} as const;

const RUNS = "runs";

const isComplete = (folder: string) => existsSync(join(folder, "adapter_config.json"));

/**
 * Where a new run goes: the folder asked for, else runs/<date and time>.
 * Throws `ConfigError` where a run is there already.
 */
export function newRunFolder(wanted: string | undefined, now: Date = new Date()): string {
  if (wanted === undefined) {
    const stamp = join(RUNS, timestamp(now));
    for (let i = 1; ; i++) {
      const folder = i === 1 ? stamp : `${stamp}-${i}`;
      if (!existsSync(folder)) return folder;
    }
  }
  const status = statSync(wanted, { throwIfNoEntry: false });
  if (status !== undefined && !status.isDirectory()) {
    throw new ConfigError(`--out ${wanted}: a folder is expected, this is a file`, { path: wanted });
  }
  if (existsSync(join(wanted, runFiles.checkpoint))) {
    throw new ConfigError(
      `--out ${wanted} holds an unfinished run: go on with --resume ${wanted}, or choose another folder`,
    );
  }
  if (isComplete(wanted)) {
    throw new ConfigError(`--out ${wanted} holds a finished run already: choose another folder, or remove it first`);
  }
  return wanted;
}

/**
 * Makes a run's folder for as long as `body` runs, so that a place that cannot be written to is known before the work and
 * not after it. Where nothing was written into it, it goes again.
 */
export async function withRunFolder<T>(folder: string, body: () => Promise<T>): Promise<T> {
  await mkdir(folder, { recursive: true });
  try {
    await access(folder, constants.W_OK);
    return await body();
  } finally {
    // Fails where there is something in it, as it should.
    await rmdir(folder).catch(() => {});
  }
}

/** The finished run under runs/ that was written last. Throws `ConfigError` where there is none. */
export function newestRun(): string {
  const names = existsSync(RUNS) ? readdirSync(RUNS) : [];
  const runs = names.map((name) => join(RUNS, name)).filter(isComplete);
  const times = new Map(runs.map((run) => [run, statSync(join(run, "adapter_config.json")).mtimeMs]));
  const [newest] = runs.sort((a, b) => times.get(b)! - times.get(a)! || (a < b ? 1 : -1));
  if (newest !== undefined) return newest;
  throw new ConfigError(
    "there is no finished run under runs/: train one with `lowrank finetune`, or name a folder with --run",
  );
}

/** Files of a classifier: adapter, head and labels. Throws `ConfigError` where the folder has none. */
export function readClassifier(folder: string): FileMap {
  const files = readFileMap(folder, [...runFiles.adapter, ...runFiles.head, runFiles.checkpoint]);
  if (!Object.hasOwn(files, "adapter_config.json")) {
    const unfinished = Object.hasOwn(files, runFiles.checkpoint);
    throw new ConfigError(
      unfinished
        ? `${folder} is an unfinished run: go on with \`lowrank finetune --resume ${folder}\``
        : `${folder}: a run's folder is expected (adapter_config.json and more), this has none`,
      { folder },
    );
  }
  const missing = runFiles.head.filter((name) => !Object.hasOwn(files, name));
  if (missing.length > 0) {
    throw new ConfigError(
      `${folder} has no ${missing.join(", ")}: it is an adapter without a head, which \`lowrank embed\` and \`lowrank merge\` can use`,
      { folder, missing },
    );
  }
  return files;
}

function timestamp(now: Date): string {
  const two = (value: number) => String(value).padStart(2, "0");
  const day = [now.getFullYear(), two(now.getMonth() + 1), two(now.getDate())].join("-");
  return `${day}-${two(now.getHours())}${two(now.getMinutes())}${two(now.getSeconds())}`;
}
