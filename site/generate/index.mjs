// node site/generate/index.mjs BASE: writes the pages of site/src/content/docs and the files beside them, site/public,
// from the repository's documents.
import { cpSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { pages } from "../pages.mjs";
import { documentPage } from "./document.mjs";
import { firstPage } from "./first-page.mjs";

const here = dirname(dirname(fileURLToPath(import.meta.url)));
const root = dirname(here);
const base = process.argv[2] ?? "/";
const content = join(here, "src/content/docs");
const files = join(here, "public");
/** The site contains the Studio, so it can be used without an installation. */
const studioLink = `<p><a href="${base}studio/"><strong>Open the Studio here</strong></a>: nothing is installed.</p>`;
/** The page that times a visitor's GPU. */
const speedLink = `<p><a href="${base}speed/"><strong>Measure this machine’s GPU here</strong></a>: nothing is installed or uploaded.</p>`;

/** Copies files of the repository that pages link to. Types that browsers do not display are copied as text. */
function take(path) {
  if (statSync(join(root, path)).isDirectory()) throw new Error(`a page links to the folder ${path}`);
  const shown = [".svg", ".webp", ".png", ".txt"].includes(extname(path)) ? path : `${path}.txt`;
  write(join(files, "files", shown), readFileSync(join(root, path)));
  return `files/${shown}`;
}

function write(file, text) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

for (const folder of [content, files]) rmSync(folder, { recursive: true, force: true });
cpSync(join(here, "static"), files, { recursive: true });
const site = { base, root, take };
for (const page of pages) {
  const source = readFileSync(join(root, page.file), "utf8");
  const whole = source.replace("<!-- link: studio -->", studioLink).replace("<!-- link: speed -->", speedLink);
  write(join(content, `${page.slug}.md`), documentPage(page, whole, site));
}
write(join(content, "index.mdx"), firstPage(readFileSync(join(here, "src/first-page.mdx"), "utf8"), site));
