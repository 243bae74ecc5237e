import type { Counts } from "./counts.js";

/** What is measured of a model of a task. */
export const modelWorks = {
  encoder: ["encode", "LoRA step"],
  language: ["prompt", "generation", "LoRA step"],
} as const;

/** How much a model is measured on. */
export interface WorkOptions {
  /** Tokens of a prompt and of a batch, 8 at least; a model with fewer positions gets shorter prompts. */
  readonly tokens: number;
  readonly signal: AbortSignal | undefined;
}

/** A batch of about so many tokens in texts of at most `longest`: two at least. */
export function batchOf(most: number, longest: number): { readonly texts: number; readonly tokens: number } {
  const tokens = Math.min(longest, Math.floor(most / 2));
  return { texts: Math.floor(most / tokens), tokens };
}

/** What is known of a work before it is timed. */
interface CheckedWork {
  /** Results: those of the same model on two engines agree. */
  readonly numbers: readonly number[];
  /** Counts of a sample on a GPU; undefined on WebAssembly. */
  readonly counts: Counts | undefined;
}

/** Something that a model on an engine does, to measure. */
export interface ModelWork {
  readonly work: (typeof modelWorks)[keyof typeof modelWorks][number];
  /** Texts and tokens: "4×64". */
  readonly shape: string;
  /** Tokens of one sample's time. */
  readonly tokens: number;
  /** Does it at least once, as far as it is compared. */
  check(): Promise<CheckedWork>;
  /** Does it once or more: the milliseconds of each. */
  sample(): Promise<readonly number[]>;
}

/** A loaded model with its work, and what frees it. */
export interface LoadedModel {
  readonly work: readonly ModelWork[];
  dispose(): void;
}
