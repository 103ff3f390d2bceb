import { hash } from 'node:crypto'
import type { OwedDelivery } from '../domain/delivery.ts'
import type { Revocation } from '../domain/revocation.ts'
import type { EndsRequest, Owed, Receiver } from '../ports/delivery.ts'
import type { CoreDependencies } from './dependencies.ts'

/** Entries, and sessions behind wide ones, that one step looks at. */
const STEP = 1_000

/** Of which stream a step is. */
export type StepRequest = Pick<EndsRequest, 'stream' | 'except'>

export type Planned =
  /** Every entry that was asked for had been planned. */
  | { readonly kind: 'done' }
  /** Another node planned at the same time: nothing changed, and to try again is right. */
  | { readonly kind: 'overtaken' }
  | {
      readonly kind: 'planned'
      readonly stream: string
      /** Whether the stream had more behind this step when it was read. */
      readonly hasMore: boolean
      /** How many messages the step has made owed. */
      readonly owed: number
    }

/**
 * Follows the log one step: stores what the next entries not planned yet make owed, and moves the
 * cursor, in one commit.
 *
 * @throws {Refusal} `store_unavailable`.
 */
export async function planDeliveries(
  { store, clock, receivers }: Pick<CoreDependencies, 'store' | 'clock' | 'receivers'>,
  step: StepRequest,
): Promise<Planned> {
  const dialects = [...new Set(receivers.flatMap((receiver) => receiver.dialects))]
  const issuers = [...new Set(receivers.flatMap((receiver) => receiver.issuers ?? []))]
  const ends = await store.readEnds({ ...step, dialects, issuers, limit: STEP })
  if (ends === undefined) return { kind: 'done' }
  const nowMs = clock.nowMs()
  const owed = [
    ...ends.ended.flatMap((ended) =>
      receivers
        .filter((receiver) => receiver.dialects.includes(ended.session.dialect))
        .flatMap((receiver) => {
          const message = receiver.owes(ended)
          return message === undefined ? [] : deliveryOf(receiver, ended.entry, message, nowMs)
        }),
    ),
    ...ends.foreign.flatMap((entry) => foreignDeliveries(receivers, entry, nowMs)),
  ]
  const { version, reached, hasMore } = ends
  return (await store.planDeliveries({ version, reached, owed }))
    ? { kind: 'planned', stream: reached.stream, hasMore, owed: owed.length }
    : { kind: 'overtaken' }
}

/** What is owed because tokens of another issuer ended. Follows from the entry alone. */
export function foreignDeliveries(
  receivers: CoreDependencies['receivers'],
  entry: Revocation,
  nowMs: number,
): readonly OwedDelivery[] {
  return receivers
    .filter(({ issuers = [] }) => issuers.includes(entry.issuer))
    .flatMap((receiver) => {
      const message = receiver.owesForeign?.(entry)
      return message === undefined ? [] : deliveryOf(receiver, entry, message, nowMs)
    })
}

function deliveryOf(
  { kind }: Pick<Receiver, 'kind'>,
  { id: revocationId }: Revocation,
  { name, subject, about, facts }: Owed,
  createdAtMs: number,
): OwedDelivery {
  const receiver = `${kind}:${name}`
  const id = deliveryId(revocationId, receiver, about)
  return { id, receiver, subject, revocationId, facts, createdAtMs }
}

/** A UUID of version 8 (RFC 9562, section 5.8) that every node which plans the same comes to. */
function deliveryId(revocationId: string, receiver: string, about: string): string {
  const digest = hash('sha256', JSON.stringify([revocationId, receiver, about]), 'buffer')
  digest[6] = ((digest[6] ?? 0) & 0x0f) | 0x80
  digest[8] = ((digest[8] ?? 0) & 0x3f) | 0x80
  const hex = digest.toString('hex')
  const ends = [8, 12, 16, 20, 32]
  return ends.map((end, index) => hex.slice(ends[index - 1] ?? 0, end)).join('-')
}
