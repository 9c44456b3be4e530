import { describe, expect, it } from '@jest/globals';
import { WSA } from '@joinleaf/multipoint';
import * as calls from './calls.js';
import * as errors from './errors.js';
import * as flows from './flows.js';
import * as events from './network-events.js';
import * as services from './service-flags.js';
import * as settings from './settings.js';
import * as sockets from './sockets.js';

const bitsOf = (numbers: Readonly<Record<string, number>>, names: readonly string[]) =>
  names.map((name) => Math.log2(numbers[name] ?? 0));

describe('Winsock’s numbers', () => {
  it('[R122] have a mask and a slot for each event', () => {
    const names = Object.keys(events).filter((name) => name.endsWith('_BIT'));
    const masks = names.map((name) => name.replace('_BIT', ''));
    expect(bitsOf(events, masks)).toEqual(names.map((name) => Number(Reflect.get(events, name))));
    expect([events.FD_MAX_EVENTS, events.FD_ALL_EVENTS]).toEqual([10, 0x3ff]);
    expect([events.FD_READ, events.FD_ACCEPT, events.FD_CONNECT, events.FD_QOS]).toEqual([
      1, 8, 16, 64,
    ]);
  });

  it('[R111] [R2] have flags that can be told apart', () => {
    const { JL_SENDER_ONLY, JL_RECEIVER_ONLY, JL_BOTH } = calls;
    expect([JL_SENDER_ONLY, JL_RECEIVER_ONLY, JL_BOTH]).toEqual([1, 2, 4]);
    const { WSA_FLAG_MULTIPOINT_C_ROOT: cRoot, WSA_FLAG_MULTIPOINT_C_LEAF: cLeaf } = sockets;
    const { WSA_FLAG_MULTIPOINT_D_ROOT: dRoot, WSA_FLAG_MULTIPOINT_D_LEAF: dLeaf } = sockets;
    const pairs = [cRoot | dRoot, cRoot | dLeaf, cLeaf | dRoot, cLeaf | dLeaf];
    expect(pairs).toEqual([0x0a, 0x12, 0x0c, 0x14]);
  });

  it('[R85] [R143] have three answers of a condition, and three ways to shut down', () => {
    expect([calls.CF_ACCEPT, calls.CF_REJECT, calls.CF_DEFER]).toEqual([0, 1, 2]);
    expect([calls.SD_RECEIVE, calls.SD_SEND, calls.SD_BOTH]).toEqual([0, 1, 2]);
    expect([calls.INVALID_SOCKET, calls.SOCKET_ERROR, calls.FROM_PROTOCOL_INFO]).toEqual([
      2 ** 32 - 1,
      -1,
      -1,
    ]);
  });

  it('[R6] have a bit for each service, in their order', () => {
    const bits = bitsOf(services, Object.keys(services));
    expect([...bits].sort((a, b) => a - b)).toEqual(bits.map((_, index) => index));
    expect(services.XP1_SUPPORT_MULTIPOINT).toBe(0x400);
    expect(services.XP1_UNI_RECV).toBe(0x10000);
  });

  it('[R155] [R156] [R106] [R116] compose ioctls of a direction and a number', () => {
    const { IOC_IN, IOC_OUT, IOC_VOID, IOC_WS2 } = settings;
    const of = (direction: number, number: number) => (direction + IOC_WS2 + number) >>> 0;
    expect(settings.SIO_FLUSH).toBe(of(IOC_VOID, 4));
    expect(settings.SIO_GET_QOS).toBe(of(IOC_IN + IOC_OUT, 7));
    expect(settings.SIO_GET_GROUP_QOS).toBe(of(IOC_IN + IOC_OUT, 8));
    expect(settings.SIO_MULTIPOINT_LOOPBACK).toBe(of(IOC_IN, 9));
    expect(settings.SIO_MULTICAST_SCOPE).toBe(of(IOC_IN, 10));
    expect(settings.SIO_SET_QOS).toBe(of(IOC_IN, 11));
    expect(settings.SIO_SET_GROUP_QOS).toBe(of(IOC_IN, 12));
    expect([settings.FIONBIO, settings.FIONREAD]).toEqual([0x8004667e, 0x4004667f]);
    expect([settings.SO_LINGER, settings.SO_DONTLINGER]).toEqual([0x80, -129]);
  });

  it('[R108] have service types and a number for what does not matter', () => {
    expect([flows.SERVICETYPE_GUARANTEED, flows.SERVICETYPE_QUALITATIVE]).toEqual([3, 13]);
    expect([flows.QOS_NOT_SPECIFIED, flows.POSITIVE_INFINITY_RATE]).toEqual([
      0xffffffff, 0xfffffffe,
    ]);
  });

  it('[E13] [E19] have the errors that calls answer', () => {
    expect(errors).toMatchObject(WSA);
  });
});
