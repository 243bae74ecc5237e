import { unexpected } from "../../arguments/settings.js";
import { ConfigError } from "../../errors/errors.js";
import { isJsonObject } from "../../io/json.js";
import type { OptionNames } from "../spec/option-names.js";
import type { RunSettings } from "../spec/run-settings.js";

/** Files and engine of a run, in every checkpoint. */
export interface RunOrigin {
  /** SHA-256 of the model's weights and of the files of examples. */
  readonly modelHash: string;
  readonly trainHash: string;
  readonly validationHash: string;
  /** Null if the result is measured on the validation. */
  readonly testHash: string | null;
  readonly build: string;
  readonly threads: number;
}

/** A checkpoint's state of the run, together with the task's measurements before training. */
export interface RunState extends RunOrigin {
  readonly settings: RunSettings;
}

/** A file of examples: its name in messages, and its hash. */
interface HashedFile {
  readonly file: string;
  readonly sha256: string;
}

/** The current files and engine of a run. */
interface PresentOrigin {
  readonly modelHash: string;
  readonly train: HashedFile;
  readonly validation: HashedFile;
  /** Null if there is none. */
  readonly test: HashedFile | null;
  readonly engine: { readonly build: string; readonly threads: number };
}

/** The origin of a checkpoint. */
export const originOf = ({ modelHash, train, validation, test, engine }: PresentOrigin): RunOrigin => ({
  modelHash,
  trainHash: train.sha256,
  validationHash: validation.sha256,
  testHash: test?.sha256 ?? null,
  build: engine.build,
  threads: engine.threads,
});

/** `details.reason` of the error for a run with another origin than its checkpoint. */
export const OTHER_ORIGIN = "other origin";

/** Throws `ConfigError` if files or engine are not those that a run began with. */
export function checkSameOrigin(began: RunOrigin, now: PresentOrigin, { resume }: OptionNames): void {
  const is = originOf(now);
  const names: Readonly<Record<keyof RunOrigin, string>> = {
    modelHash: "the model (weights, configuration or tokenizer)",
    trainHash: now.train.file,
    validationHash: now.validation.file,
    testHash: now.test?.file ?? "the test",
    build: "the build",
    threads: "the number of threads",
  };
  for (const [name, what] of Object.entries(names) as [keyof RunOrigin, string][]) {
    if (began[name] === is[name]) continue;
    const [was, present] = [began[name] ?? "none", is[name] ?? "none"];
    throw new ConfigError(
      `${resume}: the result would differ from an uninterrupted run's: ${what} changed since it began (${was}, now ${present})`,
      { what, was, is: present, reason: OTHER_ORIGIN },
    );
  }
}

/** Throws `ConfigError` unless a value is a SHA-256. */
export function checkHash(what: string, place: string, value: unknown): asserts value is string {
  if (typeof value === "string" && /^[0-9a-f]{64}$/.test(value)) return;
  throw unexpected(what, place, "a SHA-256 in hexadecimal", value);
}

/** An object. Throws `ConfigError` for other values. */
export function objectAt(what: string, place: string, value: unknown): Readonly<Record<string, unknown>> {
  if (isJsonObject(value)) return value;
  throw unexpected(what, place, "an object", value);
}
