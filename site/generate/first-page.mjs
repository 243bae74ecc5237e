import { readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * The first page from its template. `{{example NAME}}` becomes that example of README.md, `{{speed PATTERN}}` the figures
 * of the row of its table of speeds that begins so: neither is written twice.
 */
export function firstPage(template, { base, root, take }) {
  const readme = readFileSync(join(root, "README.md"), "utf8");
  const filled = template.replace(/\{\{(\w+) ([^}]*)\}\}/g, (_, kind, what) => {
    if (kind === "example")
      return found(new RegExp(`<!-- example: ${what} -->\\n(\`\`\`[\\s\\S]*?\\n\`\`\`)\\n`), readme, what);
    if (kind === "speed")
      return found(new RegExp(`^\\| ${what}[^|]*\\|([^|\\n]*\\|[^|\\n]*)\\|`, "m"), readme, what)
        .split("|")
        .map((cell) => cell.trim())
        .filter(Boolean)
        .join(" and ");
    if (kind === "file") return `${base}${take(what)}`;
    throw new Error(`the first page asks for "${kind} ${what}"`);
  });
  return filled.replaceAll("](/", `](${base}`).replaceAll('="/', `="${base}`);
}

function found(pattern, text, what) {
  const match = pattern.exec(text);
  if (match === null) throw new Error(`README.md has no "${what}", which the first page shows`);
  return match[1];
}
