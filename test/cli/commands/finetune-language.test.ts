import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { existsSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { lowrank, project } from "../fixture.js";
import { lowrankProcess } from "../process.js";
import { shellWords } from "../terminal/shell-words.js";
import { data } from "../../tasks/language/tiny-language-job.js";

let folder: string;
let model: string;
const at = (...parts: string[]) => join(folder, ...parts);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lowrank-chat-"));
  model = at("model");
  await cp(join(project, "test/golden/decoders/llama"), model, { recursive: true });
  await rm(join(model, "adapter"), { recursive: true, force: true });
  const template =
    "{% for m in messages %}[{{ m.role[0] }}]{{ m.content }}</s>{% endfor %}{% if add_generation_prompt %}[a]{% endif %}";
  await writeFile(join(model, "chat_template.jinja"), template);
  for (const name of ["chat.jsonl", "pairs.csv"]) await writeFile(at(name), data[name]!);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const short = (out: string, ...more: string[]) => [
  "finetune",
  "--task",
  "chat",
  "--model",
  model,
  "--data",
  at("chat.jsonl"),
  "--out",
  at(out),
  "--steps",
  "30",
  "--batch-size",
  "6",
  "--learning-rate",
  "0.01",
  "--rank",
  "4",
  "--alpha",
  "8",
  "--validation-split",
  "0.2",
  ...more,
];
const report = async (out: string) => JSON.parse(await readFile(at(out, "report.json"), "utf8"));

describe("finetune --task", () => {
  it("learns conversations, shows how, and what it gave", async () => {
    const { code, out, err } = await lowrank(short("chat", "--gguf"));
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toMatch(/data +.*chat\.jsonl: 32 examples, \d+ of [\d,]+ tokens are trained on/);
    expect(out).toMatch(/validation +.*: 8 examples, \d+ of \d+ tokens are measured, a seeded split/);
    expect(out).toMatch(/estimate +about .* MB of linear memory/);
    expect(out).toMatch(/train.*tokens\/s.*left/);
    expect(out).toMatch(/the base model +[\d.]+ +[\d.]+\n.*with the adapter +[\d.]+/);
    expect(readdirSync(at("chat")).sort()).toEqual([
      "adapter.gguf",
      "adapter_config.json",
      "adapter_model.safetensors",
      "loss.svg",
      "report.json",
    ]);
    const { result, settings } = await report("chat");
    expect(result.after.perplexity).toBeLessThan(result.before.perplexity);
    expect(settings).toMatchObject({ task: "chat", gguf: true, rank: 4, targetModules: "all-linear" });

    const prompt = ["--model", model, "--chat", "--max-tokens", "6", "--json", "Is it long: Heat?"];
    const said = async (...adapter: string[]) =>
      JSON.parse((await lowrank(["generate", ...adapter, ...prompt])).out).text as string;
    expect(await said("--adapter", at("chat"))).not.toBe(await said());
    const inspected = await lowrank(["inspect", at("chat")]);
    expect(inspected.code).toBe(0);
    expect(inspected.out).toMatch(/perplexity +[\d.]+ before, [\d.]+ trained, on \d+ tokens of 8 examples/);
    expect(inspected.out).toMatch(/data +.*chat\.jsonl, task chat/);
    for (const command of ["evaluate", "predict"]) {
      const refused = await lowrank([command, "--run", at("chat"), ...(command === "predict" ? ["a text"] : [])]);
      expect(refused.code).not.toBe(0);
      expect(refused.err).toMatch(/is a language model's adapter: use it with `lowrank generate --adapter .*chat`/);
    }
  });

  it("learns pairs of a table by other names, and tells it as JSON", async () => {
    const { code, out } = await lowrank([
      "finetune",
      "--task",
      "text",
      "--model",
      model,
      "--data",
      at("pairs.csv"),
      "--out",
      at("pairs"),
      "--fields",
      "prompt=question,completion=answer",
      "--epochs",
      "1",
      "--rank",
      "2",
      "--json",
    ]);
    expect(code).toBe(0);
    const told = JSON.parse(out);
    expect(told).toMatchObject({ run: at("pairs"), training: { steps: 4 }, settings: { task: "text", steps: null } });
    expect(told).toEqual({ run: at("pairs"), ...(await report("pairs")), steps: undefined });
  });

  it("goes on to the same bits after kill -9", async () => {
    const killed = short("killed", "--steps", "60", "--evaluate-every", "20");
    let sent = false;
    const { signal } = await lowrankProcess(killed, folder, (_, child) => {
      // Its first checkpoint is there, so it is in the middle.
      if (sent || !existsSync(at("killed", "checkpoint.safetensors"))) return;
      sent = true;
      child.kill("SIGKILL");
    });
    expect(signal).toBe("SIGKILL");
    expect(existsSync(at("killed", "report.json"))).toBe(false);
    expect((await lowrank(["inspect", at("killed")])).out).toMatch(/was killed after step \d+ of 60/);
    const refused = await lowrank(["finetune", "--resume", at("killed"), "--rank", "8"]);
    expect(refused.err).toMatch(/got --rank 8, the run has 4/);
    const resumed = await lowrankProcess(["finetune", "--resume", at("killed")], folder);
    expect({ code: resumed.code, err: resumed.err }).toEqual({ code: 0, err: "" });
    expect(resumed.out).toMatch(/Continuing after step \d+ of 60/);
    const whole = await lowrankProcess(short("whole", "--steps", "60", "--evaluate-every", "20"), folder);
    expect(whole.code).toBe(0);
    const adapter = (out: string) => readFile(at(out, "adapter_model.safetensors"));
    expect(await adapter("killed")).toEqual(await adapter("whole"));
    expect((await report("killed")).result).toEqual((await report("whole")).result);
  });

  it.each<[string, string[], RegExp]>([
    [
      "classifiers' options",
      ["--task", "chat", "--data", "a.jsonl", "--label", "x"],
      /--label is not an option of --task chat/,
    ],
    [
      "a test",
      ["--task", "chat", "--data", "a.jsonl", "--test", "b.jsonl"],
      /--test is not an option of --task chat; use --validation/,
    ],
    [
      "its own options without it",
      ["--data", "a.jsonl", "--gguf"],
      /--gguf is not an option of --task classify, the default: say which task with --task text or --task chat/,
    ],
    [
      "a classifier's column, by the fields of the task",
      ["--task", "text", "--data", "a.jsonl", "--label", "x"],
      /--label is not an option of --task text; --fields names columns, such as prompt=…,completion=…/,
    ],
    [
      "a flag by the name that it has",
      ["--task", "text", "--data", "a.jsonl", "--no-baseline"],
      /--no-baseline is not an option of --task text/,
    ],
    ["no data", ["--task", "text"], /--task text needs examples to train on/],
  ])("refuses %s", async (_, args, message) => {
    const { code, err } = await lowrank(["finetune", ...args]);
    expect(code).toBe(1);
    expect(err).toMatch(message);
  });

  it("prints commands that a shell takes as they are, whatever the folder is called", async () => {
    const folder = at('it\'s $HOME "mine"');
    const abort = new AbortController();
    const onOutput = (text: string) => /train +[1-9]\d*\/30/.test(text) && abort.abort();
    const stopped = await lowrank(short('it\'s $HOME "mine"'), { signal: abort.signal, onOutput });
    expect(stopped.code).toBe(130);
    const commands = (text: string) =>
      text.split("\n").flatMap((line) => (/^ +\S*lowrank \w/.test(line) ? [shellWords(line)] : []));
    const [goOn] = commands(stopped.err);
    expect(goOn!.slice(1)).toEqual(["finetune", "--resume", folder]);
    const resumed = await lowrank(goOn!.slice(1));
    expect(resumed.code).toBe(0);
    const inspect = commands(resumed.out).at(-1)!.slice(1);
    expect(inspect).toEqual(["inspect", folder]);
    expect((await lowrank(inspect)).code).toBe(0);
  });

  it("refuses an adapter that GGUF cannot hold before anything is trained, and leaves no folder", async () => {
    const { code, out, err } = await lowrank(short("dora", "--gguf", "--dora"));
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toMatch(
      /--gguf: the adapter of these settings cannot be written as a GGUF LoRA: .*; omit --gguf and merge/,
    );
    expect(existsSync(at("dora"))).toBe(false);
  });

  it("refuses what is no pair of names", async () => {
    expect((await lowrank(["finetune", "--task", "text", "--fields", "prompt"])).code).toBe(2);
  });

  it("tests each example in a fold", async () => {
    const { code, out, err } = await lowrank(short("folds", "--folds", "2"));
    expect([code, err.includes("error")]).toEqual([0, false]);
    expect(out).toMatch(/^Fold 1 of 2\nFold 2 of 2$/m);
    expect(out).toMatch(
      /^perplexity +the base model +after training\nfold 1 .*\nfold 2 .*\n\nmean ± deviation +perplexity +loss\nthe base model +\d.* ± .*\nafter training +\d.* ± /m,
    );
    const inspected = await lowrank(["inspect", at("folds")]);
    expect(inspected.out).toMatch(/^folds +cross-validation, all 2 folds done/);
    expect(inspected.out).toMatch(/^results .*perplexity/m);
  });
});
