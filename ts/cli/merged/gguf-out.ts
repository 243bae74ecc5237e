import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { Engine } from "../../engine/running.js";
import { ConfigError } from "../../errors/errors.js";
import { clip } from "../../errors/excerpt.js";
import { isGgufName } from "../../io/gguf/index.js";
import { ggufDataLength, streamGguf } from "../../io/gguf/write.js";
import { writeNewFile } from "../../io/node/index.js";
import { withFolder } from "../../io/node/folders.js";
import { RowEncoder } from "../../models/gguf/writing/encode-rows.js";
import type { WrittenModel } from "../../models/gguf/writing/model.js";
import type { WrittenType } from "../../models/gguf/writing/types.js";
import { breather } from "../../waiting/next-task.js";
import { throwIfAborted } from "../../waiting/abort.js";
import type { Session } from "../session.js";
import { formatBytes, formatCount } from "../terminal/number-format.js";
import { checkOutFile } from "../files/out-folder.js";
import { reporterOf } from "../terminal/progress-bar.js";
import { writeAhead } from "./merged-folder.js";
import { appearedMeanwhile, checkRoom } from "./whole-folder.js";

/** Types of a file by their names on the command line. */
export const ggufTypes: Readonly<Record<string, WrittenType>> = {
  q8_0: "Q8_0",
  q4_0: "Q4_0",
  q4_1: "Q4_1",
  f16: "F16",
  bf16: "BF16",
  f32: "F32",
};

/** Throws `ConfigError` where `--out` is no new .gguf file, or lies in a folder that nothing can be written into. */
export async function checkGgufOut(out: string): Promise<void> {
  if (!isGgufName(out))
    throw new ConfigError(`--out ${clip(out)}: the name of a .gguf file is expected`, { option: "--out", value: out });
  if (!existsSync(out)) return checkOutFile(out);
  throw new ConfigError(`--out ${clip(out)} exists: choose another name, or remove it first`, {
    option: "--out",
    file: out,
  });
}

/**
 * Writes a GGUF file under a temporary name, tensor by tensor, which becomes `out` when it is whole. Throws `ConfigError` where something
 * else has become that meanwhile, which stays.
 * @returns its bytes
 */
export async function writeGgufFile(
  out: string,
  model: WrittenModel,
  title: string,
  engine: Engine,
  session: Session,
): Promise<number> {
  const { metadata, tensors, notes } = model;
  const { terminal, signal } = session;
  for (const note of notes) terminal.error(note);
  const total = ggufDataLength(tensors);
  const directory = dirname(resolve(out));
  const encoder = new RowEncoder(engine);
  const workshop = { engine, encoder, pause: breather(signal) };
  let done = 0;
  await withFolder(directory, async () => {
    await checkRoom(directory, total);
    const bar = reporterOf(terminal).start(title, { total, format: formatBytes });
    try {
      await writeNewFile(resolve(out), async (sink) => {
        const ahead = writeAhead(sink, (bytes) => bar.update(Math.min(total, (done += bytes))));
        await streamGguf(ahead, metadata, tensors, ({ bytes }) => {
          throwIfAborted(signal);
          return bytes(workshop);
        });
        await ahead.flush();
        throwIfAborted(signal);
      }).catch((cause: unknown) => {
        throw appearedMeanwhile(out, cause) ?? cause;
      });
    } finally {
      bar.stop();
      encoder.dispose();
    }
  });
  return done;
}

/** "Q4_0 210 · F32 61": how many tensors are of each type. */
export function typesLine({ tensors }: WrittenModel): string {
  const counts = new Map<string, number>();
  for (const { type } of tensors) counts.set(type, (counts.get(type) ?? 0) + 1);
  return [...counts].map(([type, count]) => `${formatCount(count)} ${type}`).join(", ");
}
