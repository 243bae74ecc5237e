import { findExecutable } from "../../browsers/find-executable.mjs";
import { debianPackages } from "../../wasm/toolchain.mjs";
import { canInstall, install, installCommand } from "../debian.mjs";
import { SetupError } from "../report.mjs";

export const cargo = {
  title: "Rust",
  makes: "cargo",
  uses: "network",
  seconds: 30,
  needed: () => findExecutable("cargo") === null,
  async run() {
    if (!canInstall()) {
      const command = `rustup toolchain install stable\n  or on Debian: ${installCommand(debianPackages)}`;
      throw new SetupError("cargo, which compiles the kernels, is missing", command);
    }
    await install(debianPackages);
  },
};
