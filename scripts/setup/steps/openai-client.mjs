import { hasOpenai, openaiFolder } from "../../servers/openai-client.mjs";
import { pythonServer } from "./python-server.mjs";

/** OpenAI's client for Python, which `lowrank serve` is tested with. */
export const openaiClient = pythonServer({
  title: "OpenAI's client for Python (pip install, 70 MB)",
  seconds: 15,
  folder: openaiFolder,
  there: hasOpenai,
  purpose: "the tests of the server of language models",
  packages: ["openai==3.57.0"],
});
