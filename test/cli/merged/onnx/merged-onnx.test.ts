import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { cp, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readOnnx } from "../../../../ts/io/onnx/model.js";
import { bytesInMemory } from "../../../io/onnx/onnx-bytes.js";
import { lowrank, project } from "../../fixture.js";
import { constants } from "./onnx-fixture.js";

const golden = (name: string) => join(project, "test/golden/exported", name);
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lowrank-onnx-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const path = (...parts: string[]) => join(folder, ...parts);
const merge = (onnx: string, out: string, more: string[] = []) =>
  lowrank(["merge", golden("adapter"), "--base", golden("base"), "--onnx", onnx, "--out", out, ...more]);

describe("merge --onnx", () => {
  const half = 2 ** -11 + 1e-6;
  it.each([
    ["model", "in float32", 1e-6],
    ["half", "in float16", half],
    ["beside", "with its data in a file beside it", 1e-6],
  ])("of %s.onnx, %s, gives what is exported from the model that PEFT merged", async (name, _how, tolerance) => {
    const out = path(name);
    expect(await merge(golden(`${name}.onnx`), out)).toMatchObject({ code: 0, err: "" });
    const extra = name === "beside" ? ["beside.onnx_data"] : [];
    expect(readdirSync(out).sort()).toEqual(
      ["config.json", "tokenizer.json", "tokenizer_config.json", `${name}.onnx`, ...extra].sort(),
    );
    const [before, after] = [constants(golden(`${name}.onnx`)), constants(join(out, `${name}.onnx`))];
    const expected = constants(golden("merged.onnx"));
    let changed = 0;
    expect(after.size).toBe(expected.size);
    for (const [constant, values] of expected) {
      const got = after.get(constant)!;
      // A mask's constant is minus infinity.
      const largest = values.reduce((most, value) => Math.max(most, Number.isFinite(value) ? Math.abs(value) : 0), 0);
      const off = (value: number, i: number) => (value === got[i] ? 0 : Math.abs(value - got[i]!));
      const worst = values.reduce((most, value, i) => Math.max(most, off(value, i)), 0);
      expect([constant, worst <= tolerance * largest]).toEqual([constant, true]);
      if (before.get(constant)!.some((value, i) => value !== got[i])) changed++;
    }
    // Query, value and three dense layers in each of two, and the word embeddings.
    expect(changed).toBe(11);
    // Nothing else of the file moved.
    expect(readFileSync(join(out, `${name}.onnx`)).length).toBe(readFileSync(golden(`${name}.onnx`)).length);
  });

  it("keeps transformers.js's folder where the model lies in one", async () => {
    const source = path("tree", "onnx");
    await mkdir(source, { recursive: true });
    await cp(golden("model.onnx"), join(source, "model.onnx"));
    expect((await merge(join(source, "model.onnx"), path("tree-out"))).code).toBe(0);
    expect(readdirSync(path("tree-out")).sort()).toEqual([
      "config.json",
      "onnx",
      "tokenizer.json",
      "tokenizer_config.json",
    ]);
    expect(readdirSync(path("tree-out", "onnx"))).toEqual(["model.onnx"]);
  });

  it("refuses a model that has the adapter already, or other weights", async () => {
    const { code, err } = await merge(path("model", "model.onnx"), path("twice"));
    expect(code).toBe(1);
    expect(err).toMatch(/11 of 11 tensors/);
    expect(err).toMatch(/are not in the ONNX model with the base's values/);
    expect(existsSync(path("twice"))).toBe(false);
  });

  it("refuses what is no ONNX model, by name", async () => {
    const files: [string, string | Uint8Array, RegExp][] = [
      ["page.onnx", "<!doctype html>", /expected an ONNX model, got an HTML/],
      ["empty.onnx", "", /expected an ONNX model, got an empty file/],
      ["pickle.onnx", Uint8Array.of(0x80, 2, 1, 1, 1, 1, 1, 1), /expected an ONNX model, got/],
      ["noise.onnx", new Uint8Array(1000).fill(0xff), /a number has no end/],
    ];
    for (const [name, content, says] of files) {
      writeFileSync(path(name), content);
      const { code, err } = await merge(path(name), path("none"));
      expect({ name, code }).toEqual({ name, code: 1 });
      expect(err).toMatch(says);
      expect(err).toContain(path(name));
    }
    expect((await merge(path("absent.onnx"), path("none"))).err).toMatch(/there is no such file/);
  });

  it("a file beside it that is missing, short or elsewhere is refused before any work", async () => {
    await mkdir(path("alone"));
    await cp(golden("beside.onnx"), path("alone", "beside.onnx"));
    expect((await merge(path("alone", "beside.onnx"), path("none"))).err).toMatch(
      /beside\.onnx_data, which is missing/,
    );
    writeFileSync(path("alone", "beside.onnx_data"), "short");
    expect((await merge(path("alone", "beside.onnx"), path("none"))).err).toMatch(/which is too short/);
    const bytes = readFileSync(golden("beside.onnx"));
    for (const location of ["../side.onnx_data", "/tmp/e.onnx_data"]) {
      const changed = Buffer.from(
        bytes.toString("latin1").replaceAll("beside.onnx_data", location.slice(0, 16)),
        "latin1",
      );
      writeFileSync(path("alone", "beside.onnx"), changed);
      expect((await merge(path("alone", "beside.onnx"), path("none"))).err).toMatch(
        /must lie in a file beside the model's/,
      );
    }
    expect(existsSync(path("none"))).toBe(false);
  });

  it("damaged anywhere, it is read or refused by FormatError", () => {
    const whole = new Uint8Array(readFileSync(golden("beside.onnx")));
    const outcomes = { read: 0, refused: 0 };
    const attempt = (bytes: Uint8Array) => {
      try {
        const model = readOnnx(bytesInMemory(bytes), "damaged.onnx");
        for (const { name } of model.tensors) model.useOf(name);
        outcomes.read++;
      } catch (error) {
        expect((error as Error).name).toBe("FormatError");
        expect((error as Error).message).toMatch(/^damaged\.onnx: /);
        outcomes.refused++;
      }
    };
    for (let length = 0; length < whole.length; length += 997) attempt(whole.subarray(0, length));
    let state = 1;
    for (let i = 0; i < 300; i++) {
      state = (state * 48271) % 2147483647;
      const bytes = whole.slice();
      bytes[state % bytes.length] = state % 251;
      attempt(bytes);
    }
    expect(outcomes.refused).toBeGreaterThan(50);
    expect(outcomes.read).toBeGreaterThan(50);
  });
});

it("a file of the other format is told by name", async () => {
  const weights = join(golden("base"), "model.safetensors");
  const { code, err } = await merge(weights, path("none"));
  expect({ code, err }).toEqual({
    code: 1,
    err: expect.stringContaining("expected an ONNX model, got a safetensors file") as string,
  });
  const onnx = readdirSync(golden("")).find((name) => name.endsWith(".onnx"))!;
  await cp(golden(onnx), path("unnamed"));
  for (const file of [golden(onnx), path("unnamed")])
    expect((await lowrank(["inspect", file])).err).toMatch(/expected a safetensors file; it is ONNX/);
});
