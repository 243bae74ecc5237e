import { join } from "node:path";
import { root } from "../scripts/setup/paths.mjs";
import { declarations } from "../scripts/bundle/declarations.mjs";
import { typescript } from "../scripts/bundle/typescript.mjs";

// PACKAGE names the folder, DIST is where the set-up has it built.
const { PACKAGE, DIST: dir = `packages/${PACKAGE}/dist` } = process.env;
const source = (name) => join(root, "packages", PACKAGE, "src", name);

/** The scripts of each package: an entry for programs, its command line, and the command line that `lowrank` calls. */
const inputs = {
  flower: {
    index: source("index.ts"),
    "index-node": source("index-node.ts"),
    main: source("cli/main.ts"),
    program: source("cli/program.ts"),
  },
  queue: { index: source("index.ts"), main: source("cli/main.ts"), program: source("cli/program.ts") },
};

const types = { queue: ["index"], flower: ["index", "index-node"] };

/** Every other package is installed with it. */
const external = (id) => !id.startsWith(".") && !id.startsWith(root);

export default [
  {
    input: inputs[PACKAGE],
    external,
    plugins: [typescript],
    output: {
      dir,
      format: "es",
      banner: ({ name }) => (name === "main" ? "#!/usr/bin/env node" : ""),
      chunkFileNames: "shared-[name].js",
      hoistTransitiveImports: false,
    },
  },
  declarations(Object.fromEntries(types[PACKAGE].map((name) => [name, source(`${name}.ts`)])), dir, external),
];
