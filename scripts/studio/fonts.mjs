// node scripts/studio/fonts.mjs: writes the Studio's fonts, web/src/style/fonts, from the packages of Fontsource: the characters of English, German,
// French and Spanish and the weights that the Studio uses. Beside them are the licences, which the SIL Open Font License asks for.
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import subsetFont from "subset-font";
import { root } from "../setup/paths.mjs";

const { resolve } = createRequire(import.meta.url);
const folder = join(root, "web/src/style/fonts");

const from = (first, last) => Array.from({ length: last - first + 1 }, (_, i) => String.fromCodePoint(first + i));
const characters = [...from(0x20, 0x7e), ...from(0xa0, 0xff), ..."ŒœŸẞ–—‘’‚“”„‹›…•′″→←↑↓−×≤≥€™‰\u2009\u202f"].join("");

const fonts = {
  // With figures of one width, which are alternates.
  sans: ["source-sans-3", "normal", { wght: { min: 400, max: 600 } }, {}],
  serif: ["source-serif-4", "normal", { wght: 500 }, { noLayoutClosure: true }],
  "serif-italic": ["source-serif-4", "italic", { wght: 400 }, { noLayoutClosure: true }],
};

mkdirSync(folder, { recursive: true });
for (const [name, [family, style, variationAxes, options]] of Object.entries(fonts)) {
  const file = resolve(`@fontsource-variable/${family}/files/${family}-latin-wght-${style}.woff2`);
  const font = await subsetFont(readFileSync(file), characters, { targetFormat: "woff2", variationAxes, ...options });
  writeFileSync(join(folder, `${name}.woff2`), font);
  copyFileSync(resolve(`@fontsource-variable/${family}/LICENSE`), join(folder, `${family}.OFL.txt`));
  console.log(name, font.length);
}
