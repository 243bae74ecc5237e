import { existsSync } from "node:fs";
import { join } from "node:path";
import { modelCache, root } from "../paths.mjs";
import { run } from "../process.mjs";

const files = ["config.json", "tokenizer.json", "model.safetensors"];
const folder = join(modelCache, "all-MiniLM-L6-v2");

/** The encoder that the main job tunes; the library's own loader fetches and checks it. */
export const model = {
  title: "model all-MiniLM-L6-v2 (91 MB)",
  needed: () => !files.every((name) => existsSync(join(folder, name))),
  async run() {
    // In a process of its own: Ctrl-C reaches it, and what it says in the end is shown.
    const script = 'import { fetchModel } from "./dist/node.js"; await fetchModel("all-MiniLM-L6-v2");';
    await run("node", ["--input-type=module", "--eval", script], { cwd: root });
  },
};
