import { decodeJwt } from 'jose'
import { Refusal, refuse } from '../../../domain/failure.ts'
import type { Subject } from '../../../domain/identity.ts'
import type { Receipt } from '../../../domain/receipt.ts'
import type { AccessClaims } from '../../../verifier/claims.ts'
import type { SurfaceContext } from '../../context.ts'
import type { SurfaceRequest } from '../../surface.ts'
import { createOtpLogin } from './otp-login.ts'
import type { MatarSettings } from './options.ts'
import { createRefresh } from './refresh.ts'

export interface SendOtp {
  readonly phone_number: string
  readonly name: string
  readonly action: 'send_otp'
}

export interface SubmitOtp {
  readonly phone_number: string
  readonly name: string
  readonly action: 'submit_otp'
  readonly otp: string
}

/** Tokens as Matar names them; undefined where the answer has none. */
export interface MatarTokens {
  readonly accessToken: string
  readonly refreshToken: string | undefined
}

/** Matar's verbs, in terms of the core's. */
export interface MatarActs {
  /**
   * Sends a one-time password, or opens a session for one.
   *
   * @returns The session's tokens; undefined where a password was sent.
   * @throws {Refusal} `otp_invalid`, `otp_expired`, `account_disabled`, `rate_limited`,
   *   `store_unavailable`.
   */
  login(step: SendOtp | SubmitOtp, request: SurfaceRequest): Promise<MatarTokens | undefined>
  /** @throws {Refusal} As `logout`, and `account_disabled`. */
  currentUser(token: string): Promise<Subject>
  /**
   * Gives a new access token, not fresh, for a refresh token.
   *
   * @throws {Refusal} `token_invalid` (an access token too), `token_expired`, `token_revoked`,
   *   `refresh_token_reused`, `store_unavailable`.
   */
  refresh(refreshToken: string): Promise<MatarTokens>
  /**
   * Ends the session of an access token, or that token alone where `scope` is `token`.
   *
   * @throws {Refusal} `token_invalid` (a refresh token too), `token_expired`, `token_not_fresh`,
   *   `token_revoked`, `stale`, `store_unavailable`.
   */
  logout(token: string, request: SurfaceRequest): Promise<Receipt>
}

/** @param audience `aud` of Matar's access tokens: its base URL. */
export function createActs(
  context: SurfaceContext,
  options: MatarSettings,
  audience: string,
): MatarActs {
  const { core } = context

  const authorize = async (
    token: string,
    call: MatarSettings['requireFresh'][number],
    inspect: () => Promise<AccessClaims>,
  ): Promise<AccessClaims> => {
    const mustBeFresh = options.requireFresh.includes(call)
    try {
      const claims = await inspect()
      if (mustBeFresh && claims['fresh'] !== true) return refuse({ kind: 'token_not_fresh' })
      return claims
    } catch (error) {
      // Freshness is judged before revocation, and a revoked token's signature has been found good.
      const revoked = error instanceof Refusal && error.failure.kind === 'token_revoked'
      if (revoked && mustBeFresh && decodeJwt(token)['fresh'] !== true) {
        return refuse({ kind: 'token_not_fresh' })
      }
      throw error
    }
  }

  return {
    login: createOtpLogin(context, options, audience),
    refresh: createRefresh(context, options, audience),

    async currentUser(token) {
      const inspect = () => core.inspect(token, audience)
      const claims = await authorize(token, 'get_current_user', inspect)
      const subject = await core.subjects.find({ by: 'id', value: claims.sub })
      if (subject === undefined) return refuse({ kind: 'token_invalid', reason: 'no such user' })
      if (subject.status === 'disabled') return refuse({ kind: 'account_disabled' })
      return subject
    },

    async logout(token, request) {
      const wait = request.waitForConfirmation
      const inspect = () => core.inspectForLogout({ token, audience, wait })
      const claims = await authorize(token, 'logout', inspect)
      const { receipt } = await core.revoke({
        scope: options.scope,
        key: options.scope === 'token' ? claims.jti : claims.sid,
        reason: 'logout',
        actor: `subject:${claims.sub}`,
        wait,
      })
      return receipt
    },
  }
}
