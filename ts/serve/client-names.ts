import { clip } from "../errors/excerpt.js";

/** Names that are paths or addresses; those on the hub are "organisation/name". */
const place = /^[.~/\\]|^[a-z][a-z\d+.-]*:|[\\/].*[\\/]/i;

/** A model's name for clients: the last part of a path or an address, any other name as it is. */
export function clientName(name: string): string {
  if (!place.test(name)) return name;
  const last = name
    .replace(/[?#].*$/, "")
    .split(/[\\/]/)
    .findLast((part) => part !== "");
  return last === undefined || /^\.+$|:$/.test(last) ? "model" : last;
}

/** A message for clients, which need not know where a server has its models. @param places names by the path or address that each stands for */
export function forClients(message: string, places: Iterable<readonly [place: string, name: string]>): string {
  for (const [place, name] of places)
    // As messages write them: whole, cut, and quoted.
    for (const written of [place, clip(place), JSON.stringify(place).slice(1, -1)])
      if (written !== "") message = message.replaceAll(written, () => name);
  return message;
}
