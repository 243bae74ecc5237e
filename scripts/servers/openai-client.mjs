import { existsSync } from "node:fs";
import { join } from "node:path";
import { root } from "../setup/paths.mjs";

/** Where the set-up puts OpenAI's client for Python, in an environment of its own. */
export const openaiFolder = join(root, ".cache/openai");

/** A Python that has it. */
export const openaiPython = () => process.env.OPENAI_PYTHON || join(openaiFolder, "bin/python");

export const hasOpenai = () => existsSync(openaiPython());
