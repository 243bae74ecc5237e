import { ConfigError, TextClassifier } from "lowrank";
import { type Json, openRounds } from "lowrank/extension";
import {
  DEFAULT_MODEL,
  exampleData,
  findModel,
  flagNames,
  freshSettings,
  loadEncoder,
  localSources,
  type Session,
  type SettingsOptions,
} from "lowrank/extension/cli";
import { classModels } from "../rounds/class-models.js";
import type { RoundModels } from "../rounds/round-models.js";
import { taskModels } from "../rounds/task-models.js";
import { columnSettings, serverSettings } from "../rounds/task-settings.js";

/** What an app's initial values are made with. */
interface InitialModels {
  readonly models: RoundModels;
  /** Settings of the task for all nodes. */
  readonly taskSettings: Readonly<Record<string, Json>>;
  readonly labels: readonly string[];
  readonly dispose: () => void;
}

/** Loads the model for an app of the task that the options name. @param labels null: those of --data */
export async function initialModels(
  options: SettingsOptions & { readonly model?: string; readonly maxTokens?: number | null },
  labels: readonly string[] | null,
  session: Session,
): Promise<InitialModels> {
  const { signal, terminal } = session;
  if ((options.task ?? "classify") === "classify" && options.multiLabel !== true) {
    if (labels === null)
      throw new ConfigError("--labels names the classes of all nodes, comma-separated", { option: "--labels" });
    const { model = DEFAULT_MODEL, maxTokens = null } = options;
    const encoder = await loadEncoder(await findModel(model, session), 0, maxTokens, session);
    const node = { TextClassifier, encoder, examples: [], validation: [], adapter: "federated", signal };
    return { models: classModels(node), taskSettings: {}, labels, dispose: () => encoder.dispose() };
  }
  // The app has options for the others.
  const own = ["data", "model", "maxTokens", ...serverSettings, ...columnSettings] as readonly string[];
  const named = Object.fromEntries(Object.entries(options).filter(([name]) => own.includes(name)));
  const job = freshSettings(named, exampleData);
  const rounds = await openRounds("flower app", job, {
    sources: localSources,
    signal,
    optionNames: flagNames,
    onProgress: (event) => void (event.type === "warning" && terminal.error(event.message)),
  });
  const chosen = serverSettings.filter((name) => named[name] !== undefined);
  return {
    models: taskModels(rounds, signal),
    taskSettings: {
      ...Object.fromEntries(chosen.map((name) => [name, named[name] as Json])),
      // Nodes train the same one, whatever columns and values theirs have.
      ...(rounds.loss !== null && { loss: rounds.loss }),
    },
    labels: labels ?? rounds.labels,
    dispose: () => rounds.dispose(),
  };
}
