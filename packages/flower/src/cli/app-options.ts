import type { Command } from "commander";
import { real, targetModules, whole } from "lowrank/extension/cli";
import type { AdapterShape } from "../rounds/shared-adapter.js";

/** What `lowrank flower app` writes into the app's settings. */
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

/** B alone takes larger steps than A and B together, whose product moves by both. */
export const LEARNING_RATE = { frozenA: 6e-3, trainedA: 2e-3 };

/** Adds them. All of a node's training are the server's to say, and stand in the app's pyproject.toml. */
export function addAppOptions(command: Command): Command {
  const [positive, fromZero] = [real(0), real(0, { closed: true })];
  command.optionsGroup("The adapter:");
  command
    .option("--rank <n>", "its rank", whole(1), 8)
    .option("--alpha <x>", "the update is scaled by alpha/rank", positive, 16)
    .option("--target-modules <names>", 'modules to adapt, or "all-linear" (default: query, key, value)', targetModules)
    .option("--rslora", "scale by alpha/√rank", false)
    .option("--dropout <p>", "dropout on its input", real(0, { closed: true, below: 1 }), 0)
    .option("--seed <n>", "of A, which every node makes of it, and of the batches", whole(0), 0)
    .option("--no-freeze-a", "train A too: twice the bytes, and the mean is not the updates' own");
  command.optionsGroup("A node's part of a round:");
  command
    .option("--epochs <x>", "passes over its examples", positive, 1)
    .option("--batch-size <n>", "examples a step", whole(1), 16)
    .option(
      "--learning-rate <x>",
      `in the first round; down to almost 0 in the last (default: ${LEARNING_RATE.frozenA}, with --no-freeze-a ${LEARNING_RATE.trainedA})`,
      positive,
    )
    .option("--weight-decay <x>", "AdamW's", fromZero, 0.01)
    .option("--max-grad-norm <x>", "limit of the gradients' norm, 0 for none", fromZero, 1)
    .option("--no-fit-head", "begin with a head of zeros, not with one that is fitted to the node's own vectors");
  command.optionsGroup("Rounds:");
  return command
    .option("--rounds <n>", "rounds", whole(1), 5)
    .option("--min-nodes <n>", "a round waits for so many nodes, without a limit of time", whole(1), 2)
    .option("--min-replies <n>", "of fewer replies a round makes nothing (default: all of --min-nodes)", whole(1))
    .option("--most-examples <n>", "a node counts as if it had so many at most, 0 for no limit", whole(0), 0)
    .option("--round-seconds <x>", "then a round ends without those who have not answered", positive, 3600)
    .option("--evaluate", "let nodes measure each round's result", false)
    .optionsGroup("Differential privacy, by Flower:")
    .option(
      "--noise-multiplier <x>",
      "Gaussian noise on the mean, as a multiple of --clipping-norm; 0 for none",
      fromZero,
      0,
    )
    .option("--clipping-norm <x>", "limit of the norm of a node's update", positive, 1)
    .option("--privacy-delta <x>", "the privacy spent is told at this δ", real(0, { below: 1 }), 1e-5)
    .option("--max-epsilon <x>", "no round that would spend more, 0 for no limit", fromZero, 0);
}
