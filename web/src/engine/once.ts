/** What `make` gave for this key, or will give. After a failure the next call makes it again. */
export function once<K, V>(known: Map<K, Promise<V>>, key: K, make: () => Promise<V>): Promise<V> {
  const there = known.get(key);
  if (there !== undefined) return there;
  const made = make();
  known.set(key, made);
  made.catch(() => known.delete(key));
  return made;
}
