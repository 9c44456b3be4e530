/** A request was sent, and nobody can say what became of it. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
  constructor(readonly reason: 'timeout' | 'disconnected' | 'unreadable answer') {
    super(`no answer: ${reason}`);
  }
}

/** A request was not sent: there is no connection now. */
export class NotConnected extends Error {
  override readonly name = 'NotConnected';
  constructor() {
    super('not connected to the broker');
  }
}

/** Nobody serves the subject: JetStream is off, or a stream has no leader at the moment. */
export class NobodyServes extends Error {
  override readonly name = 'NobodyServes';
  constructor(readonly subject: string) {
    super(`nobody serves ${subject} now`);
  }
}
