export { escapeForTerminal } from './escape.js';
export { logPage, recordLines, type LogPageOptions } from './log-page.js';
export { commandOf, concerns, endpointsIn } from './endpoints.js';
export {
  actorName,
  isLate,
  isWanted,
  logRows,
  revisionOf,
  timeOf,
  type LogRow,
  type LogTelling,
} from './log-rows.js';
export { pageText, lineText, type Line, type Paper, type Span, type Tone } from './page.js';
export {
  ladderOf,
  type Ladder,
  type LadderColumn,
  type LadderOptions,
  type LadderRow,
} from './ladder.js';
export { ladderMermaid } from './ladder-mermaid.js';
export { ladderSvg } from './ladder-svg.js';
export { ladderText, leavesIn, type LadderTextOptions } from './ladder-text.js';
export { phaseText, statePage, type StatePageOptions } from './state-page.js';
export { entry } from './paragraphs.js';
export { replayPage } from './replay-page.js';
export { outcomeWords, whyPage } from './why-page.js';
export { wrap } from './wrap.js';
export { cut, padEnd, padStart, widthOf } from './width.js';
export { eventWords, hidden, notificationWords, policyWords, type DataTelling } from './words.js';
export type { Extract, Telling } from './telling.js';
export { bad, command, dim, emptyLine, good, line, strong, warn } from './page.js';
