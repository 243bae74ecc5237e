// @rest services
import { once } from "node:events";
import { createConnection } from "node:net";
import { expect, it } from "vitest";
import { Redis } from "../../../scripts/servers/redis.mjs";
import { JobQueue } from "../src/index.js";

it("a password that a Redis does not take is named, and not waited for", { timeout: 60_000 }, async () => {
  const redis = await Redis.start();
  try {
    const socket = createConnection(redis.port, "127.0.0.1");
    socket.write("CONFIG SET requirepass secret\r\n");
    await once(socket, "data");
    socket.destroy();
    const at = (user: string) => JobQueue.open(redis.address.replace("//", `//${user}`));
    await expect(at("")).rejects.toThrow(
      /^JobQueue.open: redis:.* refuses: NOAUTH .*; user and password belong in the/,
    );
    await expect(at(":other@")).rejects.toThrow(/^JobQueue.open: redis:\/\/:\*\*\*@.* refuses: WRONGPASS /);
    await (await at(":secret@")).close();
  } finally {
    await redis.stop();
  }
});
