import type {
  ClassifierFitOptions,
  ClassifierOptions,
  Example,
  FileMap,
  FitReport,
  LoadClassifierOptions,
} from "lowrank";
import type { ClassifyOptions } from "lowrank/extension";
import type { Here } from "./round-models.js";

/** The methods that a round uses of a classifier, here or in a worker. */
export interface RoundClassifier {
  /** Trains; see `TextClassifier.fit`. */
  fit(examples: readonly Example[], options: ClassifierFitOptions): Promise<FitReport>;
  /** Fits the head; see `TextClassifier.fitHead`. */
  fitHead(examples: readonly Example[], options: { readonly signal?: AbortSignal }): Promise<unknown>;
  /** Measures; see `TextClassifier.evaluate`. */
  evaluate(
    examples: readonly Example[],
    options: ClassifyOptions & { readonly intervals?: boolean },
  ): Promise<{ readonly accuracy: number; readonly loss: number }>;
  /** Saves; see `TextClassifier.save`. */
  save(): Here<FileMap>;
  /** Disposes of the classifier; see `TextClassifier.dispose`. */
  dispose(): Here<void>;
}

/** `TextClassifier` from `lowrank` or from `lowrank/worker`, for the matching encoders. */
export interface ClassifierClass<E> {
  /** Creates a classifier; see `TextClassifier.create`. */
  create(encoder: E, options: ClassifierOptions): Here<RoundClassifier>;
  /** Loads a classifier; see `TextClassifier.load`. */
  load(encoder: E, files: FileMap, options: LoadClassifierOptions): Here<RoundClassifier>;
}
