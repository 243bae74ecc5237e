import type { AdapterChoice, AdapterSet, Begun } from "../../adapters/adapter-set.js";
import { ConfigError } from "../../errors/errors.js";
import type { BatchToken, GenerationRequest } from "./generate.js";
import type { GeneratedToken } from "./sequence.js";

/** Adapters and weights of a call that starts later, or never; until then it does not count as running. */
export function taken(adapterSet: AdapterSet, choice: AdapterChoice | readonly AdapterChoice[]): Taken {
  const { adapters, weights, end } = adapterSet.begin(choice);
  end();
  return { adapters, weights, begin: () => begin(adapterSet, weights) };
}

/** Adapters and weights at the call. */
export interface Taken extends Pick<Begun, "adapters" | "weights"> {
  /** Marks it as running; returns a function that ends that. Throws `ConfigError` if the weights have changed. */
  readonly begin: () => () => void;
}

/** `begin` of a call and of its requests' draft models: all begin, or none. */
export function beginWith(begin: () => () => void, requests: readonly GenerationRequest[]): () => () => void {
  const begins = [begin, ...requests.flatMap(({ assistant }) => assistant?.begin ?? [])];
  return () => {
    const ends: (() => void)[] = [];
    const endAll = () => {
      for (const end of ends) end();
    };
    try {
      for (const one of begins) ends.push(one());
    } catch (error) {
      endAll();
      throw error;
    }
    return endAll;
  };
}

function begin({ merged }: AdapterSet, weights: number): () => void {
  const call = merged.begin();
  if (call.weights === weights) return call.end;
  call.end();
  throw new ConfigError(
    "an adapter was merged into the base, or taken out of it, after this call and before its first token: make the call again",
    { reason: "merged" },
  );
}

/** Tokens of the only text. */
export async function* single(tokens: AsyncGenerator<BatchToken, void, undefined>) {
  for await (const { sequence: _, ...token } of tokens) yield token;
}

/** Yields only the text of each token, if there is any. */
export async function* texts(tokens: AsyncGenerator<GeneratedToken, void, undefined>) {
  for await (const { text } of tokens) if (text !== "") yield text;
}

/**
 * A generator that counts as running from its first `next` until it ends. A generator that is never advanced never counts.
 * @param begin returns a function to call once at the end; if it throws, the generator ends with that error
 */
export function underWay<T>(
  inner: AsyncGenerator<T, void, undefined>,
  begin: () => () => void,
): AsyncGenerator<T, void, undefined> {
  let asked = false;
  let end: (() => void) | null = null;
  const finish = () => {
    end?.();
    end = null;
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
    async next() {
      if (!asked) {
        asked = true;
        try {
          end = begin();
        } catch (error) {
          await inner.return();
          throw error;
        }
      }
      return watched(inner.next());
    },
    return(value) {
      asked = true;
      return watched(inner.return(value));
    },
    throw(error) {
      asked = true;
      return watched(inner.throw(error));
    },
    [Symbol.asyncIterator]() {
      return this;
    },
    async [Symbol.asyncDispose]() {
      await this.return();
    },
  };
}
