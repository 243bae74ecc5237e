import { strToU8, unzip, zip, type Zippable } from "fflate";
import { headOf, letGo, checkFiles } from "../../engine/classify.js";
import type { SavedFiles } from "../../engine/stores.js";
import { chooseRun, type Run, saveRun } from "../../state/runs.js";
import { reportText } from "./names.js";

export const zipped = (files: Zippable) =>
  new Promise<Uint8Array>((resolve, reject) =>
    zip(files, { level: 6 }, (error, bytes) => (error ? reject(error) : resolve(bytes))),
  );
const unzipped = (bytes: Uint8Array) =>
  new Promise<Record<string, Uint8Array>>((resolve, reject) =>
    unzip(
      bytes,
      { filter: ({ name, originalSize }) => known.has(base(name)) && originalSize < LARGEST },
      (error, files) => (error ? reject(error) : resolve(files)),
    ),
  );

const base = (path: string) => path.slice(path.lastIndexOf("/") + 1);
/** Files of a classifier; whatever else an archive holds is left there. */
const known = new Set(["adapter_config.json", "adapter_model.safetensors", "head.safetensors", "labels.json"]);
const LARGEST = 500e6;

/** Adapter, head, labels and report. */
export async function adapterZip(run: Run): Promise<Uint8Array> {
  const report = run.report === null ? {} : { "report.json": strToU8(reportText(run)) };
  return zipped({ ...run.files!, ...report } as Zippable);
}

/** The head alone, fitted to what the run learnt from. */
export async function headZip(run: Run): Promise<Uint8Array> {
  return zipped(await (await headOf(run)).save());
}

/** Takes a classifier that was saved before. Throws where the archive holds none for this model. */
export async function loadZip(file: File): Promise<Run> {
  const all = await unzipped(new Uint8Array(await file.arrayBuffer()));
  const files: SavedFiles = Object.fromEntries(Object.entries(all).map(([path, bytes]) => [base(path), bytes]));
  const began = Date.now();
  const id = `loaded-${began.toString(36)}`;
  const labels = await checkFiles(id, files).catch(async (error: unknown) => {
    await letGo(id);
    throw error;
  });
  const nothing = { report: null, predictions: [], training: [], validation: [], error: null, examples: 0 } as const;
  const run: Run = {
    ...{ id, name: file.name, began, status: "loaded", labels, files, data: new Uint8Array(), ...nothing },
    spec: { data: "" },
  };
  await saveRun(run);
  chooseRun(id);
  return run;
}
