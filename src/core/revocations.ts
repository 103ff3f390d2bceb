/** The log of revocations, as surfaces read it. What writes to it is `revoke`. */
import type { Checkpoint } from '../domain/checkpoint.ts'
import type { Receipt } from '../domain/receipt.ts'
import type { Revocation } from '../domain/revocation.ts'
import type { Session } from '../domain/session.ts'
import type { LogFilter, LogStore, Page, PageRequest } from '../ports/store.ts'
import type { CoreDependencies } from './dependencies.ts'
import { toldOf, type Told } from './told.ts'
import { wouldTell } from './would-tell.ts'
import { verifyChain, type AuditProgress, type AuditVerdict } from './verify-audit.ts'

export interface Revocations {
  /** The stream of this node. */
  readonly stream: string
  list(filter: LogFilter, page: PageRequest): Promise<Page<Revocation>>
  find(id: string): Promise<Revocation | undefined>
  /** The receipt as far as it is known here; undefined where it is no longer remembered. */
  receipt(revocation: Revocation): Receipt | undefined
  /** See `wouldTell`. */
  wouldTell(
    target: Pick<Revocation, 'scope' | 'key' | 'issuer'>,
    sessions: readonly Session[],
  ): readonly string[]
  /** See `toldOf`. */
  told(revocation: Revocation, isNew: boolean): Promise<readonly Told[]>
  /** See `verifyChain`. */
  verify(onProgress: (progress: AuditProgress) => void): Promise<AuditVerdict>
  /** Where each stream begins that was cut. */
  checkpoints(): Promise<readonly Checkpoint[]>
  readonly head: LogStore['head']
  readonly readStream: LogStore['readStream']
  readonly onCommitted: LogStore['onCommitted']
}

export function revocationVerbs({
  store,
  confirmation,
  receivers,
}: Pick<CoreDependencies, 'store' | 'confirmation' | 'receivers'>): Revocations {
  return {
    stream: store.stream,
    list: (filter, page) => store.listRevocations(filter, page),
    find: (id) => store.findRevocation(id),
    receipt: (revocation) => confirmation.receipt(revocation),
    wouldTell: (target, sessions) => wouldTell({ receivers }, target, sessions),
    told: (revocation, isNew) => toldOf({ store, receivers }, revocation, isNew),
    verify: (onProgress) => verifyChain(store, onProgress),
    checkpoints: () => store.readCheckpoints(),
    head: () => store.head(),
    readStream: (stream, after, limit) => store.readStream(stream, after, limit),
    onCommitted: (listener) => store.onCommitted(listener),
  }
}
