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

/** The first page of each group, for the menu. */
const menu = groups.map(({ label, pages: [{ slug }] }) => `<a href="/${slug}/">${label}</a>`).join("");

/** Text of a Markdown table's cell as HTML. */
const asHtml = (text) =>
  text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll("{", "&#123;")
    .replace(/`([^`]*)`/g, "<code>$1</code>");

/** The rows of the table "What it can do, and what it cannot" that name a limit. */
function limitsOf(readme) {
  const table = found(/^\| \| can \| cannot \|\n\|[-|]+\|\n((?:\|.*\|\n)+)/m, readme, "what it cannot do");
  const rows = table
    .trim()
    .split("\n")
    .map((row) => row.split(" | ").map((cell) => cell.replace(/^\| ?| ?\|$/g, "")));
  return rows.map(([what, , cannot]) => `<div><dt>${asHtml(what)}</dt><dd>${asHtml(cannot)}</dd></div>`).join("");
}

/** The repository of package.json as a link; nothing if there is none. */
function repositoryLink({ repository }) {
  const address = typeof repository === "string" ? repository : repository?.url;
  const web = address?.replace(/^git\+/, "").replace(/\.git$/, "");
  return /^https:/.test(web ?? "") ? ` <a href="${web}">Repository</a>` : "";
}

/**
 * The first page from its template. `{{example NAME}}` becomes that example of README.md, `{{bench GOAL}}` what was measured for that goal in
 * bench/README.md, which must be one number, `{{limits of README}}` the limits in README.md, `{{package FIELD}}` a field of package.json,
 * `{{repository link}}` a link to the repository, `{{path FILE}}` the address of a file of the repository, `{{menu of groups}}` and
 * `{{index of pages}}` lists of pages.
 */
export function firstPage(template, { base, root, take }) {
  const read = (name) => readFileSync(join(root, name), "utf8");
  const readme = read("README.md");
  const bench = read("bench/README.md");
  const manifest = JSON.parse(read("package.json"));
  const kinds = {
    example: (name) => found(new RegExp(`<!-- example: ${name} -->\\n(\`\`\`[^]*?\\n\`\`\`)\\n`), readme, name),
    bench(goal) {
      const measured = found(new RegExp(`^\\| ${goal}[^|\\n]*\\|[^|\\n]*\\| ([^|\\n]*) \\|`, "m"), bench, goal);
      if (/ to |\(/.test(measured)) throw new Error(`"${goal}" in bench/README.md is no single number: ${measured}`);
      return measured.replace("×", " times");
    },
    limits: () => limitsOf(readme),
    package: (field) => manifest[field],
    repository: () => repositoryLink(manifest),
    path: take,
    menu: () => menu,
    index: () => index.replace(/\n/g, ""),
  };
  return template
    .replace(/\{\{(\w+) ([^}]*)\}\}/g, (_, kind, what) => kinds[kind](what))
    .replace(/(href|studio|picture|dark)="\//g, `$1="${base}`);
}

function found(pattern, text, what) {
  const match = pattern.exec(text);
  if (match === null) throw new Error(`there is no "${what}", which the first page shows`);
  return match[1];
}
