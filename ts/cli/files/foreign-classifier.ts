import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ModelError } from "../../errors/errors.js";
import { isJsonObject, parseJsonObject } from "../../io/json.js";
import { runFiles } from "../../training/store/run-store.js";
import { kindOfHead } from "../../tasks/checkpoint.js";
import { LABELS_FILE } from "../../tasks/labels-file.js";
import { peftField } from "../../tasks/open-classifier.js";

// Classifiers that are not runs: PEFT's adapters with a head, and checkpoints of transformers, merged models included.

/** The contents of such a folder. */
export interface ForeignClassifier {
  /** What it classifies, and for texts whether they have several labels: an adapter's base says so, if it is a folder. */
  readonly task: "classify" | "multi-label" | "tokens";
  /** Whether it is a whole model, which needs no base. */
  readonly isWhole: boolean;
}

const CONFIG = "config.json";
const ADAPTER = "adapter_config.json";

/** The contents of a folder if it is such a classifier; otherwise null. */
export function foreignClassifier(folder: string): ForeignClassifier | null {
  const has = (name: string) => existsSync(join(folder, name));
  if ([LABELS_FILE, runFiles.record, runFiles.checkpoint].some(has)) return null;
  if (has(ADAPTER)) {
    const adapter = readFileSync(join(folder, ADAPTER));
    const task = peftField(adapter, "task_type");
    if (task === "TOKEN_CLS") return { task: "tokens", isWhole: false };
    const base = peftField(adapter, "base_model_name_or_path") ?? "";
    return task === "SEQ_CLS" ? { task: textTask(base), isWhole: false } : null;
  }
  const kind = has(CONFIG) ? kindOfHead(modelConfig(folder)) : null;
  if (kind !== "ForSequenceClassification" && kind !== "ForTokenClassification") return null;
  return { task: kind === "ForTokenClassification" ? "tokens" : textTask(folder), isWhole: true };
}

/** The task of a model with a head for texts. */
function textTask(folder: string): "classify" | "multi-label" {
  const { problem_type: problem = null } = existsSync(join(folder, CONFIG)) ? modelConfig(folder) : {};
  return problem === "multi_label_classification" ? "multi-label" : "classify";
}

/** Names of classes in a model's config.json; empty if there are none, or no such folder. */
export function classNamesOf(folder: string): readonly string[] {
  if (!existsSync(join(folder, CONFIG))) return [];
  const named = modelConfig(folder)["id2label"];
  return isJsonObject(named) ? Object.values(named).filter((name) => typeof name === "string") : [];
}

function modelConfig(folder: string): Readonly<Record<string, unknown>> {
  const path = join(folder, CONFIG);
  const fail = (problem: string, cause?: unknown) => new ModelError(`${path}: ${problem}`, { path }, { cause });
  return parseJsonObject(new Uint8Array(readFileSync(path)), fail);
}
