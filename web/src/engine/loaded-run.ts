import { chooseRun, type Run, saveRun } from "../state/runs.js";
import { checkFiles, disposeRun } from "./classify.js";
import type { SavedFiles } from "./stores.js";

/** Stores a classifier's files as a run, which has results and downloads like others. Throws if they do not fit this model. */
export async function keepAsRun(kind: "loaded" | "together", name: string, files: SavedFiles): Promise<Run> {
  const began = Date.now();
  const id = `${kind}-${began.toString(36)}`;
  const labels = await checkFiles(id, files).catch(async (error: unknown) => {
    await disposeRun(id);
    throw error;
  });
  const nothing = { report: null, predictions: [], training: [], validation: [], error: null, examples: 0 } as const;
  const run: Run = {
    ...{ id, name, began, status: "loaded", labels, files, data: new Uint8Array(), ...nothing },
    spec: { data: "" },
  };
  await saveRun(run);
  chooseRun(id);
  return run;
}
