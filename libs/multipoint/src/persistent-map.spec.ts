import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { PersistentMap } from './persistent-map.js';

// Four texts of one hash, and more whose hashes share its lowest 5, 10, … 30 bits: whatever can meet in
// the trie meets here. They were searched for the map's own hash, FNV-1a and a last mixing that is one
// to one: with another hash they have to be searched anew.
const colliding = ['costarring-2wzx', 'costarring-d6cd', 'liquid-2wzx', 'liquid-d6cd'];
const near = ['n1m', 'n1le', 'n8lv', 'n9krf', 'n3bj0y', 'a2kss7l', 'bku4vdx'];
const odd = ['', '__proto__', 'constructor', 'ada/run1/1', '\0', 'é', 'toString'];
const keys = [...colliding, ...near, ...odd, ...Array.from({ length: 40 }, (_, i) => `k${i}`)];

type Step = readonly ['set' | 'delete', string, number];

const steps = fc.array(
  fc.tuple(fc.constantFrom('set', 'set', 'delete'), fc.constantFrom(...keys), fc.nat(9)),
  { maxLength: 120 },
) as fc.Arbitrary<Step[]>;

describe('a persistent map', () => {
  it('meets its hash collisions in these tests', () => {
    expect(new Set(colliding.map(fnv1a)).size).toBe(1);
    expect(new Set([...colliding, ...near].map(fnv1a)).size).toBe(1 + near.length);
  });

  it('behaves like a Map, in content, size and order, after every step', () => {
    fc.assert(
      fc.property(steps, (program) => {
        const model = new Map<string, number>();
        let map = PersistentMap.empty<number>();
        for (const [action, key, value] of program) {
          if (action === 'set') model.set(key, value);
          else model.delete(key);
          map = action === 'set' ? map.set(key, value) : map.delete(key);
          expect(map.size).toBe(model.size);
          expect([...map]).toEqual([...model]);
        }
        for (const key of keys) {
          expect(map.get(key)).toBe(model.get(key));
          expect(map.has(key)).toBe(model.has(key));
        }
        expect([...map.keys()]).toEqual([...model.keys()]);
        expect([...map.values()]).toEqual([...model.values()]);
      }),
      { numRuns: 150 },
    );
  });

  it('leaves every earlier version as it was', () => {
    fc.assert(
      fc.property(steps, (program) => {
        let map = PersistentMap.empty<number>();
        const versions: [PersistentMap<number>, string][] = [];
        for (const [action, key, value] of program) {
          versions.push([map, JSON.stringify([...map])]);
          map = action === 'set' ? map.set(key, value) : map.delete(key);
        }
        for (const [version, content] of versions) {
          expect(JSON.stringify([...version])).toBe(content);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('keeps the place of a key that is set again, and gives a new one after deletion', () => {
    const map = PersistentMap.empty<number>().set('a', 1).set('b', 2).set('c', 3);
    expect([...map.set('a', 9).keys()]).toEqual(['a', 'b', 'c']);
    expect([...map.delete('a').set('a', 9).keys()]).toEqual(['b', 'c', 'a']);
  });

  it('holds and gives back keys of one hash', () => {
    let map = PersistentMap.empty<string>();
    for (const key of colliding) map = map.set(key, key);
    for (const key of near) map = map.set(key, key);
    expect([...map.keys()]).toEqual([...colliding, ...near]);
    for (const key of colliding) {
      expect(map.get(key)).toBe(key);
      map = map.delete(key);
      expect(map.has(key)).toBe(false);
    }
    expect([...map.keys()]).toEqual(near);
  });

  it('picks values in the order of their keys, those of one hash too', () => {
    let map = PersistentMap.empty<string>();
    for (const key of [...near, ...colliding]) map = map.set(key, key);
    const wanted = [...near, ...colliding].filter((_, index) => index % 2 === 0);
    expect(map.filter((value) => wanted.includes(value))).toEqual(wanted);
    expect(map.filter(() => false)).toEqual([]);
    expect(PersistentMap.empty<string>().filter(() => true)).toEqual([]);
  });

  it('answers itself where there is nothing to delete', () => {
    const map = PersistentMap.empty<number>().set('a', 1);
    expect(map.delete('b')).toBe(map);
    expect(PersistentMap.empty<number>().delete('b').size).toBe(0);
    expect(map.delete('a').size).toBe(0);
    expect([...map.delete('a')]).toEqual([]);
  });

  it('holds many thousand entries, in order', () => {
    const names = Array.from({ length: 20_000 }, (_, i) => `leaf-${(i * 7_919) % 20_000}`);
    let map = PersistentMap.empty<number>();
    for (const [i, name] of names.entries()) map = map.set(name, i);
    expect(map.size).toBe(20_000);
    expect([...map.keys()]).toEqual(names);
    for (const name of names.slice(0, 10_000)) map = map.delete(name);
    expect([...map.keys()]).toEqual(names.slice(10_000));
  });
});

function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  return hash >>> 0;
}
