import { once } from "node:events";
import { readdirSync } from "node:fs";
import { type IncomingMessage, request } from "node:http";
import { createServer } from "node:net";
import { join } from "node:path";
import OpenAI from "openai";
import { afterAll, beforeAll, expect, it } from "vitest";
import { all } from "../../models/language/golden-decoder.js";
import { lowrank, type Outcome } from "../fixture.js";
import { type TinyLanguageModel, tinyLanguageModel } from "../tiny-language-model.js";

let tiny: TinyLanguageModel;

beforeAll(async () => {
  tiny = await tinyLanguageModel("{% for m in messages %}{{ m.content[:9] }}\n{% endfor %}");
});
afterAll(() => tiny?.remove());

/** Runs the command while `work` asks the address that it prints; then ends it as Ctrl-C does. */
async function serving<T>(args: string[], environment: Record<string, string>, work: (url: string) => Promise<T>) {
  const end = new AbortController();
  let found: Promise<T> | null = null;
  const onOutput = (text: string) => {
    const [, url] = /listening on (\S+)/.exec(text) ?? [];
    if (url !== undefined) found ??= work(url).finally(() => end.abort());
  };
  const run: Promise<Outcome> = lowrank(["serve", "--model", tiny.model, "--port", "0", ...args], {
    environment,
    onOutput,
    signal: end.signal,
  });
  const outcome = await run;
  return { ...outcome, result: await found! };
}

const messages = [{ role: "user" as const, content: "a film" }];

it("serves the model and its adapters to OpenAI's client, which needs the key, and ends after the answers it has begun", async () => {
  const args = [
    "--adapter",
    `mine=${join(tiny.folder, "tuned")}`,
    "--name",
    "tiny",
    "--max-tokens",
    "60",
    "--loadable",
    tiny.folder,
  ];
  const { code, out, err, result } = await serving(args, { LOWRANK_API_KEY: "secret\n" }, async (baseURL) => {
    const client = new OpenAI({ baseURL, apiKey: "secret", maxRetries: 0 });
    const wrong = new OpenAI({ baseURL, apiKey: "other", maxRetries: 0 });
    await expect(wrong.models.list()).rejects.toBeInstanceOf(OpenAI.AuthenticationError);
    const ask = (name: string) =>
      client.chat.completions.create({ model: name, messages, max_tokens: 8, temperature: 0 });
    const load = (name: string) => client.post<{ id: string }>("/adapters", { body: { name } });
    expect((await load("tuned")).id).toBe("tuned");
    await expect(load("model")).rejects.toMatchObject({ status: 404, code: "adapter_not_found" });
    const answers = await Promise.all(["tiny", "mine", "tuned"].map(ask));
    const beyond = client.chat.completions.create({ model: "tiny", messages, max_tokens: 61 });
    await expect(beyond).rejects.toMatchObject({ status: 400, param: "max_tokens" });
    // Under way when the command is told to end.
    const stream = await client.chat.completions.create({ model: "mine", messages, max_tokens: 60, stream: true });
    const last = all(stream).then((events) => events.at(-1)?.choices[0]?.finish_reason);
    return { texts: answers.map(({ choices }) => choices[0]!.message.content), last };
  });
  expect({ code, err }).toEqual({ code: 0, err: expect.stringMatching(/^loading \S+\n$/) });
  expect(out).toMatch(/^tiny, mine {2}\(chats, responses, completions\)\nlistening on http:\/\/127\.0\.0\.1:\d+\/v1 /);
  const said = async (adapter: string | null) =>
    (await all(tiny.here.generate(messages, { adapter, maxTokens: 8 }))).join("");
  expect(result.texts).toEqual([await said(null), await said("mine"), await said("mine")]);
  expect(await result.last).toBe("length");
});

it("prints a line of JSON for each request if it is asked for, with texts only if these are", async () => {
  for (const option of ["--log", "--log-texts"]) {
    const { code, out } = await serving([option, "--name", "tiny"], {}, async (baseURL) => {
      const client = new OpenAI({ baseURL, apiKey: "none", maxRetries: 0 });
      await client.chat.completions.create({ model: "tiny", messages, max_tokens: 3 });
      await client.chat.completions.create({ model: "other", messages }).catch(() => undefined);
    });
    expect(code).toBe(0);
    const lines = out
      .split("\n")
      .filter((line) => line.startsWith("{"))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const route = { msg: "request", method: "POST", route: "/v1/chat/completions" };
    expect(lines).toMatchObject([
      { level: 30, ...route, status: 200, model: "tiny", generatedTokens: 3 },
      { level: 40, ...route, status: 404, error: "model_not_found" },
    ]);
    expect(out.includes("a film")).toBe(option === "--log-texts");
  }
});

it("keeps in a folder what several prompts begin with, for the next start", async () => {
  const folder = join(tiny.folder, "prefix-cache");
  const prompt = Array.from({ length: 40 }, (_, i) => 1 + ((7 * i) % 50));
  const cached = async (ends: readonly number[]) => {
    const { code, err, result } = await serving(
      ["--name", "tiny", "--prefix-cache-folder", folder],
      {},
      async (baseURL) => {
        const client = new OpenAI({ baseURL, apiKey: "none", maxRetries: 0 });
        const found = [];
        for (const end of ends) {
          const answer = await client.completions.create({ model: "tiny", prompt: [...prompt, end], max_tokens: 2 });
          found.push(answer.usage!.prompt_tokens_details!.cached_tokens);
        }
        return found;
      },
    );
    expect({ code, err }).toEqual({ code: 0, err: expect.stringMatching(/^loading \S+\n$/) });
    return result;
  };
  expect(await cached([1, 2])).toEqual([0, 40]);
  expect(await cached([3])).toEqual([40]);
  expect(await cached([])).toEqual([]);
  expect(readdirSync(folder)).toContain("blocks.json");
});

it("without a key refuses requests to other names, as of pages that point theirs at this machine", async () => {
  const ask = async (url: string, name: string) => {
    const { port } = new URL(url);
    const asked = request({
      host: "127.0.0.1",
      port,
      path: "/v1/models",
      headers: { host: `${name}:${port}` },
      agent: false,
    });
    const [answer] = (await once(asked.end(), "response")) as [IncomingMessage];
    answer.resume();
    return answer.statusCode;
  };
  const both = (url: string) => Promise.all(["localhost", "evil.example"].map((name) => ask(url, name)));
  expect((await serving([], {}, both)).result).toEqual([200, 403]);
  expect((await serving(["--host", "::ffff:127.0.0.1"], {}, both)).result).toEqual([200, 403]);
  expect((await serving(["--allowed-hosts", "evil.example"], {}, both)).result).toEqual([200, 200]);
  // The key itself keeps such pages out.
  expect((await serving([], { LOWRANK_API_KEY: "secret" }, both)).result).toEqual([401, 401]);
  const named = ["--allowed-hosts", "models.example"];
  expect((await serving(named, { LOWRANK_API_KEY: "secret" }, both)).result).toEqual([401, 403]);
  const { code, err } = await lowrank(["serve", "--model", tiny.model, "--allowed-hosts", "http://models.example"]);
  expect([code, err]).toEqual([1, expect.stringContaining("serve: allowedHosts is a name such as")]);
});

it("says that a port is in use, and what it is asked with", async () => {
  const other = createServer();
  await new Promise<void>((ready) => other.listen(0, "127.0.0.1", ready));
  const { port } = other.address() as { port: number };
  const { code, err } = await lowrank(["serve", "--model", tiny.model, "--port", String(port)]);
  expect({ code, err }).toMatchObject({ code: 1, err: expect.stringMatching(/is in use; --port 0 uses a free one/) });
  other.close();
  const keyless = await lowrank(["serve", "--model", tiny.model, "--loadable", tiny.folder]);
  expect({ code: keyless.code, err: keyless.err }).toMatchObject({
    code: 1,
    err: expect.stringMatching(/LOWRANK_API_KEY/),
  });
  for (const [args, message] of [
    [["--host", "203.0.113.1"], /--host 203\.0\.113\.1 is no address of this machine/],
    [["--cors", "localhost:3000"], /cors is an origin such as "https:\/\/example\.org"/],
  ] as const) {
    const refused = await lowrank(["serve", "--model", tiny.model, "--port", "0", ...args]);
    expect(refused).toMatchObject({ code: 1, err: expect.stringMatching(message) });
  }
  const empty = await lowrank(["serve", "--adapter", `mine=${tiny.folder}`]);
  expect(empty).toMatchObject({
    code: 1,
    err: expect.stringMatching(/not an adapter's folder: it has no adapter_config/),
  });
  expect((await lowrank(["serve", "--max-running", "0"])).code).toBe(2);
  expect((await lowrank(["serve", "--help"])).out).toMatch(/LOWRANK_API_KEY/);
});
