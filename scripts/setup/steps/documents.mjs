import { join } from "node:path";
import { root } from "../paths.mjs";
import { hashOf, isFresh, setStamp, writeAtomically } from "../stamp.mjs";

/** A document with a part that is made from the code, as it is in the repository and in the package. */
function document(file, ...sources) {
  const inputs = () => hashOf("scripts/documents", file, ...sources);
  return {
    title: `${file} from the code`,
    after: ["node modules", "kernel interface"],
    seconds: 5,
    needed: () => !isFresh(file.replace("/", "-"), inputs()),
    async run() {
      // Needs a package, which the set-up has installed by now.
      const { madeDocument } = await import("../../documents/made.mjs");
      writeAtomically(join(root, file), madeDocument(file));
      setStamp(file.replace("/", "-"), inputs());
    },
  };
}

export const documents = [
  document("docs/errors.md", "ts", "packages"),
  document("docs/ops.md", "ts/ops", "ts/graph/graph.ts", "ts/graph/plain-methods.ts"),
  document("docs/settings.md", "ts/training/spec", "ts/tasks", "ts/cli/options/setting-flags.ts"),
];
