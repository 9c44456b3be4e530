// Docker sends what a container said in frames: a byte for the stream, three of nothing, four for the
// length, and the text.
const headBytes = 8;

/** The lines in Docker's frames, standard output and standard error in the order of their coming. */
export function linesIn(frames: Buffer): readonly string[] {
  const texts: Buffer[] = [];
  for (let at = 0; at + headBytes <= frames.length;) {
    const end = at + headBytes + frames.readUInt32BE(at + 4);
    texts.push(frames.subarray(at + headBytes, end));
    at = end;
  }
  const lines = Buffer.concat(texts).toString('utf8').split('\n');
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
}
