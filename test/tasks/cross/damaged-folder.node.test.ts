import { basename, join } from "node:path";
import { expect, it } from "vitest";
import {
  CrossEncoder,
  engineInfo,
  LowrankError,
  SentenceEncoder,
  writeFilesAtomically,
} from "../../../ts/entry/node.js";
import type { FileMap } from "../../../ts/index.js";
import { temporaryFolder } from "../../io/temporary-folder.js";
import { tinyEncoder } from "../../models/tiny-encoder.js";

const bytes = (text: string) => new TextEncoder().encode(text);

/** A file's damaged forms: cut, of another kind, and with one field of its JSON of another type. */
function* damagedForms(name: string, file: Uint8Array): Generator<readonly [string, Uint8Array]> {
  for (const length of [0, 7, file.length >> 1, file.length - 1])
    yield [`${name} cut to ${length} bytes`, file.slice(0, length)];
  for (const json of ["{}", "[]", "null", '"a"', "0", '{"a": {}}']) yield [`${name} of ${json}`, bytes(json)];
  if (!name.endsWith(".json")) return;
  const fields = JSON.parse(new TextDecoder().decode(file)) as Record<string, unknown>;
  for (const field of Object.keys(fields))
    for (const value of [null, -1, "a", [[]], { a: null }])
      yield [`${name} with ${field} of ${JSON.stringify(value)}`, bytes(JSON.stringify({ ...fields, [field]: value }))];
}

it.each(["adapter", "merged"])(
  "a cross-encoder's folder (%s) with a damaged file opens, or is refused by an error of its kind; memory is as before",
  { timeout: 300_000 },
  async (form) => {
    const folder = await temporaryFolder();
    const base = join(folder, "base");
    const model = await tinyEncoder();
    await writeFilesAtomically(base, model);
    using encoder = await SentenceEncoder.load(base);
    using cross = CrossEncoder.create(encoder, { labels: ["a", "b"], lora: { rank: 2 } });
    const saved: FileMap = await cross.save({ merged: form === "merged" });
    const cases = Object.entries(saved).flatMap(([name, file]) =>
      [...damagedForms(name, file)].map(([title, damaged]) => ({ title, name, damaged })),
    );
    expect(cases.length).toBeGreaterThan(100);
    const run = join(folder, "run");
    await writeFilesAtomically(run, saved);
    const { used } = engineInfo().memory;
    const wrong: string[] = [];
    for (const { title, name, damaged } of cases) {
      await writeFilesAtomically(run, { ...saved, [name]: damaged });
      try {
        const opened = await CrossEncoder.load(run);
        await opened.predict([["a", "b"]]).finally(() => opened.dispose());
      } catch (error) {
        if (!(error instanceof LowrankError)) wrong.push(`${title}: ${String((error as Error).stack)}`);
        else if (![folder, basename(name)].some((place) => error.message.includes(place)))
          wrong.push(`${title}: without a place: ${error.message}`);
      }
      if (engineInfo().memory.used !== used) wrong.push(`${title}: memory`);
    }
    expect(wrong).toEqual([]);
  },
);
