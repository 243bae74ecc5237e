let given: string | null = null;

/** Called in a worker whose page is elsewhere than its file: relative addresses begin from the page's. */
export function setPageAddress(address: string): void {
  given = address;
}

/** Base of relative addresses; undefined if there is none. */
export const pageAddress = (): string | undefined => given ?? (globalThis as Partial<typeof globalThis>).location?.href;
