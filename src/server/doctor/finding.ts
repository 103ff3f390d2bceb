import { connectionReason } from '../../domain/system-error.ts'

/** What one check has to say. */
export interface Finding {
  /** Stable name, such as `sqlite.fsync`: `docs/operating.md` lists them. */
  readonly check: string
  /** `fail`: the promise cannot be kept. `warn`: it can, and something is still wrong. */
  readonly verdict: 'ok' | 'warn' | 'fail'
  /** What was measured, one line. Never a token, a secret or a password. */
  readonly measured: string
  /** What to do about it, one line; undefined where nothing needs to be done. */
  readonly advice: string | undefined
}

export function ok(check: string, measured: string): Finding {
  return { check, verdict: 'ok', measured, advice: undefined }
}

export function warn(check: string, measured: string, advice: string): Finding {
  return { check, verdict: 'warn', measured, advice }
}

export function fail(check: string, measured: string, advice: string): Finding {
  return { check, verdict: 'fail', measured, advice }
}

/** What went wrong, without any stored or configured value. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  const known = connectionReason(error)
  if (known !== undefined) return known
  const { code } = error as NodeJS.ErrnoException
  if (typeof code === 'string') return `${wordsOf(code)} (${code})`
  // What `fetch` throws hides the reason behind its message.
  return error.cause === undefined ? error.message : reasonOf(error.cause)
}

function wordsOf(code: string): string {
  return code.includes('TIMEOUT') ? 'it does not answer in time' : 'it failed'
}
