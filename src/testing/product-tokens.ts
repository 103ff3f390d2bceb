/**
 * Tokens in the shape that each product documents: the sources are named in `domain/profile.ts`.
 * Times are left out: the signer adds `iat` and `exp`.
 */
import type { Profile } from '../domain/profile.ts'

type Claims = Readonly<Record<string, unknown>>

export interface ProductTokens {
  readonly issuer: string
  /** `iss` of the token, where the product signs under several. */
  readonly iss?: string
  readonly audience: string
  /** `typ` of the header; undefined: there is none. */
  readonly type: string | undefined
  readonly access: Claims
  /** What ends the access token; `jti` is left out where its hash stands for it. */
  readonly names: {
    readonly sub: string
    readonly sid?: string
    readonly client_id?: string
    readonly jti?: string
  }
  /** Other tokens of the same issuer, which must not pass for access tokens. */
  readonly others: Readonly<Record<string, Claims>>
}

export const products: Readonly<Record<string, ProductTokens & { readonly profile: Profile }>> = {
  keycloak: {
    profile: 'keycloak',
    issuer: 'https://sso.example/realms/shop',
    audience: 'orders',
    type: 'JWT',
    access: {
      jti: 'onrtac:6f5b3cbe-b9a7-4a1c-8f0b-7d1b9a7f2c11',
      aud: ['orders', 'account'],
      sub: 'a1f0a6a5-2d0b-4b34-9d0b-6f7f3f3d7c55',
      typ: 'Bearer',
      azp: 'shop-web',
      sid: 'b2c0e0a4-5a1d-4dd7-9b7d-40f1d9a6a3a8',
      // Since release 25, by the client scope `basic`.
      auth_time: 1_700_000_000,
      acr: '1',
      realm_access: { roles: ['offline_access'] },
      scope: 'openid email profile',
      email_verified: false,
      preferred_username: 'maria',
    },
    names: {
      sub: 'a1f0a6a5-2d0b-4b34-9d0b-6f7f3f3d7c55',
      sid: 'b2c0e0a4-5a1d-4dd7-9b7d-40f1d9a6a3a8',
      client_id: 'shop-web',
      jti: 'onrtac:6f5b3cbe-b9a7-4a1c-8f0b-7d1b9a7f2c11',
    },
    others: {
      'an ID token': {
        jti: 'e9a7',
        aud: 'orders',
        sub: 'a1f0',
        typ: 'ID',
        azp: 'orders',
        sid: 'b2c0',
        at_hash: 'Zm9v',
      },
      'a logout token': { jti: 'e9a8', aud: 'orders', sub: 'a1f0', typ: 'Logout', sid: 'b2c0' },
      'a refresh token': { jti: 'e9a9', aud: 'orders', sub: 'a1f0', typ: 'Refresh', sid: 'b2c0' },
    },
  },
  'keycloak before 24': {
    profile: 'keycloak',
    issuer: 'https://old.example/auth/realms/shop',
    audience: 'orders',
    type: 'JWT',
    access: {
      jti: '5a0c',
      aud: 'orders',
      sub: 'a1f0',
      typ: 'Bearer',
      azp: 'shop-web',
      nonce: 'n-0S6_WzA2Mj',
      session_state: 'c7f1',
    },
    names: { sub: 'a1f0', sid: 'c7f1', client_id: 'shop-web', jti: '5a0c' },
    others: {},
  },
  auth0: {
    profile: 'auth0',
    issuer: 'https://my-domain.auth0.com/',
    audience: 'https://example.com/health-api',
    type: 'JWT',
    access: {
      sub: 'auth0|123456',
      aud: ['https://example.com/health-api', 'https://my-domain.auth0.com/userinfo'],
      azp: 'my_client_id',
      scope: 'openid profile read:patients read:admin',
    },
    names: { sub: 'auth0|123456', client_id: 'my_client_id' },
    others: {
      'an ID token': {
        sub: 'auth0|123456',
        aud: 'https://example.com/health-api',
        name: 'Jane Doe',
      },
    },
  },
  'auth0 with RFC 9068': {
    profile: 'auth0',
    issuer: 'https://my-domain.auth0.com/',
    audience: 'https://example.com/health-api',
    type: 'at+jwt',
    access: {
      sub: 'auth0|123456',
      aud: ['https://example.com/health-api'],
      client_id: 'my_client_id',
      jti: '73WakrfVbNJBaAmhQtEeDv',
      scope: 'openid',
    },
    names: { sub: 'auth0|123456', client_id: 'my_client_id', jti: '73WakrfVbNJBaAmhQtEeDv' },
    others: {},
  },
  okta: {
    profile: 'okta',
    issuer: 'https://dev-1.okta.com/oauth2/default',
    audience: 'api://default',
    type: undefined,
    access: {
      ver: 1,
      jti: 'AT.0mP4JKAZX1iACIT4vbEDF7LpvDVjxypPMf0D7uX39RE',
      aud: 'api://default',
      sub: 'john.doe@example.com',
      cid: 'nmdP1fcyvdVO11AL7ECm',
      uid: '00ujmkLgagxeRrAg20g3',
      scp: ['openid', 'email'],
      auth_time: 1_467_145_094,
    },
    names: {
      sub: '00ujmkLgagxeRrAg20g3',
      client_id: 'nmdP1fcyvdVO11AL7ECm',
      jti: 'AT.0mP4JKAZX1iACIT4vbEDF7LpvDVjxypPMf0D7uX39RE',
    },
    others: {
      'an ID token': {
        ver: 1,
        jti: 'ID.4eAWJOCMB3SX8XewDfVR',
        aud: 'api://default',
        sub: '00ujmkLgagxeRrAg20g3',
        idp: '00ok1u7AsAkrwdZL3z0g3',
        amr: ['pwd'],
      },
    },
  },
  'entra 2.0': {
    profile: 'entra',
    issuer: 'https://login.microsoftonline.com/72f988bf-86f1-41af-91ab-2d7cd011db47/v2.0',
    audience: '6e74172b-be56-4843-9ff4-e66a39bb12e3',
    type: 'JWT',
    access: {
      aud: '6e74172b-be56-4843-9ff4-e66a39bb12e3',
      azp: '1fec8e78-bce4-4aaf-ab1b-5451cc387264',
      azpacr: '0',
      oid: '690222be-ff1a-4d56-abd1-7e4f7d38e474',
      scp: 'access_as_user',
      sub: 'HKZpfaHyWadeOouYlitjrI-KffTm222X5rrV3xDqfKQ',
      tid: '72f988bf-86f1-41af-91ab-2d7cd011db47',
      uti: 'fqiBqXLPj0eQa82S-IYFAA',
      ver: '2.0',
    },
    names: {
      sub: '690222be-ff1a-4d56-abd1-7e4f7d38e474',
      client_id: '1fec8e78-bce4-4aaf-ab1b-5451cc387264',
      jti: 'fqiBqXLPj0eQa82S-IYFAA',
    },
    others: {
      'an ID token': {
        aud: '6e74172b-be56-4843-9ff4-e66a39bb12e3',
        oid: '690222be-ff1a-4d56-abd1-7e4f7d38e474',
        sub: 'AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ',
        roles: ['admin'],
        ver: '2.0',
        uti: 'x',
      },
    },
  },
  'entra 1.0': {
    profile: 'entra',
    issuer: 'https://login.microsoftonline.com/72f988bf-86f1-41af-91ab-2d7cd011db47/v2.0',
    iss: 'https://sts.windows.net/72f988bf-86f1-41af-91ab-2d7cd011db47/',
    audience: 'api://orders',
    type: 'JWT',
    access: {
      aud: 'api://orders',
      appid: '1fec8e78-bce4-4aaf-ab1b-5451cc387264',
      oid: '690222be-ff1a-4d56-abd1-7e4f7d38e474',
      scp: 'access_as_user',
      sub: 'l3_roISQU222bULS9yi2k0XpqpOiMz5H3ZACo1GeXA',
      uti: 'zzz',
      ver: '1.0',
    },
    names: {
      sub: '690222be-ff1a-4d56-abd1-7e4f7d38e474',
      client_id: '1fec8e78-bce4-4aaf-ab1b-5451cc387264',
      jti: 'zzz',
    },
    others: {},
  },
  cognito: {
    profile: 'cognito',
    issuer: 'https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Example',
    audience: 'xxxxxxxxxxxxexample',
    type: undefined,
    access: {
      sub: 'aaaaaaaa-bbbb-cccc-dddd-example',
      device_key: 'aaaaaaaa-bbbb-cccc-dddd-device',
      client_id: 'xxxxxxxxxxxxexample',
      origin_jti: 'aaaaaaaa-bbbb-cccc-dddd-origin',
      event_id: '64f513be-32db-42b0-b78e-b02127b4f463',
      token_use: 'access',
      scope: 'phone openid email',
      auth_time: 1_676_312_777,
      jti: 'aaaaaaaa-bbbb-cccc-dddd-jti',
      username: 'my-test-user',
      version: 2,
    },
    names: {
      sub: 'aaaaaaaa-bbbb-cccc-dddd-example',
      sid: 'aaaaaaaa-bbbb-cccc-dddd-origin',
      client_id: 'xxxxxxxxxxxxexample',
      jti: 'aaaaaaaa-bbbb-cccc-dddd-jti',
    },
    others: {
      'an ID token': {
        sub: 'aaaaaaaa',
        aud: 'xxxxxxxxxxxxexample',
        origin_jti: 'o',
        token_use: 'id',
        jti: 'j',
      },
    },
  },
  zitadel: {
    profile: 'zitadel',
    issuer: 'https://shop.zitadel.cloud',
    audience: '69234237810729019',
    type: 'JWT',
    access: {
      sub: '77776025198584418',
      aud: ['69234237810729234@shop', '69234237810729019'],
      client_id: '69234237810729234@shop',
      jti: '69234237813329048',
    },
    names: {
      sub: '77776025198584418',
      client_id: '69234237810729234@shop',
      jti: '69234237813329048',
    },
    others: {
      'an ID token': {
        sub: '77776025198584418',
        aud: ['69234237810729234@shop', '69234237810729019'],
        azp: '69234237810729234@shop',
        sid: 'V1_2345',
        amr: ['pwd'],
      },
    },
  },
  authentik: {
    profile: 'authentik',
    issuer: 'https://auth.example/application/o/shop/',
    audience: 'shop-client',
    type: 'JWT',
    access: {
      sub: '3a7b',
      aud: 'shop-client',
      acr: 'goauthentik.io/providers/oauth2/default',
      auth_time: 1_700_000_000,
      amr: ['pwd'],
      sid: '9f86d081884c7d65',
      azp: 'shop-client',
      uid: 'mVZ4Qk2C',
    },
    names: { sub: '3a7b', sid: '9f86d081884c7d65', client_id: 'shop-client', jti: 'mVZ4Qk2C' },
    others: {
      'an ID token': { sub: '3a7b', aud: 'shop-client', sid: '9f86d081884c7d65', amr: ['pwd'] },
    },
  },
  supabase: {
    profile: 'supabase',
    issuer: 'https://project-ref.supabase.co/auth/v1',
    audience: 'authenticated',
    type: 'JWT',
    access: {
      aud: 'authenticated',
      sub: '123e4567-e89b-12d3-a456-426614174000',
      role: 'authenticated',
      aal: 'aal1',
      amr: [{ method: 'password', timestamp: 1_700_000_000 }],
      session_id: '8d2f4d6c-0b3e-4b0a-9c1a-5f1a3b7c9d21',
      email: 'user@example.com',
      phone: '',
      is_anonymous: false,
    },
    names: {
      sub: '123e4567-e89b-12d3-a456-426614174000',
      sid: '8d2f4d6c-0b3e-4b0a-9c1a-5f1a3b7c9d21',
    },
    others: { 'the service key': { aud: 'authenticated', ref: 'abc', role: 'service_role' } },
  },
  firebase: {
    profile: 'firebase',
    issuer: 'https://securetoken.google.com/my-project',
    audience: 'my-project',
    type: 'JWT',
    access: {
      aud: 'my-project',
      auth_time: 1_700_000_000,
      user_id: 'x7Yb',
      sub: 'x7Yb',
      email: 'user@example.com',
      firebase: { identities: {}, sign_in_provider: 'password' },
    },
    names: { sub: 'x7Yb' },
    others: { 'another token of Google': { aud: 'my-project', sub: 'x7Yb' } },
  },
  generic: {
    profile: 'generic',
    issuer: 'https://idp.example',
    audience: 'orders',
    type: 'at+jwt',
    access: { aud: 'orders', sub: 'maria', client_id: 'web', jti: 'j1' },
    names: { sub: 'maria', client_id: 'web', jti: 'j1' },
    others: { 'an ID token': { aud: 'orders', sub: 'maria', nonce: 'n' } },
  },
}
