import type { OptionNames } from "../../training/spec/option-names.js";
import { ConfigError } from "../../errors/errors.js";
import { type MiningLimits, takeMiningLimits } from "../../models/sentence/mining/mining-options.js";

/** Settings of a run that may look for negatives. */
export interface Mining {
  readonly mineNegatives: MiningLimits | null;
  readonly seed: number;
}

/** Throws `ConfigError`, naming the option, for wrong options of `mineHardNegatives`. */
export function checkMining({ mineNegatives }: Mining, { setting }: OptionNames): void {
  if (mineNegatives !== null) takeMiningLimits(setting("mineNegatives"), mineNegatives);
}

/** Throws `ConfigError` for a file that has negatives, or none that could be looked for. */
export function checkUnmined(file: string, isPlain: boolean, columns: readonly string[], names: OptionNames): void {
  if (isPlain) return;
  const option = names.setting("mineNegatives");
  throw new ConfigError(
    `${file}: ${option} finds negatives for rows with a text and one that belongs to it alone, and these have ${columns.join(", ")}; omit it`,
    { file, option: "mineNegatives" },
  );
}
