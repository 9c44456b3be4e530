export default async function tearDown() {
  await globalThis.joinleafStage?.stop();
}
