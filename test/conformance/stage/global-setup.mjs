// Jest runs this once, before the first test of the suite: on what is built, as the programs themselves are.
import { existsSync } from 'node:fs';

const built = new URL('../../dist/conformance/stage/stage.js', import.meta.url);

export default async function setUp() {
  if (!existsSync(built))
    throw new Error('the conformance suite runs on what `npm run build` makes');
  const { Stage } = await import(built);
  globalThis.joinleafStage = await Stage.start();
}
