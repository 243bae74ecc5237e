import { cp, readFile, rm, writeFile } from "node:fs/promises";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { CausalLanguageModel } from "../../../ts/entry/node.js";
import { all } from "../../models/language/golden-decoder.js";
import { printable } from "../../../ts/cli/terminal/terminal.js";
import { lowrank, project } from "../fixture.js";
import { tinyLanguageModel } from "../tiny-language-model.js";
import { lowrankProcess, program } from "../process.js";

let remove: () => Promise<void>;
let folder: string;
let model: string;
let here: CausalLanguageModel;

beforeAll(async () => {
  // It shows each message by itself.
  const template = "{% for m in messages %}{{ m.role[0] }}:{{ m.content[:4] }}\n{% endfor %}";
  ({ folder, model, here, remove } = await tinyLanguageModel(template));
});
afterAll(() => remove?.());

const said = async (prompt: Parameters<CausalLanguageModel["generate"]>[0], options: object) =>
  (await all(here.generate(prompt, { maxTokens: 8, ...options }))).join("");
const shown = (text: string) => `${printable(text, false)}\n`;
const short = () => ["--model", model, "--max-tokens", "8", "--temperature", "0"];

describe("generate", () => {
  it("goes on from an argument or from standard input, with an adapter or without", async () => {
    const { code, out, err } = await lowrank(["generate", ...short(), "--json", "a film"]);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    const { text, tokens, end, prompt } = JSON.parse(out);
    expect({ text, end, prompt }).toEqual({
      text: await said("a film", { adapter: null }),
      end: "max-tokens",
      prompt: "a film",
    });
    expect(tokens).toHaveLength(8);
    expect(tokens[0].logProbability).toBeLessThan(0);
    const adapter = ["--adapter", `my=${join(folder, "tuned")}`];
    const piped = await lowrank(["generate", ...short(), ...adapter, "--json"], { input: "a film\n" });
    expect(JSON.parse(piped.out).text).toBe(await said("a film", { adapter: "mine" }));
    const chat = await lowrank(["generate", ...short(), "--chat", "--json", "a film"]);
    expect(JSON.parse(chat.out).text).toBe(await said([{ role: "user", content: "a film" }], { adapter: null }));
  });

  it("drafts from the prompt or by another model, for the same answer", async () => {
    const plain = await lowrank(["generate", ...short(), "--json", "a film, a film"]);
    for (const drafts of [
      ["--prompt-lookup", "4"],
      ["--assistant-model", model],
      ["--assistant-model", model, "--num-assistant-tokens", "2"],
    ])
      expect(await lowrank(["generate", ...short(), ...drafts, "--json", "a film, a film"])).toEqual(plain);
    const both = await lowrank(["generate", ...short(), "--prompt-lookup", "4", "--assistant-model", model, "a"]);
    expect([both.code, both.err]).toEqual([1, expect.stringMatching(/give one of them/)]);
    for (const command of ["generate", "chat"]) {
      const alone = await lowrank([command, ...short(), "--num-assistant-tokens", "3"], { input: "a film\n" });
      expect([alone.code, alone.err]).toEqual([1, expect.stringMatching(/give --assistant-model too/)]);
    }
    const chat = ["chat", ...short(), "--prompt-lookup", "4"];
    expect(await lowrank(chat, { input: "a film\n" })).toEqual(
      await lowrank(["chat", ...short()], { input: "a film\n" }),
    );
  });

  it("answers in a format", async () => {
    await writeFile(join(folder, "schema.json"), JSON.stringify({ enum: [{ a: 1 }] }));
    await writeFile(join(folder, "grammar.gbnf"), 'root ::= "x" | "y"');
    const asked = async (...options: string[]) => (await lowrank(["generate", ...short(), ...options, "a film"])).out;
    expect(await asked("--max-tokens", "40", "--schema", join(folder, "schema.json"))).toBe('{"a":1}\n');
    expect(await asked("--grammar", join(folder, "grammar.gbnf"))).toMatch(/^[xy]\n$/);
    expect(await asked("--regex", "[ab]{3}")).toMatch(/^[ab]{3}\n$/);
    expect(await asked("--choice", "or", "--choice", "and")).toMatch(/^(or|and)\n$/);
    const missing = await lowrank(["generate", ...short(), "--schema", join(folder, "none.json"), "a"]);
    expect([missing.code, missing.err]).toEqual([
      1,
      expect.stringMatching(/--schema .*none\.json: the file cannot be read/),
    ]);
  });

  it("reads a .gguf file, in a process of its own", async () => {
    const file = join(project, "test/golden/gguf/models/qwen2.gguf");
    const { code, err } = await lowrankProcess(["generate", "--model", file, "--max-tokens", "3", "a"], folder);
    // The tiny one has no tokenizer, which is said.
    expect(code).toBe(1);
    expect(err).toMatch(/no tokenizer\.json/);
    const whole = await lowrankProcess(["generate", ...short(), "--weights", "q8", "a film"], folder);
    expect({ code: whole.code, err: whole.err }).toEqual({ code: 0, err: "" });
    expect(whole.out.length).toBeGreaterThan(1);
  });

  it("takes the model that its adapter was trained on, else the one that finetune takes", async () => {
    await cp(model, join(folder, "SmolLM2-135M-Instruct-GGUF"), { recursive: true });
    const text = async (...more: string[]) => {
      const { code, out, err } = await lowrankProcess(
        ["generate", "--max-tokens", "8", "--json", ...more, "a film"],
        folder,
      );
      expect({ code, err }).toEqual({ code: 0, err: "" });
      return (JSON.parse(out) as { text: string }).text;
    };
    expect(await text()).toBe(await said("a film", { adapter: null }));
    await rm(join(folder, "SmolLM2-135M-Instruct-GGUF"), { recursive: true });
    expect(await text("--adapter", "tuned")).toBe(await said("a film", { adapter: "mine" }));
    const none = await lowrank(["generate", "--adapter", folder, "a film"]);
    expect(none.err).toContain(`${folder}`);
    expect(none.code).toBe(1);
  });

  it("refuses what makes no sense", async () => {
    expect((await lowrank(["generate", ...short()])).err).toMatch(/there is no prompt/);
    expect((await lowrank(["generate", ...short(), "--top-k", "0", "a"])).code).toBe(2);
    expect((await lowrank(["generate", ...short(), "--max-tokens", "200", "a"])).err).toMatch(/do not fit/);
  });
});

describe("chat", () => {
  it("answers each line of a pipe with all that was said, and compares adapters", async () => {
    const adapter = ["--adapter", join(folder, "tuned")];
    const input = "one\n/adapter off\n/adapter\n/reset\none\n/nothing\n/help\n/quit\nnever\n";
    const { code, out, err } = await lowrank(["chat", ...short(), ...adapter], { input });
    expect(code).toBe(0);
    const user = { role: "user", content: "one" };
    const answers = [await said([user], { adapter: "mine" }), await said([user], { adapter: null })];
    expect(out).toBe(answers.map(shown).join(""));
    expect(err).toMatch(/adapters: tuned; now: off/);
    expect(err).toMatch(/unknown command \/nothing/);
    expect(err).toMatch(/\/reset +forget/);
  });

  it("goes on in the conversation", async () => {
    const { out } = await lowrank(["chat", ...short()], { input: "one\ntwo\n" });
    const first = await said([{ role: "user", content: "one" }], { adapter: null });
    const messages = [
      { role: "user", content: "one" },
      { role: "assistant", content: first },
      { role: "user", content: "two" },
    ];
    const second = await said(messages, { adapter: null });
    expect(out).toBe(shown(first) + shown(second));
  });

  it("says that a model has no template, before the first message", async () => {
    const bare = join(folder, "bare");
    await cp(model, bare, { recursive: true });
    await rm(join(bare, "chat_template.jinja"));
    const { code, err } = await lowrank(["chat", "--model", bare], { input: "one\n" });
    expect(code).toBe(1);
    expect(err).toMatch(/has no chat template/);
  });

  it("stops an answer at Ctrl-C and ends at the next", async () => {
    const long = join(folder, "long");
    await cp(model, long, { recursive: true });
    const json = JSON.parse(await readFile(join(long, "config.json"), "utf8"));
    await writeFile(join(long, "config.json"), JSON.stringify({ ...json, max_position_embeddings: 1_000_000 }));
    const args = ["chat", "--model", long, "--max-tokens", "900000", "--temperature", "0"];
    const child = spawn(process.execPath, [program, ...args], { stdio: ["pipe", "pipe", "pipe"] });
    let [out, err, interrupts] = ["", "", 0];
    child.stdin.write("one\n");
    child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      out += text;
      if (interrupts === 0) {
        interrupts++;
        child.kill("SIGINT");
        child.stdin.write("/help\n");
      }
    });
    // Once the answer is over, the next line is heard; then nothing is under way.
    await new Promise<void>((resolve) => child.stderr.on("data", () => /\/help +this list/.test(err) && resolve()));
    expect(child.exitCode).toBeNull();
    child.kill("SIGINT");
    const code = await new Promise((resolve) => child.once("close", resolve));
    expect({ code, err: err.replace(/^\/adapter[^]*exits\.\n/, "") }).toEqual({ code: 130, err: "interrupted\n" });
    expect(out.length).toBeGreaterThan(0);
  });
});
