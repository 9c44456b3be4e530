import { err, ok, type Result } from './result.js';
import type { Refusal } from './wsa.js';

// A name is also a subject token, so nothing that means something to the broker, to a terminal or to
// a path can be spelled with it.
const name = /^[A-Za-z0-9_-]{1,64}$/;
const sessionGrammar = /^@?[A-Za-z0-9_-]{1,64}$/;
const endpointGrammar = /^[A-Za-z0-9_-]{1,64}:[1-9]\d{0,4}$/;

export const isName = (text: string): boolean => name.test(text);

export const portMax = 65_535;

/** Where an endpoint can be reached, in one of three families. */
export type Address =
  | { readonly family: 'AF_NODE'; readonly node: string; readonly port: number }
  | { readonly family: 'AF_SESSION'; readonly session: string }
  | { readonly family: 'AF_GROUP'; readonly group: string };

export type AddressFamily = Address['family'];

declare const addressText: unique symbol;
/** `ada:7`, as text. */
export type NodeAddress = string & { readonly [addressText]: 'AF_NODE' };
/** `conf-7` or `@news`, as text: what a session is called, and its token in every subject. */
export type SessionAddress = string & { readonly [addressText]: 'AF_SESSION' | 'AF_GROUP' };

/**
 * Reads an address: `ada:7` (AF_NODE), `conf-7` (AF_SESSION) or `@news` (AF_GROUP).
 * Port 0 and `any` are the wildcard port, fine for a bind alone.
 *
 * @returns WSAEFAULT (E9) for text that is no address.
 */
export function parseAddress(text: string): Result<Address, Refusal> {
  const bad = err({ code: 'WSAEFAULT', rule: 'E9' } as const);
  if (text.startsWith('@')) {
    return isName(text.slice(1)) ? ok({ family: 'AF_GROUP', group: text.slice(1) }) : bad;
  }
  const colon = text.indexOf(':');
  if (colon < 0) return isName(text) ? ok({ family: 'AF_SESSION', session: text }) : bad;
  const node = text.slice(0, colon);
  const port = parsePort(text.slice(colon + 1));
  return isName(node) && port !== null ? ok({ family: 'AF_NODE', node, port }) : bad;
}

function parsePort(text: string): number | null {
  if (text === 'any') return 0;
  if (!/^(0|[1-9]\d{0,4})$/.test(text)) return null;
  const port = Number(text);
  return port <= portMax ? port : null;
}

export function formatAddress(address: Address): string {
  switch (address.family) {
    case 'AF_NODE':
      return `${address.node}:${String(address.port)}`;
    case 'AF_SESSION':
      return address.session;
    case 'AF_GROUP':
      return `@${address.group}`;
  }
}

/** The address of a node's endpoint, as text. */
export const nodeAddress = (node: string, port: number): NodeAddress =>
  formatAddress({ family: 'AF_NODE', node, port }) as NodeAddress;

/** The node part of `ada:7`. */
export const nodeOf = (address: NodeAddress): string => address.slice(0, address.indexOf(':'));

export const isSessionAddress = (text: string): text is SessionAddress => sessionGrammar.test(text);

export const isGroupAddress = (address: SessionAddress): boolean => address.startsWith('@');

/** A concrete endpoint: a node's name and a port that is no wildcard. */
export const isNodeAddress = (text: string): text is NodeAddress =>
  endpointGrammar.test(text) && Number(text.slice(text.indexOf(':') + 1)) <= portMax;
