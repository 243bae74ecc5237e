import { describe, expect, it } from "vitest";
import { type BlobFolder, memoryFolders } from "../../../ts/io/page/storage.js";
import { BlobLedger } from "../../../ts/training/store/blob-ledger.js";

const bytes = (text: string) => new TextEncoder().encode(text);

/** All there is, as text. */
async function contents(ledger: BlobLedger): Promise<Record<string, string>> {
  const names = (await ledger.names()).sort();
  const texts = names.map(async (name) => [name, new TextDecoder().decode((await ledger.read(name))!)]);
  return Object.fromEntries(await Promise.all(texts)) as Record<string, string>;
}

/** A folder whose owner is killed at its n-th change; a file that was being written is then not there, cut short, or whole. */
function dying(folder: BlobFolder, steps: number, left: "nothing" | "half" | "all"): BlobFolder {
  let count = 0;
  const dead = async (last: () => Promise<void>) => {
    if (count++ === steps) await last();
    if (count > steps) throw new Error("killed");
  };
  return {
    ...folder,
    async write(name, pieces) {
      const all = new Uint8Array(await new Blob([...pieces] as BlobPart[]).arrayBuffer());
      await dead(async () => {
        if (left !== "nothing") await folder.write(name, [left === "all" ? all : all.subarray(0, all.length >> 1)]);
      });
      await folder.write(name, pieces);
    },
    async remove(name) {
      await dead(async () => (left === "all" ? folder.remove(name) : undefined));
      await folder.remove(name);
    },
  };
}

const changes: [string, (ledger: BlobLedger) => Promise<void>, Record<string, string>][] = [
  [
    "replacing two",
    (ledger) =>
      ledger.write([
        ["a", bytes("new a")],
        ["b", bytes("new b")],
      ]),
    { a: "new a", b: "new b", c: "one\ntwo\n" },
  ],
  ["appending", (ledger) => ledger.append("c", 4, bytes("three\n")), { a: "old a", b: "old b", c: "one\nthree\n" }],
  ["appending little", (ledger) => ledger.append("c", 8, bytes("3")), { a: "old a", b: "old b", c: "one\ntwo\n3" }],
  ["removing", (ledger) => ledger.remove("a"), { b: "old b", c: "one\ntwo\n" }],
  ["clearing", (ledger) => ledger.clear(), {}],
];

describe.each(changes)("%s, killed at every step", (_, change, after) => {
  const before = { a: "old a", b: "old b", c: "one\ntwo\n" };

  it.each(["nothing", "half", "all"] as const)(
    "leaves the old or the new, whole, with %s of the last write",
    async (left) => {
      const seen = new Set<string>();
      for (let steps = 0; ; steps++) {
        const folder = memoryFolders().folder("run");
        const first = new BlobLedger(folder);
        await first.write([
          ["a", bytes("old a")],
          ["b", bytes("old b")],
        ]);
        await first.append("c", 0, bytes("one\n"));
        await first.append("c", 4, bytes("two\n"));
        const died = await change(new BlobLedger(dying(folder, steps, left))).then(
          () => false,
          () => true,
        );

        const next = new BlobLedger(folder);
        const found = await contents(next);
        expect([before, after]).toContainEqual(found);
        seen.add(JSON.stringify(found));
        // What comes after goes on from there, and nothing that nobody needs stays.
        await next.sweep();
        await next.write([["d", bytes("more")]]);
        expect(await contents(new BlobLedger(folder))).toEqual({ ...found, d: "more" });
        expect((await folder.names()).length).toBeLessThanOrEqual(Object.keys(found).length + 1 + 2 + 1);
        if (!died && steps > 3) break;
      }
      expect(seen).toContain(JSON.stringify(after));
      // Where the first write is the list itself, and came whole, there is no moment before it.
      if (left !== "all") expect(seen).toContain(JSON.stringify(before));
    },
  );
});

it("a blob that grows by little is in few pieces, none copied often", async () => {
  const folder = memoryFolders().folder("run");
  let written = 0;
  const counting: BlobFolder = {
    ...folder,
    write: async (name, pieces) => {
      if (!name.startsWith("list")) written += pieces.reduce((sum, { length }) => sum + length, 0);
      await folder.write(name, pieces);
    },
  };
  const ledger = new BlobLedger(counting);
  const lines = Array.from({ length: 256 }, (_, i) => `step ${String(i).padStart(3, "0")}\n`);
  let length = 0;
  for (const line of lines) {
    await ledger.append("history", length, bytes(line));
    length += line.length;
  }
  expect(new TextDecoder().decode((await ledger.read("history"))!)).toBe(lines.join(""));
  expect((await folder.names()).length).toBeLessThanOrEqual(2 + 9);
  expect(written).toBeLessThanOrEqual(10 * length);
});
