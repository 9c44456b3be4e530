import { indented, list, secret, type Password } from './conf-text.js';

// Who may say what to whom: the one place where it is written down. The embedded server's
// configuration and the files in deploy/nats are both rendered from here.
//
//   SERVICES  the user `services` (arbiters, notifiers): JetStream and everything in it
//   NODES     a user for each node, who speaks and hears under the node's own name only
//   AUDIT     the user `auditor`, who reads everything and can write nothing
//   SYS       the server's own events and figures
//
// A node's name is a token of every subject it publishes to, so that the server says who speaks, and
// not the message. The auditor has an account of its own for a reason found by trying: inside
// SERVICES it could name a subject of the log as the reply subject of a request, and the answer was stored
// there like an event. And it may not create consumers, from any account: what one delivers, and
// where to, is for its creator to say, and that too was stored.

export interface AccountPasswords {
  readonly services: Password;
  readonly auditor: Password;
  readonly sys: Password;
}

const fromNodes = ['jl.*.cmd.>', 'jl.*.node.>'];
const toNodes = ['jl.*.fd.*'];

const readsOneAnswer = [
  '$JS.API.INFO',
  '$JS.API.STREAM.NAMES',
  '$JS.API.STREAM.LIST',
  '$JS.API.STREAM.INFO.*',
  '$JS.API.STREAM.MSG.GET.*',
  '$JS.API.CONSUMER.NAMES.*',
  '$JS.API.CONSUMER.LIST.*',
  '$JS.API.CONSUMER.INFO.*.*',
];
const readsManyAnswers = ['$JS.API.DIRECT.GET.>', '$SRV.>'];
const reads = [...readsOneAnswer, ...readsManyAnswers];
const everything = 'jl.>';

/**
 * The accounts, as a part of a nats-server configuration.
 *
 * @param nodeUsers - What says who the users of NODES are: `usersConf`'s text, or an include of it.
 */
export function accountsConf(passwords: AccountPasswords, nodeUsers: string): string {
  return `system_account: SYS

accounts {
  SYS {
    users: [ { user: sys, password: ${secret(passwords.sys)} } ]
  }

  SERVICES {
    jetstream: enabled
    users: [ { user: services, password: ${secret(passwords.services)} } ]
    exports: [
${each(fromNodes, (subject) => `{ service: "${subject}", accounts: [NODES] }`)}
${each(toNodes, (subject) => `{ stream: "${subject}", accounts: [NODES] }`)}
      { stream: "${everything}", accounts: [AUDIT] }
${each(readsOneAnswer, (subject) => `{ service: "${subject}", accounts: [AUDIT] }`)}
${each(readsManyAnswers, (subject) => `{ service: "${subject}", response: stream, accounts: [AUDIT] }`)}
    ]
  }

  NODES {
    # A user without permissions of its own can do nothing.
    default_permissions: { publish: { deny: ">" }, subscribe: { deny: ">" } }
${indented(nodeUsers, 4)}
    imports: [
${each(fromNodes, (subject) => `{ service: { account: SERVICES, subject: "${subject}" } }`)}
${each(toNodes, (subject) => `{ stream: { account: SERVICES, subject: "${subject}" } }`)}
    ]
    # Session data goes from node to node inside this account, jl.<realm>.data.<node>.>, and no service hears it.
  }

  AUDIT {
    default_permissions: { publish: { deny: ">" }, subscribe: { deny: ">" } }
    users: [
      {
        user: auditor, password: ${secret(passwords.auditor)}
        permissions: {
          publish: { allow: ${list(reads)} }
          # Denied are queue groups: whoever joins one takes messages away from the others in it.
          subscribe: { allow: ["_INBOX.auditor.>", "${everything}"], deny: ["> >"] }
        }
      }
    ]
    imports: [
      { stream: { account: SERVICES, subject: "${everything}" } }
${each(reads, (subject) => `{ service: { account: SERVICES, subject: "${subject}" } }`)}
    ]
  }
}
`;
}

function each(subjects: readonly string[], line: (subject: string) => string): string {
  return subjects.map((subject) => `      ${line(subject)}`).join('\n');
}
