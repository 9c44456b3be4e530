import { describe, expect, it } from '@jest/globals';
import { EventFeed, type FeedEvent, type Lost } from './event-feed.js';

interface Word {
  readonly type: string;
}

function feedOf(count: number, keptMax = 3): EventFeed<Word> {
  const feed = new EventFeed<Word>('run7', keptMax);
  for (let n = 1; n <= count; n += 1) feed.publish({ type: `e${String(n)}` });
  return feed;
}

function heard(feed: EventFeed<Word>, lastId: string | null): string[] {
  const words: string[] = [];
  const tell = ({ id, event }: FeedEvent<Word | Lost>) =>
    words.push('reason' in event ? `${id} ${event.reason}` : `${id} ${event.type}`);
  feed.from(lastId).subscribe(tell);
  return words;
}

describe('EventFeed', () => {
  it('tells what comes from now on', () => {
    const feed = feedOf(2);
    const words = heard(feed, null);
    feed.publish({ type: 'e3' });
    expect(words).toEqual(['run7.3 e3']);
  });

  it('tells first what a listener missed', () => {
    const feed = feedOf(3);
    const words = heard(feed, 'run7.1');
    feed.publish({ type: 'e4' });
    expect(words).toEqual(['run7.2 e2', 'run7.3 e3', 'run7.4 e4']);
    expect(heard(feed, 'run7.4')).toEqual([]);
  });

  it('says so when the events are too long ago, and tells those it has', () => {
    expect(heard(feedOf(5), 'run7.1')).toEqual([
      'run7.2 too-long-ago',
      'run7.3 e3',
      'run7.4 e4',
      'run7.5 e5',
    ]);
    expect(heard(feedOf(5), 'run7.2')).toEqual(['run7.3 e3', 'run7.4 e4', 'run7.5 e5']);
  });

  it('lets a listener that was told of a loss go on from there', () => {
    expect(heard(feedOf(5), 'run7.2')).toHaveLength(3);
  });

  it('says so when the agent was started again', () => {
    expect(heard(feedOf(1), 'run6.9')).toEqual(['run7.0 agent-restarted', 'run7.1 e1']);
    expect(heard(feedOf(0), 'run6.9')).toEqual(['run7.0 agent-restarted']);
  });

  it.each(['run7.9', 'run7.x', 'nonsense', '\n\u001b[31m', 'run7.-1', 'run7.1e3'])(
    'does not know %j',
    (id) => {
      expect(heard(feedOf(1), id)).toEqual(['run7.0 unknown-id', 'run7.1 e1']);
    },
  );

  it('ends its listeners', () => {
    const feed = feedOf(0);
    let ended = 0;
    const complete = () => (ended += 1);
    feed.from(null).subscribe({ complete });
    feed.close();
    feed.from(null).subscribe({ complete });
    expect(ended).toBe(2);
  });

  it('forgets a listener that goes', () => {
    const feed = feedOf(0);
    const words: string[] = [];
    const listening = feed.from(null).subscribe(({ id }) => words.push(id));
    feed.publish({ type: 'e1' });
    listening.unsubscribe();
    feed.publish({ type: 'e2' });
    expect(words).toEqual(['run7.1']);
  });
});
