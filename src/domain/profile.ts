/**
 * Where each product's access token says what can be ended, as one table. Each row names the
 * document that it was taken from. `docs/identity-providers.md` says the same to operators.
 */
import type { TokenRules } from './token-rules.ts'

/** What most of them have in common (RFC 7519; RFC 9068 for the type and the client). */
const common: TokenRules = {
  subject: ['sub'],
  session: [],
  client: ['client_id', 'azp'],
  id: ['jti'],
  audience: ['aud'],
  loggedInAt: ['auth_time'],
  types: ['jwt', 'at+jwt', ''],
  needs: [],
  // Of ID tokens (OpenID Connect Core, sections 2 and 3.3.2.11). `cnf` binds a token to a key that
  // a verifier would have to ask for (RFC 7800): as a bearer token it must not pass.
  never: ['nonce', 'at_hash', 'c_hash', 's_hash', 'cnf'],
}

/** The products, by the name that the configuration has for them. */
export const profileNames = [
  'keycloak',
  'auth0',
  'okta',
  'entra',
  'cognito',
  'zitadel',
  'authentik',
  'supabase',
  'firebase',
  'generic',
] as const

export type Profile = (typeof profileNames)[number]

export const profiles: Readonly<Record<Profile, TokenRules>> = {
  /**
   * Keycloak: `AccessToken` and `IDToken` of its sources. The payload's own `typ` is `Bearer`,
   * `ID`, `Refresh` or `Logout`. Releases before 24 copy the nonce into access tokens, which have
   * `sid`, before that `session_state`.
   */
  keycloak: {
    ...common,
    session: ['sid', 'session_state'],
    client: ['azp', 'client_id'],
    needs: [{ claims: ['typ'], values: ['Bearer'] }],
    never: ['at_hash', 'c_hash', 's_hash', 'cnf'],
  },
  /**
   * Auth0: auth0.com/docs/secure/tokens/access-tokens/access-token-profiles. Its own profile has
   * `azp`, the one of RFC 9068 `client_id` and `jti`; ID tokens have neither. No session in
   * either.
   */
  auth0: { ...common, needs: [{ claims: ['azp', 'client_id'] }] },
  /**
   * Okta: developer.okta.com/docs/reference/api/oidc, "Access token". `uid` is the id of the person
   * and missing where a client acts for itself; `sub` is a login name. Only access tokens have
   * `cid`.
   */
  okta: { ...common, subject: ['uid', 'sub'], client: ['cid'], needs: [{ claims: ['cid'] }] },
  /**
   * Entra ID: learn.microsoft.com/entra/identity-platform/access-token-claims-reference. `oid` is
   * the same at every application, `sub` is not; `uti` stands for `jti`; `appid` is the client in
   * v1.0, `azp` in v2.0. An ID token has neither of them.
   */
  entra: {
    ...common,
    subject: ['oid', 'sub'],
    session: ['sid'],
    client: ['azp', 'appid'],
    id: ['uti', 'jti'],
    needs: [{ claims: ['azp', 'appid'] }, { claims: ['ver'], values: ['1.0', '2.0'] }],
  },
  /**
   * Amazon Cognito: docs.aws.amazon.com/cognito/latest/developerguide, "Understanding the access
   * token". `origin_jti` is the same through all refreshes of a login. There is no `aud` unless a
   * resource was asked for: the client stands for it. Its header has no `typ`.
   */
  cognito: {
    ...common,
    session: ['origin_jti'],
    client: ['client_id'],
    audience: ['aud', 'client_id'],
    needs: [{ claims: ['token_use'], values: ['access'] }, { claims: ['client_id'] }],
  },
  /**
   * Zitadel: zitadel.com/docs/apis/openidoauth/claims. Of its tokens only the access token has
   * `jti`; the session is in the ID token alone.
   */
  zitadel: { ...common, needs: [{ claims: ['jti'] }, { claims: ['client_id', 'azp'] }] },
  /**
   * authentik: `authentik/providers/oauth2/id_token.py`. The access token is the ID token with
   * `azp` and `uid`, which is random in each; `sid` where there is a browser session.
   */
  authentik: {
    ...common,
    session: ['sid'],
    client: ['azp'],
    id: ['jti', 'uid'],
    needs: [{ claims: ['azp'] }, { claims: ['uid'] }],
  },
  /**
   * Supabase: supabase.com/docs/guides/auth/jwt-fields. The keys `anon` and `service_role` are JWTs
   * as well, without `session_id`. `jti` is optional, the client is there for OAuth alone. `amr`
   * says of each proof when it was given, which a refresh does not change.
   */
  supabase: {
    ...common,
    session: ['session_id'],
    client: ['client_id'],
    loggedInAt: ['amr[].timestamp'],
    needs: [{ claims: ['session_id'] }, { claims: ['role'] }],
  },
  /**
   * Firebase: firebase.google.com/docs/auth/admin/verify-id-tokens. There is one token, which the
   * product calls ID token and sends to APIs; the claim `firebase` is in no other.
   */
  firebase: {
    ...common,
    client: [],
    needs: [{ claims: ['firebase'] }, { claims: ['auth_time'] }],
  },
  /**
   * Any other: RFC 9068, whose type alone tells an access token from an ID token. The names of
   * claims and other types are in the configuration.
   */
  generic: { ...common, types: ['at+jwt'] },
}
