type Method = (this: unknown, ...args: unknown[]) => unknown;

const iterator = (from: Iterable<unknown>) => Object.getPrototypeOf(from[Symbol.iterator]()) as object;
const searched = [String.prototype, Array.prototype, Map.prototype, Set.prototype, RegExp.prototype];
const walked = [iterator([]), iterator(new Map()), iterator(new Set())];

/** Methods that look at a whole list, and those that look at as much as they give. */
const whole = new Set<PropertyKey>(["includes", "indexOf", "lastIndexOf", "join", "shift", "unshift", "splice"]);
const given = new Set<PropertyKey>(["slice", "concat", "flat", "keys", "values", "entries", "split"]);

const lengthOf = (value: unknown) => (Array.isArray(value) ? value.length : 0);

/**
 * Counts from now on what this thread does to strings, lists, maps and sets: calls of their methods, calls that these make,
 * items of a list that they look at, steps of loops `for (… of …)`. The function it gives ends that and tells the count,
 * which is the same on every machine.
 */
export function countWork(): () => number {
  let count = 0;
  const counting = (name: PropertyKey, original: Method): Method => {
    // Now: inside, a method of a set would count itself without end.
    const [isWhole, isGiven] = [whole.has(name), given.has(name)];
    return function (...args) {
      count += isWhole ? lengthOf(this) + 1 : 1;
      const called = args[0];
      if (typeof called === "function") {
        args[0] = function (this: unknown, ...items: unknown[]) {
          count++;
          return Reflect.apply(called, this, items) as unknown;
        };
      }
      const result = Reflect.apply(original, this, args);
      if (isGiven) count += lengthOf(result);
      return result;
    };
  };

  const restore: (() => void)[] = [];
  const replace = (owner: object, name: PropertyKey) => {
    const descriptor = Object.getOwnPropertyDescriptor(owner, name)!;
    if (typeof descriptor.value !== "function" || name === "constructor") return;
    restore.push(() => Object.defineProperty(owner, name, descriptor));
    Object.defineProperty(owner, name, { ...descriptor, value: counting(name, descriptor.value as Method) });
  };
  const all = [...searched, ...walked].flatMap((owner) => Reflect.ownKeys(owner).map((name) => [owner, name] as const));
  for (const name of ["keys", "values", "entries"]) all.push([Object, name]);
  // By index: a loop over the list would walk by what it replaces.
  for (let i = 0; i < all.length; i++) replace(all[i]![0], all[i]![1]);
  return () => {
    const counted = count;
    for (let i = 0; i < restore.length; i++) restore[i]!();
    return counted;
  };
}
