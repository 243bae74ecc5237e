interface Policies {
  createPolicy(
    name: string,
    rules: { createScriptURL: (address: string) => string },
  ): { createScriptURL(address: string): unknown };
}

const { trustedTypes } = globalThis as { trustedTypes?: Policies };
let policy: ReturnType<Policies["createPolicy"]> | undefined;

/** The address of one of the Studio's own scripts as a trusted type. A plain string if the site does not allow the Studio's policy. */
export function ownScript(address: string): string {
  try {
    policy ??= trustedTypes?.createPolicy("lowrank-studio", { createScriptURL: (own) => own });
    return (policy?.createScriptURL(address) ?? address) as string;
  } catch {
    return address;
  }
}
