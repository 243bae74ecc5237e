const ADDRESS = /^(\d{1,3}(\.\d{1,3}){3}|\[[\da-f:.]+\])$/;

/**
 * Whether a server answers requests with this Host header: an address, "localhost" (or a name that ends in ".localhost"), or one of `names`, which are in
 * lower case. The owner of another name can point it at this machine, and a page of that name then asks as if it came from here ("DNS rebinding").
 */
export function isAllowedHost(header: string, names: readonly string[]): boolean {
  const name = header.toLowerCase().replace(/:\d*$/, "");
  return ADDRESS.test(name) || /^([\w-]+\.)*localhost$/.test(name) || names.includes(name);
}
