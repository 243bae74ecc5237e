import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type AdapterLayer,
  readAdapter,
  readSafetensors,
  writeAdapter,
  writeFilesAtomically,
  writeSafetensors,
} from "../../../ts/entry/node.js";
import { lowrank, project } from "../fixture.js";

const golden = (path: string) => join(project, "test/golden", path);
const manifest = JSON.parse(readFileSync(golden("adapters/manifest.json"), "utf8")) as {
  valid: Record<string, { base: string }>;
  reject: Record<string, unknown>;
};
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lowrank-check-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const llama = golden("adapters/base/tiny_llama");

describe("check", () => {
  it.each(Object.entries(manifest.valid))("%s fits its base", async (name, { base }) => {
    const args = ["check", golden(`adapters/valid/${name}`), "--base", golden(`adapters/base/${base}`)];
    const { code, out, err } = await lowrank(args);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toMatch(/ fits .*: \d+ (matrix|matrices)( in \d+ layers?)?(;|\n)/);
  });

  it.each(Object.keys(manifest.reject))("%s does not, nor is it merged, and the reason is named", async (name) => {
    const args = ["--base", llama, "--adapter", golden(`adapters/reject/${name}`)];
    const checked = await lowrank(["check", ...args]);
    expect(checked.code).toBe(1);
    const said = `${checked.out}${checked.err}`;
    expect(said).toMatch(/adapter|lora|peft|json|rank|expected/i);
    expect(said).not.toMatch(/unexpected error|\n +at /);
    const merged = await lowrank(["merge", ...args, "--out", join(folder, "none")]);
    expect(merged.code).toBe(1);
    expect(merged.err).not.toMatch(/unexpected error/);
  });

  it("a layer that the configuration targets and the file lacks is told by inspect, with a base and without", async () => {
    const adapter = golden("adapters/reject/missing_layer");
    const alone = await lowrank(["inspect", adapter]);
    expect(alone).toMatchObject({ code: 0, err: "" });
    expect(alone.out).toMatch(
      /suspicious\n {2}model\.layers\.1\.self_attn\.v_proj: the configuration targets it, and the file has no tensors for it, but for 1 in other layers/,
    );
    const beside = await lowrank(["inspect", adapter, "--base", llama]);
    expect(beside.out).toMatch(
      /does not fit the base\n.*targets model\.layers\.1\.self_attn\.v_proj, but the file has no tensors for it/,
    );
    expect((await lowrank(["inspect", golden("adapters/valid/llama_plain")])).out).not.toContain("suspicious");
  });

  it("names all that does not fit, as JSON too", async () => {
    const args = ["check", golden("adapters/valid/llama_plain"), "--base", golden("adapters/base/tiny_gpt2")];
    const { code, out } = await lowrank([...args, "--json"]);
    expect(code).toBe(1);
    const { fits, problems } = JSON.parse(out) as { fits: boolean; problems: string[] };
    expect(fits).toBe(false);
    expect(problems[0]).toMatch(/the base has no module .*q_proj.*4 of the adapter's 4 are missing/);
  });

  it("says of a base that holds the adapter that it is merged already", async () => {
    const adapter = golden("adapters/valid/llama_plain");
    const out = join(folder, "holds-it");
    expect((await lowrank(["merge", "--base", llama, "--adapter", adapter, "--out", out])).code).toBe(0);
    const checked = await lowrank(["check", "--base", out, "--adapter", adapter]);
    expect(checked.code).toBe(1);
    expect(checked.out).toMatch(/does not fit .*\n.* hold this adapter already \(merged from llama_plain\)/);
    const other = await lowrank([
      "check",
      "--base",
      out,
      "--adapter",
      golden("adapters/valid/llama_layers_to_transform"),
    ]);
    expect(other).toMatchObject({ code: 0, out: expect.stringMatching(/ fits /) as unknown });
  });

  it("refuses an adapter that changes one tensor twice, rather than drop one of the two", async () => {
    const adapter = readAdapter(golden("adapters/valid/llama_plain"));
    const [[module, layer]] = [...adapter.layers] as [[string, AdapterLayer]];
    const path = module.slice(module.indexOf(".") + 1);
    const layers = new Map([...adapter.layers, [path, layer]]);
    const config = { ...adapter.config, targetModules: [...layers.keys()] };
    const twice = join(folder, "twice");
    await writeFilesAtomically(twice, writeAdapter({ ...adapter, config, layers }));
    const base = join(folder, "bare");
    const file = readSafetensors(readFileSync(join(llama, "model.safetensors")));
    const bare = file.names.map((name) => [name.replace(/^model\./, ""), file.tensor(name)] as const);
    await writeFilesAtomically(base, { "model.safetensors": writeSafetensors(bare) });
    for (const args of [["check"], ["merge", "--out", join(folder, "none")]]) {
      const { code, out, err } = await lowrank([...args, "--base", base, "--adapter", twice]);
      expect(code).toBe(1);
      expect(out + err).toContain(`merge: the adapter changes ${path}.weight twice`);
    }
  });

  it("refuses a pipe in place of a file, which would be waited for", async () => {
    const adapter = golden("adapters/valid/llama_plain");
    for (const [name, args] of [
      ["model.safetensors", ["--adapter", adapter, "--base", join(folder, "pipes")]],
      ["adapter_config.json", ["--adapter", join(folder, "pipes"), "--base", llama]],
    ] as const) {
      await rm(join(folder, "pipes"), { recursive: true, force: true });
      await mkdir(join(folder, "pipes"));
      execFileSync("mkfifo", [join(folder, "pipes", name)]);
      const { code, err } = await lowrank(["check", ...args]);
      expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining(`${name}: expected a file`) as string });
    }
  });

  it("asks for one adapter and one base", async () => {
    const both = await lowrank(["check", golden("adapters/valid/llama_plain"), "--base", llama, "--model", llama]);
    expect(both).toMatchObject({
      code: 1,
      err: expect.stringMatching(/both name the base; use one of them/) as string,
    });
    const two = await lowrank(["check", "one", "--adapter", "two", "--base", llama]);
    expect(two).toMatchObject({ code: 1, err: expect.stringMatching(/name one adapter/) as string });
    const swallowed = await lowrank(["check", "--base", llama, golden("adapters/valid/llama_plain")]);
    expect(swallowed.code).toBe(1);
  });
});

describe("inspect of an adapter", () => {
  it("tells the norm of each update, against its weight where the base is named", async () => {
    const adapter = golden("adapters/valid/llama_plain");
    const { out } = await lowrank(["inspect", adapter, "--base", llama, "--json"]);
    const { explained } = JSON.parse(out) as {
      explained: { perLayer: { module: string; update: number; weight: number }[]; suspicious: unknown[] };
    };
    const alone = JSON.parse((await lowrank(["inspect", adapter, "--json"])).out) as typeof explained extends never
      ? never
      : { explained: typeof explained };
    expect(explained.perLayer.length).toBe(4);
    for (const [i, { update, weight }] of explained.perLayer.entries()) {
      expect(weight).toBeGreaterThan(0);
      // Once by the merged weight, once by A and B alone.
      expect(alone.explained.perLayer[i]!.update / update).toBeCloseTo(1, 4);
    }
    const lines = (await lowrank(["inspect", adapter, "--base", llama])).out;
    expect(lines).toMatch(/layer +rank +scale +‖update‖ +‖weight‖ +ratio/);
  });

  it("says what is suspicious: never trained, diverged, for another base", async () => {
    const adapter = readAdapter(golden("adapters/valid/llama_plain"));
    const [first, second] = [...adapter.layers.keys()];
    adapter.layers.get(first!)!.loraB.data.fill(0);
    adapter.layers.get(second!)!.loraA.data[3] = NaN;
    const own = join(folder, "odd");
    await cp(golden("adapters/valid/llama_plain"), own, { recursive: true });
    for (const [name, bytes] of Object.entries(writeAdapter(adapter))) await writeFile(join(own, name), bytes);
    const { out, code } = await lowrank(["inspect", own, "--base", golden("adapters/base/tiny_gpt2")]);
    expect(code).toBe(0);
    expect(out).toContain(`${first}: lora_B is all zeros: the layer was never trained`);
    expect(out).toContain(`${second}: lora_A has 1 of 128 values that are NaN or infinite`);
    expect(out).toMatch(/does not fit the base\n {2}adapter: the base has no module/);
    const checked = await lowrank(["check", own, "--base", llama]);
    expect(checked.out).toMatch(/fits .*\n {2}note: .*NaN or infinite|fits .*\n {2}note: .*all zeros/);
  });
});
