import type { Task } from "../data/target.js";
import { namesOf } from "../data/words/marks.js";
import { chooseRun, type Run, saveRun } from "../state/runs.js";
import { checkFiles, disposeRun } from "./classify.js";
import { encoderNamed, encoders } from "./encoders.js";
import type { SavedFiles } from "./stores.js";

/** The task of a model, as its labels.json names it, and the spec of its runs. */
const kinds = new Map<unknown, { readonly task: Task; readonly spec: object }>([
  ["multi-label-classification", { task: "multi-label", spec: { multiLabel: true } }],
  ["regression", { task: "regress", spec: { task: "regress" } }],
  ["token-classification", { task: "tokens", spec: { task: "tokens" } }],
]);
const classifier = { task: "classify", spec: {} } as const;

/** A file that cannot be read is reported when the model is loaded. */
function kindOf(files: SavedFiles) {
  try {
    const { task } = JSON.parse(new TextDecoder().decode(files["labels.json"])) as { task?: unknown };
    return kinds.get(task) ?? classifier;
  } catch {
    return classifier;
  }
}

/** The base model that an adapter names; undefined if it names none, or there is no adapter. */
export function baseOf(files: SavedFiles): string | undefined {
  try {
    const config = JSON.parse(new TextDecoder().decode(files["adapter_config.json"])) as Record<string, unknown>;
    const name = config["base_model_name_or_path"];
    return typeof name === "string" && name !== "" ? name : undefined;
  } catch {
    return undefined;
  }
}

/** Stores a model's files as a run, which has results and downloads like others. Throws if they do not fit this model. */
export async function keepAsRun(kind: "loaded" | "together", name: string, files: SavedFiles): Promise<Run> {
  const began = Date.now();
  const id = `${kind}-${began.toString(36)}`;
  const { task, spec } = kindOf(files);
  const on = encoderNamed(baseOf(files));
  const known = await checkFiles(id, task, files, on).catch(async (error: unknown) => {
    await disposeRun(id);
    throw error;
  });
  const labels = task === "tokens" ? namesOf(known) : known;
  const nothing = { report: null, predictions: [], training: [], validation: [], error: null, examples: 0 } as const;
  const run = {
    id,
    name,
    began,
    status: "loaded",
    labels,
    files,
    data: new Uint8Array(),
    ...nothing,
    spec: { data: "", model: encoders[on].name, ...spec },
  } as Run;
  await saveRun(run);
  chooseRun(id);
  return run;
}
