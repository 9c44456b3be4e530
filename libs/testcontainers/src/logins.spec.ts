import { describe, expect, it } from '@jest/globals';
import { Logins } from './logins.js';

describe('logins', () => {
  it('are different for everybody, and each time', () => {
    const some = [new Logins(['ada', 'bob']), new Logins(['ada', 'bob'])].flatMap((logins) => [
      ...[logins.services, logins.auditor, logins.sys, logins.routes].map(({ pass }) => pass),
      ...[logins.node('ada').pass, logins.node('bob').pass, logins.agentToken],
    ]);
    expect(new Set(some).size).toBe(14);
    for (const password of some) expect(password).toMatch(/^[a-z][a-z0-9]{15,}$/);
  });

  it('are a user of its own for each node, in the broker too', () => {
    const logins = new Logins(['ada']);
    const { user, pass } = logins.node('ada');
    expect(user).toBe('node.ada');
    expect(logins.nodeUsersConf('main')).toContain(`user: "node.ada", password: "${pass}"`);
  });

  it('tell who is known, when somebody is not', () => {
    expect(() => new Logins(['ada', 'bob']).node('eve')).toThrow(
      'eve is not among the nodes of this coordinator: ada, bob',
    );
  });
});
