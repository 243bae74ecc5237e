/** Version of this package, as package.json has it: a page cannot read that file. */
export const VERSION = "0.1.0";

/** Whether two versions train to the same bits and understand each other's jobs and rounds: they are of the same minor version. */
export const sameMinor = (a: string, b: string = VERSION) => minorOf(a) === minorOf(b);

const minorOf = (version: string) => version.split(".").slice(0, 2).join(".");
