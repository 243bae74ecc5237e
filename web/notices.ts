import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Plugin, Rollup } from "vite";
import { joinedNotices, NOTICES, noticesOf, separateNotices } from "../scripts/bundle/notices.mjs";

const read = (path: string) => readFileSync(fileURLToPath(new URL(path, import.meta.url)), "utf8").trim();

/** What is in the Studio beside packages: each with the file of its licence. */
const others = {
  "Source Sans 3 (OFL-1.1), a subset": "src/style/fonts/source-sans-3.OFL.txt",
  "Source Serif 4 (OFL-1.1), a subset": "src/style/fonts/source-serif-4.OFL.txt",
  "Movie reviews of vaderSentiment (MIT), the example of classifiers": "../examples/movie/LICENSE.txt",
  "ChatterBot corpus (BSD-3-Clause), the example of the search": "../examples/chat/LICENSE-chatterbot-corpus.md",
};

/** The notices of the packages in the library's own bundles. */
const ofLibrary = () => separateNotices(read(`../dist/${NOTICES}`)).map((notice) => `${notice.trim()}\n`);

/** The licences for the HTML file that classifies offline: the library's, those of the packages in it, and last that of the models. */
export function standaloneNotices(): string {
  const { version, license } = JSON.parse(read("../package.json")) as { version: string; license: string };
  const library = `lowrank ${version} (${license})\n\n${read("LICENSE-MIT")}\n`;
  return joinedNotices([library, ...ofLibrary(), `${read("LICENSE-APACHE")}\n`]);
}

/**
 * Writes THIRD-PARTY-NOTICES.txt: the licences of the packages in all bundles, of those in the library's own bundles, and of fonts and
 * examples. Workers and the script of the HTML file are bundles of their own, each with `collected` among its plugins.
 */
export function notices(): { collected: Plugin; notices: Plugin } {
  const modules = new Set<string>();
  const collect = (bundle: Rollup.OutputBundle) => {
    for (const file of Object.values(bundle))
      if (file.type === "chunk") file.moduleIds.forEach((id) => modules.add(id));
  };
  return {
    collected: { name: "collected", generateBundle: (_options, bundle) => collect(bundle) },
    notices: {
      name: "notices",
      apply: "build",
      generateBundle: {
        // After the other bundles, and after `offline`, whose list is of files that the page needs.
        order: "post",
        handler(_options, bundle) {
          collect(bundle);
          const packages = [...new Set([...noticesOf(modules), ...ofLibrary()])].sort((a, b) =>
            a.localeCompare(b, "en"),
          );
          const own = Object.entries(others).map(([title, file]) => `${title}\n\n${read(file)}\n`);
          this.emitFile({ type: "asset", fileName: NOTICES, source: joinedNotices([...packages, ...own]) });
        },
      },
    },
  };
}
