import { read } from "./database.js";

/** A value that a page stores for the next visit, as the page shows it now. */
interface PageValue {
  /** Null or undefined if there is none, or if the page has not read it yet. */
  get(): unknown;
  /** Shows another value, which is stored already; null for none. */
  show(value: unknown): void;
  /** Whether it changes now, so that it cannot be replaced. */
  isBusy?(): boolean;
}

/** The values of the pages that were opened, by their keys in the database. */
const opened = new Map<string, PageValue>();

export const registerPage = (key: string, value: PageValue): void => void opened.set(key, value);
export const showPage = (key: string, value: unknown): void => opened.get(key)?.show(value);
export const isPageBusy = (): boolean => [...opened.values()].some((page) => page.isBusy?.() === true);

/** The newest value of a page, opened or not; undefined for none. */
export const pageValue = async (key: string): Promise<unknown> =>
  opened.get(key)?.get() ?? (await read("project", key).catch(() => undefined)) ?? undefined;
