import { describe, expect, it } from '@jest/globals';

import { credentialsOf, urlOf } from './credentials.js';

describe('a NATS URL', () => {
  it.each([
    ['nats://127.0.0.1:4222', { servers: ['127.0.0.1:4222'] }],
    ['127.0.0.1', { servers: ['127.0.0.1'] }],
    ['nats://a:4222,b:4222/', { servers: ['a:4222', 'b:4222'] }],
    ['nats://a,nats://b:1', { servers: ['a', 'b:1'] }],
    ['nats://u:p@a,nats://u:p@b', { servers: ['a', 'b'], user: 'u', pass: 'p' }],
    ['nats://ada:secret@a:4222', { servers: ['a:4222'], user: 'ada', pass: 'secret' }],
    ['nats://ada:p%40s%3As@a', { servers: ['a'], user: 'ada', pass: 'p@s:s' }],
    ['nats://token@a', { servers: ['a'], token: 'token' }],
    ['tls://ada:x@a:4222', { servers: ['a:4222'], user: 'ada', pass: 'x', tls: {} }],
    ['nats://[::1]:4222', { servers: ['[::1]:4222'] }],
  ])('%s says how to connect', (url, credentials) => {
    expect(credentialsOf(url)).toEqual(credentials);
  });

  it.each(['http://a:4222', '', 'nats://', 'nats://a b', 'nats://user:pass@', 'a,,b'])(
    'is not %j',
    (url) => {
      expect(() => credentialsOf(url)).toThrow(TypeError);
    },
  );

  it('never repeats a password in its complaint', () => {
    expect(() => credentialsOf('http://ada:secret@a')).toThrow(/^(?!.*secret)/);
  });

  it('carries any password there and back', () => {
    const url = urlOf('127.0.0.1:1', 'node.ada', 'p@:/?#%"\\ s');
    expect(credentialsOf(url)).toEqual({
      servers: ['127.0.0.1:1'],
      user: 'node.ada',
      pass: 'p@:/?#%"\\ s',
    });
  });
});
