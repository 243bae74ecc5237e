import { existsSync, readdirSync, statSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { folderStore, type RunStore } from "../../entry/jobs-node.js";
import { ConfigError } from "../../errors/errors.js";
import type { FileMap } from "../../io/file-access.js";
import { readFileMap } from "../../io/node/index.js";
import { isFolder, makeFolder, removeEmpty } from "../../io/node/folders.js";
import { runFiles } from "../../training/store/run-store.js";
import { labelsOf } from "../../tasks/head/classifier-files.js";
import { refuseFolds } from "../inspected/inspected-folds.js";
import { checkOutFolder, makeOutFolder } from "./out-folder.js";
import { shellPath } from "../terminal/terminal.js";

const RUNS = "runs";

const hasCheckpoint = (folder: string) => existsSync(join(folder, runFiles.checkpoint));
/** A run with a checkpoint is not finished: it may have been killed while writing its files. */
const isComplete = (folder: string) => existsSync(join(folder, classifierMark(folder))) && !hasCheckpoint(folder);
/** A file of every finished run; a head-only run has no adapter. */
const classifierMark = (folder: string) =>
  existsSync(join(folder, "adapter_config.json")) ? "adapter_config.json" : "labels.json";

/** The folder for a run: a new one, one to resume, or neither. */
export interface WantedFolder {
  readonly out?: string;
  readonly resume?: string;
}

/**
 * Runs `body` with a run's folder, locked for this process: the one to resume, the new one of --out, or runs/<date and time>. It is created
 * and checked to be writable before the work, and removed again if nothing was written.
 *
 * Throws `ConfigError` if there is none, another process has it, or it has a run or files that a run would replace.
 */
export async function withRunFolder<T>(wanted: WantedFolder, body: (store: RunStore) => Promise<T>): Promise<T> {
  const { out, resume } = wanted;
  if (resume !== undefined) {
    checkResumeFolder(resume);
    return withClaim(resume, body);
  }
  const { folder, made } = out === undefined ? await makeDated(new Date()) : await makeWanted(out);
  try {
    return await withClaim(folder, (store) => {
      checkNew(folder);
      return body(store);
    });
  } finally {
    await removeEmpty(made);
  }
}

/** The folder as a store that is already claimed. */
async function withClaim<T>(folder: string, body: (store: RunStore) => Promise<T>): Promise<T> {
  const store = folderStore(folder);
  const release = await store.claim();
  try {
    return await body({ ...store, claim: async () => () => {} });
  } finally {
    await release();
  }
}

interface MadeFolder {
  readonly folder: string;
  /** The folder and its parents, if they did not exist before. */
  readonly made: readonly string[];
}

async function makeWanted(out: string): Promise<MadeFolder> {
  checkOutFolder(out);
  // If it cannot be locked, report the real problem.
  checkNew(out);
  return { folder: out, made: await makeOutFolder(out) };
}

/** Runs that start in the same second get different folders: only one can create each. */
async function makeDated(now: Date): Promise<MadeFolder> {
  const above = await makeFolder(RUNS).catch((cause: unknown) => {
    throw new ConfigError(
      `${RUNS} cannot be created: ${String(cause)}; name a folder with --out`,
      { file: RUNS },
      { cause },
    );
  });
  const stamp = join(RUNS, timestamp(now));
  for (let i = 1; ; i++) {
    const folder = i === 1 ? stamp : `${stamp}-${i}`;
    try {
      await mkdir(folder);
      return { folder, made: [...above, folder] };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EEXIST") continue;
      await removeEmpty(above);
      throw error;
    }
  }
}

function checkResumeFolder(folder: string): void {
  if (isFolder(folder)) return;
  throw new ConfigError(
    `--resume ${folder}: a run's folder with ${runFiles.checkpoint} or ${runFiles.record} is expected, but it does not exist`,
    { folder },
  );
}

function checkNew(folder: string): void {
  if (hasCheckpoint(folder)) {
    throw new ConfigError(
      `--out ${folder} has an unfinished run: continue it with --resume ${shellPath(folder)}, or choose another folder`,
      { option: "--out", value: folder },
    );
  }
  if (isComplete(folder) && existsSync(join(folder, runFiles.report))) {
    throw new ConfigError(`--out ${folder} already has a finished run: choose another folder, or remove it first`, {
      option: "--out",
      value: folder,
    });
  }
  const written = [...runFiles.adapter, ...runFiles.head, runFiles.report, runFiles.curve, runFiles.gguf];
  const there = written.filter((name) => existsSync(join(folder, name)));
  if (there.length === 0) return;
  throw new ConfigError(
    `--out ${folder} has ${there.join(", ")}, which the run would replace: choose another folder, or move them first`,
    { folder, there },
  );
}

/** The finished runs under runs/, the newest first. */
export function newestRuns(): string[] {
  const names = isFolder(RUNS) ? readdirSync(RUNS) : [];
  const runs = names.map((name) => join(RUNS, name)).filter(isComplete);
  const times = new Map(runs.map((run) => [run, statSync(join(run, classifierMark(run))).mtimeMs]));
  return runs.sort((a, b) => times.get(b)! - times.get(a)! || (a < b ? 1 : -1));
}

/** The newest finished run of a classifier under runs/. Throws `ConfigError` if there is none. */
export function newestRun(): string {
  // A language model's adapter is not a classifier.
  const newest = newestRuns().find((folder) => existsSync(join(folder, "labels.json")));
  if (newest !== undefined) return newest;
  throw new ConfigError(
    "there is no finished run under runs/: train one with `lowrank finetune`, or name a folder with --run",
    { file: RUNS },
  );
}

/** A newer entry under runs/ without a classifier: an interrupted run, or folds; null if there is none. */
export function newerThan(run: string): string | null {
  const since = statSync(join(run, classifierMark(run))).mtimeMs;
  const marks = [runFiles.checkpoint, runFiles.record, runFiles.foldsSoFar, runFiles.folds];
  const timeOf = (folder: string) =>
    Math.max(...marks.map((name) => statSync(join(folder, name), { throwIfNoEntry: false })?.mtimeMs ?? 0));
  const others = readdirSync(RUNS).map((name) => join(RUNS, name));
  const newer = others.filter((folder) => isFolder(folder) && !isComplete(folder) && timeOf(folder) > since);
  return newer.sort((a, b) => timeOf(b) - timeOf(a))[0] ?? null;
}

/**
 * The folder of a run's result: that of a queue's job has it in `result`, beside its attempts. Otherwise the folder itself, also if it has
 * nothing.
 */
export function resultIn(folder: string): string {
  const hasModel = (of: string) => [classifierMark(of), "config.json"].some((name) => existsSync(join(of, name)));
  const result = join(folder, "result");
  return !hasModel(folder) && hasModel(result) ? result : folder;
}

/** Files of a model without a head of its own: those of its adapter, and sentence-transformers' settings. Throws as `readClassifier`. */
export function readAdapterFiles(folder: string): FileMap {
  refuseFolds(folder);
  const files = readFileMap(folder, [...runFiles.adapter, "config_sentence_transformers.json"]);
  if (Object.hasOwn(files, "adapter_config.json")) return files;
  throw new ConfigError(`${folder}: expected a run's folder (adapter_config.json and more), found no such file`, {
    folder,
  });
}

/** Files of a classifier: adapter, if any, head and labels. Throws `ConfigError` if the folder has none. */
export function readClassifier(folder: string): FileMap {
  refuseFolds(folder);
  const files = readFileMap(folder, [...runFiles.adapter, ...runFiles.head, runFiles.checkpoint, runFiles.record]);
  // A token classifier has its head in the adapter's file.
  const [, labels] = runFiles.head;
  const inAdapter =
    Object.hasOwn(files, labels) && labelsOf(files, null).task === "tokens" && labelsOf(files, null).adapted;
  const head = inAdapter ? [labels] : runFiles.head;
  const hasHead = head.every((name) => Object.hasOwn(files, name));
  if (hasHead && labelsOf(files, null).merged !== null) return files;
  // A head-only run has no adapter; `TextClassifier.load` reports a missing one.
  const unfinished = [runFiles.checkpoint, runFiles.record].some((name) => Object.hasOwn(files, name));
  if (!Object.hasOwn(files, "adapter_config.json") && (unfinished || !hasHead)) {
    throw new ConfigError(
      unfinished
        ? `${folder} is an unfinished run: continue it with \`lowrank finetune --resume ${shellPath(folder)}\``
        : `${folder}: expected a run's folder (adapter_config.json and more), found no such file`,
      { folder },
    );
  }
  const missing = head.filter((name) => !Object.hasOwn(files, name));
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
