import { InvalidArgumentError } from "commander";

/**
 * The origins given so far and one more, from an address. A path would narrow a Content-Security-Policy to one file, and a semicolon would
 * end its directive, so only scheme, host and port are kept.
 */
export function addedOrigin(text: string, before: readonly string[]): readonly string[] {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol) || !/^[\w.:[\]-]+$/.test(url.host))
    throw new InvalidArgumentError("The address of a site is expected, such as https://models.example.org.");
  return [...before, url.origin];
}
