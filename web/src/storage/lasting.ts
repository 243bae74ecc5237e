import { signal } from "@preact/signals";

/** Whether stored data outlive the page. */
export const storesLast = async (): Promise<boolean> => {
  try {
    await navigator.storage.getDirectory();
    return true;
  } catch {
    return false;
  }
};

/** Runs that are in memory because the browser's storage was full. */
export const unstoredRuns = signal<ReadonlySet<string>>(new Set());
