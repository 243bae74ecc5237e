import { existsSync } from "node:fs";
import { join } from "node:path";
import { ConfigError } from "../../errors/errors.js";
import type { TrainingSettings } from "../../tasks/classify/settings.js";
import { packageRoot } from "../package-root.js";

/** What describes a set of examples. */
export type ExampleData = Pick<TrainingSettings, "data" | "test" | "text" | "label" | "labelNames">;

/** The examples that come with the package, by task. */
const bundled: Readonly<Partial<Record<string, () => ExampleData>>> = { classify: movieReviews };

/** The examples of a task that come with the package. Throws `ConfigError` if there are none. */
export function exampleData(task: string): ExampleData {
  const examples = bundled[task];
  if (examples !== undefined) return examples();
  throw new ConfigError(`--task ${task} needs examples to train on: name them with --data FILE`, { option: "--data" });
}

function movieReviews(): ExampleData {
  const folder = join(packageRoot(), "examples/movie");
  const [data, test] = [join(folder, "movie_train.tsv"), join(folder, "movie_test.tsv")];
  if (!existsSync(data) || !existsSync(test)) {
    throw new ConfigError(`the example data are missing in ${folder}: name your own with --data FILE`, { folder });
  }
  // No header: label, rating, text.
  return { data, test, text: "2", label: "0", labelNames: { 0: "negative", 1: "positive" } };
}
