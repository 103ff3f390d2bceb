/** How people prove who they are, and what relying parties are told of it. */

import type { ExtraClaims } from '../../../core/sign-access.ts'

/** By method: the class of authentication, and the methods by the names of RFC 8176. */
export const loginMethods = {
  password: {
    acr: 'urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport',
    amr: ['pwd'],
  },
} as const

export type LoginMethod = keyof typeof loginMethods

/** What is remembered of a login, and goes from one thing that comes of it to the next. */
export interface LoginFacts {
  readonly authTimeMs: number
  readonly method: LoginMethod
}

/** As an ID token says it (OpenID Connect Core 1.0, section 2). */
export function loginClaims({ authTimeMs, method }: LoginFacts): ExtraClaims {
  const { acr, amr } = loginMethods[method]
  return { auth_time: Math.floor(authTimeMs / 1000), acr, amr }
}
