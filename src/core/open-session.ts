import { refuse } from '../domain/failure.ts'
import type { Client, Subject } from '../domain/identity.ts'
import type { Passkey } from '../domain/passkey.ts'
import type { Session } from '../domain/session.ts'
import type { OpenSessionCommand } from '../ports/store.ts'
import type { CoreDependencies } from './dependencies.ts'
import {
  firstRefreshToken,
  firstTokens,
  type IssuedTokens,
  type TokenRequest,
} from './issued-tokens.ts'
import { mintId } from './mint-id.ts'
import type { MintedRefreshToken } from './refresh-token.ts'
import { revoke } from './revoke.ts'

/** Without a refresh token, the session lives as long as its access token. */
export interface SessionRequest extends TokenRequest {
  /** A person's id, or `clientSubject(id)` for a client that acts for itself. */
  readonly subjectId: string
  readonly clientId: string
  /** Key of the device scope; undefined where the session has no device. */
  readonly deviceKey?: string
  /**
   * Whose password or secret was checked for this login, or the passkey that has signed. A login
   * that raced a change or the removal of it is refused: what ended with the change must not come
   * back through the old password.
   */
  readonly provedBy?: Proof
  readonly dialect: string
  /** Longest life of the session; the refresh life (or the access life) where it is not given. */
  readonly sessionLifetimeMs?: number
  readonly attributes?: Session['attributes']
}

type Proof = Subject | Client | Passkey

/** The attribute of a session that names the passkey with which it was opened. */
export const PASSKEY_ATTRIBUTE = 'passkey'

/**
 * Opens a session and issues its first tokens. The caller has already authenticated the person.
 *
 * @returns The session, an access token, and a refresh token where a life for it was given.
 * @throws {Refusal} `account_disabled`, `store_unavailable`.
 */
export async function openSession(
  dependencies: CoreDependencies,
  request: SessionRequest,
): Promise<IssuedTokens> {
  const { command, refreshToken } = sessionCommand(dependencies, request)
  const session = await dependencies.store.openSession(command)
  if (request.provedBy !== undefined) {
    await refuseOldSecret(dependencies, request.provedBy, session)
  }
  return firstTokens(dependencies, request, session, command.createdAtMs, refreshToken)
}

interface Prepared {
  readonly command: OpenSessionCommand
  readonly refreshToken: MintedRefreshToken | undefined
}

/** The store's command for a new session, and the refresh token whose hash it holds. */
export function sessionCommand(dependencies: CoreDependencies, request: SessionRequest): Prepared {
  const { clock, random } = dependencies
  const nowMs = clock.nowMs()
  const refreshToken = firstRefreshToken(dependencies, request, nowMs)
  const lifetimeMs =
    request.sessionLifetimeMs ?? request.refreshLifetimeMs ?? request.accessLifetimeMs
  const command = {
    sid: mintId(random, nowMs),
    subjectId: request.subjectId,
    clientId: request.clientId,
    deviceKey: request.deviceKey,
    dialect: request.dialect,
    createdAtMs: nowMs,
    expiresAtMs: nowMs + lifetimeMs,
    accessLifetimeMs: request.accessLifetimeMs,
    attributes: { ...request.attributes, ...proofAttributes(request.provedBy) },
    refreshToken: refreshToken?.record,
  }
  return { command, refreshToken }
}

function proofAttributes(provedBy: Proof | undefined): Session['attributes'] {
  return provedBy !== undefined && isPasskey(provedBy) ? { [PASSKEY_ATTRIBUTE]: provedBy.id } : {}
}

/**
 * Looks once more, after the session is stored: a change that committed before is seen here, one
 * that commits later raises the counter that the session has read.
 */
async function refuseOldSecret(
  dependencies: CoreDependencies,
  provedBy: Proof,
  session: Session,
): Promise<void> {
  if (await isStillProof(dependencies, provedBy)) return
  await revoke(dependencies, {
    scope: 'session',
    key: session.sid,
    reason: isPasskey(provedBy) ? 'device_lost' : 'password_changed',
    actor: 'system',
    wait: false,
  })
  refuse({ kind: 'credentials_invalid' })
}

/** Whether what was proved is as it was: not changed, not removed. */
export async function isStillProof(
  dependencies: CoreDependencies,
  provedBy: Proof,
): Promise<boolean> {
  return (await currentSecret(dependencies, provedBy)) === secretOf(provedBy)
}

async function currentSecret(
  { store }: CoreDependencies,
  provedBy: Proof,
): Promise<string | undefined> {
  const { id } = provedBy
  if (isPasskey(provedBy)) return (await store.findPasskey(id))?.publicKey
  const lookup = { by: 'id', value: id } as const
  const now = await ('secretHash' in provedBy
    ? store.findClient(lookup)
    : store.findSubject(lookup))
  return now && secretOf(now)
}

/** What must be the same before and after: a hash, or the key itself. */
function secretOf(proof: Proof): string | undefined {
  if (isPasskey(proof)) return proof.publicKey
  return 'secretHash' in proof ? proof.secretHash : proof.passwordHash
}

function isPasskey(proof: Proof): proof is Passkey {
  return 'publicKey' in proof
}
