import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { root } from "../../../scripts/setup/paths.mjs";
import type { CausalLanguageModel } from "../../../ts/index.js";
import { languageServer, type RequestLogEntry } from "../../../ts/serve/index.js";
import { tinyModel } from "../../models/language/chat-model.js";
import { listening } from "./listening.js";

const folder = join(root, "examples/messages");
const requests: RequestLogEntry[] = [];
let model: CausalLanguageModel;
let at: Awaited<ReturnType<typeof listening>>;
beforeAll(async () => {
  model = await tinyModel();
  const log = (entry: RequestLogEntry) => requests.push(entry);
  at = await listening(languageServer(model, { name: "tiny", apiKey: "secret", log }));
});
afterAll(async () => {
  await at?.close();
  model?.dispose();
});

it("the example sorts its messages and streams an answer", { timeout: 120_000 }, async () => {
  const env = { ...process.env, OPENAI_BASE_URL: `${at.url}/v1`, OPENAI_API_KEY: "secret" };
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ["main.mjs"], { cwd: folder, env });
  expect(stderr).toBe("");
  const messages = readFileSync(join(folder, "messages.txt"), "utf8").trim().split("\n");
  for (const message of messages) {
    const row = stdout.split("\n").find((line) => line.includes(message))!;
    expect(row).toMatch(/'(delivery|payment|account|praise)' +│ +(true|false)/);
  }
  expect(stdout).toMatch(/\(60 tokens\)\n$/);
  expect(requests.map(({ route, status, model: name }) => [route, status, name])).toEqual([
    ["/v1/models", 200, undefined],
    ...Array.from({ length: messages.length + 1 }, () => ["/v1/chat/completions", 200, "tiny"]),
  ]);
});
