/**
 * What happens with a database that may lack logouts which were answered: a restored backup, or one
 * whose files were lost. It carries a mark (`stores/undecided.ts`), and no node serves it until an
 * operator has decided.
 */
import type { Core } from '../core/core.ts'
import type { CoreDependencies } from '../core/dependencies.ts'
import type { Log } from '../ports/log.ts'
import type { TicketStore } from '../ports/ticket.ts'
import { DECISIONS, NEVER_MS, UNDECIDED } from '../stores/undecided.ts'
import { ConfigError, type Config } from './config.ts'

/**
 * @returns Whether there is something to be decided, which the configuration does.
 * @throws {ConfigError} Where it does not: the message says what an operator can do.
 */
export async function checkDecision(
  store: Pick<TicketStore, 'findTicket'>,
  { afterRestore }: Pick<Config, 'afterRestore'>,
): Promise<boolean> {
  const mark = await store.findTicket(UNDECIDED.kind, UNDECIDED.key)
  if (mark === undefined) return false
  if (afterRestore !== 'refuse') return true
  throw new ConfigError(
    `Cannot start: ${mark.value}. Tokens that were logged out would be good again. Start once with ` +
      '--after-restore end-everyone, which ends every session; or, where you know that nothing was ' +
      'logged out meanwhile, with --after-restore accept-lost-logouts',
  )
}

/** More often than anyone has logged everyone out since a backup that is still useful. */
const LEAP = 100_000
/** A counter has 32 bits; a clock that shows the year 2106 is not believed. */
const MAX_SECONDS = 0xffff_ffff - LEAP

/** Carries out the decision before any request is served, and removes the mark. */
export async function carryOutDecision(
  core: Core,
  { store, clock }: Pick<CoreDependencies, 'store' | 'clock'>,
  { afterRestore }: Pick<Config, 'afterRestore'>,
  log: Log,
): Promise<void> {
  if (afterRestore === 'end-everyone') {
    // Sessions that were opened after the backup carry counters that this database has not reached;
    // among them those of an earlier restore of the same backup. Only the time is higher than before.
    const seconds = Math.floor(clock.nowMs() / 1000)
    const { everyone } = await store.generations({
      subjectId: '',
      clientId: '',
      deviceKey: undefined,
    })
    const { revocation } = await core.revoke({
      scope: 'everyone',
      key: '',
      reason: 'compromised',
      actor: 'system',
      note: 'logouts were lost: --after-restore end-everyone',
      leastGeneration: seconds > everyone && seconds < MAX_SECONDS ? seconds : everyone + LEAP,
      wait: false,
    })
    log.warn({ revocation: revocation.id }, 'Every session was ended: logouts had been lost')
  } else {
    log.warn({}, 'Serving a database that may lack logouts, as --after-restore says')
  }
  const before = await store.findTicket(DECISIONS.kind, DECISIONS.key)
  const value = String(Number(before?.value ?? 0) + 1)
  await store.putTicket({ ...DECISIONS, value, expiresAtMs: NEVER_MS })
  await store.takeTicket(UNDECIDED.kind, UNDECIDED.key)
}
