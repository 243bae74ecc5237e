import { join } from "node:path";
import { root } from "../setup/paths.mjs";

/** TypeScript 7, whose compiler is native and checks in a sixth of the time; `typescript` is 6, whose API the bundles and documents use. */
const compiler = join(root, "node_modules/typescript-7/bin/tsc");

/** Checks the types of a project: the folder of its tsconfig.json. */
export const types = (name, project) => ({
  name,
  command: [process.execPath, compiler, "--noEmit", "--project", project],
});

/** ESLint's rules read one file at a time, and oxlint's the types. */
export const lint = (files = ["."]) => ({
  name: "eslint",
  command: ["eslint", "--max-warnings", "0", "--no-warn-ignored", ...files],
});
export const lintTypes = (files = []) => ({
  name: "oxlint",
  command: ["oxlint", ...files],
});

/** Files, exports and types that nothing uses: knip.json names the entries. What has the tag @internal is for a test. */
export const unused = { name: "knip", command: ["knip", "--production", "--no-progress"] };

/** Prettier keeps what it has seen by its content. */
const cached = ["--cache", "--cache-strategy", "content", "--cache-location", ".cache/prettier"];
export const style = (files = ["."]) => ({
  name: "prettier",
  command: ["prettier", "--check", "--ignore-unknown", ...files, ...cached],
});
