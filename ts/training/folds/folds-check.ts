import { ConfigError } from "../../errors/errors.js";
import type { Fields } from "../spec/field.js";
import { firstDifference } from "../spec/read-settings.js";
import type { RunSettings } from "../spec/run-settings.js";
import { runFiles, type RunStore } from "../store/run-store.js";
import type { FoldsOrigin, FoldsSoFar } from "./folds-so-far.js";

const what = "runFolds";
const other = "pass the same settings as before, choose another store, or remove that file";

/** Throws `ConfigError` if the completed folds have another spec. */
export function checkSame(
  { settings: began, count }: FoldsSoFar,
  settings: RunSettings,
  folds: number,
  store: RunStore,
  fields: Fields,
) {
  const name = firstDifference({ ...settings, device: began.device }, began, fields);
  if (name === null && count === folds) return;
  const [field, was, is] = name === null ? ["folds", count, folds] : [name, began[name], settings[name]];
  throw new ConfigError(
    `${what}: ${store.place(runFiles.foldsSoFar)} has folds of another spec: ${field} was ${JSON.stringify(was)}, now it is ` +
      `${JSON.stringify(is)}; ${other}`,
    { name: field, given: is, began: was },
  );
}

/** Throws `ConfigError` if files or engine are not those of the completed folds. */
export function checkOrigin(began: FoldsOrigin, now: FoldsOrigin, file: string, store: RunStore): void {
  const pairs: [what: string, was: string | number, is: string | number][] = [
    ["the model (weights, configuration or tokenizer)", began.modelHash, now.modelHash],
    [file, began.dataHash, now.dataHash],
    ["the build", began.build, now.build],
    ["the number of threads", began.threads, now.threads],
  ];
  const changed = pairs.find(([, was, is]) => was !== is);
  if (changed === undefined) return;
  const [name, was, is] = changed;
  throw new ConfigError(
    `${what}: the folds in ${store.place(runFiles.foldsSoFar)} cannot be continued: ${name} changed since they began ` +
      `(${was}, now ${is}); ${other}`,
    { what: name, was, is },
  );
}
