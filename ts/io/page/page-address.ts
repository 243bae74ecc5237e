let given: string | null = null;

/** Called in a worker whose page is elsewhere than its file: relative addresses begin from the page's. */
export function setPageAddress(address: string): void {
  given = address;
}

/** What relative addresses begin from; undefined where there is nothing of the kind. */
export const pageAddress = (): string | undefined => given ?? (globalThis as Partial<typeof globalThis>).location?.href;
