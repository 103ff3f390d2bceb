import type { WireReceipt, WireRevoked } from '../client/index.ts'
import { CliError, exitCodes } from './exit.ts'
import type { Output } from './output.ts'

/** `confirmed by 3 of 3 verifiers in 4 ms`. */
export function describeReceipt(receipt: WireReceipt): string {
  const { confirmed, acknowledged, verifiers, lapsed, elapsedMs } = receipt
  if (!confirmed) return 'stored, not confirmed yet'
  const noun = verifiers === 1 ? 'verifier' : 'verifiers'
  const rest = lapsed === 0 ? '' : `, ${String(lapsed)} lapsed`
  const time = `in ${String(Math.round(elapsedMs))} ms`
  return `confirmed by ${String(acknowledged)} of ${String(verifiers)} ${noun}${rest} ${time}`
}

/** What follows a change that may have ended sessions. */
export function describeEnded(revoked: WireRevoked | null): string {
  return revoked === null ? '' : `; sessions ended, ${describeReceipt(revoked.receipt)}`
}

/**
 * Prints what was ended.
 *
 * @throws {CliError} `unconfirmed` where the confirmation was waited for and did not come.
 */
export function reportRevoked(
  output: Output,
  what: string,
  revoked: WireRevoked,
  { waited }: { readonly waited: boolean },
): void {
  const verb = revoked.added ? 'ended' : 'had ended already:'
  output.result(`${verb} ${what}: ${describeReceipt(revoked.receipt)}`, revoked)
  for (const { receiver, state } of revoked.told) output.note(`to be told: ${receiver} (${state})`)
  if (waited && !revoked.receipt.confirmed) {
    throw new CliError(exitCodes.unconfirmed, 'it is stored, but not every verifier has confirmed')
  }
}
