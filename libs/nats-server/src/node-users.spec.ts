import { describe, expect, it } from '@jest/globals';

import { nodeInbox, nodeUserName, nodeUsersConf } from './node-users.js';

describe('the users of nodes', () => {
  it('may speak and listen under their own name', () => {
    expect(nodeUsersConf([{ node: 'ada', password: 'secret', realm: 'main' }])).toBe(`users: [
  {
    user: "node.ada", password: "secret"
    permissions: {
      publish: { allow: ["jl.main.cmd.ada.>", "jl.main.node.ada.>", "jl.main.data.ada.>"] }
      subscribe: { allow: ["jl.main.fd.ada", "jl.main.data.*.*.*.all.>", "jl.main.data.*.*.*.up.>", "jl.main.data.*.*.*.to.ada.>", "_INBOX.ada.>"] }
    }
  }
]
`);
  });

  it('may do so in every realm when none is named', () => {
    expect(nodeUsersConf([{ node: 'ada', password: 'secret' }])).toContain('"jl.*.cmd.ada.>"');
  });

  it('can have a password from the environment, or one with any characters', () => {
    const variable = nodeUsersConf([{ node: 'ada', password: { variable: 'ADA' } }]);
    expect(variable).toContain('password: $ADA\n');
    const awkward = nodeUsersConf([{ node: 'ada', password: 'a"b\\c$d' }]);
    expect(awkward).toContain(String.raw`password: "a\"b\\c$d"`);
  });

  it.each(['', 'a.b', 'a*', '>', 'a b', 'ä', 'a\n', '@news', 'a:7', 'x'.repeat(65)])(
    'are refused for a node or realm %j',
    (name) => {
      const write = [
        () => nodeUsersConf([{ node: name, password: 'x' }]),
        () => nodeUsersConf([{ node: 'ada', password: 'x', realm: name }]),
        () => nodeUserName(name),
        () => nodeInbox(name),
      ];
      for (const attempt of write) expect(attempt).toThrow(TypeError);
    },
  );

  it.each(['', 'line\nbreak'])('are refused with the password %j', (password) => {
    expect(() => nodeUsersConf([{ node: 'ada', password }])).toThrow(TypeError);
  });
});
