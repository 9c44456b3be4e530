export type { Waiting } from './bulletin.js';
export { Notifier, type NotifierOptions, type Sleep, type Watcher } from './notifier.js';
export { Resumes } from './resumes.js';
