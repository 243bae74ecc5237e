// @rest kills
import { spawn } from "node:child_process";
import { connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import OpenAI from "openai";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { modelPath } from "../setup/files.js";
import { program } from "./process.js";
import { type TinyLanguageModel, tinyLanguageModel } from "./tiny-language-model.js";

let tiny: TinyLanguageModel;
beforeAll(async () => {
  tiny = await tinyLanguageModel("{% for m in messages %}{{ m.content[:9] }}\n{% endfor %}");
});
afterAll(() => tiny?.remove());

let server: Awaited<ReturnType<typeof started>>;
afterEach(() => server?.child.kill("SIGKILL"));

/** `lowrank serve` in a process of its own, once it listens. */
async function started(model: string, ...args: string[]) {
  const command = [program, "serve", "--model", model, "--name", "tiny", "--port", "0", "--threads", "1", ...args];
  const child = spawn(process.execPath, command, { stdio: ["ignore", "pipe", "pipe"] });
  let out = "";
  const err = text(child.stderr);
  const ended = new Promise<{ code: number | null; signal: string | null }>((resolve) =>
    child.once("close", (code, signal) => resolve({ code, signal })),
  );
  const listens = new Promise<string>((resolve) =>
    child.stdout.setEncoding("utf8").on("data", (piece: string) => {
      const [, found] = /listening on (\S+)\/v1/.exec((out += piece)) ?? [];
      if (found !== undefined) resolve(found);
    }),
  );
  const url = await Promise.race([listens, ended.then(async () => Promise.reject(new Error(await err)))]);
  return { child, ended, url, err, out: () => out };
}

const messages = [{ role: "user" as const, content: "a film" }];
const gauge = async (url: string, name: string) =>
  Number(new RegExp(`^lowrank_${name} (\\d+)$`, "m").exec(await (await fetch(`${url}/metrics`)).text())?.[1]);

/** Sends the beginning of a request, whose body is of this length. */
function begun(url: string, length: number): Socket {
  const { host, hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  const headers = [`Host: ${host}`, "Content-Type: application/json", `Content-Length: ${length}`, "Connection: close"];
  socket.write(`POST /v1/chat/completions HTTP/1.1\r\n${headers.join("\r\n")}\r\n\r\n`);
  return socket;
}

it("on SIGTERM answers what it has begun, refuses the rest, and ends with code 0", { timeout: 120_000 }, async () => {
  server = await started(tiny.model);
  const { url, child, ended } = server;
  const asked = { model: "tiny", messages, max_tokens: 60, stream: true, stream_options: { include_usage: true } };
  const body = JSON.stringify(asked);
  const socket = begun(url, body.length);
  await expect.poll(() => gauge(url, "requests"), { timeout: 30_000 }).toBe(1);
  child.kill("SIGTERM");
  const health = async () => {
    const response = await fetch(`${url}/health`);
    return [response.status, ((await response.json()) as { status: string }).status];
  };
  await expect.poll(health, { timeout: 30_000 }).toEqual([503, "stopping"]);
  const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: "none", maxRetries: 0 });
  const refused = client.chat.completions.create({ model: "tiny", messages, max_tokens: 2 });
  await expect(refused).rejects.toMatchObject({ status: 503, code: "overloaded" });
  const answer = text(socket);
  socket.write(body);
  const events = (await answer).split("\n\n").filter((line) => line.includes("data: "));
  expect(events.at(-3)).toContain('"finish_reason":"length"');
  expect(events.at(-2)).toContain('"completion_tokens":60,');
  expect(events.at(-1)).toContain("data: [DONE]");
  expect(await ended).toEqual({ code: 0, signal: null });
  expect(await server.err).toMatch(/^loading \S+\n$/);
});

it("a client that leaves a long answer frees its place at once", { timeout: 300_000 }, async () => {
  const file = modelPath("SmolLM2-135M-Instruct-GGUF/SmolLM2-135M-Instruct.Q4_1.gguf");
  server = await started(file, "--max-running", "1", "--log");
  const client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: "none", maxRetries: 0 });
  const story = [{ role: "user" as const, content: "Count from one to ten thousand." }];
  // It never ends by itself; all of its tokens would take minutes.
  const long = { model: "tiny", messages: story, max_tokens: 8000, logit_bias: { 2: -100, 0: -100 } };
  const stream = await client.chat.completions.create({ ...long, stream: true });
  for await (const { choices } of stream) if (choices[0]?.delta.content) break;
  const { choices } = await client.chat.completions.create({ model: "tiny", messages, max_tokens: 2 });
  expect(choices).toHaveLength(1);
  server.child.kill("SIGTERM");
  expect(await server.ended).toEqual({ code: 0, signal: null });
  const lines = server
    .out()
    .split("\n")
    .filter((line) => line.startsWith("{"));
  const [left, next] = lines.map((line) => JSON.parse(line) as { error?: string; generatedTokens: number });
  expect(left).toMatchObject({ status: 200, error: "aborted" });
  expect(left!.generatedTokens).toBeLessThan(1000);
  expect(next).toMatchObject({ status: 200 });
});
