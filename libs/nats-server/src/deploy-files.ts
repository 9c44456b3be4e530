import { accountsConf } from './accounts.js';
import { nodeUsersConf } from './node-users.js';

// The files of deploy/nats. They are written from here, and a test keeps the two in step, so that what
// operators run and what the tests run cannot differ in a permission.

const passwordOf = (user: string) => ({ variable: `JOINLEAF_NATS_${user}_PASSWORD` });

const written =
  '# Written from libs/nats-server/src: change it there, then run its tests with WRITE_DEPLOY=1.';

const server = `${written}
#
# One nats-server for production. Everything that differs from place to place, and every secret, comes from
# the environment: nats.env.example lists it, and tells why a password must not be empty.
#
#   nats-server -c server.conf

server_name: $JOINLEAF_NATS_NAME
listen: $JOINLEAF_NATS_LISTEN
http: $JOINLEAF_NATS_MONITOR
max_payload: 1MB
# One connection for each node and service; more than these are refused.
max_connections: 10000
# Who was cut off without a word is forgotten within half a minute. Until then the server sends it what its
# subscriptions ask for, a share of the commands among them.
ping_interval: "10s"
ping_max: 2

jetstream {
  store_dir: $JOINLEAF_NATS_STORE
  # An append is on disk before it is acknowledged. The server's default is to wait up to two minutes.
  sync_interval: always
}

# Passwords travel as they are: outside a private network, encrypt the connections.
# tls { cert_file: "/etc/nats/tls/tls.crt", key_file: "/etc/nats/tls/tls.key" }

include "./accounts.conf"
`;

const cluster = `${written}
#
# One of the three servers of a cluster: server.conf, and its routes to the other two.
#
#   nats-server -c cluster.conf

include "./server.conf"

cluster {
  name: joinleaf
  listen: $JOINLEAF_NATS_CLUSTER_LISTEN
  authorization { user: routes, password: $JOINLEAF_NATS_ROUTES_PASSWORD }
  # An array: [nats://routes:<password>@nats-0:6222, nats://routes:<password>@nats-1:6222, …]
  routes: $JOINLEAF_NATS_ROUTES
  # A server that is cut off without a word counts as away after 4 s. The default is two minutes, in which the others
  # go on sending it requests, and wait for it when its connection is full.
  ping_interval: "1s"
  ping_max: 3
}
`;

const accounts = `${written}
#
# Who may say what to whom. There is no development user here: that one is for the embedded server only.

${accountsConf(
  { services: passwordOf('SERVICES'), auditor: passwordOf('AUDITOR'), sys: passwordOf('SYS') },
  'include "./node-users.conf"',
)}`;

const nodeUsers = `${written}
#
# An example with two nodes: give every node of yours a user like these. nodeUsersConf() of
# @joinleaf/nats-server writes this file for any list of nodes.

${nodeUsersConf([
  { node: 'ada', password: passwordOf('NODE_ADA'), realm: 'main' },
  { node: 'bob', password: passwordOf('NODE_BOB'), realm: 'main' },
])}`;

/** The configuration files that we ship, by name. */
export const deployFiles: Readonly<Record<string, string>> = {
  'server.conf': server,
  'cluster.conf': cluster,
  'accounts.conf': accounts,
  'node-users.conf': nodeUsers,
};
