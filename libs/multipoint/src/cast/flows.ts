// Flows of the specs.
import type { Notification } from '../notify.js';
import { notSpecified, serviceTypes, type Flow, type FlowSpec, type Qos } from '../qos.js';
import type { SocketId } from '../socket-id.js';

/** A guaranteed flow of so many bytes per second; 0 for a direction without traffic. */
export const spec = (tokenRate: number, over: Partial<FlowSpec> = {}): FlowSpec => ({
  tokenRate,
  tokenBucketSize: notSpecified,
  peakBandwidth: notSpecified,
  latency: notSpecified,
  delayVariation: notSpecified,
  serviceType: tokenRate === 0 ? serviceTypes.noTraffic : serviceTypes.guaranteed,
  maxSduSize: notSpecified,
  minimumPolicedSize: notSpecified,
  ...over,
});

export const flow = (sending: number, receiving: number): Flow => ({
  sending: spec(sending),
  receiving: spec(receiving),
});

export const qos = (sending: number, receiving: number): Qos => ({
  ...flow(sending, receiving),
  providerSpecific: null,
});

export const fdQos = (to: SocketId, given: Flow): Notification => ({
  kind: 'FD_QOS',
  to,
  flow: given,
});
