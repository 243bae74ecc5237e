import { expect, it } from "vitest";
import { UnsupportedError } from "../../ts/index.js";
import { lazyChunk } from "../../ts/waiting/lazy-chunk.js";

it("a module that cannot be fetched is a named error with its cause, and the next call tries again", async () => {
  let address = "data:text/javascript,import 'lowrank:none'";
  let tries = 0;
  const chunk = lazyChunk(async () => {
    tries++;
    return ((await import(/* @vite-ignore */ address)) as { readonly answer: number }).answer;
  });
  const failed = await chunk().catch((error: unknown) => error);
  expect(failed).toBeInstanceOf(UnsupportedError);
  expect(failed).toMatchObject({
    code: "UNSUPPORTED",
    message: expect.stringMatching(/^a script failed: /) as string,
  });
  expect((failed as Error).cause).toBeInstanceOf(Error);
  address = "data:text/javascript,export const answer = 42";
  expect(await chunk()).toBe(42);
  expect(tries).toBe(2);
});

it("a module that was provided is not fetched", async () => {
  const chunk = lazyChunk<number>(() => Promise.reject(new Error("fetched")));
  chunk.provide(7);
  expect(await chunk()).toBe(7);
});
