/** The key of the files of an adapter that was trained in the chat. */
export const adapterKey = (id: string): string => `chat-adapter-${id}`;

/** A name with a number if another one has it. */
export function freeName(name: string, isTaken: (name: string) => boolean): string {
  let own = name;
  for (let i = 2; isTaken(own); i++) own = `${name} (${i})`;
  return own;
}
