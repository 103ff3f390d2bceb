/** Logins, refreshes, uses and logouts against the core of a real server, without HTTP in between. */
import { decodeProtectedHeader } from 'jose'
import { Refusal, type FailureKind } from '../../src/domain/failure.ts'
import type { Scope } from '../../src/domain/scope.ts'
import { grantKey, participantKey } from '../../src/domain/scope.ts'
import type { IssuedTokens } from '../../src/core/issued-tokens.ts'
import type { TestServer } from '../harness.ts'

export const audience = 'invariants'

export interface Names {
  readonly subjectId: string
  readonly clientId: string
  readonly deviceKey: string | undefined
}

export function login(server: TestServer, names: Names): Promise<IssuedTokens> {
  const { deviceKey, ...rest } = names
  return server.core.openSession({
    ...rest,
    ...(deviceKey === undefined ? {} : { deviceKey }),
    dialect: 'test',
    audience,
    accessLifetimeMs: 600_000,
    refreshLifetimeMs: 6_000_000,
  })
}

/** Lets another client into a session. */
export function join(server: TestServer, sid: string, clientId: string): Promise<IssuedTokens> {
  return server.core.joinSession({
    sid,
    clientId,
    dialect: 'test',
    audience,
    accessLifetimeMs: 600_000,
    refreshLifetimeMs: 6_000_000,
  })
}

export function refresh(server: TestServer, refreshToken: string): Promise<IssuedTokens> {
  return server.core.refresh({
    refreshToken,
    dialect: 'test',
    audience,
    accessLifetimeMs: 600_000,
    refreshLifetimeMs: 6_000_000,
    graceMs: 0,
    onReplay: 'refuse',
  })
}

export function logout(server: TestServer, scope: Scope, key: string): Promise<unknown> {
  return server.core.revoke({ scope, key, reason: 'logout', actor: 'test', wait: true })
}

/** The key under which a session is in the reach of a scope; undefined where it is in none. */
export function keyOf(scope: Scope, issued: IssuedTokens): string | undefined {
  const { session, access } = issued
  switch (scope) {
    case 'token':
      return access.jti
    case 'session':
      return session.sid
    case 'subject':
      return session.subjectId
    case 'client':
      return session.clientId
    case 'grant':
      return grantKey(session.clientId, session.subjectId)
    case 'device':
      return session.deviceKey
    case 'participant':
      return participantKey(session.clientId, session.sid)
    case 'everyone':
      return '*'
    case 'signing_key':
      return decodeProtectedHeader(access.token).kid
  }
}

/** Undefined where the token is accepted, otherwise why it is not. */
export function whyRefused(server: TestServer, token: string): Promise<FailureKind | undefined> {
  return refusalOf(server.core.inspect(token, audience))
}

/** The failure with which a promise was refused; undefined where it resolved. */
export async function refusalOf(attempt: Promise<unknown>): Promise<FailureKind | undefined> {
  try {
    await attempt
    return undefined
  } catch (error) {
    if (error instanceof Refusal) return error.failure.kind
    throw error
  }
}
