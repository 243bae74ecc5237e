/** The seed of a request: a random one by default. Seeds of other programs may be negative. */
export function requestSeed(given: number | undefined): number {
  const seed = given ?? crypto.getRandomValues(new Uint32Array(1))[0]!;
  return seed < 0 ? seed + 2 ** 53 : seed;
}
