import { ownScript } from "../../engine/own-script.js";
import { TableProblem } from "../problem.js";
import { LARGEST_FILE } from "../table.js";
import type { Answer, Asked } from "./messages.js";
import type { Option, Read, Reader } from "./readers.js";
import address from "./reading-worker.ts?worker&url";

/** A worker that reads files; null if the site's policy forbids it. */
function started(): Worker | null {
  try {
    return new Worker(ownScript(address), { type: "module", name: "reading" });
  } catch {
    return null;
  }
}

/** Reads a file with one of the readers in a worker, so that the page answers meanwhile. Throws `TableProblem`. */
export async function readApart<R extends Reader>(reader: R, file: File, option?: Option<R>): Promise<Read<R>> {
  if (file.size > LARGEST_FILE) throw new TableProblem("tooLarge", file.name);
  const here = async () => {
    const { readers } = await import("./readers.js");
    return (readers[reader] as (file: File, option: unknown) => Promise<Read<R>>)(file, option);
  };
  const bytes = await file.arrayBuffer();
  const worker = started();
  if (worker === null) return await here();
  try {
    return await new Promise<Read<R>>((resolve, reject) => {
      const all: unknown[] = [];
      // A script that could not be loaded has no message.
      worker.onerror = ({ message }) => (message ? reject(new TableProblem("noTable", message)) : resolve(here()));
      worker.onmessage = ({ data }: MessageEvent<Answer>) => {
        if ("part" in data) all.push(...data.part);
        else if ("rest" in data) resolve({ ...data.rest, [data.list]: all } as Read<R>);
        else reject(new TableProblem(data.problem.kind, data.problem.detail));
      };
      const asked: Asked = { reader, name: file.name, bytes, option };
      worker.postMessage(asked, [bytes]);
    });
  } finally {
    worker.terminate();
  }
}
