// Who may log in to the small registry, and what for. Passwords can change while it runs.
// It must never say whether the user or the password was wrong.

export type RegistryAction = "pull" | "push";

export interface RegistryUsersOptions {
  /** User name to password. */
  users?: Record<string, string>;
  /** Asked when `users` does not know the pair: for passwords that somebody minted. */
  accepts?: (username: string, password: string) => boolean | Promise<boolean>;
  /** Default: every user may do everything. */
  allows?: (username: string, repository: string, action: RegistryAction) => boolean;
}

export class RegistryUsers {
  readonly #passwords: Map<string, string>;
  readonly #accepts: NonNullable<RegistryUsersOptions["accepts"]>;
  readonly #allows: NonNullable<RegistryUsersOptions["allows"]>;

  constructor({ users = {}, accepts = () => false, allows = () => true }: RegistryUsersOptions) {
    this.#passwords = new Map(Object.entries(users));
    this.#accepts = accepts;
    this.#allows = allows;
  }

  setPassword(username: string, password: string): void {
    this.#passwords.set(username, password);
  }

  remove(username: string): void {
    this.#passwords.delete(username);
  }

  async mayLogIn(username: string, password: string): Promise<boolean> {
    return this.#passwords.get(username) === password || (await this.#accepts(username, password));
  }

  allows(username: string, repository: string, action: RegistryAction): boolean {
    return this.#allows(username, repository, action);
  }
}

/** User and password of a Basic header; undefined if it is none. */
export function basicCredentials(header: string | undefined): [string, string] | undefined {
  const encoded = /^Basic ([A-Za-z0-9+/=]+)$/i.exec(header ?? "")?.[1];
  const text = Buffer.from(encoded ?? "", "base64").toString("utf8");
  const colon = text.indexOf(":");
  return colon < 0 ? undefined : [text.slice(0, colon), text.slice(colon + 1)];
}
