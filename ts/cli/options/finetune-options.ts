import { type Command, Option } from "commander";
import { REVECTORIZE_HELP } from "../engine-start.js";
import { whole } from "./option-values.js";
import type { SettingsOptions } from "./settings-of-options.js";
import { addSpecOptions } from "./spec-options.js";

/** Options of a spec, and options of `finetune` that do not change its result. */
export interface FinetuneOptions extends SettingsOptions {
  readonly out?: string;
  readonly resume?: string;
  readonly samples: number;
  readonly json: boolean;
  readonly quiet: boolean;
}

/** Adds the options of a run in a folder of this machine: those of its spec, and options that do not change its result. */
export function addFinetuneOptions(command: Command): Command {
  addSpecOptions(command);
  command.optionsGroup("The run:");
  return command
    .option("--out <folder>", "folder of the run (default: runs/<date and time>)")
    .addOption(
      new Option(
        "--resume <folder>",
        "continue an unfinished run from its checkpoint, or from the beginning if it has none",
      ).conflicts("out"),
    )
    .addOption(
      new Option(
        "--folds <n>",
        "cross-validation: n runs, each tested on its own part of the data; keeps no classifier",
      )
        .argParser(whole(2))
        .conflicts(["resume", "validation", "test", "testSplit"]),
    )
    .option("--samples <n>", "test predictions to show", whole(0), 6)
    .option("--revectorize", REVECTORIZE_HELP)
    .option("--json", "print the result as JSON; everything else goes to the error stream", false)
    .option("--quiet", "print only the run's folder", false);
}
