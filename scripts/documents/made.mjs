import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../setup/paths.mjs";
import { errorList } from "./errors.mjs";
import { opTable } from "./ops.mjs";
import { settingsTables } from "./settings.mjs";

/** Documents with a part that is made from the code: what makes it. */
const makers = { "docs/errors.md": errorList, "docs/ops.md": opTable, "docs/settings.md": settingsTables };

/**
 * A document as the code makes it: the part between `<!-- made -->` and `<!-- end -->` is written anew.
 * @param {keyof typeof makers} file
 */
export function madeDocument(file) {
  const text = readFileSync(join(root, file), "utf8");
  const part = /(?<=^<!-- made -->\n)[^]*(?=^<!-- end -->$)/m;
  if (!part.test(text)) throw new Error(`${file} has no lines "<!-- made -->" and "<!-- end -->"`);
  const made = makers[file](root);
  return text.replace(part, () => `\n${made}\n\n`);
}
