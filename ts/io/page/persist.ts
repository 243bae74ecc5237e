/**
 * Asks the browser, which may ask the person, not to drop what is kept when space is short. Not waited for: a person may never
 * answer. Workers cannot ask; their page does.
 */
export function askToPersist(): void {
  const { storage } = (globalThis as { navigator?: { storage?: Partial<StorageManager> } }).navigator ?? {};
  void storage?.persist?.().catch(() => undefined);
}
