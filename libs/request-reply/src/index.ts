export { realClock, type Clock } from './clock.js';
export { EndOfTurn, endOfTurn } from './end-of-turn.js';
export { leastRecentlyDialled } from './next-server.js';
export { NoAnswer, NobodyServes, NotConnected } from './no-answer.js';
export { keepTime, Requests, type Asked } from './requests.js';
