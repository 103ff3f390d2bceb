/**
 * The world that a command sees, so that tests can give another. The rules of what goes where:
 * results go to standard output and nothing else does; everything else goes to standard error,
 * behind `outright:`, with no capital at the start and no full stop at the end.
 */
import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { openOutput } from '../server/output.ts'
import { exitCodes } from './exit.ts'

export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly isInteractive: {
    readonly stdin: boolean
    readonly stdout: boolean
    readonly stderr: boolean
  }
  /** Writes to standard output. */
  out(chunk: string): void
  /** Writes to standard error. */
  err(chunk: string): void
  /** Resolves when all of that is written: a process that ends before cuts its output off. */
  drained(): Promise<void>
  /**
   * From now on the command goes on when its output cannot be written. Without it, a command ends
   * as soon as its results are no longer read.
   */
  outliveOutput(): void
  /** Reads standard input to its end. */
  readInput(): Promise<string>
  /** Asks a person; what is typed is not shown where it is secret. */
  ask(question: string, options?: { readonly secret?: boolean }): Promise<string>
  /** Calls back on Ctrl-C and on SIGTERM; the returned function takes the callback away. */
  onInterrupt(callback: () => void): () => void
  /** Ends the process at once. */
  exit(code: number): void
  nowMs(): number
}

/** The terminal of this process. */
export function processTerminal(): Terminal {
  const { stdin, stdout, stderr } = process
  let outlivesOutput = false
  const errors = openOutput(stderr)
  const results = openOutput(stdout, {
    onFailure(code) {
      if (outlivesOutput) return
      // `outright … | head` closes the pipe early, which is not a failure.
      if (code === 'EPIPE') process.exit(exitCodes.done)
      errors.write(`outright: cannot write to standard output: ${code}\n`)
      process.exit(exitCodes.failed)
    },
  })
  return {
    env: process.env,
    isInteractive: { stdin: stdin.isTTY, stdout: stdout.isTTY, stderr: stderr.isTTY },
    out(chunk) {
      results.write(chunk)
    },
    err(chunk) {
      errors.write(chunk)
    },
    async drained() {
      await Promise.all([results.drained(), errors.drained()])
    },
    outliveOutput() {
      outlivesOutput = true
    },
    readInput: () => text(stdin),
    ask: (question, options) => ask(question, options?.secret ?? false),
    onInterrupt(callback) {
      process.on('SIGINT', callback)
      process.on('SIGTERM', callback)
      return () => {
        process.off('SIGINT', callback)
        process.off('SIGTERM', callback)
      }
    },
    exit: (code) => process.exit(code),
    nowMs: () => performance.now(),
  }
}

async function ask(question: string, secret: boolean): Promise<string> {
  let muted = false
  const echo = new Writable({
    write(chunk: Buffer, _encoding, done) {
      if (!muted) process.stderr.write(chunk)
      done()
    },
  })
  const line = createInterface({ input: process.stdin, output: echo, terminal: true })
  try {
    const answer = line.question(question)
    muted = secret
    return await answer
  } finally {
    line.close()
    if (secret) process.stderr.write('\n')
  }
}
