import type { BatchToken } from "./generate.js";
import type { GeneratedToken } from "./sequence.js";

/** Tokens of the only text. */
export async function* single(tokens: AsyncGenerator<BatchToken, void, undefined>) {
  for await (const { sequence: _, ...token } of tokens) yield token;
}

/** The text alone, where there is any. */
export async function* texts(tokens: AsyncGenerator<GeneratedToken, void, undefined>) {
  for await (const { text } of tokens) if (text !== "") yield text;
}

/** The same generator; `end` is called once it ends, or is given up before it began. */
export function ending<T>(
  inner: AsyncGenerator<T, void, undefined>,
  end: () => void,
): AsyncGenerator<T, void, undefined> {
  let over = false;
  const finish = () => {
    if (!over) end();
    over = true;
  };
  const watched = async (work: Promise<IteratorResult<T, void>>) => {
    try {
      const result = await work;
      if (result.done === true) finish();
      return result;
    } catch (error) {
      finish();
      throw error;
    }
  };
  return {
    next: () => watched(inner.next()),
    return: (value) => watched(inner.return(value)),
    throw: (error) => watched(inner.throw(error)),
    [Symbol.asyncIterator]() {
      return this;
    },
    async [Symbol.asyncDispose]() {
      await this.return();
    },
  };
}
