import { cameFrom } from '../../came-from.ts'
import { createHash } from 'node:crypto'
import { normalIdentifier } from '../../../domain/identifiers.ts'
import type { Subject } from '../../../domain/identity.ts'
import type { Receipt } from '../../../domain/receipt.ts'
import type { AccessToken } from '../../../core/sign-access.ts'
import type { SurfaceContext } from '../../context.ts'
import type { SurfaceRequest } from '../../surface.ts'
import { createGuessLimit } from '../../guess-limit.ts'
import type { Authorization } from '../../authorization.ts'
import type { DirectLinkOptions } from './options.ts'
import type { PasswordGrant } from './wire.ts'

type Credentials = Pick<PasswordGrant, 'username' | 'password'>

export interface LoggedIn {
  readonly username: string
  readonly access: AccessToken
}

/** Far longer than it takes to sign a token. */
const SIGNING_MARGIN_MS = 10_000

/** How many times the limit of one address all unknown addresses have together at one user name. */
const TRIED_BY_STRANGERS = 10

/** DirectLink's verbs, in terms of the core's. */
export interface DirectLinkActs {
  /**
   * Opens a session of one bearer.
   *
   * @throws {Refusal} `credentials_invalid`, `account_disabled`, `rate_limited`,
   *   `store_unavailable`.
   */
  login(grant: Credentials, request: SurfaceRequest): Promise<LoggedIn>
  /**
   * Ends the session of a bearer, or with a password all sessions of that user.
   *
   * @returns The receipt; undefined where nothing was to be ended (`basicLogout: 'none'`).
   * @throws {Refusal} What `login` throws, `token_invalid`, `token_expired`, `token_revoked`,
   *   `stale`.
   */
  logout(authorization: Authorization, request: SurfaceRequest): Promise<Receipt | undefined>
  /**
   * Says who calls, where the credentials are good.
   *
   * @returns The user's name.
   * @throws {Refusal} As `logout`.
   */
  identify(authorization: Authorization, request: SurfaceRequest): Promise<string>
}

/** @param audience `aud` of DirectLink's bearers: its base URL. */
export function createActs(
  context: SurfaceContext,
  options: DirectLinkOptions,
  audience: string,
): DirectLinkActs {
  const { core } = context
  const { accessLifetimeMs } = options
  const checkPassword = createPasswordCheck(context, options)

  return {
    async login(grant, request) {
      const subject = await checkPassword(grant, request)
      const username = subject.username ?? ''
      const { access } = await core.openSession({
        subjectId: subject.id,
        provedBy: subject,
        clientId: options.clientId,
        dialect: 'directlink',
        audience,
        accessLifetimeMs,
        // Its token is signed a moment later and is to have its whole life.
        sessionLifetimeMs: accessLifetimeMs + SIGNING_MARGIN_MS,
        claims: { username },
        attributes: { ...cameFrom(request) },
      })
      return { username, access }
    },

    async logout(authorization, request) {
      const wait = request.waitForConfirmation
      if (authorization.scheme === 'bearer') {
        const { token } = authorization
        const claims = await core.inspectForLogout({ token, audience, wait })
        const { receipt } = await core.revoke({
          scope: 'session',
          key: claims.sid,
          reason: 'logout',
          actor: `subject:${claims.sub}`,
          wait,
        })
        return receipt
      }
      const subject = await checkPassword(authorization, request)
      if (options.basicLogout === 'none') return undefined
      const { receipt } = await core.revoke({
        scope: 'subject',
        key: subject.id,
        reason: 'logout_everywhere',
        actor: `subject:${subject.id}`,
        wait,
      })
      return receipt
    },

    async identify(authorization, request) {
      if (authorization.scheme === 'basic') {
        const subject = await checkPassword(authorization, request)
        return subject.username ?? ''
      }
      const claims = await core.inspect(authorization.token, audience)
      return typeof claims['username'] === 'string' ? claims['username'] : ''
    },
  }
}

/**
 * Every place where a password can be tried comes through here, the logout too: one that is not
 * counted is where the guessing goes.
 */
function createPasswordCheck(
  context: SurfaceContext,
  options: DirectLinkOptions,
): (grant: Credentials, request: SurfaceRequest) => Promise<Subject> {
  const limit = createGuessLimit({
    core: context.core,
    dialect: 'directlink',
    perAddress: options.attemptsPerAddress,
    perAccount: options.attemptsPerAccount,
    strangersFactor: TRIED_BY_STRANGERS,
    rateLimitFactor: context.rateLimitFactor,
    clock: context.clock,
  })
  return async ({ username, password }, request) => {
    const account = accountKey(username)
    await limit.consume(account, request.clientAddress)
    const lookup = { by: 'username', value: username } as const
    const subject = await context.core.authenticateSubject(lookup, password)
    await limit.succeeded(account, request.clientAddress)
    return subject
  }
}

/** The same for every spelling of a name, and of one length: long names do not fill the memory. */
function accountKey(username: string): string {
  const account = normalIdentifier('username', username) ?? username
  return createHash('sha256').update(account).digest('base64url')
}
