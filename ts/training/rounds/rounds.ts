import type { FileMap } from "../../io/file-access.js";
import type { FitOptions } from "../../train/fit-options.js";
import type { RunSettings } from "../spec/run-settings.js";

/** The settings of a round that are not this party's own: they replace those of its spec. */
export type RoundChanges = Readonly<Partial<Omit<RunSettings, "task" | "model" | "data" | "validation" | "test">>>;

/** A call that can be cancelled: it then rejects with `AbortError`. */
export interface Cancellable {
  readonly signal?: AbortSignal | undefined;
}

/** How a model is trained in a round. */
export interface RoundFit extends Cancellable {
  readonly steps: number;
  /** Whether the adapter's A stays constant. */
  readonly freezeA: boolean;
  readonly onProgress?: FitOptions["onProgress"];
}

/**
 * One party's part in training that several parties share, for any task, in this thread or in a worker. Base model and data are loaded once;
 * each round opens the shared files, trains them further and saves them. One model is open at a time.
 */
export interface Rounds {
  readonly task: string;
  /** Names of the classes in the training data; empty for tasks without classes. */
  readonly labels: readonly string[];
  /** SHA-256 of everything in the base model that determines results. */
  readonly modelHash: string;
  /** Most tokens of an example. */
  readonly maxTokens: number;
  /** The loss for which this party's data were first read: its own choice, or that of its columns; null for tasks without a choice. */
  readonly loss: string | null;
  /** Numbers of examples. */
  readonly counts: { readonly train: number; readonly validation: number };
  /**
   * Reads the data again with the classes that all parties share, and for the loss in `changes`. Returns their new `counts`. Throws `ConfigError`
   * with the place if an example has another class, or if the loss does not take it.
   */
  share(labels: readonly string[], changes: RoundChanges, options: Cancellable): Promise<Rounds["counts"]>;
  /** Throws `ConfigError`, naming the setting, for invalid changes. @param what who makes them */
  check(what: string, changes: RoundChanges): void | Promise<void>;
  /** The files of an untrained model. */
  create(changes: RoundChanges): Promise<FileMap>;
  /** Opens the shared files, in place of those of an earlier round. */
  open(files: FileMap, changes: RoundChanges, options: Cancellable): Promise<void>;
  /** Sets a new head as a run does before its first step: fitted to frozen vectors. Does nothing if the task has no head. */
  fitHead(): Promise<void>;
  /** Trains the open model on this party's examples. Returns the loss of each step. */
  fit(options: RoundFit): Promise<readonly number[]>;
  /**
   * Measures the open model on this party's validation, or without one on its training examples. Metrics that are not finite are left out.
   */
  evaluate(
    options: Cancellable,
  ): Promise<{ readonly loss: number; readonly metrics: Readonly<Record<string, number>> }>;
  save(): FileMap | Promise<FileMap>;
  /** Frees the open model; safe without one. */
  close(): void | Promise<void>;
}
