/**
 * Asks the browser, which may ask the user, not to evict stored data when space is short. Not awaited: a user may never answer. Workers
 * cannot ask; their page does.
 */
export function askToPersist(): void {
  const { storage } = (globalThis as { navigator?: { storage?: Partial<StorageManager> } }).navigator ?? {};
  void storage?.persist?.().catch(() => undefined);
}
