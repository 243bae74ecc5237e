import { signal } from "@preact/signals";
import { TableProblem } from "../data/problem.js";
import { read, remove, write } from "../storage/database.js";
import { registerPage } from "../storage/page-values.js";

/** The one table of a page, stored under this key for the next visit. */
export function storedTable<T>(key: string) {
  /** Null before there is one. */
  const table = signal<T | null>(null);
  const reading = signal(false);
  const readProblem = signal<TableProblem | null>(null);
  /** Number of the newest read: if two files are read at once, the one chosen last counts. */
  let newest = 0;
  function use(now: T | null): void {
    table.value = now;
    // A long table is copied into the database in a task of its own: showing it takes the page long enough.
    setTimeout(() => {
      if (table.value === now)
        void (now === null ? remove("project", key) : write("project", key, now)).catch(() => undefined);
    });
  }
  registerPage(key, {
    get: () => table.value,
    show(value) {
      newest++;
      reading.value = false;
      readProblem.value = null;
      table.value = value as T | null;
    },
  });
  return {
    table,
    reading,
    readProblem,
    use,
    close: (): void => use(null),

    async open(make: () => Promise<T>): Promise<void> {
      const own = ++newest;
      reading.value = true;
      readProblem.value = null;
      try {
        const made = await make();
        if (own === newest) use(made);
      } catch (error) {
        if (own === newest)
          readProblem.value = error instanceof TableProblem ? error : new TableProblem("noTable", String(error));
      } finally {
        if (own === newest) reading.value = false;
      }
    },

    /** Restores the table of an earlier visit. */
    async find(): Promise<void> {
      if (table.value !== null || reading.value) return;
      const kept = await read<T>("project", key).catch(() => undefined);
      if (kept !== undefined && table.value === null && !reading.value) table.value = kept;
    },
  };
}
