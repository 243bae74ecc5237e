import { existsSync } from "node:fs";
import { posix } from "node:path";
import { pages } from "../pages.mjs";

const slugs = new Map([["README.md", ""], ...pages.map(({ file, slug }) => [file, slug])]);
const labels = new Map(pages.map(({ file, label }) => [file, label]));

/** What a document's text begins with, without marks, in at most 155 characters: what search engines show. */
export function firstSentences(text) {
  const paragraph = text.split(/\n\s*\n/).find((part) => /^[A-Za-z`[*]/.test(part.trim())) ?? "";
  const plain = paragraph
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/[`*]/g, "")
    .replace(/\s+/g, " ")
    .trim();
  if (plain.length <= 155) return plain;
  return `${plain.slice(0, 154).replace(/\s+\S*$/, "")}…`;
}

/** A page's text with what Starlight wants to know of it before. */
function page({ title, label, description }, text) {
  const front = { title, description, sidebar: { label } };
  return `---\n${Object.entries(front)
    .map(([key, value]) => `${key}: ${JSON.stringify(value)}\n`)
    .join("")}---\n\n${text.trim()}\n`;
}

/**
 * A document of the repository as a page. Links to documents that are pages lead there; what else a document links to is
 * given to `take`, which says at which address of the site it will lie.
 * @param {{ file: string, slug: string, label: string }} of
 * @param {string} source
 * @param {{ base: string, root: string, take: (path: string) => string }} site
 */
export function documentPage({ file, label }, source, site) {
  const heading = /^# (.+)\n/.exec(source);
  if (heading === null) throw new Error(`${file} does not begin with a heading "# …"`);
  const text = withLinks(file, source.slice(heading[0].length).replace(/^<!--[^\n]*-->\n/gm, ""), site);
  return page({ title: heading[1].replaceAll("`", ""), label, description: firstSentences(text) }, text);
}

/** A document's text with its links as the site has them; code stays as it is. */
export function withLinks(file, text, site) {
  const parts = text.split(/(^```[\s\S]*?^```$|`[^`\n]+`(?!\]))/m);
  const link = (whole, before, target, after) => {
    const address = addressOf(file, target, site);
    return address === null ? whole : `${before}${address}${after}`;
  };
  // What a forge's reader knows by its file's name has a name of its own here.
  const named = (whole, before, shown, target, after) => {
    const label = labels.get(posix.join(posix.dirname(file), target.split("#")[0]));
    return label === undefined ? whole : `${before}${label}](${target}${after}`;
  };
  return parts
    .map((part, i) =>
      i % 2 === 1
        ? part
        : part
            .replace(/(\[)((?:[\w-]+\/)*[\w-]+\.md)\]\(([^)\s]+)(\))/g, named)
            .replace(/(\]\()([^)\s]+)(\))/g, link)
            .replace(/^(\[[^\]]+\]: )(\S+)()$/gm, link),
    )
    .join("");
}

function addressOf(file, target, { base, root, take }) {
  if (/^[a-z]+:|^#/.test(target)) return null;
  const [path, anchor] = target.split("#");
  const whole = posix.normalize(posix.join(posix.dirname(file), path));
  const slug = slugs.get(whole);
  if (slug !== undefined) return `${base}${slug}${slug === "" ? "" : "/"}${anchor ? `#${anchor}` : ""}`;
  if (!existsSync(`${root}/${whole}`)) throw new Error(`${file} links to ${target}, which does not exist`);
  return `${base}${take(whole)}`;
}
