import { readFileSync } from "node:fs";
import { join } from "node:path";
import { groups } from "../pages.mjs";

/** All pages by group. */
const index = groups
  .map(({ label, pages }) => {
    const links = pages.map(({ slug, label }) => `<li><a href="/${slug}/">${label}</a></li>`);
    return `<div><h3>${label}</h3><ul>${links.join("")}</ul></div>`;
  })
  .join("");

/**
 * The first page from its template. `{{example NAME}}` becomes that example of README.md, `{{speed WORDS}}` the figures of the
 * row of its speed table that starts with these words, `{{path FILE}}` the address of a file of the repository, `{{index of pages}}` the list of all pages.
 */
export function firstPage(template, { base, root, take }) {
  const readme = readFileSync(join(root, "README.md"), "utf8");
  const kinds = {
    example: (name) => found(new RegExp(`<!-- example: ${name} -->\\n(\`\`\`[^]*?\\n\`\`\`)\\n`), readme, name),
    speed(words) {
      const cells = found(new RegExp(`^\\| ${words}[^|\\n]*\\|([^\\n]*)\\|$`, "m"), readme, words).split("|");
      const figures = cells.map((cell) => cell.trim()).filter(Boolean);
      return figures.map((figure) => figure.replace(" to ", "–")).join(" and ");
    },
    path: take,
    index: () => index.replace(/\n/g, ""),
  };
  return template
    .replace(/\{\{(\w+) ([^}]*)\}\}/g, (_, kind, what) => kinds[kind](what))
    .replace(/(href|studio|picture|dark)="\//g, `$1="${base}`);
}

function found(pattern, text, what) {
  const match = pattern.exec(text);
  if (match === null) throw new Error(`README.md has no "${what}", which the first page shows`);
  return match[1];
}
