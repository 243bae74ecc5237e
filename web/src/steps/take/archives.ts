import { strToU8, type Zippable } from "fflate";
import { headFilesOf, recovering } from "../../engine/classify.js";
import { keepAsRun } from "../../engine/loaded-run.js";
import type { SavedFiles } from "../../engine/stores.js";
import type { Run } from "../../state/runs.js";
import { filesNamed, zipped } from "../../storage/zip.js";
import { cardText } from "./card.js";
import { reportText } from "./names.js";

/** A classifier's files. Other files of an archive are ignored. */
const known = ["adapter_config.json", "adapter_model.safetensors", "head.safetensors", "labels.json"];
const LARGEST = 500e6;

/** A model's files with the report and the model card. */
function withCard(run: Run, files: SavedFiles, which: "adapter" | "head"): Promise<Uint8Array> {
  const report = run.report === null ? {} : { "report.json": strToU8(reportText(run)) };
  return zipped({ ...files, ...report, "README.md": strToU8(cardText(run, which)) } as Zippable);
}

/** Adapter, head, labels, report and model card. */
export const adapterZip = (run: Run): Promise<Uint8Array> => withCard(run, run.files!, "adapter");

/** The head-only model, trained on the run's training examples, with report and model card. */
export const headZip = async (run: Run): Promise<Uint8Array> =>
  withCard(run, await recovering(() => headFilesOf(run)), "head");

/** Loads a saved classifier. Throws if the archive has none for this model. */
export async function loadZip(file: File): Promise<Run> {
  const files: SavedFiles = await filesNamed(new Uint8Array(await file.arrayBuffer()), known, LARGEST);
  return keepAsRun("loaded", file.name, files);
}
