import { existsSync } from "node:fs";
import { join } from "node:path";
import { ConfigError } from "../../errors/errors.js";
import type { TrainingSettings } from "../../tasks/classify/settings.js";
import { packageRoot } from "../package-root.js";

/** What describes a set of examples. */
type DataSettings = Pick<TrainingSettings, "data" | "test" | "text" | "label" | "labelNames">;

/** The movie reviews that come with the package. Throws `ConfigError` if they are not there. */
export function exampleData(): DataSettings {
  const folder = join(packageRoot(), "examples/movie");
  const [data, test] = [join(folder, "movie_train.tsv"), join(folder, "movie_test.tsv")];
  if (!existsSync(data) || !existsSync(test)) {
    throw new ConfigError(`the example data are missing in ${folder}: name your own with --data FILE`, { folder });
  }
  // No header: label, rating, text.
  return { data, test, text: "2", label: "0", labelNames: { 0: "negative", 1: "positive" } };
}
