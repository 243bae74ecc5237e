import type { Engine, FitReport } from "../../../index.js";

/** What crosses to a GPU and back: the numbers that decide speed on every GPU. */
export interface Counts {
  readonly dispatches: number;
  readonly submissions: number;
  readonly bytesUploaded: number;
  readonly bytesRead: number;
}

/** Counts of an engine since it was started; undefined on WebAssembly. */
const countsOf = (engine: Engine) => (engine as { readonly counts?: Counts }).counts;

/** Starts to count; the returned function returns the counts since its last call. */
export function counter(engine: Engine): () => Counts | undefined {
  let before = countsOf(engine);
  return () => {
    const now = countsOf(engine);
    const found =
      now && before
        ? {
            dispatches: now.dispatches - before.dispatches,
            submissions: now.submissions - before.submissions,
            bytesUploaded: now.bytesUploaded - before.bytesUploaded,
            bytesRead: now.bytesRead - before.bytesRead,
          }
        : undefined;
    before = now;
    return found;
  };
}

/** Two training steps: their losses and norms, and the counts of the second, which has nothing to prepare. */
export async function checkedSteps(
  engine: Engine,
  fit: (options: { readonly steps: number; readonly onProgress: () => void }) => Promise<FitReport>,
) {
  const count = counter(engine);
  let counts: Counts | undefined;
  const { steps } = await fit({ steps: 2, onProgress: () => void (counts = count()) });
  return { numbers: steps.flatMap(({ loss, gradNorm }) => [loss, gradNorm]), counts };
}

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
