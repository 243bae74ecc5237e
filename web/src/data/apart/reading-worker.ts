import { TableProblem } from "../problem.js";
import { type Answer, type Asked, LISTS } from "./messages.js";
import { readers } from "./readers.js";

/** Elements of a list in a message. */
const PART = 1000;

const answer = (message: Answer) => postMessage(message);

async function read({ reader, name, bytes, option }: Asked): Promise<void> {
  try {
    const make = readers[reader] as (file: File, option: unknown) => Promise<Readonly<Record<string, unknown>>>;
    const made = await make(new File([bytes], name), option);
    const list = LISTS.find((key) => key in made)!;
    const { [list]: all, ...rest } = made as { readonly [key: string]: readonly unknown[] };
    for (let at = 0; at < all!.length; at += PART) answer({ part: all!.slice(at, at + PART) });
    answer({ rest, list });
  } catch (error) {
    const { kind, detail } = error instanceof TableProblem ? error : new TableProblem("noTable", String(error));
    answer({ problem: { kind, detail } });
  }
}

addEventListener("message", ({ data }: MessageEvent<Asked>) => void read(data));
