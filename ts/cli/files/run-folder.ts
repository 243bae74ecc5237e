import { existsSync, readdirSync, statSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { folderStore, type RunStore } from "../../entry/jobs-node.js";
import { ConfigError } from "../../errors/errors.js";
import type { FileMap } from "../../io/file-map.js";
import { readFileMap } from "../../io/node/index.js";
import { makeFolder, removeEmpty } from "../../io/node/make-folder.js";
import { isFolder } from "../../io/node/read-files.js";
import { runFiles } from "../../training/store/run-store.js";
import { labelsOf } from "../../tasks/classifier-files.js";
import { refuseFolds } from "../inspected/inspected-folds.js";
import { checkOutFolder, makeOutFolder } from "./out-folder.js";
import { shellPath } from "../terminal/shell-word.js";

const RUNS = "runs";

const hasCheckpoint = (folder: string) => existsSync(join(folder, runFiles.checkpoint));
/** Until its checkpoint goes, a run is not finished: it may have been killed in the middle of writing its files. */
const isComplete = (folder: string) => existsSync(join(folder, classifierMark(folder))) && !hasCheckpoint(folder);
/** A file that every finished run has: a head alone has no adapter. */
const classifierMark = (folder: string) =>
  existsSync(join(folder, "adapter_config.json")) ? "adapter_config.json" : "labels.json";

/** Which folder a run asks for: one that is new, one to go on in, or neither. */
export interface WantedFolder {
  readonly out?: string;
  readonly resume?: string;
}

/**
 * Runs `body` with a run's folder, which is this process's alone meanwhile: the one to go on in, the new one asked for, else
 * runs/<date and time>. It is made, and known to be writable, before the work; where nothing was written into it, what
 * was made goes again.
 *
 * Throws `ConfigError` where there is none, where another process has it, or where it holds a run, or files that a run would
 * replace.
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

/** The folder as a store that is claimed already, for a job that would claim it. */
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
  /** It and those above it, where they were not there before. */
  readonly made: readonly string[];
}

async function makeWanted(out: string): Promise<MadeFolder> {
  checkOutFolder(out);
  // Where it cannot be locked, it should still be known what is wrong with it.
  checkNew(out);
  return { folder: out, made: await makeOutFolder(out) };
}

/** Of several runs that begin in one second, each gets a folder of its own: only one can make it. */
async function makeDated(now: Date): Promise<MadeFolder> {
  const above = await makeFolder(RUNS).catch((cause: unknown) => {
    throw new ConfigError(
      `${RUNS} cannot be made: ${String(cause)}; name a folder with --out`,
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
    `--resume ${folder}: a run's folder with ${runFiles.checkpoint} or ${runFiles.record} is expected, there is none of that name`,
    { folder },
  );
}

function checkNew(folder: string): void {
  if (hasCheckpoint(folder)) {
    throw new ConfigError(
      `--out ${folder} holds an unfinished run: go on with --resume ${shellPath(folder)}, or choose another folder`,
      { option: "--out", value: folder },
    );
  }
  if (isComplete(folder) && existsSync(join(folder, runFiles.report))) {
    throw new ConfigError(`--out ${folder} holds a finished run already: choose another folder, or remove it first`, {
      option: "--out",
      value: folder,
    });
  }
  const written = [...runFiles.adapter, ...runFiles.head, runFiles.report, runFiles.curve, runFiles.gguf];
  const there = written.filter((name) => existsSync(join(folder, name)));
  if (there.length === 0) return;
  throw new ConfigError(
    `--out ${folder} holds ${there.join(", ")}, which the run would replace: choose another folder, or move them first`,
    { folder, there },
  );
}

/** The finished run under runs/ that was written last. Throws `ConfigError` where there is none. */
export function newestRun(): string {
  const names = existsSync(RUNS) ? readdirSync(RUNS) : [];
  // A language model's adapter is no classifier.
  const isClassifier = (folder: string) => isComplete(folder) && existsSync(join(folder, "labels.json"));
  const runs = names.map((name) => join(RUNS, name)).filter(isClassifier);
  const times = new Map(runs.map((run) => [run, statSync(join(run, classifierMark(run))).mtimeMs]));
  const [newest] = runs.sort((a, b) => times.get(b)! - times.get(a)! || (a < b ? 1 : -1));
  if (newest !== undefined) return newest;
  throw new ConfigError(
    "there is no finished run under runs/: train one with `lowrank finetune`, or name a folder with --run",
    { file: RUNS },
  );
}

/** What was written under runs/ after a run and has no classifier: a run or folds that were interrupted, or folds; null of none. */
export function newerThan(run: string): string | null {
  const since = statSync(join(run, classifierMark(run))).mtimeMs;
  const marks = [runFiles.checkpoint, runFiles.record, runFiles.foldsSoFar, runFiles.folds];
  const timeOf = (folder: string) =>
    Math.max(...marks.map((name) => statSync(join(folder, name), { throwIfNoEntry: false })?.mtimeMs ?? 0));
  const others = readdirSync(RUNS).map((name) => join(RUNS, name));
  const newer = others.filter((folder) => isFolder(folder) && !isComplete(folder) && timeOf(folder) > since);
  return newer.sort((a, b) => timeOf(b) - timeOf(a))[0] ?? null;
}

/** Files of a classifier: adapter, where it has one, head and labels. Throws `ConfigError` where the folder has none. */
export function readClassifier(folder: string): FileMap {
  refuseFolds(folder);
  const files = readFileMap(folder, [...runFiles.adapter, ...runFiles.head, runFiles.checkpoint, runFiles.record]);
  // One of tokens has its head in the adapter's file.
  const [, labels] = runFiles.head;
  const inAdapter = Object.hasOwn(files, labels) && labelsOf(files, null).tokens && labelsOf(files, null).adapted;
  const head = inAdapter ? [labels] : runFiles.head;
  const hasHead = head.every((name) => Object.hasOwn(files, name));
  if (hasHead && labelsOf(files, null).merged !== null) return files;
  // A head alone has no adapter beside it; `TextClassifier.load` says where one is missing.
  const unfinished = [runFiles.checkpoint, runFiles.record].some((name) => Object.hasOwn(files, name));
  if (!Object.hasOwn(files, "adapter_config.json") && (unfinished || !hasHead)) {
    throw new ConfigError(
      unfinished
        ? `${folder} is an unfinished run: go on with \`lowrank finetune --resume ${shellPath(folder)}\``
        : `${folder}: a run's folder is expected (adapter_config.json and more), this has none`,
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
