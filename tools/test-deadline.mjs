/**
 * Ends a test file whose process goes on after its tests, and says what keeps it alive. Node's own
 * `--test-timeout` ends tests, not files: a timer that was not stopped would hold up the run for
 * ever.
 */
import { isMainThread } from 'node:worker_threads'

const graceMs = 20_000

// The runner, which loads this as well, is not a test file. Nor are a test's threads: what they do not
// load, each of a thousand starts quicker without.
if (process.env.NODE_TEST_CONTEXT !== undefined && isMainThread) {
  const { after } = await import('node:test')
  after(() => {
    setTimeout(() => {
      const left = process.getActiveResourcesInfo().join(', ')
      process.stderr.write(`The tests are over, and the process does not end. It holds: ${left}\n`)
      process.exit(1)
    }, graceMs).unref()
  })
}
