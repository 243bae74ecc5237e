import type { Command } from "commander";
import { ConfigError, TextClassifier } from "lowrank";
import { takeLabels } from "lowrank/extension";
import { DEFAULT_MODEL, findModel, loadEncoder, type Session, startEngine, whole } from "lowrank/extension/cli";
import { addAppOptions, type AppOptions } from "./app-options.js";

const EXAMPLES = `
The app's settings are in its pyproject.toml. The same command continues an interrupted run after its last round.

Example:
  lowrank flower app federation --labels negative,positive --min-nodes 3 --rounds 10
  flower-superlink --insecure            # pip install "flwr>=1.40" safetensors
  flwr run federation
`;

interface FlowerAppOptions extends AppOptions {
  readonly model: string;
  readonly labels: string;
  readonly maxTokens?: number;
}

/** `lowrank flower app`: writes the app that a Flower server runs. */
export function defineFlowerApp(group: Command, session: Session): void {
  const command = group
    .command("app")
    .argument("<folder>", "folder for the app")
    .description("write a Flower app that trains a classifier's adapter on several nodes")
    .option("--model <name>", "encoder of all nodes: a folder, or a name on the Hugging Face hub", DEFAULT_MODEL)
    .requiredOption("--labels <names>", "names of the classes, comma-separated")
    .option("--max-tokens <n>", "cut texts to this many tokens (default: what the model allows)", whole(2));
  addAppOptions(command)
    .addHelpText("after", EXAMPLES)
    .action(async (folder: string, options: FlowerAppOptions) => {
      const labels = takeLabels(options.labels.split(",").map((label) => label.trim()));
      if (options.noiseMultiplier > 0 && options.evaluate)
        throw new ConfigError(
          "--evaluate reports results on nodes' texts without noise: omit it with --noise-multiplier",
          {
            ...{ option: "--evaluate" },
          },
        );
      await startEngine({ threads: 1 });
      const found = await findModel(options.model, session);
      const encoder = await loadEncoder(found, 0, options.maxTokens ?? null, session);
      try {
        const { rank, alpha, targetModules = null, rslora, dropout, seed } = options;
        const shape = { labels, rank, alpha, targetModules, rslora, dropout, seed };
        const { SharedAdapter } = await import("../rounds/shared-adapter.js");
        const { writeFlowerApp } = await import("./write-app.js");
        const shared = await SharedAdapter.of(TextClassifier, encoder, shape, "federated");
        await writeFlowerApp(folder, labels, shared, options);
        session.terminal.print(
          `${folder} is written. Run it: flwr run ${folder}. Rounds are saved in ${folder}/rounds`,
        );
      } finally {
        encoder.dispose();
      }
    });
}
