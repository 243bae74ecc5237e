import { oneOf, unexpected, whole } from "../../arguments/settings.js";
import { ConfigError, FormatError } from "../../errors/errors.js";
import { parseJsonObject } from "../../io/json.js";
import { reportProgram } from "../result/report.js";
import { sha256 } from "../../io/sha256.js";
import { type RunSettings, taskOf } from "../spec/run-settings.js";
import { checkTaskSettings } from "../spec/read-settings.js";
import { checkHash } from "../store/run-state.js";
import { runFiles, type RunStore } from "../store/run-store.js";
import type { TaskTable } from "../task-definition.js";
import type { DoneFold } from "./fold-kind.js";
import { foldKindOf, takeFold } from "./take-fold.js";

const FORMAT = "lowrank-folds-3";

/** Files and engine of the completed folds; the others must have the same. */
export interface FoldsOrigin {
  readonly settings: RunSettings;
  /** Folds in all. */
  readonly count: number;
  /** SHA-256 of the model and of the file of examples. */
  readonly modelHash: string;
  readonly dataHash: string;
  readonly build: string;
  readonly threads: number;
}

/** folds.partial.json: the progress of cross-validation. */
export interface FoldsSoFar extends FoldsOrigin {
  readonly done: readonly DoneFold[];
}

/** Writes the completed folds over the previous file. */
export async function writeFolds(store: RunStore, { done, ...origin }: FoldsSoFar): Promise<void> {
  const folds = done.map(({ result }) => result);
  const predictions = done.map(({ kept }) => kept);
  const said = { format: FORMAT, ...reportProgram(), ...origin, folds };
  const sha256 = await checksumOf({ ...said, predictions });
  const head = JSON.stringify({ sha256, ...said }, null, 2).slice(0, -2);
  // One line per fold: with one line per example the rest would be hard to find.
  const lines = predictions.map((one) => `    ${JSON.stringify(one)}`);
  const text = `${head},\n  "predictions": [\n${lines.join(",\n")}\n  ]\n}\n`;
  await store.write({ [runFiles.foldsSoFar]: new TextEncoder().encode(text) });
}

/**
 * SHA-256 of the file's other contents, as JSON without spaces. It detects a changed number, such as a loss, which no other check could.
 * @internal exported for its tests
 */
export function checksumOf({ sha256: _, ...contents }: Readonly<Record<string, unknown>>): Promise<string> {
  return sha256(new TextEncoder().encode(JSON.stringify(contents)));
}

/** The completed folds in a store; null for none. Throws `FormatError` if the file was changed. */
export async function readFoldsSoFar(store: RunStore, tasks: TaskTable): Promise<FoldsSoFar | null> {
  const bytes = await store.read(runFiles.foldsSoFar);
  if (bytes === null) return null;
  const path = store.place(runFiles.foldsSoFar);
  const fail = (problem: string, cause?: unknown) =>
    new FormatError(`${path}: ${problem}; remove it to start again`, { file: path }, { cause });
  const file = parseJsonObject(bytes, fail);
  try {
    if (file["format"] !== FORMAT) throw unexpected("folds", "format", `"${FORMAT}"`, file["format"]);
    if (file["sha256"] !== (await checksumOf(file))) throw fail("its contents do not match its sha256");
    return takeFolds(file, tasks);
  } catch (cause) {
    if (!(cause instanceof ConfigError)) throw cause;
    throw fail(cause.message, cause);
  }
}

function takeFolds(file: Readonly<Record<string, unknown>>, tasks: TaskTable): FoldsSoFar {
  const { settings, modelHash, dataHash, folds, predictions } = file;
  checkTaskSettings("folds", settings, tasks);
  checkHash("folds", "modelHash", modelHash);
  checkHash("folds", "dataHash", dataHash);
  const build = oneOf("folds", "build", file["build"], ["simd", "relaxed"]);
  const threads = whole("folds", "threads", file["threads"], 1);
  const count = whole("folds", "count", file["count"], 2);
  if (!Array.isArray(folds) || folds.length > count)
    throw unexpected("folds", "folds", `a list of at most ${count} folds`, folds);
  if (!Array.isArray(predictions) || predictions.length !== folds.length)
    throw unexpected("folds", "predictions", "a list with one entry per fold", predictions);
  const kind = foldKindOf(tasks[taskOf(settings)]!);
  const done = folds.map((fold, i) => takeFold(kind, `folds[${i}]`, fold, predictions[i]));
  kind.checkTogether?.(done);
  return { settings, count, modelHash, dataHash, build, threads, done };
}
