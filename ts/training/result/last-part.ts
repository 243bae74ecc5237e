/** The last part of a path or address, for pictures. */
export const lastPart = (path: string): string => path.split(/[/\\]/).at(-1)!;
