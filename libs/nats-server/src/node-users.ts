import { list, quoted, secret, type Password } from './conf-text.js';

/** A node that may connect: its name, its password, and the deployments (realms) it may speak in. */
export interface NodeUser {
  /** 1 to 64 of A-Z, a-z, 0-9, `_` and `-`. */
  readonly node: string;
  readonly password: Password;
  /** One realm, or `*` for all of this server's; `*` when left out. */
  readonly realm?: string | undefined;
}

const namePattern = /^[A-Za-z0-9_-]{1,64}$/;

/** The user that a node connects as. The dot keeps nodes apart from every other user. */
export function nodeUserName(node: string): string {
  return `node.${nameOf(node)}`;
}

/** The inbox prefix that a node must connect with: its user can hear answers nowhere else. */
export function nodeInbox(node: string): string {
  return `_INBOX.${nameOf(node)}`;
}

/**
 * The users of the account NODES, as a part of a nats-server configuration. Each may publish commands
 * and signs of life in its own name, hear its own notifications and its own inbox, and nothing else.
 *
 * @throws TypeError when a node or a realm is no name, before it could become part of a subject.
 */
export function nodeUsersConf(users: readonly NodeUser[]): string {
  return usersConf(users.map(nodeUser));
}

/** One who may connect to the account NODES. */
export interface AccountUser {
  readonly user: string;
  readonly password: Password;
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
}

export function usersConf(users: readonly AccountUser[]): string {
  return `users: [\n${users.map(userConf).join('')}]\n`;
}

export function nodeUser({ node, password, realm = '*' }: NodeUser): AccountUser {
  const place = realm === '*' ? realm : nameOf(realm);
  return {
    user: nodeUserName(node),
    password,
    publish: [
      `jl.${place}.cmd.${node}.>`,
      `jl.${place}.node.${node}.>`,
      `jl.${place}.data.${node}.>`,
    ],
    subscribe: [`jl.${place}.fd.${node}`, ...dataHeard(place, node), `${nodeInbox(node)}.>`],
  };
}

// Session data is said to a session, and who is a member of it is not the broker's to know. What is said to one
// socket of a node is for that node.
const dataHeard = (place: string, node: string): readonly string[] => [
  `jl.${place}.data.*.*.*.all.>`,
  `jl.${place}.data.*.*.*.up.>`,
  `jl.${place}.data.*.*.*.to.${node}.>`,
];

/** May be any node. Only the embedded server has it, and that listens on 127.0.0.1 alone. */
export function developmentUser(password: Password): AccountUser {
  return {
    user: 'development',
    password,
    publish: ['jl.*.cmd.>', 'jl.*.node.>', 'jl.*.data.>'],
    subscribe: ['jl.*.fd.*', ...dataHeard('*', '*'), '_INBOX.>'],
  };
}

function userConf({ user, password, publish, subscribe }: AccountUser): string {
  return `  {
    user: ${quoted(user)}, password: ${secret(password)}
    permissions: {
      publish: { allow: ${list(publish)} }
      subscribe: { allow: ${list(subscribe)} }
    }
  }
`;
}

function nameOf(text: string): string {
  if (!namePattern.test(text))
    throw new TypeError(`${JSON.stringify(text)} is no name: ${String(namePattern)}`);
  return text;
}
