import type { Command } from "commander";
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { ConfigError } from "lowrank";
import type { Session } from "lowrank/extension/cli";

const EXAMPLES = `
Example:
  lowrank flower key keys/hospital-1 && flwr supernode register keys/hospital-1.pub
`;

/** `lowrank flower key`: creates a key that identifies a node. */
export function defineFlowerKey(program: Command, session: Session): void {
  program
    .command("key")
    .argument("<file>", "file for the private key; the public key is written to <file>.pub")
    .description("create a key that identifies a node")
    .addHelpText("after", EXAMPLES)
    .action(async (file: string) => {
      for (const path of [file, `${file}.pub`])
        if (existsSync(path))
          throw new ConfigError(`${path} already exists: keys are not overwritten, name another file`, {
            file: path,
          });
      const { createNodeKey } = await import("../index-node.js");
      const { privateKey, publicKey } = await createNodeKey();
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, privateKey, { mode: 0o600, flag: "wx" });
      await writeFile(`${file}.pub`, publicKey, { flag: "wx" });
      session.terminal.print(`${file}, and ${file}.pub for \`flwr supernode register\``);
    });
}
