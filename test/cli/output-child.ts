/**
 * Writes numbered lines to standard output, as fast as a busy log, until it is stopped. Says on
 * standard error when it has lost the first.
 */
import { openOutput } from '../../src/server/output.ts'

const output = openOutput(process.stdout, {
  maxPendingBytes: Number(process.env['PENDING'] ?? 1_000_000),
  describeLoss: (lost, reason) => `lost ${String(lost)} lines: ${reason}\n`,
})
const pause = process.env['PENDING'] === undefined ? 10 : 1
let number = 0
let hasSaid = false
setInterval(() => {
  for (let count = 0; count < 10; count++) {
    output.write(`line ${String(++number)} of a log that says something in every line\n`)
  }
  if (output.lost === 0 || hasSaid) return
  hasSaid = true
  process.stderr.write('it has lost lines\n')
}, pause)
process.stdin.resume().once('end', () => process.exit(0))
