import { Readable, Writable } from "node:stream";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import pc from "picocolors";
import { ProgressReporter } from "../../../ts/cli/terminal/progress-bar.js";
import { printable, tableLines, Terminal } from "../../../ts/cli/terminal/terminal.js";
import { type Fixture, lowrank, makeFixture, shortRun } from "../fixture.js";

let fixture: Fixture;
beforeAll(async () => void (fixture = await makeFixture()));
afterAll(() => fixture.remove());

describe("control characters in what is printed", () => {
  const hostile = "\u001b[31mred\u001b[8m\u001b[2J\u0007\u009b1A\u007f\r";

  it("are written as in JSON, but for this program's colours", () => {
    expect(printable(`a\tb\n${hostile}`, false)).toBe(
      "a\tb\n\\u001b[31mred\\u001b[8m\\u001b[2J\\u0007\\u009b1A\\u007f\\u000d",
    );
    const colors = pc.createColors(true);
    const line = colors.red(colors.bold(`x ${colors.dim("y")}`)) + colors.green(colors.yellow(colors.cyan("z")));
    expect(printable(line, true)).toBe(line);
    expect(printable(hostile, true)).toBe("\u001b[31mred\\u001b[8m\\u001b[2J\\u0007\\u009b1A\\u007f\\u000d");
    const json = JSON.stringify({ hostile });
    expect(JSON.parse(printable(json, false))).toEqual({ hostile });
  });

  it("break no table", () => {
    expect(
      tableLines([
        ["a\nb", "c"],
        ["d\te\u001b", "f"],
      ]),
    ).toEqual(["a\\nb        c", "d\\te\\u001b  f"]);
  });
});

const ESCAPE = "\u001b[";

describe("on a terminal", () => {
  it("results are coloured and progress is a bar that is redrawn", async () => {
    const { code, out, err } = await lowrank(shortRun(fixture, fixture.path("run")), { isTTY: true });
    expect(code).toBe(0);
    expect(out).toContain(`${ESCAPE}2mmodel`);
    expect(out).not.toMatch(/train +\d+\/12/);
    expect(err).toMatch(/train .*█+.* 12\/12 .*loss \d\.\d+ +\d[\d,]* tokens\/s/);
    // What the bar switches off it switches on again.
    expect(err.lastIndexOf(`${ESCAPE}?7h`)).toBeGreaterThan(err.lastIndexOf(`${ESCAPE}?7l`));
  });

  it("elsewhere progress is a line at first, one in ten seconds, and one at the end", () => {
    let now = 0;
    const clock = vi.spyOn(performance, "now").mockImplementation(() => now);
    const lines: string[] = [];
    const stream = new Writable({ write: (_chunk, _encoding, done) => done() });
    const streams = { input: Readable.from([]), output: stream, errors: stream, environment: {} };
    const progress = new ProgressReporter(new Terminal(streams), (line) => lines.push(line), false);
    const bar = progress.start("train", { total: 400, lines: true });
    for (let step = 1; step <= 400; step++) {
      now += 60;
      bar.update(step);
    }
    clock.mockRestore();
    expect(lines.map((line) => Number(/(\d+)\/400/.exec(line)![1]))).toEqual([1, 168, 335, 400]);
  });

  it.each([
    ["NO_COLOR", "1"],
    ["TERM", "dumb"],
  ])("there is no colour with %s=%s", async (name, value) => {
    const environment = { [name]: value };
    const { out } = await lowrank(["inspect", fixture.model], { isTTY: true, environment });
    const { err } = await lowrank(["inspect", fixture.path("absent")], { isTTY: true, environment });
    expect(out + err).not.toContain(ESCAPE);
  });

  it("errors stand out", async () => {
    const { code, err } = await lowrank(["inspect", fixture.path("absent")], { isTTY: true });
    expect(code).toBe(1);
    expect(err).toContain(`${ESCAPE}31merror:${ESCAPE}39m `);
  });

  it("nothing is printed when quiet, but the run's folder", async () => {
    const run = fixture.path("quiet");
    const outcome = await lowrank([...shortRun(fixture, run), "--quiet"], { isTTY: true });
    expect(outcome).toEqual({ code: 0, out: `${run}\n`, err: "" });
  });
});
