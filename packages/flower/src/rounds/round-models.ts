import type { FileMap, SavedFiles } from "lowrank";
import type { AdapterShape, RoundSettings } from "./round-settings.js";

/** A value, or a promise of one from a worker. */
export type Here<T> = T | Promise<T>;

/** A new model that all nodes start from. */
export interface NewModel {
  readonly files: FileMap;
  /** What identifies the base model, and the maximum tokens of its texts. */
  readonly encoder: { readonly fingerprint: string; readonly maxTokens: number };
}

/** How a model is trained in a round. */
interface RoundTraining {
  readonly steps: number;
  /** Called after each step, counted from 0. */
  readonly onProgress: (record: { readonly step: number; readonly loss: number }) => void;
}

/** The shared model in one round, with this node's examples. */
export interface OpenModel {
  /** Sets a new head by this node's own vectors. */
  fitHead(): Promise<void>;
  /** Trains; returns the loss of each step. */
  fit(training: RoundTraining): Promise<readonly number[]>;
  /** Measures it on this node's validation, or without one on its training examples. */
  evaluate(): Promise<{ readonly loss: number; readonly metrics: Readonly<Record<string, number>> }>;
  save(): Here<FileMap>;
  dispose(): Here<void>;
}

/** What a node trains in rounds: the models of one task, with this node's examples. */
export interface RoundModels {
  readonly task: string;
  /** Numbers of examples, as `share` has read them. */
  readonly counts: { readonly train: number; readonly validation: number };
  /**
   * Reads the examples with the server's classes and settings. Throws `FederationError` if an example has another class. Called before anything
   * else.
   */
  share(shape: AdapterShape): Here<void>;
  /** Whether this node has examples of every class. */
  hasEvery(labels: readonly string[]): boolean;
  create(shape: AdapterShape): Promise<NewModel>;
  open(files: SavedFiles, settings: RoundSettings): Promise<OpenModel>;
}
