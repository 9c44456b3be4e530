import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { nodeUsersConf } from '@joinleaf/nats-server';
import { textOf } from './files.js';

// The nodes that our examples have. The files are written from here: WRITE_DEPLOY=1 npx jest test/deploy

const examples = [
  { folder: 'deploy/compose', of: 'docker-compose.yml', nodes: ['ada', 'bob', 'lobby', 'robot'] },
  { folder: 'deploy/kubernetes', of: 'deploy/kubernetes', nodes: ['lobby'] },
];

describe.each(examples)('$folder/node-users.conf', ({ folder, of, nodes }) => {
  const path = `${folder}/node-users.conf`;
  const users = nodes.map((node) => ({
    node,
    realm: 'main',
    password: { variable: `JOINLEAF_NATS_NODE_${node.toUpperCase()}_PASSWORD` },
  }));
  const head = `# The nodes of ${of}; a test keeps it as nodeUsersConf() of @joinleaf/nats-server writes it.\n\n`;

  it('gives every node what a node may do', () => {
    const due = head + nodeUsersConf(users);
    if (process.env.WRITE_DEPLOY === '1') {
      writeFileSync(join(import.meta.dirname, '../..', path), due);
    }
    expect(textOf(path)).toBe(due);
  });
});
