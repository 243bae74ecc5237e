import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Plugin } from "vite";

/** Files of the page's folder that the build does not write. */
const beside = ["./", "icon.svg", "studio.webmanifest"];

/** Writes service-worker.js with the names of all built files, so that the second visit needs no network. */
export function offline(): Plugin {
  return {
    name: "offline",
    apply: "build",
    generateBundle: {
      // After Vite has removed scripts that only had styles: a file that is missing would end the installation.
      order: "post",
      handler(_options, bundle) {
        const files = [...beside, ...Object.keys(bundle).filter((name) => !/\.(map|html)$/.test(name))].sort();
        const hash = createHash("sha256");
        for (const [name, file] of Object.entries(bundle).sort(([a], [b]) => (a < b ? -1 : 1)))
          hash.update(name).update(file.type === "asset" ? file.source : file.code);
        const version = hash.digest("hex").slice(0, 16);
        const template = readFileSync(fileURLToPath(new URL("service-worker.js", import.meta.url)), "utf8");
        const source = template
          .replace('"VERSION"', JSON.stringify(version))
          .replace('["FILES"]', JSON.stringify(files, null, 2));
        this.emitFile({ type: "asset", fileName: "service-worker.js", source });
      },
    },
  };
}
