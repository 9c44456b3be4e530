import {
  err,
  notSpecified,
  ok,
  type Flow,
  type FlowSpec,
  type Qos,
  type Refusal,
  type Result,
} from '@joinleaf/multipoint';
import { connectDataBytesMax } from '@joinleaf/wire';
import { fieldsOf, isDword, memoryOf } from './memory.js';
import { SERVICETYPE_BESTEFFORT } from './numbers/flows.js';
import { fault } from './refusals.js';
import type { FLOWSPEC, QOS, WSABUF } from './structures.js';

const names = [
  ['TokenRate', 'tokenRate'],
  ['TokenBucketSize', 'tokenBucketSize'],
  ['PeakBandwidth', 'peakBandwidth'],
  ['Latency', 'latency'],
  ['DelayVariation', 'delayVariation'],
  ['ServiceType', 'serviceType'],
  ['MaxSduSize', 'maxSduSize'],
  ['MinimumPolicedSize', 'minimumPolicedSize'],
] as const satisfies readonly (readonly [keyof FLOWSPEC, keyof FlowSpec])[];

/** Reads a QOS (R100); WSAEFAULT for what is none, or has more of the provider's bytes than travel. */
export function readQos(value: unknown): Result<Qos, Refusal> {
  const fields = fieldsOf(value, ['SendingFlowspec', 'ReceivingFlowspec', 'ProviderSpecific']);
  if (fields === null) return err(fault);
  const sending = readFlowSpec(fields.SendingFlowspec);
  const receiving = readFlowSpec(fields.ReceivingFlowspec);
  const specific = fields.ProviderSpecific ?? { len: 0, buf: null };
  const bytes = memoryOf(specific);
  if (sending === null || receiving === null || bytes === null) return err(fault);
  if (bytes.length > connectDataBytesMax) return err({ code: 'WSAEFAULT', rule: 'R97' });
  const providerSpecific = bytes.length === 0 ? null : Buffer.from(bytes).toString('base64');
  return ok({ sending, receiving, providerSpecific });
}

function readFlowSpec(value: unknown): FlowSpec | null {
  const fields = fieldsOf(
    value,
    names.map(([name]) => name),
  );
  if (fields === null || !names.every(([name]) => isDword(fields[name]))) return null;
  return Object.fromEntries(
    names.map(([name, ours]) => [ours, fields[name]]),
  ) as unknown as FlowSpec;
}

/** A flow, as a program reads it. */
export const qosOf = (flow: Flow | Qos): QOS => ({
  SendingFlowspec: flowSpecOf(flow.sending),
  ReceivingFlowspec: flowSpecOf(flow.receiving),
  ProviderSpecific: bufferOf('providerSpecific' in flow ? flow.providerSpecific : null),
});

const flowSpecOf = (spec: FlowSpec): FLOWSPEC =>
  Object.fromEntries(names.map(([name, ours]) => [name, spec[ours]])) as unknown as FLOWSPEC;

function bufferOf(base64: string | null): WSABUF {
  if (base64 === null) return { len: 0, buf: null };
  const buf = new Uint8Array(Buffer.from(base64, 'base64'));
  return { len: buf.length, buf };
}

const unspecified: FlowSpec = {
  tokenRate: notSpecified,
  tokenBucketSize: notSpecified,
  peakBandwidth: notSpecified,
  latency: notSpecified,
  delayVariation: notSpecified,
  serviceType: SERVICETYPE_BESTEFFORT,
  maxSduSize: notSpecified,
  minimumPolicedSize: notSpecified,
};

/** What SIO_GET_QOS reads where nothing was asked and nothing is promised (R106). */
export const bestEffort: Flow = { sending: unspecified, receiving: unspecified };
