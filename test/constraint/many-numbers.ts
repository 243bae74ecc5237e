/** Properties of a schema, none of which another has: `count` numbers, some 70 states each. @param from the first one's minimum */
export const manyNumbers = (count: number, from = 0): Record<string, object> =>
  Object.fromEntries(
    Array.from({ length: count }, (_, i) => [`p${from + i}`, { type: "integer", minimum: from + i }] as const),
  );
