import { ConfigError } from "../../errors/errors.js";
import { placeIn } from "../../io/examples/index.js";

/** Returns the result of `work`. If `work` throws for an example by number, the message names its place in the file instead. */
export function inPlace<T>(file: string, line: number, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const { message, details } = error;
    const said = message.startsWith(`${file}: `) ? message.slice(file.length + 2) : message;
    const problem = /^(?:\w+: )?example \d+:? (.*)$/s.exec(said)?.[1];
    if (problem === undefined) throw error;
    const place = `${file}, ${placeIn(file, line)}`;
    throw new ConfigError(`${place}: ${problem}`, { ...details, file, line }, { cause: error });
  }
}
