import type { Command } from "commander";
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { ConfigError } from "../../errors/errors.js";
import type { Session } from "../session.js";
import { defineFlowerApp } from "./flower-app.js";
import { defineFlowerJoin } from "./flower-join.js";

const EXAMPLES = `
Example:
  lowrank flower key keys/hospital-1 && flwr supernode register keys/hospital-1.pub
`;

/** `lowrank flower`: training with others by Flower, each with texts that stay where they are. */
export function defineFlower(program: Command, session: Session): void {
  const group = program
    .command("flower")
    .description("train one adapter with others, whose texts stay where they are, by Flower");
  defineFlowerApp(group, session);
  defineFlowerJoin(group, session);
  group
    .command("key")
    .argument("<file>", "where the private key goes; the public one goes to <file>.pub")
    .description("make a key that a server can know a node by")
    .addHelpText("after", EXAMPLES)
    .action(async (file: string) => {
      for (const path of [file, `${file}.pub`])
        if (existsSync(path))
          throw new ConfigError(`${path} is there already: a key is not written over, name another file`, {
            file: path,
          });
      const { createNodeKey } = await import("../../entry/federated-node.js");
      const { privateKey, publicKey } = await createNodeKey();
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, privateKey, { mode: 0o600, flag: "wx" });
      await writeFile(`${file}.pub`, publicKey, { flag: "wx" });
      session.terminal.print(`${file}, and ${file}.pub for \`flwr supernode register\``);
    });
}
