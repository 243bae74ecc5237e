import { FleetNode, type Task } from "../src/fleet-node.js";
import type { Reply } from "../src/objects/outgoing.js";
import { pause } from "../src/pause.js";
import { Fleet } from "../src/wire/fleet.js";
import { signerOf } from "../src/wire/node-key.js";
import { fetchTransport } from "../src/wire/transport.js";

/** A node that answers every round with the same arrays, whatever it was asked. */
export async function answerFalsely(server: string, arrays: Reply["arrays"], rounds: number): Promise<void> {
  const signer = await signerOf(undefined);
  const node = await FleetNode.join(
    new Fleet({ server, signer, transport: fetchTransport, patience: 60 }),
    signer,
    false,
  );
  const metrics = new Map([
    ["loss", 0.1],
    ["num-examples", 1_000],
  ]);
  let task: Task | null = null;
  for (let answered = 0; answered < rounds;) {
    task = await node.next();
    if (task === null) {
      await pause(300, undefined);
      continue;
    }
    // The server counts a message as received when all of it was fetched.
    await (await task.content()).arrays(2 ** 24);
    await task.answer({ arrays, metrics });
    answered++;
  }
  // It may not have fetched the last answer yet.
  while (!(await task!.isOver())) await pause(300, undefined);
  await node.leave();
}
