/** A path's or an address's last part, which pictures show. */
export const lastPart = (path: string): string => path.split(/[/\\]/).at(-1)!;
