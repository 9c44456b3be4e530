import { load } from './npm.js';

// As much as is used here of etcd3, and the transactions of both recipes.

export interface KeyValue {
  readonly key: Buffer;
  readonly value: Buffer;
  readonly mod_revision: string;
}
interface Range {
  readonly kvs: readonly KeyValue[];
  readonly count: string;
}
interface Answer {
  readonly succeeded: boolean;
  readonly header: { readonly revision: string };
  readonly responses: readonly { readonly response_range: Range }[];
}
interface RangeRequest {
  readonly key: Buffer;
  readonly range_end?: Buffer;
  readonly count_only?: boolean;
  readonly keys_only?: boolean;
}
export interface EtcdWatcher {
  on(event: 'put' | 'delete', heard: (kv: KeyValue) => void): unknown;
  cancel(): Promise<void>;
}
export interface Client {
  readonly kv: {
    txn(request: object): Promise<Answer>;
    range(request: RangeRequest): Promise<Range>;
    put(request: object): Promise<unknown>;
  };
  lease(seconds: number): { grant(): Promise<string>; revoke(): Promise<void> };
  watch(): { prefix(prefix: string): { create(): Promise<EtcdWatcher> } };
  close(): void;
}

export const newClient = (address: string): Client => {
  const { Etcd3 } = load('etcd3') as { Etcd3: new (options: object) => Client };
  return new Etcd3({ hosts: `http://${address}` });
};

export const guardKey = (session: string) => Buffer.from(`${session}/guard`);
export const capacityKey = (session: string) => Buffer.from(`${session}/capacity`);
export const membersPrefix = (session: string) => `${session}/members/`;
export const seatsPrefix = (session: string) => `${session}/seats/`;

export const withPrefix = (prefix: string) => {
  const end = Buffer.from(prefix);
  end[end.length - 1] = (end.at(-1) ?? 0) + 1;
  return { key: Buffer.from(prefix), range_end: end };
};
export const isAbsent = (key: Buffer) =>
  ({ key, target: 'Create', result: 'Equal', create_revision: '0' }) as const;

export const neverWritten = '-1';

/** Joins if the guard key is at `revision`; if it is not, answers where it is, the member, and how many there are. */
export function guarded(
  session: string,
  member: Buffer,
  { revision, lease }: { readonly revision: string; readonly lease: string },
): object {
  const guard = guardKey(session);
  const nobodySince = { key: guard, target: 'Mod', result: 'Equal', mod_revision: revision };
  const count = { ...withPrefix(membersPrefix(session)), count_only: true };
  return {
    compare: [nobodySince, isAbsent(member)],
    success: [
      { request_put: { key: guard, value: Buffer.alloc(0) } },
      { request_put: { key: member, value: Buffer.alloc(0), lease } },
    ],
    failure: [
      { request_range: { key: guard } },
      { request_range: { key: member } },
      { request_range: count },
    ],
  };
}

/** Joins if the seat and the name are free; if not, answers the member. */
export function seated(
  session: string,
  member: Buffer,
  { seat, lease }: { readonly seat: number; readonly lease: string },
): object {
  const key = Buffer.from(`${seatsPrefix(session)}${String(seat)}`);
  return {
    compare: [isAbsent(key), isAbsent(member)],
    success: [
      { request_put: { key, value: Buffer.alloc(0), lease } },
      { request_put: { key: member, value: Buffer.alloc(0), lease } },
    ],
    failure: [{ request_range: { key: member } }],
  };
}
