import type {
  ClassifierFitOptions,
  ClassifierOptions,
  Example,
  FileMap,
  FitReport,
  LoadClassifierOptions,
} from "lowrank";
import type { ClassifyOptions } from "lowrank/extension";

/** What is there, or comes from a worker. */
type Here<T> = T | Promise<T>;

/** What a round does with a classifier, here or in a worker. */
export interface RoundClassifier {
  /** As `TextClassifier.fit`. */
  fit(examples: readonly Example[], options: ClassifierFitOptions): Promise<FitReport>;
  /** As `TextClassifier.fitHead`. */
  fitHead(examples: readonly Example[], options: { readonly signal?: AbortSignal }): Promise<unknown>;
  /** As `TextClassifier.evaluate`. */
  evaluate(
    examples: readonly Example[],
    options: ClassifyOptions & { readonly intervals?: boolean },
  ): Promise<{ readonly accuracy: number; readonly loss: number }>;
  /** As `TextClassifier.save`. */
  save(): Here<FileMap>;
  /** As `TextClassifier.dispose`. */
  dispose(): Here<void>;
}

/** `TextClassifier` of `lowrank`, or that of `lowrank/worker`, for encoders of its kind. */
export interface ClassifierClass<E> {
  /** As `TextClassifier.create`. */
  create(encoder: E, options: ClassifierOptions): Here<RoundClassifier>;
  /** As `TextClassifier.load`. */
  load(encoder: E, files: FileMap, options: LoadClassifierOptions): Here<RoundClassifier>;
}
