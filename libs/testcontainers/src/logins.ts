import { randomBytes } from 'node:crypto';
import { nodeUserName, nodeUsersConf } from '@joinleaf/nats-server';

/** A user of the broker. */
export interface Login {
  readonly user: string;
  readonly pass: string;
}

/** How a program connects as a node: what `connect` of `@joinleaf/client` takes. */
export interface ConnectOptions extends Login {
  readonly servers: readonly string[];
  readonly realm: string;
  readonly node: string;
}

/** The passwords of one coordinator, made anew for each. */
export class Logins {
  readonly services: Login = { user: 'services', pass: newPassword() };
  readonly auditor: Login = { user: 'auditor', pass: newPassword() };
  readonly sys: Login = { user: 'sys', pass: newPassword() };
  readonly routes: Login = { user: 'routes', pass: newPassword() };
  /** What programs show the HTTP edge of the leaf agents. */
  readonly agentToken = newPassword();
  readonly #nodes: ReadonlyMap<string, Login>;

  /** @throws TypeError when a node's name is none. */
  constructor(nodes: readonly string[]) {
    this.#nodes = new Map(
      nodes.map((node) => [node, { user: nodeUserName(node), pass: newPassword() }]),
    );
  }

  /** @throws TypeError for a node that was not announced. */
  node(node: string): Login {
    const login = this.#nodes.get(node);
    if (login !== undefined) return login;
    const known = [...this.#nodes.keys()].join(', ') || 'nobody';
    throw new TypeError(`${node} is not among the nodes of this coordinator: ${known}`);
  }

  /** The broker's node-users.conf. */
  nodeUsersConf(realm: string): string {
    const users = [...this.#nodes].map(([node, { pass }]) => ({ node, password: pass, realm }));
    return nodeUsersConf(users);
  }
}

// The broker's configuration takes letters and digits, and a letter has to be among them.
const newPassword = (): string => `p${randomBytes(16).toString('hex')}`;
