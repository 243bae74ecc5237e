import { createEngine, type Engine, SearchIndex } from "lowrank";
import type { IndexAnswer, IndexCall } from "./index-calls.js";

// Search indexes in a worker of their own, with one thread: a search does not wait for a training, nor the page for a search.

let engine: Promise<Engine> | undefined;
const indexes = new Map<string, SearchIndex>();

async function answer(call: IndexCall): Promise<unknown> {
  const known = indexes.get(call.index);
  switch (call.type) {
    case "create": {
      engine ??= createEngine({ threads: 1 });
      const { dimensions, metadata } = call;
      const made = SearchIndex.create({ dimensions, metadata, engine: await engine });
      known?.dispose();
      return void indexes.set(call.index, made);
    }
    case "add":
      return known!.add(
        call.vectors.map((_, i) => call.first + i),
        call.vectors,
      );
    case "search":
      return call.vectors.map((vector) => known!.search(vector, { topK: Math.min(call.topK, known!.size) }));
    case "save":
      return known!.save();
  }
}

/** Answers the calls that this worker gets, one after another: an index is there before vectors are added to it. */
export function answerCalls(): void {
  const post = (message: IndexAnswer) => postMessage(message);
  let last: Promise<void> = Promise.resolve();
  addEventListener("message", ({ data: { id, call } }: MessageEvent<{ id: number; call: IndexCall }>) => {
    last = last
      .then(() => answer(call))
      .then(
        (result) => post({ id, result }),
        ({ name, message }: Error) => post({ id, error: { name, message } }),
      );
  });
}
