/** Entries of the log, as both stores write and read them. */
import { hash } from 'node:crypto'
import { sealEntry, type Revocation, type RevocationCommand } from '../domain/revocation.ts'
import type { Row } from './row.ts'

export type LogColumns = Row<Omit<Revocation, 'stream' | 'sequence'>>

export function toRevocation(row: LogColumns, stream: string, sequence: number): Revocation {
  return {
    id: row.id,
    stream,
    sequence,
    version: row.version,
    scope: row.scope,
    issuer: row.issuer,
    key: row.key,
    generation: row.generation,
    cutoffSeconds: row.cutoff_seconds,
    reason: row.reason,
    actor: row.actor,
    note: row.note,
    atMs: row.at_ms,
    forgetAfterMs: row.forget_after_ms,
    previousHash: row.previous_hash,
    hash: row.hash,
  }
}

/** A command of which it is known until when verifiers must remember it. */
export type Lasting = RevocationCommand & Pick<Revocation, 'forgetAfterMs'>

type Place = Pick<Revocation, 'stream' | 'sequence' | 'generation' | 'previousHash'>

/** The entry that a command becomes at its place in the log. */
export function entryOf(command: Lasting, place: Place): Revocation {
  const { id, scope, issuer = '', key, cutoffSeconds = 0, reason, actor, note, atMs } = command
  const { forgetAfterMs } = command
  const what = { id, scope, issuer, key, cutoffSeconds, reason, actor, note, atMs, forgetAfterMs }
  return sealEntry({ ...place, ...what }, (text) => hash('sha256', text, 'base64url'))
}
