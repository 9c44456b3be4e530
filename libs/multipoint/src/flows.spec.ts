import { describe, expect, it } from '@jest/globals';
import {
  accepts,
  admitted,
  agrees,
  asked,
  asks,
  bob,
  carol,
  dave,
  fdConnect,
  fdQos,
  flow,
  invited,
  invites,
  left,
  listening,
  member,
  opened,
  policyChanged,
  qos,
  root,
  spec,
} from './cast.js';
import { checkQos, notSpecified, serviceTypes, type FlowBudget } from './qos.js';
import { given, heard, sessionAfter } from './testing.js';

const unbound = { bytesPerSecond: null, members: null };
const budget = (over: Partial<FlowBudget>): { readonly budget: FlowBudget } => ({
  budget: { sending: unbound, receiving: unbound, ...over },
});
const sends = (bytesPerSecond: number) => budget({ sending: { bytesPerSecond, members: null } });
const hall = (policy: { readonly budget: FlowBudget | null }) =>
  [opened(policy), listening()] as const;
const tooMuch = (asks_: number, left_: number, direction = 'sending') =>
  ({
    code: 'WSAEOPNOTSUPP',
    rule: 'R102',
    facts: { direction, asked: asks_, left: left_ },
  }) as const;

describe('a join that asks for a flow', () => {
  it('[R100] shows both directions to who is asked, as the caller sees them', () => {
    const wanted = qos(100, 200);
    const request = asked(bob, 'J1', { qos: wanted });
    expect(heard([...hall({ budget: null }), request])).toMatchObject([
      { kind: 'FD_ACCEPT', to: root, qos: wanted },
    ]);
  });

  it('[R102] [E14] is refused when the session cannot give it, and may ask for less at once', () => {
    given(...hall(sends(1_000)), ...member(carol, 'J1', { qos: qos(700, 0) }))
      .when(asks(bob, { qos: qos(301, 0) }))
      .thenRefused(tooMuch(301, 300));
    given(...hall(sends(1_000)), ...member(carol, 'J1', { qos: qos(700, 0) }))
      .when(asks(bob, { qos: qos(300, 0) }))
      .then(asked(bob, 'J2', { qos: qos(300, 0) }));
  });

  it('[R102] counts flows as well as bytes', () => {
    const two = budget({ receiving: { bytesPerSecond: null, members: 1 } });
    given(...hall(two), ...member(carol, 'J1', { qos: qos(0, 5) }))
      .when(asks(bob, { qos: qos(0, 5) }))
      .thenRefused({
        code: 'WSAEOPNOTSUPP',
        rule: 'R102',
        facts: { direction: 'receiving', flows: 1, flowsMax: 1 },
      });
  });

  it('[R102] is honoured without a bound where the policy has no budget', () => {
    given(...hall({ budget: null }))
      .when(asks(bob, { qos: qos(0xffff_fffe, 0xffff_fffe) }))
      .then(asked(bob, 'J1', { qos: qos(0xffff_fffe, 0xffff_fffe) }));
  });

  it('[R102] an invitation is seen from the leaf: what the root sends, the leaf receives', () => {
    const narrow = budget({ receiving: { bytesPerSecond: 100, members: null } });
    given(opened(narrow))
      .when(invites(bob, { qos: qos(101, 0) }))
      .thenRefused(tooMuch(101, 100, 'receiving'));
  });

  it('[R102] an invitation on its way holds what it asks for, a request that waits does not', () => {
    given(...hall(sends(100)), invited(carol, 'J1', { qos: qos(0, 60) }))
      .when(asks(bob, { qos: qos(60, 0) }))
      .thenRefused(tooMuch(60, 40));
    given(...hall(sends(100)), asked(carol, 'J1', { qos: qos(60, 0) }))
      .when(asks(bob, { qos: qos(60, 0) }))
      .then(asked(bob, 'J2', { qos: qos(60, 0) }));
  });

  it('[R102] is looked at again when it is accepted, and waits on if there is too little by then', () => {
    const crowd = [
      ...hall(sends(100)),
      asked(bob, 'J1', { qos: qos(60, 0) }),
      ...member(carol, 'J2', { qos: qos(60, 0) }),
    ];
    given(...crowd)
      .when(accepts(bob, 'J1'))
      .thenRefused(tooMuch(60, 40));
    given(...crowd, left(carol, 'leaf-closed'))
      .when(accepts(bob, 'J1'))
      .then(admitted(bob, 'J1'));
  });

  it('[R102] holds its own reservation when the invited leaf agrees', () => {
    given(opened(sends(100)), invited(bob, 'J1', { qos: qos(0, 100) }))
      .when(agrees(bob, 'J1'))
      .then(admitted(bob, 'J1'));
  });

  it('[A24] takes nothing in a direction that its flags have no use for', () => {
    given(...hall(sends(10)))
      .when(asks(bob, { flags: 'receiver-only', qos: qos(99, 5) }))
      .then(asked(bob, 'J1', { flags: 'receiver-only', qos: qos(99, 5) }));
  });

  it('[A25] that asks for none takes none', () => {
    given(...hall(sends(0)))
      .when(asks(bob))
      .then(asked(bob, 'J1'));
  });

  it('[R106] learns with its outcome what it is given', () => {
    given(...hall(sends(100)), asked(bob, 'J1', { qos: qos(60, 7) }))
      .when(accepts(bob, 'J1'))
      .then(admitted(bob, 'J1'))
      .told(fdConnect(bob.socket, 'J1', { flow: flow(60, 7) }));
    given(opened(), invited(bob, 'J1', { qos: qos(60, 7) }))
      .when(agrees(bob, 'J1'))
      .then(admitted(bob, 'J1'))
      .told(fdConnect(root, 'J1', { link: bob.link, flow: flow(60, 7) }));
  });
});

describe('a budget that becomes too small', () => {
  const two = [
    ...hall(sends(1_000)),
    ...member(bob, 'J1', { qos: qos(600, 1) }),
    ...member(carol, 'J2', { qos: qos(300, 1) }),
    ...member(dave, 'J3'),
  ];

  it('[R107] is shared in proportion, and both ends of each flow hear of it', () => {
    expect(heard([policyChanged(sends(450))], sessionAfter(...two))).toEqual([
      fdQos(bob.socket, flow(300, 1)),
      fdQos(bob.link, flow(1, 300)),
      fdQos(carol.socket, flow(150, 1)),
      fdQos(carol.link, flow(1, 150)),
    ]);
  });

  it('[R107] is told of once for each change, and not where nothing changes', () => {
    const squeezed = sessionAfter(...two, policyChanged(sends(450)));
    expect(heard([policyChanged(sends(450))], squeezed)).toEqual([]);
    expect(heard([left(dave, 'leaf-closed')], squeezed)).toEqual([
      { kind: 'FD_CLOSE', to: dave.link, code: null },
    ]);
    expect(heard([policyChanged(sends(2_000))], sessionAfter(...two))).toEqual([]);
  });

  it('[R107] is eased when somebody leaves', () => {
    const squeezed = sessionAfter(...two, policyChanged(sends(450)));
    expect(heard([left(bob, 'leaf-closed')], squeezed)).toEqual([
      { kind: 'FD_CLOSE', to: bob.link, code: null },
      fdQos(carol.socket, flow(300, 1)),
      fdQos(carol.link, flow(1, 300)),
    ]);
  });

  it('[R107] gives everything back when it is lifted', () => {
    const squeezed = sessionAfter(...two, policyChanged(sends(450)));
    const lifted = heard([policyChanged({ budget: null })], squeezed);
    expect(lifted.filter(({ to }) => to === bob.socket)).toEqual([fdQos(bob.socket, flow(600, 1))]);
  });
});

describe('a flow spec', () => {
  it.each([
    ['a rate of zero', spec(0, { serviceType: serviceTypes.guaranteed }), 'tokenRate'],
    ['no service type', spec(5, { serviceType: notSpecified }), 'serviceType'],
    ['a service nobody knows', spec(5, { serviceType: 77 }), 'serviceType'],
    ['a peak below its rate', spec(5, { peakBandwidth: 4 }), 'peakBandwidth'],
    [
      'no rate for a guaranteed service',
      spec(notSpecified, { serviceType: serviceTypes.guaranteed }),
      'tokenRate',
    ],
  ])('[R108] with %s makes no sense', (_, sending, field) => {
    const amiss = { code: 'WSAEOPNOTSUPP', rule: 'R108', facts: { direction: 'sending', field } };
    expect(checkQos({ ...qos(5, 5), sending }, [])).toEqual(amiss);
    expect(checkQos({ ...qos(5, 5), sending }, ['sending'])).toBeNull();
  });

  it.each([
    ['best effort needs no rate', spec(notSpecified, { serviceType: serviceTypes.bestEffort })],
    ['nothing needs nothing', spec(0, { serviceType: serviceTypes.noTraffic })],
    ['a peak at its rate', spec(5, { peakBandwidth: 5 })],
    ['the two bits beside the service', spec(5, { serviceType: 0x8100_0003 })],
  ])('[R108] %s', (_, sending) => {
    expect(checkQos({ ...qos(5, 5), sending }, [])).toBeNull();
  });
});
