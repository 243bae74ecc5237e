import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ConfigError } from "../../../ts/index.js";
import { readData } from "../../../ts/training/node/local-sources.js";

let folder: string;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), "lowrank-data-"))));
afterAll(() => rm(folder, { recursive: true, force: true }));

const textOf = async (work: ReturnType<typeof readData>) => new TextDecoder().decode((await work).bytes);
const refused = (path: string) => readData(path).catch((error: unknown) => error);

describe("a file of texts", () => {
  it("is read as it is", async () => {
    const path = join(folder, "a.csv");
    await writeFile(path, "text\na film\n");
    expect(await textOf(readData(path))).toBe("text\na film\n");
  });

  it("that is none is refused by name", async () => {
    for (const [path, says] of [
      [folder, /this is a folder/],
      [join(folder, "none.csv"), /none\.csv: there is no such file/],
      ...(process.platform === "linux" ? ([["/dev/zero", /this is a device/]] as const) : []),
    ] as const) {
      const error = await refused(path);
      expect(error).toBeInstanceOf(ConfigError);
      expect((error as Error).message).toMatch(says);
    }
  });
});
