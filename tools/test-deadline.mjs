/**
 * Ends a test file whose process goes on after its tests, and says what keeps it alive. Node's own
 * `--test-timeout` ends tests, not files: a timer that nobody stopped would hold up the run for
 * ever.
 */
import { after } from 'node:test'

const graceMs = 20_000

// The runner, which loads this as well, is no test file.
if (process.env.NODE_TEST_CONTEXT !== undefined) {
  after(() => {
    setTimeout(() => {
      const left = process.getActiveResourcesInfo().join(', ')
      process.stderr.write(`The tests are over, and the process does not end. It holds: ${left}\n`)
      process.exit(1)
    }, graceMs).unref()
  })
}
