import { QOS_NOT_SPECIFIED, SERVICETYPE_BESTEFFORT, SERVICETYPE_GUARANTEED } from '../winsock.js';

/** Winsock's structures, as the door takes them. */
export interface WsaBuf {
  len: number;
  buf: Uint8Array | null;
}

export interface FlowSpec {
  readonly TokenRate: number;
  readonly TokenBucketSize: number;
  readonly PeakBandwidth: number;
  readonly Latency: number;
  readonly DelayVariation: number;
  readonly ServiceType: number;
  readonly MaxSduSize: number;
  readonly MinimumPolicedSize: number;
}

export interface Qos {
  readonly SendingFlowspec: FlowSpec;
  readonly ReceivingFlowspec: FlowSpec;
  readonly ProviderSpecific: WsaBuf;
}

/** Bytes to pass. */
export function bytesOf(data: Uint8Array | string): WsaBuf {
  const buf = typeof data === 'string' ? new TextEncoder().encode(data) : data;
  return { len: buf.length, buf };
}

/** Room to be filled. */
export const room = (bytes: number): WsaBuf => ({ len: bytes, buf: new Uint8Array(bytes) });

const unspecified: FlowSpec = {
  TokenRate: QOS_NOT_SPECIFIED,
  TokenBucketSize: QOS_NOT_SPECIFIED,
  PeakBandwidth: QOS_NOT_SPECIFIED,
  Latency: QOS_NOT_SPECIFIED,
  DelayVariation: QOS_NOT_SPECIFIED,
  ServiceType: SERVICETYPE_BESTEFFORT,
  MaxSduSize: QOS_NOT_SPECIFIED,
  MinimumPolicedSize: QOS_NOT_SPECIFIED,
};

/** A guaranteed rate, and no word about the rest. */
export const flow = (TokenRate: number, more: Partial<FlowSpec> = {}): FlowSpec => ({
  ...unspecified,
  TokenRate,
  ServiceType: SERVICETYPE_GUARANTEED,
  ...more,
});

export const bestEffort = (more: Partial<FlowSpec> = {}): FlowSpec => ({ ...unspecified, ...more });

/** A flow spec for each direction, as the socket that passes it sees them. */
export const qos = (
  SendingFlowspec: FlowSpec,
  ReceivingFlowspec: FlowSpec,
  provider: Uint8Array | null = null,
): Qos => ({
  SendingFlowspec,
  ReceivingFlowspec,
  ProviderSpecific: { len: provider?.length ?? 0, buf: provider },
});
