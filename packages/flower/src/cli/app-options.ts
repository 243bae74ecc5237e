import type { Command } from "commander";
import { real, targetModules, whole } from "lowrank/extension/cli";
import type { AdapterShape } from "../rounds/round-settings.js";

/** The settings that `lowrank flower app` writes. */
export interface AppOptions {
  readonly rank: number;
  readonly alpha: number;
  readonly targetModules?: AdapterShape["targetModules"];
  readonly rslora: boolean;
  readonly dropout: number;
  readonly seed: number;
  readonly freezeA: boolean;
  readonly fitHead: boolean;
  readonly rounds: number;
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate?: number;
  readonly weightDecay: number;
  readonly maxGradNorm: number;
  readonly minNodes: number;
  readonly minReplies?: number;
  readonly mostExamples: number;
  readonly roundSeconds: number;
  readonly evaluate: boolean;
  readonly clippingNorm: number;
  readonly noiseMultiplier: number;
  readonly privacyDelta: number;
  readonly maxEpsilon: number;
}

/** Learning rates. If only B is trained, it is higher than for A and B together, because both change their product. */
export const LEARNING_RATE = { frozenA: 6e-3, trainedA: 2e-3 };

/** Adds the options. The server sets the training of all nodes, in the app's pyproject.toml. */
export function addAppOptions(command: Command): Command {
  const [positive, fromZero] = [real(0), real(0, { closed: true })];
  command.optionsGroup("The adapter:");
  command
    .option("--rank <n>", "rank", whole(1), 8)
    .option("--alpha <x>", "the update is scaled by alpha/rank", positive, 16)
    .option("--target-modules <names>", 'modules to adapt, or "all-linear" (default: query, key, value)', targetModules)
    .option("--rslora", "scale by alpha/√rank", false)
    .option("--dropout <p>", "dropout on the adapter's input", real(0, { closed: true, below: 1 }), 0)
    .option("--seed <n>", "seed of A, which every node computes, and of the batches", whole(0), 0)
    .option(
      "--no-freeze-a",
      "train A too: sends twice the bytes, and the average of A and B is not the average of the updates",
    );
  command.optionsGroup("A node's training in a round:");
  command
    .option("--epochs <x>", "passes over the node's examples", positive, 1)
    .option("--batch-size <n>", "examples per step", whole(1), 16)
    .option(
      "--learning-rate <x>",
      `learning rate of the first round, falling to almost 0 in the last (default: ${LEARNING_RATE.frozenA}, with --no-freeze-a ${LEARNING_RATE.trainedA})`,
      positive,
    )
    .option("--weight-decay <x>", "weight decay of AdamW", fromZero, 0.01)
    .option("--max-grad-norm <x>", "limit of the gradient norm, 0 for none", fromZero, 1)
    .option("--no-fit-head", "start with a head of zeros instead of one fitted to the node's own vectors");
  command.optionsGroup("Rounds:");
  return command
    .option("--rounds <n>", "number of rounds", whole(1), 5)
    .option("--min-nodes <n>", "a round waits for this many nodes, without a time limit", whole(1), 2)
    .option("--min-replies <n>", "a round with fewer replies changes nothing (default: --min-nodes)", whole(1))
    .option("--most-examples <n>", "largest weight of a node, in examples, 0 for no limit", whole(0), 0)
    .option("--round-seconds <x>", "time limit of a round; late nodes are ignored", positive, 3600)
    .option("--evaluate", "let nodes evaluate the result of each round", false)
    .optionsGroup("Differential privacy, by Flower:")
    .option(
      "--noise-multiplier <x>",
      "Gaussian noise on the average, as a multiple of --clipping-norm; 0 for none",
      fromZero,
      0,
    )
    .option("--clipping-norm <x>", "limit of the norm of a node's update", positive, 1)
    .option("--privacy-delta <x>", "δ at which the spent privacy is reported", real(0, { below: 1 }), 1e-5)
    .option("--max-epsilon <x>", "stop before a round that would spend more, 0 for no limit", fromZero, 0);
}
