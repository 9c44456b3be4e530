// Tells whoever started Jest how far the suite is.
export default class Progress {
  #done = 0;
  #failed = 0;

  onTestCaseResult(_test, { status, title }) {
    if (status !== 'passed' && status !== 'failed') return;
    this.#done += 1;
    if (status === 'failed') this.#failed += 1;
    process.send?.({ done: this.#done, failed: this.#failed, title });
  }
}
