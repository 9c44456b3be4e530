import type { AdmissionPolicy } from '@joinleaf/multipoint';
import type {
  AcceptOptions,
  CallOptions,
  JoinOptions,
  LeafOptions,
  RootOptions,
  SuccessionOptions,
} from './api.js';

// The fields that calls take, complete by their types.

export type Fields<T> = Readonly<Record<keyof T, true>>;

const callFields: Fields<CallOptions> = { signal: true, timeoutMs: true };

export const joinFields: Fields<JoinOptions> = {
  callerData: true,
  flags: true,
  qos: true,
  deadlineMs: true,
  ...callFields,
};

export const leafFields: Fields<LeafOptions> = { port: true, ...joinFields };

export const acceptFields: Fields<AcceptOptions> = { calleeData: true, ...callFields };

export const successionFields: Fields<SuccessionOptions> = { backlog: true, ...callFields };

/** Of a root, beside those of its policy. */
export const rootFields: Fields<Omit<RootOptions, keyof AdmissionPolicy>> = {
  data: true,
  backlog: true,
  ...callFields,
};

export const listenFields = { backlog: true } as const;
