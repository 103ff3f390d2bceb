/** Entries of the log with the names of whom they ended and of who ended them. */
import type { Names } from '../../../core/directory.ts'
import type { Revocation } from '../../../domain/revocation.ts'
import { scopeTable, type KeyClaim } from '../../../domain/scope.ts'
import type { DirectoryIds } from '../../../ports/store.ts'
import type { WireKeySession, WireNamedRevocation } from '../../../protocol/admin-api.ts'
import { wireRevocation } from './wire.ts'

/** Whose names an answer with these entries needs. */
export function namedInLog(found: readonly Revocation[]): DirectoryIds {
  const all = found.map(idsIn)
  return {
    subjects: all.flatMap(({ subject, actor }) => [subject, actor].filter((id) => id !== '')),
    clients: all.map(({ client }) => client).filter((id) => id !== ''),
    sessions: all.map(({ session }) => session).filter((id) => id !== ''),
  }
}

export function wireNamedRevocation(revocation: Revocation, names: Names): WireNamedRevocation {
  const { subject, client, session, actor } = idsIn(revocation)
  const ended = [names.client(client), names.subject(subject)].filter((name) => name !== undefined)
  return {
    ...wireRevocation(revocation),
    keyName: ended.length === 0 ? null : ended.join(', '),
    keySession: wireKeySession(names, session, client),
    actorName: names.subject(actor) ?? null,
  }
}

/** @param part The client of which the part ended; empty for a whole session. */
function wireKeySession(names: Names, sid: string, part: string): WireKeySession | null {
  const owner = names.session(sid)
  if (owner === undefined) return null
  const client = part || owner.clientId
  return {
    sid,
    subject: owner.subjectId,
    subjectName: names.subject(owner.subjectId) ?? null,
    client,
    clientName: names.client(client) ?? null,
  }
}

/** The ids of this server that an entry holds; empty where there is none. */
interface Ids {
  readonly subject: string
  readonly client: string
  readonly session: string
  /** As a subject id: clients and operators have one too. */
  readonly actor: string
}

function idsIn({ scope, key, issuer, actor }: Revocation): Ids {
  // The same id of another issuer is another person.
  const claims: readonly KeyClaim[] = issuer === '' ? scopeTable[scope].key : []
  const parts = claims.length > 1 ? key.split(' ') : [key]
  return {
    subject: parts[claims.indexOf('sub')] ?? '',
    client: parts[claims.indexOf('client_id')] ?? '',
    session: parts[claims.indexOf('sid')] ?? '',
    actor: subjectOf(actor),
  }
}

/** `subject:maria` is `maria`; `client:42` and `operator:ana` are subjects as they are. */
function subjectOf(actor: string): string {
  const [, kind, id = ''] = /^(subject|client|operator):(.*)$/s.exec(actor) ?? []
  return kind === 'subject' ? id : kind === undefined ? '' : actor
}
