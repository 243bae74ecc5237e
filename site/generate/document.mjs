import { existsSync } from "node:fs";
import { posix } from "node:path";
import { pages } from "../pages.mjs";

const slugs = new Map([["README.md", ""], ...pages.map(({ file, slug }) => [file, slug])]);
const labels = new Map(pages.map(({ file, label }) => [file, label]));

/** The start of a document's text without markup, at most 155 characters, for search engines. */
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

/** A page's text with Starlight's front matter. */
function page({ title, label, description }, text) {
  const front = { title, description, sidebar: { label } };
  return `---\n${Object.entries(front)
    .map(([key, value]) => `${key}: ${JSON.stringify(value)}\n`)
    .join("")}---\n\n${text.trim()}\n`;
}

/**
 * A document of the repository as a page. Links to documents on the site lead to their pages; other linked files are
 * passed to `take`, which copies them and returns their address on the site.
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

/** A document's text with the site's links. Code is unchanged. */
export function withLinks(file, text, site) {
  const parts = text.split(/(^```[\s\S]*?^```$|`[^`\n]+`(?!\]))/m);
  const link = (whole, before, target, after) => {
    const address = addressOf(file, target, site);
    return address === null ? whole : `${before}${address}${after}`;
  };
  // Links that show a file's name show the page's label on the site.
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
