// @rest services
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, expect, it } from "vitest";
import { flowerFolder } from "../../../scripts/servers/flower.mjs";

/** Folder of the project, set by the vitest project. */
declare const __PROJECT__: string;

interface Found {
  readonly refused: readonly (string | null)[];
  readonly kept: Readonly<Record<string, readonly [number, boolean]>>;
  readonly noise: {
    readonly count: number;
    readonly mean: number;
    readonly deviation: number;
    readonly fourth: number;
  };
  readonly clipping: Readonly<Record<string, number>>;
}
let found: Found;
let log: string;
beforeAll(async () => {
  const python = join(process.env["FLOWER_BIN"] ?? join(flowerFolder, "bin"), "python");
  const [script, app] = [join(__PROJECT__, "packages/flower/test/replies.py"), join(__PROJECT__, "packages/flower")];
  const { stdout, stderr } = await promisify(execFile)(python, [script, app], { maxBuffer: 2 ** 24 });
  [found, log] = [JSON.parse(stdout) as Found, stderr];
}, 120_000);

it("a reply that makes no sense is left out by name, and takes nothing from the others", () => {
  expect(Object.keys(found.kept).length).toBeGreaterThan(20);
  for (const [name, outcome] of Object.entries(found.kept)) expect(outcome, name).toEqual([1, true]);
  // A stranger's words stand on a line of the app's own, and have an end.
  expect(log).toContain("node 1: gone INFO: forged: its reply is ignored");
  expect(Math.max(...log.split("\n").map(({ length }) => length))).toBeLessThan(500);
});

it("noise and clipping that are no such numbers are refused, and not taken for none", () => {
  const taken = found.refused.slice(0, 2);
  const [below, nan, infinite, ...norms] = found.refused.slice(2);
  expect(taken).toEqual([null, null]);
  for (const said of [below, nan, infinite]) expect(said).toMatch(/^noise-multiplier: expected a number of at least 0/);
  expect(norms).toHaveLength(4);
  for (const said of norms) expect(said).toMatch(/^clipping-norm: expected a number above 0/);
});

it("updates are clipped to the norm, in whatever order a node has its arrays", () => {
  for (const [order, error] of Object.entries(found.clipping)) expect(error, order).toBeLessThan(1e-6);
});

it("the noise on the mean is normal, of the multiplier times the norm over the number of nodes", () => {
  const { count, mean, deviation, fourth } = found.noise;
  const expected = (1.5 * 0.5) / 8;
  // Six standard errors of each.
  expect(Math.abs(mean)).toBeLessThan((6 * expected) / Math.sqrt(count));
  expect(Math.abs(deviation / expected - 1)).toBeLessThan(6 / Math.sqrt(2 * count));
  expect(Math.abs(fourth - 3)).toBeLessThan(6 * Math.sqrt(96 / count));
});
