import { existsSync, mkdirSync, readdirSync, readFileSync, watch } from "node:fs";
import { mkdir, rmdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { setTimeout } from "node:timers/promises";
import { checkEmptyFolder, checkOutFile } from "../../../ts/cli/files/out-folder.js";
import { type Fixture, lowrank, makeFixture, shortRun } from "../fixture.js";
import { program, runProcess } from "../process.js";

let fixture: Fixture;
beforeAll(async () => {
  fixture = await makeFixture();
  await writeFile(fixture.path("file"), "theirs");
  await mkdir(fixture.path("full"));
  await writeFile(fixture.path("full", "report.json"), "theirs");
  await symlink(fixture.path("nowhere"), fixture.path("dangling"));
  await symlink(fixture.path("loop"), fixture.path("loop"));
  await symlink(fixture.path("full"), fixture.path("to-full"));
  await symlink(fixture.path("file"), fixture.path("to-file"));
  await mkdir(fixture.path("empty"));
  await symlink(fixture.path("empty"), fixture.path("to-empty"));
});
afterAll(() => fixture.remove());

/** Every file below a folder with its contents. */
function contents(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map((entry) => join(entry.parentPath, entry.name)).sort();
  return Object.fromEntries(paths.map((path) => [path, readFileSync(path).toString("latin1")]));
}

/** `{name}` stands for a path in the fixture's folder. */
const hostile: [out: string, says: RegExp][] = [
  ["", /--out: a folder's name is expected, got ""/],
  [" ", /--out: a folder's name is expected, got " "/],
  ["{file}", /a folder is expected, this is a file/],
  ["{file}/below", /file\/below cannot be created: ENOTDIR/],
  ["{to-file}", /a folder is expected, this is a file/],
  ["{dangling}", /this is a broken link: create the folder that it names, or choose another one/],
  ["{dangling}/below", /below: \S+dangling is a broken link/],
  ["{loop}", /loop cannot be created: ELOOP/],
  [`{${"x".repeat(300)}}`, /cannot be created: ENAMETOOLONG/],
  [`{new}/${"deep/".repeat(900)}`, /cannot be created: ENAMETOOLONG/],
  ...(process.platform === "linux"
    ? ([
        ["/proc/x", /--out \/proc\/x cannot be created: ENOENT/],
        ["/proc/x/y/z", /--out \/proc\/x\/y\/z cannot be created: ENOENT/],
        ["/proc/self/x", /cannot be created: ENOENT/],
        ["/dev/full", /a folder is expected, this is a file/],
        ["/dev/full/x", /cannot be created: ENOTDIR/],
      ] as [string, RegExp][])
    : []),
];
/** Folders that have something in them. */
const taken: [out: string, says: { finetune: RegExp; merge: RegExp }][] = [
  ["{full}", { finetune: /has report\.json, which the run would replace/, merge: /exists and is not empty/ }],
  ["{to-full}", { finetune: /has report\.json, which the run would replace/, merge: /exists and is not empty/ }],
];

const pathOf = (out: string) => out.replace(/\{([^}]+)\}/, (_, name: string) => fixture.path(name));

/** A command fails by name, and not a byte changes. */
async function expectRefused(args: readonly string[], says: RegExp): Promise<void> {
  const before = contents(fixture.folder);
  const { code, err } = await lowrank(args);
  expect(err).toMatch(says);
  expect(err).not.toMatch(/\n +at |This is an unexpected error/);
  expect(err.length).toBeLessThan(2000);
  expect(code).toBe(1);
  expect(contents(fixture.folder)).toEqual(before);
}

describe("--out", () => {
  it.each([...hostile, ...taken.map(([out, { finetune }]) => [out, finetune] as const)])(
    "of finetune refuses %j",
    async (out, says) => expectRefused(shortRun(fixture, pathOf(out)), says),
  );

  it.each([...hostile, ...taken.map(([out, { merge }]) => [out, merge] as const)])(
    "of merge refuses %j",
    async (out, says) => expectRefused(["merge", fixture.path("none"), "--out", pathOf(out)], says),
  );

  it.each([
    ["{file}/v.npy", /file: a folder is expected, this is a file/],
    ["{dangling}/v.npy", /dangling: this is a broken link/],
    [`{${"x".repeat(300)}}/v.npy`, /cannot be created: ENAMETOOLONG/],
    ...(process.platform === "linux" ? ([["/proc/x/v.npy", /cannot be created: ENOENT/]] as const) : []),
  ] as const)("of embed refuses %j", async (out, says) => {
    await expectRefused(["embed", "--model", fixture.model, "--out", pathOf(out), "text"], says);
  });

  it("of embed refuses a folder", async () => {
    await mkdir(fixture.path("folder.npy"));
    const args = ["embed", "--model", fixture.model, "--out", fixture.path("folder.npy"), "text"];
    await expectRefused(args, /a file is expected, this is a folder/);
  });

  it("takes a link to an empty folder, and a folder with other things in it", async () => {
    expect((await lowrank([...shortRun(fixture, fixture.path("to-empty")), "--no-baseline"])).code).toBe(0);
    expect(existsSync(fixture.path("empty", "report.json"))).toBe(true);
    await mkdir(fixture.path("mine"));
    await writeFile(fixture.path("mine", "notes.txt"), "mine");
    expect((await lowrank([...shortRun(fixture, fixture.path("mine")), "--no-baseline"])).code).toBe(0);
    expect(readFileSync(fixture.path("mine", "notes.txt"), "utf8")).toBe("mine");
    await mkdir(fixture.path("target"));
    await symlink(fixture.path("target"), fixture.path("to-target"));
    expect((await lowrank(["merge", fixture.path("mine"), "--out", fixture.path("to-target")])).code).toBe(0);
    expect(existsSync(fixture.path("target", "model.safetensors"))).toBe(true);
  });
});

it("is checked without a moment in which something has its name: a process killed then leaves nothing", async () => {
  const folder = fixture.path("watched");
  await mkdir(folder);
  const names: (string | null)[] = [];
  const watcher = watch(folder, (_event, name) => names.push(name));
  await checkEmptyFolder(join(folder, "new/below"));
  await checkOutFile(join(folder, "new/file.npy"));
  await checkOutFile(join(folder, "file.npy"));
  while (names.length < 6) await setTimeout(5);
  watcher.close();
  expect(names.every((name) => /^\.check\.part-/.test(name!))).toBe(true);
  expect(readdirSync(folder)).toEqual([]);
});

describe("a disk that takes no more", () => {
  /** The program where no file may pass so many kilobytes. */
  const limited = (kilobytes: number, args: readonly string[]) => {
    const script = `ulimit -f ${kilobytes}; exec "$0" "$@"`;
    return runProcess(["bash", "-c", script, process.execPath, program, ...args], fixture.folder);
  };
  const args = (out: string) => [...shortRun(fixture, out, 60), "--no-baseline", "--threads", "1"];

  it("ends a run with the system's word, and nothing half-written", async () => {
    // Less than a checkpoint.
    const { code, err } = await limited(16, args("no-checkpoint"));
    expect(err).toMatch(
      /error: \S*no-checkpoint\S* cannot be written( to)?: EFBIG: file too large, write\nDetails are in \S*run\.json\n$/,
    );
    expect(code).toBe(1);
    expect(readdirSync(fixture.path("no-checkpoint"))).toEqual(["run.json"]);
    expect((await limited(1024, args("no-checkpoint"))).code).toBe(0);
  });

  it("keeps the checkpoint where results cannot be written, and the run goes on from there", async () => {
    const out = fixture.path("no-results");
    const onOutput = () => {
      // Stands in the way of the loss curve.
      if (existsSync(join(out, "checkpoint.safetensors"))) mkdirSync(join(out, "loss.svg"), { recursive: true });
    };
    const { code, err } = await lowrank([...shortRun(fixture, out, 60), "--no-baseline"], { onOutput });
    expect(err).toMatch(
      /error: \S*no-results cannot be written to: EISDIR[^\n]*\nThe last checkpoint is in .*no-results\n$/,
    );
    expect(code).toBe(1);
    expect(readdirSync(out).sort()).toEqual([
      "checkpoint.history.jsonl",
      "checkpoint.safetensors",
      "loss.svg",
      "run.json",
    ]);
    await rmdir(join(out, "loss.svg"));
    expect((await lowrank(["finetune", "--resume", out])).code).toBe(0);
    expect(readFileSync(join(out, "adapter_model.safetensors"))).toEqual(
      readFileSync(fixture.path("no-checkpoint", "adapter_model.safetensors")),
    );
  });

  it("leaves no vectors and no model", async () => {
    const before = readdirSync(fixture.folder);
    const embed = ["embed", "--model", fixture.model, "--out", "v.npy", ...Array(200).fill("a film")];
    for (const command of [embed, ["merge", "no-results", "--out", "merged"]]) {
      const { code, err } = await limited(16, command);
      expect({ code, err }).toMatchObject({
        code: 1,
        err: expect.stringMatching(/error: EFBIG: file too large, write\n$/),
      });
      expect(readdirSync(fixture.folder)).toEqual(before);
    }
  });
});
