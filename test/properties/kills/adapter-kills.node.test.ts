// @needs disks
// @rest kills
import { cpSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { adapterConfig, type AdapterLayer, writeAdapter, writeSafetensors } from "../../../ts/entry/node.js";
import { contents, signalledWhen, unfinished, withShortFiles, withSmallDisk } from "./disturbed.js";
import { lowrankProcess } from "../../cli/process.js";

const [ROWS, COLUMNS, RANK, LAYERS] = [1024, 32, 32, 24];
const PAGE = 4096;
const moduleOf = (i: number) => `layers.${i}.linear`;
const values = (length: number, factor: number) =>
  Float32Array.from({ length }, (_, i) => (((i + 1) * factor) % 1009) / 1009 - 0.5);

let folder: string;
const path = (...parts: string[]) => join(folder, ...parts);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lowrank-adapter-kills-"));
  for (const name of ["base", "tuned", "adapter", "at"]) mkdirSync(path(name));
  const names = Array.from({ length: LAYERS }, (_, i) => moduleOf(i));
  for (const [name, factor] of [
    ["base", 7919],
    ["tuned", 6007],
  ] as const) {
    const weight = { shape: [ROWS, COLUMNS], data: values(ROWS * COLUMNS, factor) };
    const tensors = Object.fromEntries(names.map((module) => [`${module}.weight`, weight]));
    writeFileSync(path(name, "model.safetensors"), writeSafetensors(tensors));
  }
  const layer: AdapterLayer = {
    kind: "linear",
    rank: RANK / 2,
    alpha: RANK,
    scaling: 2,
    loraA: { shape: [COLUMNS, RANK / 2], data: values((COLUMNS * RANK) / 2, 7919) },
    loraB: { shape: [RANK / 2, ROWS], data: values((ROWS * RANK) / 2, 6007) },
  };
  const config = { ...adapterConfig({ r: RANK / 2, loraAlpha: RANK, targetModules: ["linear"] }) };
  const layers = new Map(names.map((name) => [name, layer]));
  const files = writeAdapter({ config, layers, extra: new Map() });
  for (const [name, bytes] of Object.entries(files)) writeFileSync(path("adapter", name), bytes);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

beforeEach(() => {
  rmSync(path("at"), { recursive: true });
  mkdirSync(path("at"));
});

const commands: Record<string, () => string[]> = {
  resize: () => ["resize", path("adapter"), "--rank", String(RANK)],
  extract: () => ["extract", "--base", path("base"), "--tuned", path("tuned"), "--rank", String(RANK)],
};

describe.each(Object.keys(commands))("%s", (name) => {
  const args = (out: string) => [...commands[name]!(), "--out", out];
  /** What it makes that nobody disturbs, and how long that takes. */
  let whole: Map<string, string>;
  let milliseconds: number;
  const bytes = () => [...whole.values()].reduce((sum, text) => sum + Buffer.byteLength(text, "base64"), 0);

  beforeAll(async () => {
    const start = performance.now();
    expect(await lowrankProcess(args(path(name)), folder)).toMatchObject({ code: 0, err: "" });
    milliseconds = performance.now() - start;
    whole = contents(path(name));
    expect([...whole.keys()]).toEqual(["adapter_config.json", "adapter_model.safetensors"]);
  });

  /** Nothing, or all; not even what is unfinished where `swept`. */
  function expectNothingOrAll(swept: boolean): boolean {
    const visible = readdirSync(path("at")).filter((entry) => swept || !entry.startsWith("."));
    const made = visible.length > 0;
    expect(visible).toEqual(made ? ["made"] : []);
    if (made) expect(contents(path("at/made"))).toEqual(whole);
    return made;
  }

  const elapsed = (share: number) => {
    const start = performance.now();
    return () => performance.now() - start >= share * milliseconds;
  };
  /** Before it writes, and where it has begun to: with so much, and with both files on the disk but for their names. */
  const moments: Record<string, () => () => boolean> = {
    ...Object.fromEntries([0.5, 0.9, 1].map((share) => [`after ${share} of its time`, () => elapsed(share)])),
    "when it checks the place": () => () => readdirSync(path("at")).length > 0,
    "at its first sign": () => () => unfinished(path("at")) !== null,
    "in its weights": () => () => [...(unfinished(path("at"))?.values() ?? [])].some((size) => size > 8 * PAGE),
    "at the first file of its own name": () => () =>
      ["adapter_config.json", "adapter_model.safetensors"].some(
        (file) =>
          unfinished(path("at"))?.has(file) === true ||
          (readdirSync(path("at")).includes("made") && readdirSync(path("at/made")).includes(file)),
      ),
  };

  it.each(Object.keys(moments))("killed %s leaves nothing or all, and the next one makes it", async (moment) => {
    await signalledWhen(moments[moment]!(), "SIGKILL", args(path("at/made")), folder);
    if (expectNothingOrAll(false)) return;
    expect(await lowrankProcess(args(path("at/made")), folder)).toMatchObject({ code: 0, err: "" });
    expect(expectNothingOrAll(true)).toBe(true);
  });

  it.each(Object.keys(moments))("interrupted %s leaves nothing or all", async (moment) => {
    const { signal, ...outcome } = await signalledWhen(moments[moment]!(), "SIGINT", args(path("at/made")), folder);
    const made = expectNothingOrAll(true);
    const printed = made ? (expect.stringContaining(path("at/made")) as string) : "";
    // Before the program listens, and once it has printed everything and no longer does, a signal ends it by itself.
    if (signal !== null) expect(outcome).toEqual({ code: -1, out: printed, err: "" });
    else expect(outcome).toEqual({ code: made ? 0 : 130, out: printed, err: made ? "" : "interrupted\n" });
  });

  it("keeps what is there already, and an empty folder empty where it fails", async () => {
    cpSync(path("adapter"), path("at/made"), { recursive: true });
    const before = contents(path("at/made"));
    const { code, err } = await lowrankProcess(args(path("at/made")), folder);
    expect({ code, err }).toEqual({
      code: 1,
      err: expect.stringMatching(/^error: --out .*made exists and is not empty: choose another folder/) as string,
    });
    expect(contents(path("at/made"))).toEqual(before);
    rmSync(path("at/made"), { recursive: true });
    mkdirSync(path("at/made"));
    const sign = () => unfinished(path("at")) !== null || readdirSync(path("at/made")).length > 0;
    await signalledWhen(sign, "SIGINT", args(path("at/made")), folder);
    expect(readdirSync(path("at"))).toEqual(["made"]);
    if (readdirSync(path("at/made")).length > 0) expect(contents(path("at/made"))).toEqual(whole);
  });

  describe("that finds no room", () => {
    it("because files may not be so long: an error, and nothing is left", () => {
      const { out, err } = withShortFiles(1000, args("made"), path("at"));
      expect({ out, err }).toEqual({ out: "code 1\n", err: "error: EFBIG: file too large, write\n" });
    });

    it.each([
      ["known before", -2 * PAGE, /^error: --out: [\d.]+ MB are needed, the disk of .* has [\d.]+ MB left: make room/],
      ["at its end", 0, /^error: ENOSPC: no space left on device, write\n$/],
    ])("because the disk is full, %s: an error, and nothing is left", (_name, more, message) => {
      // A disk holds pages, and one of the two files has no whole number of them.
      const size = PAGE * Math.ceil(bytes() / PAGE) + more;
      const { out, err } = withSmallDisk(size, args("made"), path("at"));
      expect({ out, err }).toEqual({ out: "code 1\n", err: expect.stringMatching(message) as string });
    });
  });
});
