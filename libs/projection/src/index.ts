export { Sessions, type Stopped, type Taken } from './sessions.js';
export {
  comparePlaces,
  indexIn,
  tell,
  type IdentifiedNotification,
  type Told,
  type ToldPlace,
} from './told.js';
