import type { Reason } from '../../../domain/revocation.ts'
import type { Receipt } from '../../../domain/receipt.ts'
import type { BaanxService } from './service.ts'

export interface SessionEnd {
  readonly sid: string
  readonly reason: Reason
  readonly actor: string
  readonly wait: boolean
}

/**
 * Ends a session with all of its tokens.
 *
 * @throws {Refusal} `store_unavailable`: then nothing has ended.
 */
export async function endSession(service: BaanxService, end: SessionEnd): Promise<Receipt> {
  const { core } = service
  const { sid, reason, actor, wait } = end
  const { receipt } = await core.revoke({
    scope: 'session',
    key: sid,
    reason,
    actor,
    wait,
  })
  return receipt
}
