import { strToU8, type Zippable } from "fflate";
import { headOf, recovering } from "../../engine/classify.js";
import { keepAsRun } from "../../engine/loaded-run.js";
import type { SavedFiles } from "../../engine/stores.js";
import type { Run, RunOf } from "../../state/runs.js";
import { filesNamed, zipped } from "../../storage/zip.js";
import { cardText } from "./card.js";
import { reportText } from "./names.js";

/** A classifier's files. Other files of an archive are ignored. */
const known = ["adapter_config.json", "adapter_model.safetensors", "head.safetensors", "labels.json"];
const LARGEST = 500e6;

/** Adapter, head, labels, report and model card. */
export async function adapterZip(run: Run): Promise<Uint8Array> {
  const report = run.report === null ? {} : { "report.json": strToU8(reportText(run)) };
  return zipped({ ...run.files!, ...report, "README.md": strToU8(cardText(run)) } as Zippable);
}

/** The head-only model, trained on the run's training examples. */
export async function headZip(run: RunOf<"classify">): Promise<Uint8Array> {
  return zipped(await recovering(async () => (await headOf(run)).save()));
}

/** Loads a saved classifier. Throws if the archive has none for this model. */
export async function loadZip(file: File): Promise<Run> {
  const files: SavedFiles = await filesNamed(new Uint8Array(await file.arrayBuffer()), known, LARGEST);
  return keepAsRun("loaded", file.name, files);
}
