import { WSA, type Refusal, type Rule, type WsaCode } from './wsa.js';

/** What each error means here, in one short sentence. */
export const wsaText: Readonly<Record<WsaCode, string>> = {
  WSAEINTR: 'The blocking call was cancelled.',
  WSAEACCES: 'The waiting join is gone: it was withdrawn, ended, or never was.',
  WSAEFAULT: 'An argument is malformed or too large.',
  WSAEINVAL: 'The call does not fit the state of the socket or the session.',
  WSAEMFILE: 'The node has no socket descriptor left.',
  WSAEWOULDBLOCK: 'Nothing is there to be taken yet.',
  WSAEINPROGRESS: 'The outcome is not known yet; ask again with the same command id.',
  WSAEALREADY: 'A join is already outstanding.',
  WSAENOTSOCK: 'The socket is not (or no longer) what the call needs.',
  WSAEMSGSIZE: 'The message is larger than the session takes.',
  WSAENOPROTOOPT: 'The option is not supported.',
  WSAEPROTONOSUPPORT: 'The protocol does not carry caller data.',
  WSAEOPNOTSUPP: 'The quality of service that was asked for cannot be given.',
  WSAEAFNOSUPPORT: 'An address of this family cannot be used with this socket.',
  WSAEADDRINUSE: 'The address is held by somebody else.',
  WSAEADDRNOTAVAIL: 'The address is not one that can be joined or bound.',
  WSAENETDOWN: 'The event log cannot be reached, or cannot be trusted; nothing was recorded.',
  WSAENETUNREACH: 'The node is not there now.',
  WSAENETRESET: 'This run of the node has been replaced or was lost.',
  WSAECONNABORTED: 'The other end was lost.',
  WSAECONNRESET: 'The other end reset the connection.',
  WSAENOBUFS: 'There is no room: the session is full, or the service is overloaded.',
  WSAEISCONN: 'The leaf is already a member.',
  WSAENOTCONN: 'The socket is not joined.',
  WSAESHUTDOWN: 'The session was shut down.',
  WSAETIMEDOUT: 'Nobody answered before the deadline.',
  WSAECONNREFUSED: 'The join was turned down, or nobody listens there.',
  WSANOTINITIALISED: 'The node has not started.',
  WSAEDISCON: 'The other end has gone, in good order.',
  WSATRY_AGAIN: 'The decision was put off.',
};

/** Where a code alone would tell a reader too little, or the wrong thing: what it means by this rule. */
const textByRule: Partial<Record<Rule, Partial<Record<WsaCode, string>>>> = {
  R19: { WSAECONNREFUSED: 'A leaf that listens takes multipoint requests alone.' },
  R23: { WSAECONNREFUSED: 'As many joins wait there as the root lets wait.' },
  R24: { WSAEOPNOTSUPP: 'Nobody is ever asked here: there is nothing to listen for.' },
  R35: { WSAECONNREFUSED: 'No session is open at this address.' },
  R65: { WSAENOTCONN: 'The link can be used when FD_CONNECT has come.' },
  R69: { WSAENOTCONN: 'The join has failed: the link can only be closed.' },
  R82: { WSAECONNREFUSED: 'The other side said no.' },
  R86: { WSAEINVAL: 'Who does not listen, or was not asked, cannot answer a join.' },
  R112: { WSAEOPNOTSUPP: 'The socket was made for the other direction alone.' },
  R124: { WSAEWOULDBLOCK: 'What was sent before is still under way, and fills the buffer.' },
  R143: { WSAESHUTDOWN: 'The socket was shut down for this.' },
  R159: { WSAENOTCONN: 'The connection has ended.' },
  R162: { WSAEOPNOTSUPP: 'There is no link, and so nobody to have a side chat with.' },
  E2: { WSAENETDOWN: 'The event log cannot be reached; nothing was recorded.' },
  E5: { WSAEINPROGRESS: 'A condition function is running.' },
  E12: { WSAENOBUFS: 'There is no room: in the session, in the log, or among the ports.' },
  H4: { WSAECONNREFUSED: "The session's lists do not let this node in." },
  H5: { WSAENOBUFS: 'The session is full.' },
  H9: { WSAEINVAL: 'Another node has used this command id.' },
  H12: { WSAENETDOWN: 'The command is not on record, and never will be.' },
  H13: { WSAENOBUFS: 'The service is asked more than it allows; ask again later.' },
  H14: { WSAENETDOWN: "The session's log is damaged; nothing is decided on what is left of it." },
  H15: { WSAENOBUFS: 'Messages were lost before this one.' },
  H17: { WSAEOPNOTSUPP: 'The call is not supported.' },
  H19: { WSAECONNREFUSED: 'The session has lost its root, and waits for another.' },
  H20: { WSAEACCES: "The session's lists do not let this node be its root." },
  H21: { WSAEADDRINUSE: 'The session has lost its root, and another node is its heir.' },
};

/** What a refusal means, in one short sentence: by its rule where that says more than its code. */
export function refusalText({ code, rule, facts }: Refusal): string {
  if (rule === 'R35' && facts?.listening === false) return 'The root does not listen.';
  if (rule === 'E12' && facts?.log === 'full') return 'The event log is full.';
  return textByRule[rule]?.[code] ?? wsaText[code];
}

/** A refusal in words for a person: code, number, what it means, and the rule. */
export const refusalMessage = (refusal: Refusal): string =>
  `${refusal.code} (${String(WSA[refusal.code])}): ${refusalText(refusal)} Rule ${refusal.rule}.`;
