import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { root } from "../../scripts/setup/paths.mjs";
import { AdamW, loraPlusGroups, SentenceEncoder, writeFilesAtomically } from "../../ts/entry/node.js";
import { type Fixture, lowrank, makeFixture } from "../cli/fixture.js";

let fixture: Fixture;
beforeAll(async () => {
  fixture = await makeFixture();
});
afterAll(() => fixture?.remove());

/** Code on the right side of the tables of README.md and docs/from-peft.md; what scripts/peft/check_from_peft.py runs is on the left. */
function cells(file: string): string[] {
  const table = readFileSync(join(root, file), "utf8").split("| in Python | here |\n|---|---|\n")[1]!.split("\n\n")[0]!;
  const right = table.split("\n").map((row) => row.split("|")[2]!);
  return right.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, code]) => code!));
}

const lora = { targetModules: ["query"], initLoraWeights: false };

/** What the tables leave out, and what each leaves of the adapters. */
const filled: Readonly<Record<string, readonly [before: string, options: string, after: string]>> = {
  'encoder.addAdapter("mine", { … })': ["", JSON.stringify(lora), "mine"],
  'encoder.loadAdapter("mine", folder)': ["", "", "mine"],
  'writeFilesAtomically(folder, encoder.saveAdapter("mine"))': ["mine", "", "mine"],
  'encoder.setAdapter("mine")': ["mine, other", "", "mine, other"],
  'encoder.mergeAdapter("mine")': ["mine", "", "mine"],
  'unmergeAdapter("mine")': ["mine", "", "mine"],
  'encoder.addWeightedAdapter("both", { … })': [
    "mine, other",
    '{ adapters: ["mine", "other"], weights: [0.7, 0.3], combinationType: "linear" }',
    "mine, other, both",
  ],
  'encoder.hotswapAdapter("mine", folder)': ["mine", "", "mine"],
  'encoder.removeAdapter("mine")': ["mine, other", "", "other"],
  'new AdamW(graph, loraPlusGroups(encoder.adapter("mine"), { … }))': ["mine", "{ lr: 1e-3, ratio: 16 }", "mine"],
};

type Run = (encoder: SentenceEncoder, api: readonly unknown[], graph: unknown, folder: string) => Promise<void>;

it.each([...new Set([...cells("README.md"), ...cells("docs/from-peft.md")])].filter((code) => code.includes("(")))(
  "%s",
  async (cell) => {
    const [before, options, after] = filled[cell]!;
    using encoder = await SentenceEncoder.load(fixture.model);
    encoder.addAdapter("kept", lora);
    const folder = fixture.path("kept");
    await writeFilesAtomically(folder, encoder.saveAdapter("kept"));
    const [kept] = await encoder.encode(["they helped me"], { adapter: "kept" });
    encoder.removeAdapter("kept");
    for (const name of before.split(", ").filter(Boolean)) encoder.addAdapter(name, lora);
    if (cell.startsWith("unmerge")) encoder.mergeAdapter("mine");
    const code = `await ${cell.startsWith("unmerge") ? "encoder." : ""}${cell.replace("{ … }", options)}`;
    const source = `export default async (encoder, [AdamW, loraPlusGroups, writeFilesAtomically], graph, folder) => { ${code} }`;
    const module = (await import(`data:text/javascript,${encodeURIComponent(source)}`)) as { default: Run };
    await module.default(encoder, [AdamW, loraPlusGroups, writeFilesAtomically], encoder.graph, folder);
    expect(
      encoder
        .adapters()
        .map(({ name }) => name)
        .join(", "),
    ).toBe(after);
    // Loaded or exchanged, it is the one of the folder; saved there, another.
    if (/loadAdapter|hotswapAdapter/.test(cell))
      expect((await encoder.encode(["they helped me"], { adapter: "mine" }))[0]).toEqual(kept);
    if (cell.startsWith("writeFiles")) {
      encoder.loadAdapter("other", folder);
      expect((await encoder.encode(["they helped me"], { adapter: "other" }))[0]).toEqual(
        (await encoder.encode(["they helped me"], { adapter: "mine" }))[0],
      );
    }
  },
);

it("the command of the tables merges an adapter's folder into its base", async () => {
  for (const file of ["README.md", "docs/from-peft.md"])
    expect(cells(file)).toContain("npx lowrank merge adapter-folder --out folder");
  using encoder = await SentenceEncoder.load(fixture.model);
  encoder.addAdapter("mine", lora);
  const [from, out] = [fixture.path("adapter-folder"), fixture.path("folder")];
  await writeFilesAtomically(from, encoder.saveAdapter("mine"));
  const { code, err } = await lowrank(["merge", from, "--out", out]);
  expect([code, err]).toEqual([0, expect.not.stringContaining("rror")]);
  expect(existsSync(join(out, "model.safetensors"))).toBe(true);
  using merged = await SentenceEncoder.load(out);
  const [expected] = await encoder.encode(["they helped me"], { adapter: "mine" });
  const [found] = await merged.encode(["they helped me"]);
  expect(Math.max(...found!.map((value, i) => Math.abs(value - expected![i]!)))).toBeLessThan(1e-6);
});
