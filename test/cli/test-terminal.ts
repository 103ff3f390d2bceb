/** A terminal that remembers what was shown, and has an answer ready for every question. */
import type { Terminal } from '../../src/cli/terminal.ts'

export interface TestTerminal extends Terminal {
  readonly shown: { out: string; err: string; questions: string[] }
  /** Ctrl-C. */
  interrupt(): void
}

export function testTerminal(options: {
  readonly env: Readonly<Record<string, string>>
  readonly input?: string | undefined
  /** Given: a person sits there and types these. */
  readonly answers?: readonly string[] | undefined
}): TestTerminal {
  const shown = { out: '', err: '', questions: [] as string[] }
  const answers = [...(options.answers ?? [])]
  const listeners = new Set<() => void>()
  const stdin = options.answers !== undefined
  return {
    shown,
    env: options.env,
    isInteractive: { stdin, stdout: false, stderr: false },
    out(chunk) {
      shown.out += chunk
    },
    err(chunk) {
      shown.err += chunk
    },
    drained: () => Promise.resolve(),
    outliveOutput: () => undefined,
    readInput: () => Promise.resolve(options.input ?? ''),
    ask(question) {
      shown.questions.push(question)
      const answer = answers.shift()
      return answer === undefined
        ? Promise.reject(new Error(`nobody answers "${question}"`))
        : Promise.resolve(answer)
    },
    onInterrupt(callback) {
      listeners.add(callback)
      return () => listeners.delete(callback)
    },
    exit() {
      throw new Error('exit')
    },
    // However long a command takes here: its progress is shown after a second.
    nowMs: () => 0,
    interrupt() {
      for (const listener of listeners) listener()
    },
  }
}
