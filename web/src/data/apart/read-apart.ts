import { ownScript } from "../../engine/own-script.js";
import { TableProblem } from "../problem.js";
import { type Correction, LARGEST_FILE, type Table } from "../table.js";
import type { Answer, Asked } from "./messages.js";
import address from "./reading-worker.ts?worker&url";

/** A worker that reads files; null if the site's policy forbids it. */
function started(): Worker | null {
  try {
    return new Worker(ownScript(address), { type: "module", name: "reading" });
  } catch {
    return null;
  }
}

/** Reads a table in a worker, so that the page answers meanwhile. Throws `TableProblem`. */
export async function readApart(file: File, correction: Correction = {}): Promise<Table> {
  if (file.size > LARGEST_FILE) throw new TableProblem("tooLarge", file.name);
  const here = async () => (await import("../read-table.js")).readTable(file, correction);
  const bytes = await file.arrayBuffer();
  const worker = started();
  if (worker === null) return await here();
  try {
    return await new Promise<Table>((resolve, reject) => {
      const records: (readonly string[])[] = [];
      // A script that could not be loaded has no message.
      worker.onerror = ({ message }) => (message ? reject(new TableProblem("noTable", message)) : resolve(here()));
      worker.onmessage = ({ data }: MessageEvent<Answer>) => {
        if ("records" in data) records.push(...data.records);
        else if ("table" in data) resolve({ ...data.table, records });
        else reject(new TableProblem(data.problem.kind, data.problem.detail));
      };
      const asked: Asked = { name: file.name, bytes, correction };
      worker.postMessage(asked, [bytes]);
    });
  } finally {
    worker.terminate();
  }
}
