import { lowrank } from "../fixture.js";

/** Runs `lowrank studio` as long as `use` needs it. */
export async function servedStudio<T>(
  use: (url: string) => Promise<T>,
  ...options: readonly string[]
): Promise<{ code: number; result: T }> {
  const ending = new AbortController();
  let found = (_url: string) => {};
  const url = new Promise<string>((resolve) => (found = resolve));
  const running = lowrank(["studio", "--port", "0", ...options], {
    signal: ending.signal,
    onOutput: (text) => found(/http:\S+/.exec(text)?.[0] ?? ""),
  });
  try {
    const address = await Promise.race([url, running.then(({ err }) => Promise.reject(new Error(err)))]);
    const result = await use(address);
    ending.abort();
    return { code: (await running).code, result };
  } finally {
    ending.abort();
  }
}
