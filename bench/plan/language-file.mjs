import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { modelCache } from "../../scripts/setup/paths.mjs";
import { root } from "./paths.mjs";

const original = join(modelCache, "SmolLM2-135M-Instruct-GGUF/SmolLM2-135M-Instruct.Q4_1.gguf");

/** The path of SmolLM2-135M-Instruct in that form: as it came in Q4_1, or written from that by `lowrank quantize`. */
export function languageFile(weights) {
  if (!existsSync(original)) throw new Error(`${original} is missing: npm run bench sets it up`);
  if (weights === "Q4_1") return original;
  const file = join(root, `.cache/bench-models/SmolLM2-135M-Instruct.${weights}.gguf`);
  if (existsSync(file)) return file;
  mkdirSync(dirname(file), { recursive: true });
  const command = [
    join(root, "dist/cli.js"),
    "quantize",
    "--model",
    original,
    "--to",
    weights.toLowerCase(),
    "--out",
    file,
  ];
  execFileSync(process.execPath, command, { stdio: ["ignore", "ignore", "inherit"] });
  return file;
}
