import type { Command } from "commander";
import { ConfigError } from "lowrank";
import { takeLabels } from "lowrank/extension";
import {
  addSettingOptions,
  DEFAULT_MODEL,
  type Session,
  type SettingsOptions,
  startEngine,
  whole,
} from "lowrank/extension/cli";
import { addAppOptions, type AppOptions } from "./app-options.js";
import { columnSettings, serverSettings } from "../rounds/task-settings.js";

const EXAMPLES = `
The app's settings are in its pyproject.toml. The same command continues an interrupted run after its last round.

Example:
  lowrank flower app federation --labels negative,positive --min-nodes 3 --rounds 10
  flower-superlink --insecure --host 127.0.0.1      # pip install "flwr>=1.40,<2" safetensors; without --host it listens on all interfaces
  flwr run federation
  lowrank flower app search --task pairs --data a-few-pairs.csv --fields anchor=question,positive=answer
`;

interface FlowerAppOptions extends AppOptions, Omit<SettingsOptions, keyof AppOptions> {
  readonly labels?: string;
}

/** `lowrank flower app`: writes the app that a Flower server runs. */
export function defineFlowerApp(group: Command, session: Session): void {
  const command = group
    .command("app")
    .argument("<folder>", "folder for the app")
    .description("write a Flower app that trains an adapter on several nodes")
    .option(
      "--model <name>",
      `model of all nodes: a folder, or a name on the Hugging Face hub (default: ${DEFAULT_MODEL}; for text, chat and preferences the default of finetune)`,
    )
    .option("--labels <names>", "names of the classes, comma-separated (for --task classify, multi-label and tokens)")
    .option(
      "--data <file>",
      "for other tasks than classify: a few examples in the form of the nodes' files; the app does not contain them",
    )
    .option("--max-tokens <n>", "cut texts to this many tokens (default: what the model allows)", whole(2));
  addSettingOptions(command, [...columnSettings, ...serverSettings]);
  addAppOptions(command)
    .addHelpText("after", EXAMPLES)
    .action(async (folder: string, options: FlowerAppOptions) => {
      if (options.noiseMultiplier > 0 && options.evaluate)
        throw new ConfigError(
          "--evaluate reports results on nodes' texts without noise: omit it with --noise-multiplier",
          {
            option: "--evaluate",
          },
        );
      const labels =
        options.labels === undefined ? null : takeLabels(options.labels.split(",").map((one) => one.trim()));
      await startEngine({ threads: 1 });
      const { initialModels } = await import("./initial-models.js");
      const { models, taskSettings, labels: own, dispose } = await initialModels(options, labels, session);
      try {
        const { rank, alpha, targetModules = null, rslora, dropout, seed } = options;
        const { task } = models;
        const shape = { task, taskSettings, labels: own, rank, alpha, targetModules, rslora, dropout, seed };
        const { SharedAdapter } = await import("../rounds/shared-adapter.js");
        const { writeFlowerApp } = await import("./write-app.js");
        const shared = await SharedAdapter.of(models, shape);
        await writeFlowerApp(folder, shape, shared, options);
        session.terminal.print(
          `${folder} is written. Run it: flwr run ${folder}. Rounds are saved in ${folder}/rounds`,
        );
      } finally {
        dispose();
      }
    });
}
