import { TableProblem } from "../problem.js";
import { readTable } from "../read-table.js";
import type { Answer, Asked } from "./messages.js";

/** Records in a message. */
const PART = 1000;

const answer = (message: Answer) => postMessage(message);

async function read({ name, bytes, correction }: Asked): Promise<void> {
  try {
    const { records, ...table } = await readTable(new File([bytes], name), correction);
    for (let at = 0; at < records.length; at += PART) answer({ records: records.slice(at, at + PART) });
    answer({ table });
  } catch (error) {
    const { kind, detail } = error instanceof TableProblem ? error : new TableProblem("noTable", String(error));
    answer({ problem: { kind, detail } });
  }
}

addEventListener("message", ({ data }: MessageEvent<Asked>) => void read(data));
