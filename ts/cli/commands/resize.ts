import type { Command } from "commander";
import { writeAdapter } from "../../entry/node.js";
import { resizeAdapter } from "../../merging/extract.js";
import { breather } from "../../waiting/next-task.js";
import { adapterIn, besideAdapter } from "../files/adapter-folder.js";
import { checkEmptyFolder } from "../files/out-folder.js";
import { writeWholeFiles } from "../merged/whole-folder.js";
import { whole } from "../options/option-values.js";
import type { Session } from "../session.js";
import { approximationLines } from "./extract.js";

const EXAMPLES = `
Example:
  lowrank resize adapter-folder --rank 4 --out smaller
`;

/** `lowrank resize`: an adapter at another rank. */
export function defineResize(program: Command, session: Session): void {
  program
    .command("resize")
    .description("write an adapter at another rank, with a run's head, labels and prompts, and report what it misses")
    .argument("<adapter>", "folder of the adapter")
    .requiredOption("--rank <number>", "the new rank", whole(1))
    .requiredOption("--out <folder>", "folder for the result; must be new or empty")
    .option("--json", "print one JSON object", false)
    .addHelpText("after", EXAMPLES)
    .action(async (folder: string, { rank, out, json }: { rank: number; out: string; json: boolean }) => {
      await checkEmptyFolder(out);
      const made = await resizeAdapter(adapterIn(folder), rank, breather(session.signal));
      const { kept, left } = besideAdapter(folder);
      await writeWholeFiles(out, { ...writeAdapter(made.adapter), ...kept }, session);
      for (const line of approximationLines(made, out, json)) session.terminal.print(line);
      if (json) return;
      const names = Object.keys(kept);
      if (names.length > 0) session.terminal.print(`${names.join(", ")} copied with it`);
      if (left.length > 0) session.terminal.print(`${left.join(", ")} not copied: for the original adapter only`);
    });
}
