import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { root } from "../../scripts/setup/paths.mjs";
import { AdamW, loraPlusGroups, readAdapter, SentenceEncoder } from "../../ts/index.js";
import { goldenEncoder } from "../models/golden-encoder.js";
import { example } from "./examples.js";

const page = readFileSync(join(root, "docs/from-peft.md"), "utf8");

type Run = (
  encoder: SentenceEncoder,
  api: readonly unknown[],
  console: { log: (...words: unknown[]) => void },
) => Promise<void>;

/** An example as a function of an encoder and of what it imports. */
async function run(name: string): Promise<string> {
  const code = `export default async (encoder, [AdamW, loraPlusGroups, readAdapter], console) => {\n${example(page, name)}\n}`;
  const module = (await import(`data:text/javascript,${encodeURIComponent(code)}`)) as { default: Run };
  using encoder = await SentenceEncoder.load(await goldenEncoder("bert"));
  const lines: string[] = [];
  await module.default(encoder, [AdamW, loraPlusGroups, readAdapter], {
    log: (...words) => void lines.push(words.map(String).join(" ")),
  });
  return lines.join("\n");
}

describe("docs/from-peft.md", () => {
  it.each([
    // 3 × 2·32·8 + 1 × 2·32·4 of A and B of each layer … and 4 biases of 32, 5 norms of 64.
    ["new", `${2 * 2 * 64 * 8 - 64 * 4 + 4 * 32 + 5 * 64} parameters`],
    ["embeddings", "words, tokens"],
    ["pissa", "8 true"],
    ["loraplus", "12 parameters"],
    ["merge", "true false"],
    ["several", "16\none, both"],
  ])("%s", async (name, printed) => {
    expect(await run(name)).toBe(printed);
  });

  it("refuses what it says is refused", async () => {
    using encoder = await SentenceEncoder.load(await goldenEncoder("bert"));
    encoder.addAdapter("dora", { targetModules: ["query"], dora: true });
    encoder.addAdapter("bias", { targetModules: ["query"], bias: "all" });
    encoder.addAdapter("saved", { targetModules: ["query"], modulesToSave: ["LayerNorm"] });
    for (const name of ["dora", "bias", "saved"])
      await expect(encoder.addWeightedAdapter("sum", { adapters: [name], weights: [1] })).rejects.toThrow(
        /can be summed/,
      );
    encoder.addAdapter("large", { targetModules: ["query"], rank: 4 });
    encoder.addAdapter("small", { targetModules: ["query"], rank: 2 });
    expect(() => encoder.hotswapAdapter("large", encoder.saveAdapter("small"))).toThrow(/rank/);
    encoder.mergeAdapter("large");
    await expect(encoder.encode(["a text"], { adapter: null })).rejects.toThrow(/call unmergeAdapter first/);
    expect(() => encoder.removeAdapter("large")).toThrow(/unmergeAdapter/);
  });

  it("runs every example there is, two of them in starts.node.test.ts", () => {
    expect(page.match(/<!-- example: /g)).toHaveLength(8);
  });
});
