import type { AdmissionPolicy } from '../../policy.js';
import { acceptWaiting, deferWaiting, rejectWaiting } from '../accept.js';
import { bindSocket } from '../bind.js';
import { closeSocket, shutdownSocket } from '../close.js';
import { createSocket } from '../create.js';
import type { CallId, Descriptor } from '../effect.js';
import { joinLeaf } from '../join.js';
import { listenAt } from '../listen.js';
import type { NodeSockets } from '../node-sockets.js';
import { protocols, type MultipointFlag } from '../protocol.js';
import { enumNetworkEvents, eventSelect } from '../select.js';
import { receiveData, type Received } from '../receive.js';
import { sendData } from '../send.js';
import type { Step } from '../step.js';
import { messageBytesMax } from '../traffic.js';
import type { EventObject, NetworkEvent, RecordedEvent } from '../watch.js';

/** What a program calls, as a value: it can be drawn, shrunk, printed, and written down as a test. */
export type ProgramCall =
  | {
      readonly verb: 'create';
      readonly entry: keyof typeof protocols;
      readonly flags: readonly MultipointFlag[];
    }
  | {
      readonly verb: 'bind';
      readonly socket: Descriptor;
      readonly address: string;
      readonly policy?: Partial<AdmissionPolicy>;
    }
  | { readonly verb: 'listen'; readonly socket: Descriptor; readonly backlog: number }
  | {
      readonly verb: 'join';
      readonly socket: Descriptor;
      readonly name: string;
      readonly deadlineMs: number | null;
    }
  | { readonly verb: 'accept' | 'reject' | 'defer'; readonly socket: Descriptor }
  | { readonly verb: 'close'; readonly socket: Descriptor }
  | {
      readonly verb: 'shutdown';
      readonly socket: Descriptor;
      readonly how: 'receive' | 'send' | 'both';
    }
  | {
      readonly verb: 'select';
      readonly socket: Descriptor;
      readonly object: EventObject;
      readonly mask: readonly NetworkEvent[];
    }
  | { readonly verb: 'enumerate'; readonly socket: Descriptor }
  | {
      readonly verb: 'send';
      readonly socket: Descriptor;
      readonly length: number;
      readonly chat: boolean;
    }
  | { readonly verb: 'receive'; readonly socket: Descriptor };

export type CallOf<V extends ProgramCall['verb']> = Extract<ProgramCall, { readonly verb: V }>;

/** What a call that succeeded gave back, as far as a reference can tell it. */
export interface Given {
  /** A socket that is there since this call, or the one that JoinLeaf goes on with. */
  readonly descriptor: Descriptor | null;
  /** The question to the arbiter that this call became. */
  readonly call: CallId | null;
  readonly recorded: readonly RecordedEvent[];
  readonly received: Received | null;
}

/** Makes a call at a node. */
export function perform(state: NodeSockets, call: ProgramCall): Step<Given> {
  switch (call.verb) {
    case 'create': {
      const step = createSocket(state, protocols[call.entry], call.flags);
      return giving(step, (descriptor) => ({ descriptor }));
    }
    case 'bind':
      return giving(bindSocket(state, call), (asked) => asked);
    case 'listen':
      return giving(listenAt(state, call), (asked) => asked);
    case 'join':
      return giving(
        joinLeaf(state, { ...call, flags: 'both', callerData: null }),
        (started) => started,
      );
    case 'accept':
      return giving(acceptWaiting(state, { ...call, calleeData: null }), (accepted) => accepted);
    case 'reject':
      return giving(rejectWaiting(state, call), (asked) => asked);
    case 'defer':
      return giving(deferWaiting(state, call), (asked) => asked);
    case 'close':
      return giving(closeSocket(state, call.socket), (asked) => asked);
    case 'shutdown':
      return giving(shutdownSocket(state, call), (asked) => asked);
    case 'select': {
      const { socket, object, mask } = call;
      return giving(eventSelect(state, { socket, registration: { object, mask } }), () => ({}));
    }
    case 'enumerate': {
      const step = enumNetworkEvents(state, { socket: call.socket, reset: null });
      return giving(step, (recorded) => ({ recorded }));
    }
    case 'send': {
      const { socket, length, chat } = call;
      return giving(sendData(state, { socket, chat, bytes: message(length) }), () => ({}));
    }
    case 'receive':
      return giving(receiveData(state, call), (received) => ({ received }));
  }
}

const content = new Uint8Array(messageBytesMax + 1);

/** A message is recognised by its own array; what is in it is the same everywhere. */
const message = (length: number): Uint8Array => content.subarray(0, length);

const nothing: Given = { descriptor: null, call: null, recorded: [], received: null };

function giving<T>(step: Step<T>, given: (value: T) => Partial<Given>): Step<Given> {
  const { result } = step;
  return result.ok
    ? { ...step, result: { ok: true, value: { ...nothing, ...picked(given(result.value)) } } }
    : { ...step, result };
}

// No more than these, so that what the machine answers besides is nobody's to compare.
const picked = ({ descriptor, call, recorded, received }: Partial<Given>): Partial<Given> => ({
  ...(descriptor === undefined ? {} : { descriptor }),
  ...(call === undefined ? {} : { call }),
  ...(recorded === undefined ? {} : { recorded }),
  ...(received === undefined ? {} : { received }),
});

/** A call as one would write it down. */
export function callWords(call: ProgramCall): string {
  const { verb, ...rest } = call;
  const said = Object.values(rest).map((value) =>
    typeof value === 'object' ? JSON.stringify(value) : String(value),
  );
  return [verb, ...said].join(' ');
}
