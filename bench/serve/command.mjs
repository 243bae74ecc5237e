import { spawn } from "node:child_process";
import { join } from "node:path";
import { root } from "../plan/paths.mjs";

/** Starts `lowrank serve` in a process of its own. @returns its address, and what ends it */
export async function serveCommand(file, args) {
  const command = [join(root, "dist/cli.js"), "serve", "--model", file, "--name", "smol", "--port", "0", ...args];
  const child = spawn(process.execPath, command, { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const url = await new Promise((resolve, reject) => {
    let said = "";
    child.stdout.setEncoding("utf8").on("data", (text) => {
      const [, found] = /listening on (\S+)/.exec((said += text)) ?? [];
      if (found !== undefined) resolve(found);
    });
    void ended.then((code) => reject(new Error(`lowrank serve ended with code ${code}: ${said}`)));
  });
  const stop = async () => {
    child.kill("SIGTERM");
    await ended;
  };
  return { url, stop };
}

/**
 * A streamed answer, read to its end.
 * @returns tokens of prompt and answer, of which so many were cached, and milliseconds to the first piece of text
 */
export async function streamed(url, route, body) {
  const asked = performance.now();
  const response = await fetch(`${url}/${route}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model: "smol", ...body, stream: true, stream_options: { include_usage: true } }),
  });
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
  let [first, rest, usage] = [null, "", null];
  for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n\n");
    rest = lines.pop();
    for (const line of lines) {
      if (line === "data: [DONE]") continue;
      const { choices, usage: last, error } = JSON.parse(line.slice("data: ".length));
      if (error !== undefined) throw new Error(error.message);
      usage ??= last ?? null;
      if ((choices[0]?.text ?? choices[0]?.delta?.content ?? "") !== "") first ??= performance.now() - asked;
    }
  }
  if (usage === null) throw new Error("the stream ended early");
  const { prompt_tokens: prompt, completion_tokens: tokens, prompt_tokens_details: details } = usage;
  return { prompt, tokens, cached: details.cached_tokens, first };
}
