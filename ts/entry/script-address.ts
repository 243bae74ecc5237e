// Where a script of another format than ES modules was loaded from: bundlers then leave `import.meta.url` empty.
const script = typeof document === "undefined" ? undefined : (document.currentScript as HTMLScriptElement | null)?.src;

/** A file beside the script: where `import.meta.url` says, or, in a classic script, where that script or the page came from. */
export function beside(file: string, find: () => URL): URL {
  try {
    return unmoved(find());
  } catch {
    return new URL(file, script || globalThis.location?.href);
  }
}

const MOVED = "/.vite/deps/";

/** Whether Vite's development server moved a script into its own folder; it leaves the files beside it where they were. */
export const isMoved = (script: string) => script.includes(MOVED);

// Otherwise the very object: what Turbopack makes of it has an address without a host, which is none by itself.
const unmoved = (url: URL) => (isMoved(url.href) ? new URL(url.href.replace(MOVED, "/lowrank/dist/")) : url);
