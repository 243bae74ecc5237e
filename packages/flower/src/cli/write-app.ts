import { cpSync } from "node:fs";
import { mkdir, rename, rm, rmdir, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { ConfigError, writeFilesAtomically } from "lowrank";
import { tasks, VERSION } from "lowrank/extension";
import { appearedMeanwhile, checkEmptyFolder, packageRoot } from "lowrank/extension/cli";
import { type AdapterShape, FORMAT } from "../rounds/round-settings.js";
import type { SharedAdapter } from "../rounds/shared-adapter.js";
import { type AppOptions, LEARNING_RATE } from "./app-options.js";

/** Versions of Flower with a compatible Fleet API. */
const FLOWER = ">=1.40,<2";

/** The app's settings for Flower's `run_config`: flat, with strings, numbers and booleans. */
function settingsOf(
  folder: string,
  { task, taskSettings, labels }: AdapterShape,
  { encoder, sharedA }: SharedAdapter,
  options: AppOptions,
) {
  const isPrivate = options.noiseMultiplier > 0;
  const { minNodes, freezeA, learningRate = freezeA ? LEARNING_RATE.frozenA : LEARNING_RATE.trainedA } = options;
  return {
    initial: join(folder, "initial"),
    out: join(folder, "rounds"),
    "num-server-rounds": options.rounds,
    "min-nodes": minNodes,
    "min-replies": options.minReplies ?? minNodes,
    "most-examples": options.mostExamples,
    "round-seconds": real(options.roundSeconds),
    "learning-rate": real(learningRate),
    epochs: real(options.epochs),
    "batch-size": options.batchSize,
    "weight-decay": real(options.weightDecay),
    "max-grad-norm": real(options.maxGradNorm),
    // A fitted head is a large update, which clipping would shrink.
    "fit-head": options.fitHead && !isPrivate,
    evaluate: options.evaluate && !isPrivate,
    "freeze-a": freezeA,
    "noise-multiplier": real(options.noiseMultiplier),
    "clipping-norm": real(options.clippingNorm),
    "privacy-delta": real(options.privacyDelta),
    "privacy-population": 0,
    "max-epsilon": real(options.maxEpsilon),
    "lowrank-format": FORMAT,
    "lowrank-version": VERSION,
    encoder: encoder.fingerprint,
    "max-tokens": encoder.maxTokens,
    task,
    "task-settings": JSON.stringify(taskSettings),
    // Those that nodes may report of an evaluation, besides the loss.
    metrics: JSON.stringify(Object.keys(tasks[task as keyof typeof tasks].metrics).filter((name) => name !== "loss")),
    labels: JSON.stringify(labels),
    rank: options.rank,
    alpha: real(options.alpha),
    "target-modules": JSON.stringify(options.targetModules ?? null),
    rslora: options.rslora,
    dropout: real(options.dropout),
    seed: options.seed,
    "shared-a": sharedA,
  };
}

/** A number that TOML reads as a float. */
const real = (value: number) => ({ real: value });

function toml(value: unknown): string {
  if (typeof value !== "object") return JSON.stringify(value);
  const text = String((value as { real: number }).real);
  return /[.e]/.test(text) ? text : `${text}.0`;
}

/**
 * Writes a Flower app: settings, the ServerApp, and the nodes' initial values. Throws `ConfigError` if the folder exists and is
 * not empty. On errors, nothing is left.
 */
export async function writeFlowerApp(
  given: string,
  shape: AdapterShape,
  shared: SharedAdapter,
  options: AppOptions,
): Promise<void> {
  const folder = resolve(given);
  const { minNodes, minReplies = minNodes } = options;
  if (minReplies > minNodes)
    throw new ConfigError(
      `--min-replies ${minReplies} is more than --min-nodes ${minNodes}: no round would have enough replies`,
      {
        option: "--min-replies",
        value: minReplies,
        expected: `at most ${minNodes}`,
      },
    );
  await checkEmptyFolder(folder, "<folder>");
  const made = join(dirname(folder), `.${basename(folder)}.${process.pid}`);
  try {
    await mkdir(made, { recursive: true });
    const source = join(packageRoot(import.meta.url), "lowrank_federated");
    cpSync(source, join(made, "lowrank_federated"), {
      recursive: true,
      filter: (path) => !path.includes("__pycache__"),
    });
    await writeFilesAtomically(join(made, "initial"), shared.files);
    const settings = Object.entries(settingsOf(folder, shape, shared, options));
    await writeFile(join(made, "pyproject.toml"), pyproject(settings, options.noiseMultiplier > 0));
    await rmdir(folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOENT") throw error;
    });
    await rename(made, folder);
  } catch (error) {
    await rm(made, { recursive: true, force: true });
    throw appearedMeanwhile(given, error) ?? error;
  }
}

const pyproject = (settings: readonly (readonly [string, unknown])[], isPrivate: boolean) => `[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "lowrank-federated"
version = "1.0.0"
description = "Rounds of FedAvg over the adapter and head of a lowrank model"
license = "MIT OR Apache-2.0"
dependencies = ["flwr${isPrivate ? "[dp]" : ""}${FLOWER}", "numpy", "safetensors"]

[tool.hatch.build.targets.wheel]
packages = ["."]

[tool.flwr.app]
publisher = "lowrank"

[tool.flwr.app.components]
serverapp = "lowrank_federated.server_app:app"
clientapp = "lowrank_federated.client_app:app"

[tool.flwr.app.config]
${settings.map(([name, value]) => `${name} = ${toml(value)}`).join("\n")}
`;
