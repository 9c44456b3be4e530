import { line, type Line, type Span } from './page.js';
import { padEnd } from './width.js';
import { wrap } from './wrap.js';

/** Words under a margin, broken so that they fit; the first line carries a label in the margin. */
export function entry(
  label: Span,
  labelColumns: number,
  text: string,
  width: number | null,
  paint: (text: string) => Span = plain,
): readonly Line[] {
  const columns = width === null ? null : Math.max(20, width - labelColumns);
  return wrap(text, columns).map((part, index) =>
    index === 0
      ? line({ ...label, text: padEnd(label.text, labelColumns) }, paint(part))
      : line(' '.repeat(labelColumns), paint(part)),
  );
}

const plain = (text: string): Span => ({ text, tone: 'plain' });
