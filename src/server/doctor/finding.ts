import { systemReason } from '../../domain/system-error.ts'

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
  const system = systemReason(error)
  if (system !== undefined) return system
  const { code } = error as NodeJS.ErrnoException
  if (typeof code === 'string') return `${wordsOf(code)} (${code})`
  // What `fetch` throws hides the reason behind its message.
  return error.cause === undefined ? error.message : reasonOf(error.cause)
}

function wordsOf(code: string): string {
  if (/CERT|SELF_SIGNED|UNABLE_TO|ERR_TLS|ERR_SSL/.test(code)) {
    return 'the certificate is not trusted: see who signed it, and NODE_EXTRA_CA_CERTS'
  }
  if (code.includes('TIMEOUT')) return 'it does not answer in time'
  return 'it failed'
}
