import type { Block, TapeArena } from "../../ts/engine/memory/tape-arena.js";

/** Everything that an arena may hand out without asking the heap: no live tensor lies in it. */
export function unused({ levels, chunks, chunk, offset }: TapeArena): Block[] {
  const lists = levels.flatMap(({ free }) => [...free]);
  const blocks = lists.flatMap(([size, starts]) => starts.map((start) => ({ start, size })));
  chunks.forEach(({ start, size }, i) => {
    const from = i < chunk ? size : i === chunk ? offset : 0;
    if (from < size) blocks.push({ start: start + from, size: size - from });
  });
  return blocks;
}
