import { cpSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { root } from "../../scripts/setup/paths.mjs";
import { Consumer } from "../packaging/consumer.js";
import { data } from "../tasks/preferences/tiny-preferences.js";
import { commands, example } from "./examples.js";

const page = readFileSync(join(root, "docs/preferences.md"), "utf8");
const cli = "node_modules/lowrank/dist/cli.js";

let consumer: Consumer;
beforeAll(() => {
  consumer = new Consumer();
  consumer.write("preferences.jsonl", new TextDecoder().decode(data["pairs.jsonl"]));
  // A tiny model under the page's name.
  const model = join(consumer.folder, "SmolLM2-135M-Instruct-GGUF");
  cpSync(join(root, "test/golden/decoders/llama"), model, { recursive: true });
  rmSync(join(model, "adapter"), { recursive: true });
});
afterAll(() => rmSync(consumer.folder, { recursive: true }));

describe("preferences", () => {
  it("the page's commands look, train and answer", { timeout: 300_000 }, () => {
    const [looked, trained, answer] = commands(page, "preferences").map((args) => consumer.run("node", cli, ...args));
    expect(looked).toMatch(/40 examples for training: 40 prompts, 20 pairs whose chosen answer is longer/);
    expect(trained).toMatch(/reward accuracy +reward margin +more probable +loss\n.*the base model +50\.0 %/);
    expect(answer).not.toBe("");
  });

  it("the page's program trains by a spec and by itself", { timeout: 300_000 }, () => {
    consumer.write("preferences.js", example(page, "preferences"));
    expect(consumer.run("node", "preferences.js")).toMatch(/^[01](\.\d+)? [01](\.\d+)?\ntrue\n$/);
  });
});
